//! What the client sees of a request, for the trace.

use crate::os::{Millis, Pid};
use crate::trace::Request;

/// How a request ended, as the client saw it. The number is the one in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The last byte of the answer came, or the WebSocket was closed.
    Complete = 1,
    /// The connection was lost, or the page has given the request up.
    Failed = 2,
    /// A kept connection was closed before the request was read: it is sent again, under another
    /// number.
    SentAgain = 3,
}

/// What is known of a request from its first byte on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Times {
    /// When it was sent.
    pub(super) sent_at: Millis,
    /// When a process accepted its connection; `None`: it waits in the backlog.
    pub(super) accepted_at: Option<Millis>,
    /// The process that did.
    pub(super) process: Option<Pid>,
    /// When the head of the answer was there.
    pub(super) head_at: Option<Millis>,
}

impl Times {
    /// Of a request that is sent now. On a kept connection a process has it already.
    pub(super) fn new(kept_by: Option<Pid>, now: Millis) -> Self {
        Self {
            sent_at: now,
            accepted_at: kept_by.map(|_| now),
            process: kept_by,
            head_at: None,
        }
    }
}

/// A request as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// The port that it was sent to.
    pub port: u16,
    /// What is known of it.
    pub request: Request,
}
