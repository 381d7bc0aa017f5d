//! What `send` raises in the app.

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
