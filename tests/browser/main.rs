//! What runs in a browser alone, in a dedicated worker, as the machine and the processes do.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod devices;
mod platform;
mod wasm_face;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
