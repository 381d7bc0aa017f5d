//! The events of `receive` and `send`.

use crate::websocket::Close;

/// What `receive()` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// `websocket.connect`
    Connect,
    /// `websocket.receive` with `text`
    Text(String),
    /// `websocket.receive` with `bytes`
    Bytes(Vec<u8>),
    /// `websocket.disconnect`
    Disconnect {
        /// `code`
        code: u16,
        /// `reason`, which is not always there.
        reason: Option<String>,
    },
}

impl Received {
    pub(super) fn disconnect(close: &Close) -> Self {
        Self::Disconnect {
            code: close.code,
            reason: Some(close.reason.clone()),
        }
    }

    pub(super) fn lost(code: u16) -> Self {
        Self::Disconnect { code, reason: None }
    }
}

/// Header fields: names and values.
pub type Fields<'a> = &'a [(&'a [u8], &'a [u8])];

/// An event that the app sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// `websocket.accept`
    Accept {
        /// `subprotocol`
        subprotocol: Option<&'a str>,
        /// `headers`
        headers: Fields<'a>,
    },
    /// `websocket.send` with `text`
    Text(&'a str),
    /// `websocket.send` with `bytes`
    Bytes(&'a [u8]),
    /// `websocket.send` with neither.
    Nothing,
    /// `websocket.close`
    Close {
        /// `code`
        code: i64,
        /// `reason`, empty where it is None.
        reason: &'a str,
    },
    /// `websocket.http.response.start`
    ResponseStart {
        /// `status`
        status: i64,
        /// `headers`
        headers: Fields<'a>,
    },
    /// `websocket.http.response.body`
    ResponseBody {
        /// `body`
        body: &'a [u8],
        /// `more_body`
        more: bool,
    },
    /// An event of another type.
    Other(&'a str),
    /// daphne: the response that opens the connection, in its bytes.
    Handshake(&'a [u8]),
    /// daphne: a response that refuses it, in its bytes.
    Refusal(&'a [u8]),
    /// daphne: a ping.
    Ping(&'a [u8]),
}

impl Message<'_> {
    pub(super) fn kind(&self) -> &str {
        match self {
            Message::Accept { .. } => "websocket.accept",
            Message::Text(_) | Message::Bytes(_) | Message::Nothing => "websocket.send",
            Message::Close { .. } => "websocket.close",
            Message::ResponseStart { .. } => "websocket.http.response.start",
            Message::ResponseBody { .. } => "websocket.http.response.body",
            Message::Other(kind) => kind,
            Message::Handshake(_) | Message::Refusal(_) | Message::Ping(_) => "",
        }
    }
}
