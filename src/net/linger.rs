//! The orderly close that gunicorn's workers make (`close_graceful`), carried out by the kernel:
//! the server's side has ended; what the client still sends is read and thrown away until it ends
//! its side too, or a limit is reached; then the connection is closed, and the process accepts
//! again.
//!
//! The process could do all of it by itself, one message at a time. Linking the steps, as
//! `io_uring` links its requests, saves two trips between process and kernel for each request and
//! changes nothing that a client or another process can see.

use super::ids::ListenerId;
use crate::os::{Millis, Pid};

/// What the process does when the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterClose {
    /// It is told, by a [`super::frame::ToProcess::Closed`].
    Tell,
    /// It accepts the next connection of this listener, and is told by the answer.
    Accept(ListenerId),
    /// Nothing: it has gone on already, as it knows that its client ends the connection at once.
    Nothing,
}

/// What a process asks for: the body of [`super::frame::FromProcess::Linger`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linger {
    /// What follows the close.
    pub then: AfterClose,
    /// How long to wait for the client's end, milliseconds.
    pub timeout: Millis,
    /// Bytes to throw away before giving up.
    pub most: u32,
}

impl Linger {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; 17] {
        let (tag, listener) = match self.then {
            AfterClose::Tell => (0, 0),
            AfterClose::Accept(listener) => (1, listener),
            AfterClose::Nothing => (2, 0),
        };
        let mut bytes = [0; 17];
        bytes[0] = tag;
        bytes[1..5].copy_from_slice(&listener.to_le_bytes());
        bytes[5..9].copy_from_slice(&self.most.to_le_bytes());
        bytes[9..].copy_from_slice(&self.timeout.to_le_bytes());
        bytes
    }

    /// From bytes. None whose time is no time.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first()?;
        let (listener, rest) = rest.split_first_chunk()?;
        let (most, rest) = rest.split_first_chunk()?;
        let timeout = Millis::from_le_bytes(rest.try_into().ok()?);
        if !timeout.is_finite() || timeout < 0.0 {
            return None;
        }
        let then = match tag {
            0 => AfterClose::Tell,
            1 => AfterClose::Accept(u32::from_le_bytes(*listener)),
            2 => AfterClose::Nothing,
            _ => return None,
        };
        Some(Self {
            then,
            timeout,
            most: u32::from_le_bytes(*most),
        })
    }
}

/// A close under way.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) pid: Pid,
    pub(super) then: AfterClose,
    pub(super) until: Millis,
    /// Bytes that may still be thrown away.
    pub(super) left: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn a_linger_survives_the_crossing() {
        for then in [AfterClose::Tell, AfterClose::Accept(7), AfterClose::Nothing] {
            let linger = Linger {
                then,
                timeout: 2000.0,
                most: 65_536,
            };
            assert_eq!(Linger::decode(&linger.encode()), Some(linger));
        }
        assert_eq!(Linger::decode(b"short"), None);
    }
}
