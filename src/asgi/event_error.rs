//! What `send` raises in the app.

use crate::asgi::http::LocalError;
use crate::gateway::python::int_error;
use crate::gateway::{Argument, Exception, ExceptionClass};

/// An exception that the app gets from `send()`. Its text is that of uvicorn's exception.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Another event came where the response should start.
    #[error("Expected ASGI message 'http.response.start', but got '{0}'.")]
    ExpectedStart(String),
    /// Another event came where the body should go on.
    #[error("Expected ASGI message 'http.response.body', but got '{0}'.")]
    ExpectedBody(String),
    /// An event came after the last one.
    #[error("Unexpected ASGI message '{0}' sent, after response already completed.")]
    AfterCompletion(String),
    /// More body than Content-Length says.
    #[error("Response content longer than Content-Length")]
    Longer,
    /// Less body than Content-Length says.
    #[error("Response content shorter than Content-Length")]
    Shorter,
    /// A header name with a byte that it must not have.
    #[error("Invalid HTTP header name.")]
    HeaderName,
    /// A header value with a control character.
    #[error("Invalid HTTP header value.")]
    HeaderValue,
    /// Content-Length is no number.
    #[error("{}", int_error(.0))]
    Length(Vec<u8>),
    /// A status outside of 100 to 599.
    #[error("{0}")]
    Status(u16),
    /// What h11 raises.
    #[error(transparent)]
    H11(#[from] LocalError),
}

impl EventError {
    /// What is raised in the app.
    #[must_use]
    pub fn exception(&self) -> Exception {
        let class = match self {
            Self::Length(_) => ExceptionClass::ValueError,
            Self::Status(_) => ExceptionClass::KeyError,
            Self::H11(_) => ExceptionClass::H11Local,
            _ => ExceptionClass::RuntimeError,
        };
        let exception = Exception::new(class, self.to_string());
        match self {
            Self::Status(status) => Exception {
                arguments: vec![Argument::Number((*status).into())],
                ..exception
            },
            _ => exception,
        }
    }
}
