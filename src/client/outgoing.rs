//! Bytes on their way to a server, as far as their connection takes them.

use crate::net::{ConnectionId, Network, WINDOW};

/// What a connection takes now, and the bytes that wait until it takes more.
#[derive(Debug)]
pub(super) struct Outgoing {
    connection: ConnectionId,
    /// Bytes that the connection takes now.
    credit: u32,
    waiting: Vec<u8>,
}

impl Outgoing {
    /// That of a new connection.
    pub(super) fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            credit: WINDOW,
            waiting: Vec::new(),
        }
    }

    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Sends bytes, or lets them wait.
    pub(super) fn send(&mut self, net: &mut Network, bytes: &[u8]) {
        let now = if self.waiting.is_empty() {
            bytes.len().min(self.credit as usize)
        } else {
            0
        };
        if now > 0 {
            net.send(self.connection, &bytes[..now]);
            self.credit -= now as u32;
        }
        self.waiting.extend_from_slice(&bytes[now..]);
    }

    /// The connection takes so many bytes more. Returns how many of those that waited went out.
    pub(super) fn credited(&mut self, net: &mut Network, bytes: u32) -> usize {
        self.credit = self.credit.saturating_add(bytes);
        let now = self.waiting.len().min(self.credit as usize);
        if now > 0 {
            net.send(self.connection, &self.waiting[..now]);
            self.credit -= now as u32;
            self.waiting.drain(..now);
        }
        now
    }
}
