//! Waits: how they begin, how they end, and whom waking wakes.

use crate::os::Millis;
use crate::trace::Name;

use super::ids::{RequestId, ThreadId};
use super::key::Key;

/// A wait, as a thread begins it.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// What it is for: the name of the interval in the trace (`Sleep`, `Lock` or `Io`).
    pub name: Name,
    /// Who holds this key may end it.
    pub key: Option<Key>,
    /// It ends by itself after this time.
    pub timeout: Option<Millis>,
    /// It goes on where the last one ended in vain: fairness counts from that one's beginning.
    pub again: bool,
    /// The request that the thread works for.
    pub request: Option<RequestId>,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody woke the thread; or it is its turn again after it let others go first.
    Woken,
    /// Its time had come.
    TimedOut,
    /// The lock that it waited for is its own now.
    HandedOver,
    /// A signal came, which only the main thread gets, or another thread ended the wait
    /// ([`EventLoop::interrupt`](super::EventLoop::interrupt)).
    Interrupted,
}

/// What waking one of a key's waiters did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woke {
    /// Nobody waits.
    Nobody,
    /// The first goes on, and has to try again.
    First,
    /// The first goes on as the lock's new owner.
    HandedOver,
}

/// Whom to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The thread.
    pub thread: ThreadId,
    /// How its wait ended; `None` starts it.
    pub outcome: Option<Outcome>,
}

/// Whom a thread lets go first that gives up the GIL and goes on later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yield {
    /// The other threads.
    ToThreads,
    /// The worker's messages too.
    ToMessages,
}

/// Why the running thread should let go of the GIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It need not.
    GoOn,
    /// It has a signal to handle.
    Signal,
    /// Another has waited for the GIL for as long as the switch interval.
    Switch,
    /// The worker's event loop has to turn: messages may wait.
    Turn,
}
