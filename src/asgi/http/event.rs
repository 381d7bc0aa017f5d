//! What crosses between an app and its request: the events of `receive` and `send`, and what
//! becomes of the connection.

/// An `http.response.body`, or a part of one that is too large to come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// The bytes.
    pub data: &'a [u8],
    /// Bytes of the same body that follow in further parts.
    pub rest: usize,
    /// `more_body`
    pub more: bool,
}

impl<'a> Part<'a> {
    /// A body that is complete, and the last.
    #[must_use]
    pub fn whole(data: &'a [u8]) -> Self {
        Self {
            data,
            rest: 0,
            more: false,
        }
    }
}

/// What becomes of the connection after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The response goes on.
    Continues,
    /// The response is complete.
    Complete {
        /// Whether the connection may carry another request. Otherwise it is closed.
        keep_alive: bool,
    },
}

/// What becomes of the connection when the app's call has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the connection is to be closed now. A complete response has said so before
    /// ([`Progress::Complete`]).
    pub close: bool,
    /// A line for the error log, level ERROR, without its prefix.
    pub log: Option<String>,
    /// Whether the exception's traceback follows that line.
    pub traceback: bool,
    /// The status of a response that was made up for the app and now stands in the access log.
    pub status: Option<u16>,
}

impl Outcome {
    /// The connection is to be closed, and the log says why.
    pub(super) fn closed(log: impl Into<String>) -> Self {
        Self {
            close: true,
            log: Some(log.into()),
            traceback: false,
            status: None,
        }
    }
}

/// What `receive()` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Nothing yet: the app waits, and asks again when something happened.
    Wait,
    /// `http.request`
    Request {
        /// `body`
        body: Vec<u8>,
        /// `more_body`
        more: bool,
    },
    /// `http.disconnect`
    Disconnect,
}
