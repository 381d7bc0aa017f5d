//! What both calling conventions, [`crate::wsgi`] and [`crate::asgi`], need between HTTP and a
//! Python app.

pub mod bytes;
pub mod exception;
#[cfg(test)]
pub(crate) mod fixture;
pub mod latin1;
pub mod percent;
pub mod python;
pub mod trust;

pub use exception::{Argument, Exception, ExceptionClass};

/// The two ends of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The client's address and port.
    pub remote: (String, u16),
    /// The address and port that it was accepted on.
    pub local: (String, u16),
}
