//! What Python makes of each signal.

use wasm_bindgen::prelude::wasm_bindgen;

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
    pub(super) fn set(&mut self, signal: u32, disposition: Disposition) {
        let bit = bit(signal);
        self.handled &= !bit;
        self.ignored &= !bit;
        match disposition {
            Disposition::SignalDefault => {}
            Disposition::SignalIgnored => self.ignored |= bit,
            Disposition::SignalHandled => self.handled |= bit,
        }
    }

    pub(super) fn get(&self, signal: u32) -> Disposition {
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
