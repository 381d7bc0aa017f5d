//! The orderly close that gunicorn's workers make (`close_graceful`), carried out by the kernel:
//! the server's side has ended; what the client still sends is read and thrown away until it ends
//! its side too, or a limit is reached; then the connection is closed, and the process accepts
//! again.
//!
//! The process could do all of it by itself, one message at a time. Linking the steps, as
//! `io_uring` links its requests, saves two trips between process and kernel for each request and
//! changes nothing that a client or another process can see.

use crate::os::{Millis, Pid};

/// The listener of a process that has gone on already: it knows that its client ends the connection
/// at once.
pub const DETACHED: u32 = u32::MAX;

/// What a process asks for: the body of [`super::frame::FromProcess::Linger`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linger {
    /// The listener to accept from afterwards; 0 for none, [`DETACHED`] where the process does not
    /// wait either.
    pub listener: u32,
    /// How long to wait for the client's end, milliseconds.
    pub timeout: Millis,
    /// Bytes to throw away before giving up.
    pub most: u32,
}

impl Linger {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.listener.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.most.to_le_bytes());
        bytes[8..].copy_from_slice(&self.timeout.to_le_bytes());
        bytes
    }

    /// From bytes.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (listener, rest) = bytes.split_first_chunk()?;
        let (most, rest) = rest.split_first_chunk()?;
        let timeout = rest.try_into().ok()?;
        Some(Self {
            listener: u32::from_le_bytes(*listener),
            timeout: Millis::from_le_bytes(timeout),
            most: u32::from_le_bytes(*most),
        })
    }
}

/// A close under way.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) pid: Pid,
    pub(super) listener: u32,
    pub(super) until: Millis,
    /// Bytes that may still be thrown away.
    pub(super) left: u32,
}
