//! The buffer in Python's memory that both sides read and write, and the way to the kernel.

use wasm_bindgen::prelude::wasm_bindgen;

/// Bytes that the buffer holds: `SIZE` of `wasgi_runtime.bridge.buffer`.
pub(super) const SIZE: usize = 1 << 20;

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = "
export interface Memory {
  put(bytes: Uint8Array, number: number): void;
  putNumber(number: number): void;
  get(into: Uint8Array): void;
  send(message: Uint8Array): void;
}
";

#[wasm_bindgen]
extern "C" {
    /// See `www/worker/shared-buffer.js`. None of its methods calls back.
    #[wasm_bindgen(typescript_type = "Memory")]
    pub type Memory;
    /// Writes bytes at the buffer's beginning, and the number that comes with them.
    #[wasm_bindgen(method)]
    pub(super) fn put(this: &Memory, bytes: &[u8], number: u32);
    /// Writes a number that comes alone.
    #[wasm_bindgen(method, js_name = putNumber)]
    pub(super) fn put_number(this: &Memory, number: u32);
    /// Reads bytes from the buffer's beginning.
    #[wasm_bindgen(method)]
    fn get(this: &Memory, into: &mut [u8]);
    /// A message for the kernel.
    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Memory, message: &[u8]);
}

impl Memory {
    /// So many bytes from the buffer's beginning.
    pub(super) fn read(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.get(&mut bytes);
        bytes
    }

    /// The same, which are text.
    pub(super) fn text(&self, length: usize) -> String {
        String::from_utf8_lossy(&self.read(length)).into_owned()
    }
}
