"""hashlib's key derivation, beside what CPython with OpenSSL answers."""

import array
import unittest

import _host
import _wasgi


class Host:
    key_derivation = _host.key_derivation
    check = staticmethod(lambda: 0)


_wasgi.host = Host
_wasgi.cpu_count = 3

from wasgi_runtime.stdlib import additions

additions.install()

import hashlib
from hashlib import pbkdf2_hmac, scrypt

# The first 16 bytes of pbkdf2_hmac(name, b"password", b"salt", 1000).
KEYS = {
    "md5": "8d189946a32d883622a16ae18af0632f",
    "sha1": "6e88be8bad7eae9d9e10aa061224034f",
    "sha224": "d3bcf320fd918908eafcaa460faf40e2",
    "sha256": "632c2812e46d4604102ba7618e9d6d7d",
    "sha384": "3bd37e2236941d4a77b1b5b714c6f913",
    "sha512": "afe6c5530785b6cc6b1c6453384731bd",
    "sha512_224": "2f7dd7172b0324e8234fb87a2a789b8c",
    "sha512_256": "f7e4fb1d98c78b615f585f974af8cd97",
    "sha3_224": "2c63ae34f3c11883e945e556cfe40c4d",
    "sha3_256": "ee56a9b7311bb081d0bbfa8dc3c2798f",
    "sha3_384": "67cf75e77d56c7366a1d5400b36aa165",
    "sha3_512": "e697001cf40fe4623eb67df2ddab791a",
    "blake2b": "bea9c4f32ea86aa9965157f6eaa2c5e8",
    "blake2s": "d391c613d78eb54e4119a2fa87118db7",
}


class Pbkdf2(unittest.TestCase):
    def test_every_digest_gives_the_key_that_openssl_gives(self):
        for name, expected in KEYS.items():
            with self.subTest(name):
                key = pbkdf2_hmac(name, b"password", b"salt", 1000)
                self.assertEqual(key[:16].hex(), expected)
                if name in hashlib.algorithms_guaranteed:
                    self.assertEqual(len(key), hashlib.new(name).digest_size)

    def test_lengths_cross_blocks(self):
        expected = (
            "13670751aa62424af38cfe09d4b1f7b0368030299ada1412ad511e2bcc16e523fb119934d0db6f86"
            "9c8099bc42c1b33e814428596d66966724df1e6467d6dce9ecf449e70977b2dfe2fa6b2ecbdd3338"
            "badd597b905cecece9ed757a7c5fb6aab6f1a00a"
        )
        for length in (1, 31, 32, 33, 64, 100):
            self.assertEqual(
                pbkdf2_hmac("sha256", b"p" * 200, b"s" * 100, 3, length).hex(),
                expected[: 2 * length],
            )

    def test_many_iterations_are_those_of_rfc_7914(self):
        self.assertEqual(
            pbkdf2_hmac("sha256", b"Password", b"NaCl", 80000, 64).hex(),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
            "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
        )

    def test_names_are_found_as_openssl_finds_them(self):
        expected = pbkdf2_hmac("sha256", b"p", b"s", 1)
        for name in ("SHA256", "Sha256", "sha-256", "SHA2-256"):
            self.assertEqual(pbkdf2_hmac(name, b"p", b"s", 1), expected)
        self.assertEqual(
            pbkdf2_hmac("BLAKE2b512", b"p", b"s", 1), pbkdf2_hmac("blake2b", b"p", b"s", 1)
        )

    def test_buffers_are_taken_and_text_is_not(self):
        expected = pbkdf2_hmac("sha1", b"\1\0\0\0", b"salt", 1)
        self.assertEqual(
            pbkdf2_hmac("sha1", array.array("i", [1]), bytearray(b"salt"), 1), expected
        )
        self.assertEqual(pbkdf2_hmac("sha1", memoryview(b"\1\0\0\0"), b"salt", True), expected)
        for password, salt, kind in (
            ("p", b"s", "str"),
            (b"p", "s", "str"),
            (None, b"s", "NoneType"),
        ):
            with self.assertRaisesRegex(
                TypeError, f"^a bytes-like object is required, not '{kind}'$"
            ):
                pbkdf2_hmac("sha1", password, salt, 1)
        with self.assertRaises(BufferError):
            pbkdf2_hmac("sha1", memoryview(b"abcd")[::2], b"salt", 1)

    def test_bad_arguments_raise_what_cpython_raises(self):
        for arguments, error, message in (
            (("md4", b"p", b"s", 1), ValueError, "unsupported hash type md4"),
            (("shake_128", b"p", b"s", 1), ValueError, "unsupported hash type shake_128"),
            (("", b"p", b"s", 0), ValueError, "unsupported hash type "),
            (
                (b"md5", b"p", b"s", 1),
                TypeError,
                "pbkdf2_hmac() argument 'hash_name' must be str, not bytes",
            ),
            (("md5", b"p", b"s", 0), ValueError, "iteration value must be greater than 0."),
            (("md5", b"p", b"s", -1), ValueError, "iteration value must be greater than 0."),
            (("md5", b"p", b"s", 2**31), OverflowError, "iteration value is too great."),
            (
                ("md5", b"p", b"s", 2**63),
                OverflowError,
                "Python int too large to convert to C long",
            ),
            (
                ("md5", b"p", b"s", 1.0),
                TypeError,
                "'float' object cannot be interpreted as an integer",
            ),
            (("md5", b"p", b"s", 1, 0), ValueError, "key length must be greater than 0."),
            (("md5", b"p", b"s", 1, -1), ValueError, "key length must be greater than 0."),
            (("md5", b"p", b"s", 1, 2**31), OverflowError, "key length is too great."),
            (
                ("md5", b"p", b"s", 1, "x"),
                TypeError,
                "'str' object cannot be interpreted as an integer",
            ),
        ):
            with self.subTest(arguments), self.assertRaises(error) as caught:
                pbkdf2_hmac(*arguments)
            self.assertEqual(str(caught.exception), message)

    def test_an_error_in_the_middle_spoils_no_later_key(self):
        class Stop(Exception):
            pass

        from wasgi_runtime.stdlib import key_derivation

        clock = key_derivation.perf_counter
        readings = 0

        def stop():
            nonlocal readings
            readings += 1
            if readings > 2:
                raise Stop
            return clock()

        expected = pbkdf2_hmac("sha256", b"p", b"s", 1)
        key_derivation.perf_counter = stop
        try:
            with self.assertRaises(Stop):
                pbkdf2_hmac("sha256", b"password", b"salt", 1_000_000)
        finally:
            key_derivation.perf_counter = clock
        self.assertEqual(pbkdf2_hmac("sha256", b"p", b"s", 1), expected)

    def test_derivations_may_be_nested(self):
        from wasgi_runtime.stdlib import key_derivation

        clock = key_derivation.perf_counter
        inner = []

        def nested():
            if not inner:
                inner.append(None)
                inner.append(pbkdf2_hmac("md5", b"password", b"salt", 1000))
            return clock()

        key_derivation.perf_counter = nested
        try:
            outer = pbkdf2_hmac("sha256", b"password", b"salt", 1000)
        finally:
            key_derivation.perf_counter = clock
        self.assertEqual(outer[:16].hex(), KEYS["sha256"])
        self.assertEqual(inner[1].hex(), KEYS["md5"])


