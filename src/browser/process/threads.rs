//! The threads of a process: what suspends and resumes their stacks calls here.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::{self, Key, RequestId, ThreadId, Wait, Woke, Yield};
use crate::os::Millis;
use crate::trace::Name;

use super::Process;

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

/// The numbers of what threads wait for: see [`Key`].
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Keys {
    /// The worker's connections.
    Connections = 1,
    /// The first of locks and the like, whose numbers Python gives out.
    Objects = 16,
    /// The client of the request 0; those of the others follow.
    Clients = 0x8000_0000,
}

const _: () = assert!(
    Keys::Connections as u32 == Key::CONNECTIONS
        && Keys::Objects as u32 == Key::OBJECTS
        && Keys::Clients as u32 == Key::CLIENTS
);

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
    /// The running thread waits: without a `timeout` for ever. Returns its number.
    #[wasm_bindgen(js_name = threadWait)]
    pub fn thread_wait(
        &self,
        what: WaitFor,
        key: Option<u32>,
        timeout: Option<Millis>,
        again: bool,
        request: Option<u32>,
        now: Millis,
    ) -> Option<ThreadId> {
        let wait = Wait {
            name: match what {
                WaitFor::Sleep => Name::Sleep,
                WaitFor::Lock => Name::Lock,
                WaitFor::Io => Name::Io,
            },
            key: key.map(Key::from),
            timeout,
            again,
            request: request.map(RequestId),
        };
        self.shared.with(|base, _| {
            let id = base.threads.holder();
            base.threads.wait(wait, now);
            id
        })
    }

    /// The running thread lets others go first, or `messages`. Returns its number.
    #[wasm_bindgen(js_name = threadYield)]
    pub fn thread_yield(
        &self,
        messages: bool,
        request: Option<u32>,
        now: Millis,
    ) -> Option<ThreadId> {
        let to = if messages {
            Yield::ToMessages
        } else {
            Yield::ToThreads
        };
        self.shared.with(|base, _| {
            let id = base.threads.holder();
            base.threads.yield_now(to, request.map(RequestId), now);
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
    pub fn wake_one(&self, key: u32, now: Millis) -> bool {
        self.shared
            .with(|base, _| base.threads.wake_one(key.into(), now) == Woke::HandedOver)
    }

    /// Wakes all who wait for `key`.
    #[wasm_bindgen(js_name = wakeAll)]
    pub fn wake_all(&self, key: u32, now: Millis) {
        self.shared
            .with(|base, _| base.threads.wake_all(key.into(), now));
    }

    /// Ends the wait of a thread, if it waits.
    #[wasm_bindgen(js_name = interruptThread)]
    pub fn interrupt_thread(&self, id: u32, now: Millis) {
        self.shared.with(|base, _| base.threads.interrupt(id, now));
    }

    /// The number of the thread to resume, if there is one. It holds the GIL from here on.
    #[wasm_bindgen(js_name = nextThread)]
    pub fn next_thread(&self, now: Millis) -> Option<ThreadId> {
        self.shared.with(|base, _| {
            let next = base.threads.next(now)?;
            base.outcome = next.outcome.map_or(Outcome::Start, Outcome::from);
            Some(next.thread)
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
