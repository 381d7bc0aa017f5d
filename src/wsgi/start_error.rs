//! What `start_response` and `write` raise in the app.

use crate::gateway::python::{int_error, repr};
use crate::gateway::{Exception, ExceptionClass};

/// An exception that the app gets from `start_response()` or `write()`. Its text is that of the
/// real server's exception.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// A second `start_response()` without `exc_info`.
    #[error("Response headers already set!")]
    AlreadySet,
    /// `start_response()` with `exc_info` after the head was sent: the app's own exception is to be
    /// raised again.
    #[error(
        "the head was sent before start_response() was called with exc_info: raise that exception again"
    )]
    Reraise,
    /// The status is not three digits and a reason.
    #[error("Invalid status {}", repr(.0))]
    Status(Vec<u8>),
    /// A header name is no token.
    #[error("Invalid response header name from the application: {}", repr(.0))]
    Name(Vec<u8>),
    /// The value of the header named here has control characters.
    #[error("Invalid response header from the application: {}", repr(.0))]
    Value(Vec<u8>),
    /// Content-Length is no number.
    #[error("{}", int_error(.0))]
    Length(Vec<u8>),
    /// gunicorn's threaded worker: a body, but `start_response()` was never called.
    #[error("'Response' object has no attribute 'status_code'")]
    NotStarted,
    /// What came from Python is cut short.
    #[error(
        "the encoded status and headers are cut short: encode them as wsgi::response describes"
    )]
    Encoding,
}

impl StartError {
    /// What is raised in the app.
    #[must_use]
    pub fn exception(&self) -> Exception {
        let class = match self {
            Self::AlreadySet => ExceptionClass::AssertionError,
            Self::Reraise | Self::Encoding => ExceptionClass::RuntimeError,
            Self::Status(_) | Self::Length(_) => ExceptionClass::ValueError,
            Self::Name(_) => ExceptionClass::InvalidResponseHeaderName,
            Self::Value(_) => ExceptionClass::InvalidResponseHeader,
            Self::NotStarted => ExceptionClass::AttributeError,
        };
        Exception::new(class, self.to_string())
    }
}
