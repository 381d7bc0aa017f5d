//! The threads of a process: what suspends and resumes their stacks calls here.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::{self, Key, Wait, Woke};
use crate::os::Millis;
use crate::trace::Name;

use super::Process;
use super::state::Base;

/// Who waits for the worker's connections waits for this. Python gives out greater keys.
pub(super) const CONNECTIONS: Key = 1;

/// How many threads a process may have: each costs stacks and a thread state in memory that has an
/// end.
const MOST_THREADS: usize = 16_384;

/// What a thread waits for, for the trace.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitFor {
    /// Time to go by.
    Sleep,
    /// A lock, or something like it.
    Lock,
    /// The client, or whatever else comes from outside.
    Io,
}

/// How a thread goes on.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody woke it; or it is its turn again after it let others go first.
    Woken,
    /// Its time had come.
    TimedOut,
    /// The lock that it waited for is its own now.
    HandedOver,
    /// A signal came, or another thread ended its wait.
    Interrupted,
    /// It is to be started.
    Start,
    /// Its stack is to be suspended first.
    Suspend,
}

/// What the running thread should do.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Go on.
    GoOn,
    /// Handle a signal.
    HandleSignal,
    /// Let another thread go first, which has waited for the switch interval.
    SwitchThread,
    /// Let the worker's event loop turn: messages may wait.
    TurnLoop,
}

#[wasm_bindgen]
impl Process {
    /// The running thread waits: `key` 0 is none, a negative `timeout` is for ever. Returns its
    /// number.
    #[wasm_bindgen(js_name = threadWait)]
    pub fn thread_wait(
        &self,
        what: WaitFor,
        key: Key,
        timeout: Millis,
        again: bool,
        request: u32,
        now: Millis,
    ) -> u32 {
        let wait = Wait {
            name: match what {
                WaitFor::Sleep => Name::Sleep,
                WaitFor::Lock => Name::Lock,
                WaitFor::Io => Name::Io,
            },
            key: (key != 0).then_some(key),
            timeout: (timeout >= 0.0).then_some(timeout),
            again,
            request,
        };
        self.shared.with(|base, _| {
            let id = base.threads.holder().unwrap_or(0);
            base.threads.wait(wait, now);
            id
        })
    }

    /// The running thread lets others go first, or (`turn`) messages. Returns its number.
    #[wasm_bindgen(js_name = threadYield)]
    pub fn thread_yield(&self, turn: bool, request: u32, now: Millis) -> u32 {
        self.shared.with(|base, _| {
            let id = base.threads.holder().unwrap_or(0);
            base.threads.yield_now(turn, request, now);
            id
        })
    }

    /// A new thread's number; none if there are too many.
    #[wasm_bindgen(js_name = threadSpawn)]
    pub fn thread_spawn(&self, now: Millis) -> Option<u32> {
        self.shared
            .with(|base, _| (base.threads.len() < MOST_THREADS).then(|| base.threads.spawn(now)))
    }

    /// The running thread has ended.
    #[wasm_bindgen(js_name = threadFinish)]
    pub fn thread_finish(&self, now: Millis) {
        self.shared.with(|base, _| base.threads.finish(now));
    }

    /// Wakes the first who waits for `key`. Whether the lock is its own now.
    #[wasm_bindgen(js_name = wakeOne)]
    pub fn wake_one(&self, key: Key, now: Millis) -> bool {
        self.shared
            .with(|base, _| base.threads.wake_one(key, now) == Woke::HandedOver)
    }

    /// Wakes all who wait for `key`.
    #[wasm_bindgen(js_name = wakeAll)]
    pub fn wake_all(&self, key: Key, now: Millis) {
        self.shared.with(|base, _| base.threads.wake_all(key, now));
    }

    /// Ends the wait of a thread, if it waits.
    #[wasm_bindgen(js_name = interruptThread)]
    pub fn interrupt_thread(&self, id: u32, now: Millis) {
        self.shared.with(|base, _| base.threads.interrupt(id, now));
    }

    /// The number of the thread to resume; 0 is nobody. It holds the GIL from here on.
    #[wasm_bindgen(js_name = nextThread)]
    pub fn next_thread(&self, now: Millis) -> u32 {
        self.shared.with(|base, _| {
            let Some(next) = base.threads.next(now) else {
                return 0;
            };
            base.outcome = next.outcome.map_or(Outcome::Start, Outcome::from);
            next.thread
        })
    }

    /// How the thread goes on that `nextThread` gave last.
    #[wasm_bindgen(getter)]
    pub fn outcome(&self) -> Outcome {
        self.shared.with(|base, _| base.outcome)
    }

    /// What the running thread should do.
    pub fn check(&self, now: Millis) -> Check {
        self.shared.with(|base, _| base.threads.check(now).into())
    }

    /// The worker's event loop turns.
    pub fn turned(&self, now: Millis) {
        self.shared.with(|base, _| base.threads.turned(now));
    }

    /// `sys.setswitchinterval`, in milliseconds.
    #[wasm_bindgen(js_name = setSwitchInterval)]
    pub fn set_switch_interval(&self, interval: Millis) {
        self.shared
            .with(|base, _| base.threads.set_switch_interval(interval));
    }
}

impl Base {
    /// Whether a thread could be resumed now.
    pub(super) fn has_due_thread(&self) -> bool {
        self.threads.holder().is_none() && self.threads.has_ready()
    }
}

impl From<event_loop::Outcome> for Outcome {
    fn from(outcome: event_loop::Outcome) -> Self {
        match outcome {
            event_loop::Outcome::Woken => Self::Woken,
            event_loop::Outcome::TimedOut => Self::TimedOut,
            event_loop::Outcome::HandedOver => Self::HandedOver,
            event_loop::Outcome::Interrupted => Self::Interrupted,
        }
    }
}

impl From<event_loop::Check> for Check {
    fn from(check: event_loop::Check) -> Self {
        match check {
            event_loop::Check::GoOn => Self::GoOn,
            event_loop::Check::Signal => Self::HandleSignal,
            event_loop::Check::Switch => Self::SwitchThread,
            event_loop::Check::Turn => Self::TurnLoop,
        }
    }
}
