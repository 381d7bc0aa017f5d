//! The digests by the names that `hashlib` has for them.

use blake2::{Blake2b512, Blake2s256};
use hmac::{Hmac, SimpleHmac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use crate::pbkdf2::{Derivation, begin};

/// PBKDF2 with the HMAC of the digest called `name`, into `key`; nothing if it is not among them.
pub(crate) fn pbkdf2(
    name: &[u8],
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    key: Vec<u8>,
) -> Option<Box<dyn Derivation>> {
    // Hmac keeps the state after the key's block, so that an iteration is two blocks instead of
    // four; BLAKE2 and SHA-3 are not made for it.
    match name {
        b"md5" => begin::<Hmac<Md5>>(password, salt, iterations, key),
        b"sha1" => begin::<Hmac<Sha1>>(password, salt, iterations, key),
        b"sha224" => begin::<Hmac<Sha224>>(password, salt, iterations, key),
        b"sha256" => begin::<Hmac<Sha256>>(password, salt, iterations, key),
        b"sha384" => begin::<Hmac<Sha384>>(password, salt, iterations, key),
        b"sha512" => begin::<Hmac<Sha512>>(password, salt, iterations, key),
        b"sha512_224" => begin::<Hmac<Sha512_224>>(password, salt, iterations, key),
        b"sha512_256" => begin::<Hmac<Sha512_256>>(password, salt, iterations, key),
        b"sha3_224" => begin::<SimpleHmac<Sha3_224>>(password, salt, iterations, key),
        b"sha3_256" => begin::<SimpleHmac<Sha3_256>>(password, salt, iterations, key),
        b"sha3_384" => begin::<SimpleHmac<Sha3_384>>(password, salt, iterations, key),
        b"sha3_512" => begin::<SimpleHmac<Sha3_512>>(password, salt, iterations, key),
        b"blake2b" => begin::<SimpleHmac<Blake2b512>>(password, salt, iterations, key),
        b"blake2s" => begin::<SimpleHmac<Blake2s256>>(password, salt, iterations, key),
        _ => None,
    }
}
