//! Key derivation for Python's `hashlib`: PBKDF2 (RFC 8018) in steps, and scrypt (RFC 7914).
//!
//! A wasm module of its own, without glue: it is fetched with Python's packages and compiled when
//! an app first derives a key. `www/worker/key-derivation.js` calls it. An instance derives one key
//! at a time: what the caller wants to say goes to [`input`], the key is at [`key`].

mod digest;
mod pbkdf2;

use std::cell::RefCell;

use crate::pbkdf2::Derivation;

#[derive(Default)]
struct State {
    input: Vec<u8>,
    derivation: Option<Box<dyn Derivation>>,
    key: Vec<u8>,
}

thread_local! {
    // A wasm instance has one thread, and no function here calls another: the cell is never
    // borrowed twice.
    static STATE: RefCell<State> = RefCell::default();
}

/// Where `length` bytes of input are to be written, until the next call; null if there is no memory
/// for them.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| match zeros(length) {
        Some(bytes) => {
            state.input = bytes;
            state.input.as_mut_ptr()
        }
        None => std::ptr::null_mut(),
    })
}

/// Begins to derive a key of `length` bytes by PBKDF2. The input is the digest's name, the password
/// and the salt, the first two of the lengths given.
///
/// Returns 0 where this module does not have the digest, the input is shorter than told or there is
/// no memory.
#[unsafe(no_mangle)]
pub extern "C" fn pbkdf2(name: usize, password: usize, iterations: u32, length: usize) -> u32 {
    STATE.with_borrow_mut(|state| {
        let input = std::mem::take(&mut state.input);
        state.derivation = (|| {
            let (name, rest) = input.split_at_checked(name)?;
            let (password, salt) = rest.split_at_checked(password)?;
            digest::pbkdf2(name, password, salt, iterations, zeros(length)?)
        })();
        u32::from(state.derivation.is_some())
    })
}

/// Goes on for so many iterations; returns 0 when the key is there.
#[unsafe(no_mangle)]
pub extern "C" fn step(iterations: u32) -> u32 {
    STATE.with_borrow_mut(|state| {
        let more = state
            .derivation
            .as_mut()
            .is_some_and(|derivation| derivation.step(iterations));
        if !more && let Some(derivation) = state.derivation.take() {
            state.key = derivation.key();
        }
        u32::from(more)
    })
}

/// Derives a key of `length` bytes by scrypt, at once. The input is the password, of the length
/// given, and the salt.
///
/// Returns 0 where the parameters are none of scrypt's or the input is shorter than told. Without
/// memory it traps.
#[unsafe(no_mangle)]
pub extern "C" fn scrypt(password: usize, log_n: u8, r: u32, p: u32, length: usize) -> u32 {
    STATE.with_borrow_mut(|state| {
        let input = std::mem::take(&mut state.input);
        let key = (|| {
            let (password, salt) = input.split_at_checked(password)?;
            let parameters = ::scrypt::Params::new(log_n, r, p).ok()?;
            let mut key = zeros(length)?;
            ::scrypt::scrypt(password, salt, &parameters, &mut key).ok()?;
            Some(key)
        })();
        let derived = key.is_some();
        state.key = key.unwrap_or_default();
        u32::from(derived)
    })
}

/// Where the key is, until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn key() -> *const u8 {
    STATE.with_borrow(|state| state.key.as_ptr())
}

fn zeros(length: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).ok()?;
    bytes.resize(length, 0);
    Some(bytes)
}
