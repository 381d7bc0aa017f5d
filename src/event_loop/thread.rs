//! A thread, and what it does.

use crate::os::Millis;

use super::ids::RequestId;
use super::wait::{Outcome, Wait};

/// What a thread does.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// It waits for the GIL; `None` is its first time.
    Ready {
        since: Millis,
        outcome: Option<Outcome>,
    },
    /// It holds the GIL.
    Running { since: Millis },
    /// It waits for something else. `begun` is where fairness counts from.
    Waiting {
        since: Millis,
        begun: Millis,
        wait: Wait,
    },
}

#[derive(Debug)]
pub(super) struct Thread {
    pub(super) state: State,
    /// Where the last wait began, if it ended in vain.
    pub(super) begun: Millis,
    /// The request that the worker has given it.
    pub(super) serves: Option<RequestId>,
    /// The request that its last wait was for.
    pub(super) waited: Option<RequestId>,
}

impl Thread {
    pub(super) fn new(state: State, now: Millis) -> Self {
        Self {
            state,
            begun: now,
            serves: None,
            waited: None,
        }
    }
}