class Scrypt(unittest.TestCase):
    def test_the_vectors_of_rfc_7914_are_met(self):
        self.assertEqual(
            scrypt(b"", salt=b"", n=16, r=1, p=1).hex(),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
            "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
        )
        self.assertEqual(
            scrypt(b"password", salt=b"NaCl", n=1024, r=8, p=16, dklen=8).hex(), "fdbabe1c9d347200"
        )

    def test_memory_is_limited_as_openssl_limits_it(self):
        limit = 128 * 8 * (2**15 + 3)
        self.assertEqual(
            len(scrypt(b"password", salt=b"salt", n=2**15, r=8, p=1, maxmem=limit, dklen=5)), 5
        )
        for arguments in (
            {"n": 2**15, "r": 8, "p": 1},
            {"n": 2**15, "r": 8, "p": 1, "maxmem": limit - 1},
            {"n": 2**16, "r": 1, "p": 1},
            {"n": 2**63, "r": 8, "p": 1},
            {"n": 16, "r": 2**30, "p": 1},
            {"n": 16, "r": 8, "p": 2**30},
        ):
            with self.subTest(arguments), self.assertRaises(ValueError) as caught:
                scrypt(b"password", salt=b"salt", **arguments)
            self.assertEqual(
                str(caught.exception), "[digital envelope routines] memory limit exceeded"
            )

    def test_bad_arguments_raise_what_cpython_raises(self):
        good = {"salt": b"s", "n": 16, "r": 8, "p": 1}
        for changed, error, message in (
            ({"salt": "s"}, TypeError, "a bytes-like object is required, not 'str'"),
            ({"n": 0}, ValueError, "n must be a power of 2."),
            ({"n": 1}, ValueError, "n must be a power of 2."),
            ({"n": 3}, ValueError, "n must be a power of 2."),
            ({"r": 0}, ValueError, "Invalid parameter combination for n, r, p, maxmem."),
            ({"p": 0}, ValueError, "Invalid parameter combination for n, r, p, maxmem."),
            ({"r": 2**32}, ValueError, "[digital envelope routines] parameter too large"),
            ({"maxmem": -1}, ValueError, "maxmem must be positive and smaller than 2147483647"),
            ({"maxmem": 2**31}, ValueError, "maxmem must be positive and smaller than 2147483647"),
            ({"dklen": 0}, ValueError, "dklen must be greater than 0 and smaller than 2147483647"),
        ):
            with self.subTest(changed), self.assertRaises(error) as caught:
                scrypt(b"password", **good | changed)
            self.assertEqual(str(caught.exception), message)
        with self.assertRaises(TypeError):
            scrypt(b"password", b"salt", n=16, r=8, p=1)


class Frameworks(unittest.TestCase):
    def test_werkzeug_hashes_and_checks_passwords(self):
        from werkzeug.security import check_password_hash, generate_password_hash

        for method in ("scrypt", "pbkdf2:sha256:1000", "pbkdf2:sha512:1000"):
            hashed = generate_password_hash("secret", method)
            self.assertTrue(check_password_hash(hashed, "secret"))
            self.assertFalse(check_password_hash(hashed, "Secret"))

    def test_django_hashes_and_checks_passwords(self):
        from django.conf import settings

        kinds = ["PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "ScryptPasswordHasher"]
        settings.configure(
            PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{kind}" for kind in kinds]
        )
        from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password

        PBKDF2PasswordHasher.iterations = 1000
        for kind in ("pbkdf2_sha256", "pbkdf2_sha1", "scrypt"):
            hashed = make_password("secret", hasher=kind)
            self.assertTrue(hashed.startswith(f"{kind}$"))
            self.assertTrue(check_password("secret", hashed))
            self.assertFalse(check_password("Secret", hashed))

    def test_hmac_and_secrets_are_as_before(self):
        import hmac
        import secrets

        self.assertTrue(
            hmac.compare_digest(
                hmac.digest(b"k", b"m", "sha256"), hmac.new(b"k", b"m", "sha256").digest()
            )
        )
        self.assertEqual(len(secrets.token_hex(8)), 16)
