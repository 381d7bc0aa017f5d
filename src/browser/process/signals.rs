//! Signals: what Python makes of each, and where those go that it has no handler for.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::net::frame::{FromProcess, push_number};
use crate::os::Millis;

use super::Process;
use super::dispositions::Disposition;

#[wasm_bindgen]
impl Process {
    /// Python sets what it does on a signal.
    #[wasm_bindgen(js_name = setDisposition)]
    pub fn set_disposition(&self, signal: u32, disposition: Disposition) {
        self.shared
            .with(|base, _| base.dispositions.set(signal, disposition));
    }

    /// The code of the `SystemExit` to raise in the app because of a signal, once.
    pub fn interrupted(&self) -> Option<i32> {
        self.shared.with(|_, worker| worker.interrupted())
    }

    /// Sends a process of this server, or its master, a signal. What Python handles itself in this
    /// process is there at once.
    pub fn kill(&self, pid: u32, signal: u32, now: Millis) {
        self.shared.with(|base, worker| {
            let disposition = base.dispositions.get(signal);
            if pid == base.process.pid && disposition != Disposition::SignalDefault {
                base.signal(worker, signal, now);
            } else {
                push_number(&mut base.process.frames, FromProcess::Kill, pid, signal);
            }
        });
    }

    /// A signal for the main thread of Python.
    #[wasm_bindgen(js_name = raiseSignal)]
    pub fn raise_signal(&self, signal: u32, now: Millis) {
        self.shared.with(|base, _| base.threads.signal(signal, now));
    }

    /// Whether the main thread has signals to handle.
    #[wasm_bindgen(js_name = hasSignal)]
    pub fn has_signal(&self) -> bool {
        self.shared.with(|base, _| base.threads.has_signal())
    }

    /// The next signal that the main thread has to handle.
    #[wasm_bindgen(js_name = nextSignal)]
    pub fn next_signal(&self) -> Option<u32> {
        self.shared.with(|base, _| base.threads.take_signal())
    }
}
