//! Which server is meant.

/// A server's number, as the page knows it.
pub type ServerNumber = u32;

/// A server, or a replica of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerId {
    /// The server's number.
    pub number: ServerNumber,
    /// The replica's number, from 1.
    pub replica: Option<u32>,
}

impl ServerId {
    /// A server as the page knows it.
    pub(super) fn of(number: ServerNumber) -> Self {
        Self {
            number,
            replica: None,
        }
    }
}
