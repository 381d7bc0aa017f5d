//! PBKDF2 (RFC 8018, section 5.2) that can pause: a million iterations take long, and other threads
//! want to run.

use hmac::digest::{FixedOutput, KeyInit, Output, OutputSizeUser, Update};

/// A key that is being derived.
pub(crate) trait Derivation {
    /// Goes on for so many iterations; whether there is more to do.
    fn step(&mut self, iterations: u32) -> bool;
    /// The key, once there is no more to do.
    fn key(self: Box<Self>) -> Vec<u8>;
}

struct Pbkdf2<F: FixedOutput> {
    /// The pseudorandom function, with the password in it.
    prf: F,
    salt: Vec<u8>,
    iterations: u32,
    key: Vec<u8>,
    /// The block of the key that is being made, from 0.
    block: usize,
    /// U of the last iteration.
    last: Output<F>,
    /// The sum of all U so far.
    sum: Output<F>,
    /// Iterations that the block has had.
    done: u32,
}

/// Begins to derive a key into `key`; nothing if the function takes no such password (HMAC takes
/// any).
pub(crate) fn begin<F>(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    key: Vec<u8>,
) -> Option<Box<dyn Derivation>>
where
    F: KeyInit + Update + FixedOutput + Clone + 'static,
{
    Some(Box::new(Pbkdf2 {
        prf: F::new_from_slice(password).ok()?,
        salt: salt.to_vec(),
        iterations,
        key,
        block: 0,
        last: Output::<F>::default(),
        sum: Output::<F>::default(),
        done: 0,
    }))
}

impl<F: Update + FixedOutput + Clone> Pbkdf2<F> {
    fn first(&mut self) {
        let mut prf = self.prf.clone();
        prf.update(&self.salt);
        prf.update(&(self.block as u32 + 1).to_be_bytes());
        self.last = prf.finalize_fixed();
        self.sum = self.last.clone();
        self.done = 1;
    }

    fn next(&mut self, iterations: u32) {
        let (mut last, mut sum) = (self.last.clone(), self.sum.clone());
        for _ in 0..iterations {
            let mut prf = self.prf.clone();
            prf.update(&last);
            prf.finalize_into(&mut last);
            for (sum, byte) in sum.iter_mut().zip(&last) {
                *sum ^= byte;
            }
        }
        self.done += iterations;
        (self.last, self.sum) = (last, sum);
    }
}

impl<F: Update + FixedOutput + OutputSizeUser + Clone> Derivation for Pbkdf2<F> {
    fn step(&mut self, mut iterations: u32) -> bool {
        while iterations > 0 {
            let Some(block) = self.key.chunks_mut(F::output_size()).nth(self.block) else {
                return false;
            };
            if self.done < self.iterations.max(1) {
                if self.done == 0 {
                    self.first();
                    iterations -= 1;
                }
                let next = iterations.min(self.iterations.saturating_sub(self.done));
                self.next(next);
                iterations -= next;
            } else {
                let length = block.len();
                block.copy_from_slice(&self.sum[..length]);
                self.block += 1;
                self.done = 0;
            }
        }
        self.block * F::output_size() < self.key.len()
    }

    fn key(self: Box<Self>) -> Vec<u8> {
        self.key
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hmac::Hmac;
    use sha2::Sha256;

    use crate::digest;

    fn derive(name: &str, iterations: u32, length: usize, step: u32) -> Vec<u8> {
        let mut derivation = digest::pbkdf2(
            name.as_bytes(),
            b"password",
            b"salt",
            iterations,
            vec![0; length],
        )
        .unwrap();
        while derivation.step(step) {}
        derivation.key()
    }

    #[test]
    fn the_key_is_that_of_a_derivation_without_a_pause() {
        for (iterations, length) in [(1, 1), (1, 32), (2, 33), (7, 100), (1000, 64)] {
            let mut expected = vec![0; length];
            ::pbkdf2::pbkdf2::<Hmac<Sha256>>(b"password", b"salt", iterations, &mut expected)
                .unwrap();
            for step in [1, 2, 3, 10, 5000] {
                assert_eq!(
                    derive("sha256", iterations, length, step),
                    expected,
                    "{iterations} {length} {step}"
                );
            }
        }
    }

    #[test]
    fn the_vectors_of_rfc_6070_are_met() {
        let expected =
            b"\x0c\x60\xc8\x0f\x96\x1f\x0e\x71\xf3\xa9\xb5\x24\xaf\x60\x12\x06\x2f\xe0\x37\xa6";
        assert_eq!(derive("sha1", 1, 20, 100), expected);
        let expected =
            b"\x4b\x00\x79\x01\xb7\x65\x48\x9a\xbe\xad\x49\xd9\x26\xf7\x21\xd0\x65\xa4\x29\xc1";
        assert_eq!(derive("sha1", 4096, 20, 1000), expected);
    }

    #[test]
    fn a_digest_that_is_not_there_is_refused() {
        assert!(digest::pbkdf2(b"md4", b"password", b"salt", 1, vec![0; 16]).is_none());
    }

    #[test]
    fn a_step_says_whether_there_is_more() {
        let mut derivation = digest::pbkdf2(b"md5", b"password", b"salt", 3, vec![0; 32]).unwrap();
        let more: Vec<_> = (0..4).map(|_| derivation.step(2)).collect();
        assert_eq!(more.last(), Some(&false));
        assert!(more[0]);
    }
}
