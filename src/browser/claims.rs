//! The words of shared memory by which connections are claimed: see [`crate::net::Claims`].

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::net::{self, ConnectionId};

#[wasm_bindgen(typescript_custom_section)]
const TYPESCRIPT: &str = "
export interface Claims {
  readonly words: Int32Array;
  offer(slot: number, id: number): void;
  claim(slot: number, id: number): boolean;
  isOffered(slot: number, id: number): boolean;
}
";

#[wasm_bindgen]
extern "C" {
    /// See `www/worker/claims.js`.
    #[derive(Debug)]
    #[wasm_bindgen(typescript_type = "Claims")]
    pub type Claims;
    /// The memory.
    #[wasm_bindgen(method, getter)]
    pub(super) fn words(this: &Claims) -> JsValue;
    #[wasm_bindgen(method)]
    fn offer(this: &Claims, slot: u32, id: u32);
    #[wasm_bindgen(method)]
    fn claim(this: &Claims, slot: u32, id: u32) -> bool;
    #[wasm_bindgen(method, js_name = isOffered)]
    fn is_offered(this: &Claims, slot: u32, id: u32) -> bool;
}

impl net::Claims for Claims {
    fn offer(&self, slot: u32, id: ConnectionId) {
        self.offer(slot, id);
    }

    fn claim(&self, slot: u32, id: ConnectionId) -> bool {
        self.claim(slot, id)
    }

    fn is_offered(&self, slot: u32, id: ConnectionId) -> bool {
        self.is_offered(slot, id)
    }
}
