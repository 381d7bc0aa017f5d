//! The words between a process's main thread, a generator in Python (`wasgi_runtime.process.main`),
//! and JavaScript, which runs it (`www/worker/main-thread.js`).

use wasm_bindgen::prelude::wasm_bindgen;

/// Where the main thread has come to.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The process ends: its exit code, or minus the number of the signal that ended it, is the
    /// number in the shared buffer.
    Exits,
    /// An image may be made of the process. The main thread goes on from here in each process that
    /// comes of it.
    Forks,
    /// It waits, without stack switching: it wants to be called again with the [`super::Outcome`].
    Waits,
}

/// Which process the main thread finds itself in after a fork.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// The one that forked.
    Parent,
    /// The new one.
    Child,
}
