//! What the threads did, for the trace.

use crate::os::Millis;
use crate::trace::Name;

use super::ids::{RequestId, ThreadId};
use super::key::Key;

/// A part of a thread's life.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The thread.
    pub thread: ThreadId,
    /// `Run`, `Gil`, `Sleep`, `Lock` or `Io`.
    pub name: Name,
    /// When it began.
    pub start: Millis,
    /// When it ended.
    pub end: Millis,
    /// The request that the thread worked for.
    pub request: Option<RequestId>,
    /// What it waited for.
    pub key: Option<Key>,
}
