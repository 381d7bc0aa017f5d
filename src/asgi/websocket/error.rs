//! What `send` raises in the app.

use crate::gateway::python::repr_bytes;
use crate::gateway::{Exception, ExceptionClass};
use crate::websocket::connection::SendError;

/// An exception that the app gets from `send()`. Its text is that of uvicorn's exception, or of the
/// library's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The client is gone.
    #[error("")]
    Disconnected,
    /// Another event came before the handshake was answered.
    #[error(
        "Expected ASGI message 'websocket.accept', 'websocket.close' or \
         'websocket.http.response.start' but got '{0}'."
    )]
    ExpectedAccept(String),
    /// An event that an open connection does not have.
    #[error("Expected ASGI message 'websocket.send' or 'websocket.close', but got '{0}'.")]
    ExpectedSend(String),
    /// Another event came where the response's body should.
    #[error("Expected ASGI message 'websocket.http.response.body' but got '{0}'.")]
    ExpectedBody(String),
    /// An event came after the last one.
    #[error("Unexpected ASGI message '{0}', after sending 'websocket.close'.")]
    AfterClose(String),
    /// A status outside of 100 to 599.
    #[error("Invalid HTTP status code '{0}' in response.")]
    Status(i64),
    /// A header field with a control character.
    #[error("invalid {name} header: {value}")]
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// A second accept after one that has failed.
    #[error("date")]
    AcceptedTwice,
    /// A close frame that cannot be sent.
    #[error("{0}")]
    Close(SendError),
    /// The library's own check of its state.
    #[error("")]
    Assertion,
    /// gunicorn: an event that the connection does not have by now.
    #[error("{0}")]
    Gunicorn(&'static str),
    /// gunicorn: the connection is closed.
    #[error("WebSocket closed")]
    WebSocketDisconnected,
    /// gunicorn: the value of the header field of this name has a control character.
    #[error("Invalid response header from the application: {}", repr_bytes(.0))]
    ResponseHeader(Vec<u8>),
    /// gunicorn: the name of a header field is no token.
    #[error("Invalid response header name from the application: {}", repr_bytes(.0))]
    ResponseHeaderName(Vec<u8>),
    /// A close code that does not fit into its two bytes.
    #[error("'H' format requires 0 <= number <= 65535")]
    Packed,
    /// The legacy library: another event came before the handshake was answered.
    #[error(
        "Expected ASGI message 'websocket.accept', 'websocket.close', or \
         'websocket.http.response.start' but got '{0}'."
    )]
    ExpectedHandshake(String),
    /// The legacy library: an event came after the last one.
    #[error(
        "Unexpected ASGI message '{0}', after sending 'websocket.close' or response already \
         completed."
    )]
    AfterResponse(String),
    /// The legacy library: a message with neither text nor bytes.
    #[error("data must be str, bytes-like, or iterable")]
    NotData,
    /// wsproto: its own words for what cannot be sent.
    #[error("{0}")]
    Wsproto(String),
    /// h11, which writes wsproto's responses: its own words.
    #[error("{0}")]
    H11(String),
    /// wsproto: a message with neither text nor bytes.
    #[error("Must provide bytes or text")]
    NeitherTextNorBytes,
    /// Python's own words for a value that is none.
    #[error("{0}")]
    Value(String),
    /// autobahn: the connection is not open, or no longer.
    #[error("Attempt to send on a closed protocol")]
    ClosedProtocol,
    /// autobahn: a message beyond the limit was to be sent.
    #[error(
        "tried to send WebSocket message with size {size} exceeding payload limit of {limit} octets"
    )]
    PayloadExceeded {
        /// Its bytes.
        size: usize,
        /// The most that it may have.
        limit: usize,
    },
    /// uvloop: the transport at this address is closed.
    #[error(
        "unable to perform operation on <TCPTransport closed=True reading=False {0:#x}>; the \
         handler is closed"
    )]
    ClosedTransport(usize),
}

impl SessionError {
    /// What is raised in the app.
    #[must_use]
    pub fn exception(&self) -> Exception {
        let class = match self {
            Self::Disconnected => return Exception::bare(ExceptionClass::ClientDisconnected),
            Self::Assertion => return Exception::bare(ExceptionClass::AssertionError),
            Self::Header { .. } => ExceptionClass::InvalidHeaderValue,
            Self::AcceptedTwice => ExceptionClass::KeyError,
            Self::Close(_) => ExceptionClass::ProtocolError,
            Self::WebSocketDisconnected => ExceptionClass::WebSocketDisconnected,
            Self::ResponseHeader(_) => ExceptionClass::InvalidResponseHeader,
            Self::ResponseHeaderName(_) => ExceptionClass::InvalidResponseHeaderName,
            Self::Wsproto(_) => ExceptionClass::WsprotoLocal,
            Self::H11(_) => ExceptionClass::H11Local,
            Self::NeitherTextNorBytes | Self::NotData => ExceptionClass::TypeError,
            Self::Value(_) => ExceptionClass::ValueError,
            Self::ClosedProtocol => ExceptionClass::ClosedProtocol,
            Self::PayloadExceeded { .. } => ExceptionClass::PayloadExceeded,
            Self::Packed => ExceptionClass::StructError,
            _ => ExceptionClass::RuntimeError,
        };
        Exception::new(class, self.to_string())
    }
}

impl From<SendError> for SessionError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Closing => Self::Disconnected,
            SendError::Code | SendError::Reason => Self::Close(error),
        }
    }
}
