//! What a session wants done outside.

use crate::servers::Level;

/// A line for the server's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its level.
    pub level: Level,
    /// Its text, without the prefix.
    pub text: String,
    /// Whether the app's traceback follows it.
    pub traceback: bool,
}

/// How a connection is to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Once the bytes are sent.
    Close,
    /// With a reset, whatever waits to be sent.
    Reset,
}

/// What is to be done outside.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Bytes for the client.
    pub bytes: Vec<u8>,
    /// Lines for the log.
    pub log: Vec<Line>,
    /// The connection is to be ended; [`Session::lost`](super::Session::lost) follows then.
    pub end: Option<End>,
    /// A `receive()` that waits may go on.
    pub wake: bool,
    /// A `send()` that waits ([`Progress::Waits`](super::Progress::Waits)) may go on.
    pub writable: bool,
}
