//! Signals: what Python makes of each, and where those go that it has no handler for.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::net::frame::{FromProcess, push_number};
use crate::os::Millis;
use crate::os::Signal;

use super::Process;
use super::state::Base;
use super::worker::Worker;

/// What Python does on a signal.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Nothing of its own: the server does what it does (`SIG_DFL`).
    SignalDefault,
    /// It ignores it (`SIG_IGN`).
    SignalIgnored,
    /// It has a handler.
    SignalHandled,
}

/// The signals that Python handles, and those that it ignores: a bit for each number, from 1.
#[derive(Debug, Default)]
pub(super) struct Dispositions {
    handled: u64,
    ignored: u64,
}

impl Dispositions {
    fn set(&mut self, signal: u32, disposition: Disposition) {
        let bit = bit(signal);
        self.handled &= !bit;
        self.ignored &= !bit;
        match disposition {
            Disposition::SignalDefault => {}
            Disposition::SignalIgnored => self.ignored |= bit,
            Disposition::SignalHandled => self.handled |= bit,
        }
    }

    fn get(&self, signal: u32) -> Disposition {
        let bit = bit(signal);
        if self.handled & bit != 0 {
            Disposition::SignalHandled
        } else if self.ignored & bit != 0 {
            Disposition::SignalIgnored
        } else {
            Disposition::SignalDefault
        }
    }
}

/// No bit for a number that is no signal's.
fn bit(signal: u32) -> u64 {
    if (1..=64).contains(&signal) {
        1 << (signal - 1)
    } else {
        0
    }
}

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

impl Base {
    /// A signal arrives: Python's own handler goes before the server's.
    pub(super) fn signal<W: Worker + ?Sized>(&mut self, worker: &mut W, number: u32, now: Millis) {
        match self.dispositions.get(number) {
            Disposition::SignalHandled => self.threads.signal(number, now),
            Disposition::SignalIgnored => {}
            Disposition::SignalDefault => {
                let Some(signal) = Signal::numbered(number as i32) else {
                    return;
                };
                if worker.signal(&mut self.process, signal) {
                    self.threads.signal(number, now);
                }
            }
        }
    }
}
