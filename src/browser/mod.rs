//! The wasm face: what `www/worker/` calls. One type for each role; nothing here decides anything.

// wasm-bindgen hands over owned vectors and strings.
#![allow(clippy::needless_pass_by_value)]
// What wasm-bindgen makes of an enum compares numbers of JavaScript.
#![allow(clippy::float_cmp)]
// Whether a result is used is up to JavaScript.
#![allow(clippy::must_use_candidate)]

mod claims;
mod devices;
mod machine;
mod process;
pub mod protocol;

pub use claims::Claims;
pub use devices::{MachineLinks, MachineWorker};
pub use machine::{Machine, Spawn, Wanted};
pub use process::{
    AsyncWorker, Cause, Check, Disposition, Fork, HookAnswer, Keys, LogLevel, Memory, Outcome,
    Process, Reply, SocketEvent, Step, SyncWorker, ThreadedWorker, WaitFor, WsgiRequests,
};
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes panics readable in the browser's console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
