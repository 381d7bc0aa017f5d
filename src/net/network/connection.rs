//! A connection, as the kernel knows it.

use crate::net::WINDOW;
use crate::net::ids::{ConnectionId, ListenerId};
use crate::os::{Millis, Pid};

/// Grants are passed on in pieces of at least so many bytes, as TCP's receivers do (RFC 9293,
/// section 3.8.6.2.2): the sender would answer each grant of a few bytes by as few, and soon every
/// frame would carry next to nothing.
pub(super) const LEAST_GRANT: u32 = WINDOW / 4;

/// Bytes and ends of the client that wait in the backlog with their connection.
#[derive(Debug, Default)]
pub(super) struct Early {
    pub(super) data: Vec<u8>,
    pub(super) reset: bool,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // Independent facts, each established at its own moment.
pub(super) struct Connection {
    pub(super) listener: ListenerId,
    pub(super) connected_at: Millis,
    /// The process that accepted it.
    pub(super) server: Option<Pid>,
    pub(super) early: Early,
    pub(super) client_eof: bool,
    pub(super) server_eof: bool,
    /// The client ends its side as soon as the server has ended its own.
    pub(super) prompt: bool,
    /// The server's end is closed: whatever the client still sends is answered by a reset.
    pub(super) server_closed: bool,
    /// Bytes given to the server that it has not consumed.
    pub(super) unread: u64,
    /// Bytes that the server may send.
    pub(super) credit: u32,
    /// Bytes that the server may send anew, and has not been told of.
    pub(super) grant_server: u32,
    /// Bytes that the client may send anew, and has not been told of.
    pub(super) grant_client: u32,
}

/// Adds to a grant; returns it where it is large enough to be passed on.
pub(super) fn granted(grant: &mut u32, bytes: u32) -> Option<u32> {
    *grant = grant.saturating_add(bytes);
    (*grant >= LEAST_GRANT).then(|| std::mem::take(grant))
}

/// A connection that is not in a backlog yet, and when it is looked at again.
#[derive(Debug)]
pub(super) struct Retry {
    pub(super) connection: ConnectionId,
    pub(super) at: Millis,
    pub(super) because: RetryCause,
}

/// Why a connection is not in a backlog yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryCause {
    /// Its SYN found the backlog full; so often it has been sent again.
    Syn { attempt: u32 },
    /// It is half open; so often the client has sent its data again.
    Data { attempt: u32 },
    /// It is half open; so often the server has sent its SYN-ACK again.
    SynAck { attempt: u32 },
    /// The listener defers it.
    Deferred,
}
