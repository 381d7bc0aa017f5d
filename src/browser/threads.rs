//! The threads of a process: what suspends and resumes their stacks calls here.

use wasm_bindgen::prelude::wasm_bindgen;

use super::process::Process;
use crate::event_loop::{Key, Wait};
use crate::os::Millis;
use crate::trace::Name;

/// Who waits for the worker's connections waits for this. Python gives out greater keys.
pub(super) const CONNECTIONS: Key = 1;

/// What `next_thread` says of a thread that is to be started.
const START: u32 = 7;

/// How many threads a process may have: each costs stacks and a thread state in memory that has an
/// end.
const MOST_THREADS: usize = 16_384;

#[wasm_bindgen]
impl Process {
    /// The running thread waits: `name` is a `trace::Name`, `key` 0 is none, a negative `timeout`
    /// none. Returns its number.
    pub fn thread_wait(
        &mut self,
        name: u8,
        key: Key,
        timeout: Millis,
        again: bool,
        request: u32,
        now: Millis,
    ) -> u32 {
        let id = self.threads.holder().unwrap_or(0);
        let name = match name {
            7 => Name::Sleep,
            8 => Name::Lock,
            _ => Name::Io,
        };
        let wait = Wait {
            name,
            key: (key != 0).then_some(key),
            timeout: (timeout >= 0.0).then_some(timeout),
            again,
            request,
        };
        self.threads.wait(wait, now);
        id
    }

    /// The running thread lets others go first, or (`turn`) messages. Returns its number.
    pub fn thread_yield(&mut self, turn: bool, request: u32, now: Millis) -> u32 {
        let id = self.threads.holder().unwrap_or(0);
        self.threads.yield_now(turn, request, now);
        id
    }

    /// A new thread's number; 0 if there are too many.
    pub fn thread_spawn(&mut self, now: Millis) -> u32 {
        if self.threads.len() >= MOST_THREADS {
            return 0;
        }
        self.threads.spawn(now)
    }

    /// The running thread has ended.
    pub fn thread_finish(&mut self, now: Millis) {
        self.threads.finish(now);
    }

    /// Wakes the first who waits for `key`: 0 nobody does, 1 it goes on, 2 the lock is its own.
    pub fn wake_one(&mut self, key: Key, now: Millis) -> u32 {
        self.threads.wake_one(key, now) as u32
    }

    /// Wakes all who wait for `key`.
    pub fn wake_all(&mut self, key: Key, now: Millis) {
        self.threads.wake_all(key, now);
    }

    /// Ends the wait of a thread, if it waits.
    pub fn interrupt_thread(&mut self, id: u32, now: Millis) {
        self.threads.interrupt(id, now);
    }

    /// Whom to resume: 0 nobody, or its number `<< 3` and an `Outcome`, or 7 to start it.
    pub fn next_thread(&mut self, now: Millis) -> u32 {
        self.threads.next(now).map_or(0, |next| {
            next.thread << 3 | next.outcome.map_or(START, |outcome| outcome as u32)
        })
    }

    /// Whether a thread could be resumed now.
    pub fn thread_is_due(&self) -> bool {
        self.threads.holder().is_none() && self.threads.has_ready()
    }

    /// What the running thread should do: an `event_loop::Check`.
    pub fn check(&mut self, now: Millis) -> u32 {
        self.threads.check(now) as u32
    }

    /// The worker's event loop turns.
    pub fn turned(&mut self, now: Millis) {
        self.threads.turned(now);
    }

    /// `sys.setswitchinterval`, in milliseconds.
    pub fn set_switch_interval(&mut self, interval: Millis) {
        self.threads.set_switch_interval(interval);
    }

    /// What Python makes of a signal: 0 nothing of its own, 1 ignores it, 2 has a handler.
    pub fn set_disposition(&mut self, signal: u32, disposition: u32) {
        if let Some(bit) = bit(signal) {
            self.handled &= !bit;
            self.ignored &= !bit;
            match disposition {
                1 => self.ignored |= bit,
                2 => self.handled |= bit,
                _ => {}
            }
        }
    }

    /// A signal for the main thread of Python.
    pub fn raise_signal(&mut self, signal: u32, now: Millis) {
        self.threads.signal(signal, now);
    }

    /// Whether the main thread has signals to handle.
    pub fn has_signal(&self) -> bool {
        self.threads.has_signal()
    }

    /// The next signal that the main thread has to handle; 0: none.
    pub fn take_signal(&mut self) -> u32 {
        self.threads.take_signal().unwrap_or(0)
    }
}

impl Process {
    /// Whether Python has a handler for this signal (`Some(true)`) or ignores it (`Some(false)`).
    pub(super) fn disposition(&self, signal: u32) -> Option<bool> {
        let bit = bit(signal)?;
        if self.handled & bit != 0 {
            Some(true)
        } else if self.ignored & bit != 0 {
            Some(false)
        } else {
            None
        }
    }
}

fn bit(signal: u32) -> Option<u64> {
    (1..=64).contains(&signal).then(|| 1 << (signal - 1))
}
