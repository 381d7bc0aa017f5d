//! What clients see.

use crate::os::Pid;

/// What a client sees of its connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// A process has accepted it.
    Accepted(Pid),
    /// Bytes from the server.
    Data(Vec<u8>),
    /// So many more bytes may be sent.
    Credit(u32),
    /// The server will send nothing more.
    Eof,
    /// The connection is gone.
    Reset,
    /// The backlog stayed full until the connect timed out.
    TimedOut,
}
