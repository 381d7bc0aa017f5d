//! The two directions of one TCP connection: how much may be read, what waits to be written, and
//! when it is over.
//!
//! Each direction has a window: its sender never has more bytes under way than the receiver
//! granted, and the receiver grants again only what its own far side has taken. So a slow client
//! slows the app, and a slow app the client, while neither end holds more than [`WINDOW`] bytes of
//! a connection.

use std::collections::VecDeque;

use axum::body::Bytes;

/// Bytes that may be under way in one direction of one connection. At a round trip of 1 ms this
/// allows 250 MB/s.
pub(super) const WINDOW: u32 = 256 * 1024;

/// Consumed bytes are granted again in pieces of at least this many, to keep credit frames few.
const GRANT: u32 = WINDOW / 4;

/// The page broke a rule of the bridge.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum FlowError {
    /// More data than was granted.
    #[error("the page sent more data than it was granted; renew dist/ by `cargo xtask build`")]
    Overrun,
    /// Data after it had said that none would follow.
    #[error("the page sent data after the end of a connection; renew dist/ by `cargo xtask build`")]
    AfterEof,
}

/// One connection between a TCP client and the server in the tab.
#[derive(Debug)]
pub(super) struct Connection {
    /// Client to server: bytes that the page still takes.
    credit: u32,
    client_ended: bool,
    /// Server to client: what the client's socket has not taken yet.
    pending: VecDeque<Bytes>,
    /// Bytes that the page may still send.
    granted: u32,
    /// Bytes that the client's socket took since the last grant.
    written: u32,
    server_ended: bool,
    shut_down: bool,
}

impl Connection {
    /// A connection that was just accepted.
    pub(super) fn new() -> Self {
        Self {
            credit: WINDOW,
            client_ended: false,
            pending: VecDeque::new(),
            granted: WINDOW,
            written: 0,
            server_ended: false,
            shut_down: false,
        }
    }

    /// How many bytes may be read from the client now; 0: leave them in its socket.
    pub(super) fn may_read(&self) -> usize {
        if self.client_ended {
            0
        } else {
            self.credit as usize
        }
    }

    /// So many bytes, at most [`Self::may_read`], were read from the client and sent to the page.
    pub(super) fn read(&mut self, bytes: usize) {
        self.credit = self.credit.saturating_sub(bytes as u32);
    }

    /// The client sends no more, or nobody is left to read it.
    pub(super) fn read_end(&mut self) {
        self.client_ended = true;
    }

    /// The page consumed so many bytes.
    pub(super) fn credited(&mut self, bytes: u32) {
        self.credit = self.credit.saturating_add(bytes);
    }

    /// The server sent these bytes.
    pub(super) fn received(&mut self, bytes: Bytes) -> Result<(), FlowError> {
        if self.server_ended {
            return Err(FlowError::AfterEof);
        }
        self.granted = u32::try_from(bytes.len())
            .ok()
            .and_then(|length| self.granted.checked_sub(length))
            .ok_or(FlowError::Overrun)?;
        if !bytes.is_empty() {
            self.pending.push_back(bytes);
        }
        Ok(())
    }

    /// The server sends no more.
    pub(super) fn received_end(&mut self) {
        self.server_ended = true;
    }

    /// What to write to the client next.
    pub(super) fn to_write(&self) -> Option<&Bytes> {
        self.pending.front()
    }

    /// The client's socket took so many bytes of [`Self::to_write`]. Returns the credit to grant
    /// the page, if it is time.
    pub(super) fn wrote(&mut self, bytes: usize) -> Option<u32> {
        if let Some(front) = self.pending.front_mut() {
            let _ = front.split_to(bytes.min(front.len()));
            if front.is_empty() {
                self.pending.pop_front();
            }
        }
        self.written += bytes as u32;
        if self.written < GRANT || self.server_ended {
            return None;
        }
        self.granted += self.written;
        Some(std::mem::take(&mut self.written))
    }

    /// Whether it is time to end the sending side towards the client (FIN). True once.
    pub(super) fn take_shutdown(&mut self) -> bool {
        let due = self.server_ended && self.pending.is_empty() && !self.shut_down;
        self.shut_down |= due;
        due
    }

    /// Whether both directions have ended.
    pub(super) fn is_over(&self) -> bool {
        self.client_ended && self.shut_down
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn bytes(length: u32) -> Bytes {
        vec![b'x'; length as usize].into()
    }

    #[test]
    fn reading_stops_when_the_credit_is_used_up_and_goes_on_with_new_credit() {
        let mut connection = Connection::new();
        connection.read(connection.may_read());
        assert_eq!(connection.may_read(), 0);
        connection.credited(10);
        assert_eq!(connection.may_read(), 10);
    }

    #[test]
    fn nothing_is_read_after_the_clients_end() {
        let mut connection = Connection::new();
        connection.read_end();
        assert_eq!(connection.may_read(), 0);
    }

    #[test]
    fn the_page_gets_credit_only_for_what_the_client_has_taken() {
        let mut connection = Connection::new();
        connection.received(bytes(WINDOW)).unwrap();
        assert_eq!(connection.received(bytes(1)), Err(FlowError::Overrun));
        assert_eq!(connection.wrote(GRANT as usize - 1), None);
        assert_eq!(connection.wrote(1), Some(GRANT));
        connection.received(bytes(GRANT)).unwrap();
        assert_eq!(connection.received(bytes(1)), Err(FlowError::Overrun));
    }

    #[test]
    fn a_sender_that_waits_for_credit_is_always_granted_some() {
        let mut connection = Connection::new();
        let (mut credit, mut sent) = (WINDOW, 0_u64);
        while sent < 50_000_000 {
            assert!(credit > 0, "stalled after {sent} bytes");
            connection.received(bytes(credit)).unwrap();
            sent += u64::from(std::mem::take(&mut credit));
            while let Some(front) = connection.to_write() {
                let taken = front.len().min(1447);
                credit += connection.wrote(taken).unwrap_or(0);
            }
        }
    }

    #[test]
    fn bytes_are_written_in_order_across_partial_writes() {
        let mut connection = Connection::new();
        connection.received(Bytes::from_static(b"hello ")).unwrap();
        connection.received(Bytes::new()).unwrap();
        connection.received(Bytes::from_static(b"world")).unwrap();
        let mut written = Vec::new();
        while let Some(front) = connection.to_write() {
            let taken = front.len().min(4);
            written.extend_from_slice(&front[..taken]);
            connection.wrote(taken);
        }
        assert_eq!(written, b"hello world");
    }

    #[test]
    fn the_servers_end_is_passed_on_once_and_after_its_last_byte() {
        let mut connection = Connection::new();
        connection.received(Bytes::from_static(b"bye")).unwrap();
        connection.received_end();
        assert!(!connection.take_shutdown());
        connection.wrote(3);
        assert!(connection.take_shutdown());
        assert!(!connection.take_shutdown());
        assert_eq!(connection.received(bytes(1)), Err(FlowError::AfterEof));
    }

    #[test]
    fn a_half_closed_connection_goes_on_in_the_other_direction() {
        let mut client_first = Connection::new();
        client_first.read_end();
        client_first.received(bytes(5)).unwrap();
        assert!(!client_first.is_over());

        let mut server_first = Connection::new();
        server_first.received_end();
        assert!(server_first.take_shutdown());
        assert_eq!(server_first.may_read(), WINDOW as usize);
        assert!(!server_first.is_over());
        server_first.read_end();
        assert!(server_first.is_over());
    }
}
