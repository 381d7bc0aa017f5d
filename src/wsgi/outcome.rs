//! How a request ended: what becomes of its connection, and what the server writes down.

use crate::servers::Level;

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the connection may carry another request. Otherwise it is closed.
    pub keep_alive: bool,
    /// What the server writes to its logs about it, in this order.
    pub lines: Vec<Line>,
}

/// A line of one of the server's logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line of the error log.
    Log {
        /// Its level.
        level: Level,
        /// The message, without the prefix of the log.
        text: String,
        /// Whether the traceback of the exception follows.
        traceback: bool,
    },
    /// A message that passes the server's log by: alone on a line of standard error.
    Bare(String),
    /// A line of the access log.
    Access(Access),
}

/// What the access log shows of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The status code (gunicorn's `%(s)s`); `None` where the app has set no status.
    pub status: String,
    /// Bytes of the body that were sent (gunicorn's `%(b)s`).
    pub sent: u64,
}
