//! What the client saw of a request, for the trace.

use crate::os::{Millis, Pid};

/// A request as the client saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The port that it was sent to.
    pub port: u16,
    /// The process that answered.
    pub process: Option<Pid>,
    /// Its number in the trace.
    pub number: u32,
    /// When it was sent.
    pub sent_at: Millis,
    /// When the last byte of the answer came.
    pub complete_at: Millis,
}
