//! Where the time of each request went: spans, stamped at each door of the house.

mod request;

pub use request::Request;

use crate::os::Millis;

/// What the time went to. The number is the one in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::FromRepr)]
#[repr(u8)]
pub enum Name {
    /// From the client's connect until the network has the connection.
    Connect = 0,
    /// Waiting to be accepted.
    Backlog = 1,
    /// Reading the request's head, from its first byte on.
    Parse = 2,
    /// Read, but no thread has taken it.
    Queue = 3,
    /// The app has it: from the call to its last byte or its end.
    App = 4,
    /// A thread waits for the GIL.
    Gil = 5,
    /// A thread runs Python.
    Run = 6,
    /// A thread sleeps.
    Sleep = 7,
    /// A thread waits for a lock.
    Lock = 8,
    /// A thread waits for I/O.
    Io = 9,
    /// The app is done; what it sent waits for the client to take it.
    Write = 10,
    /// Idle between two requests.
    KeepAlive = 11,
    /// A WebSocket message was read; the app has not taken it.
    Message = 12,
    /// The app waits in `receive()` of a WebSocket.
    Receive = 13,
    /// The app waits in `send()` of a WebSocket, for a client that does not read or to close.
    Send = 14,
}

/// A span as a process reports it: of the request that is the `sequence`-th of its connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The connection.
    pub connection: u32,
    /// 0 for the first request of the connection.
    pub sequence: u32,
    /// The thread's number in its process; 1 is the main thread.
    pub thread: u32,
    /// What the time went to.
    pub name: Name,
    /// When it began.
    pub start: Millis,
    /// When it ended; infinite while it has not.
    pub end: Millis,
    /// What a thread waited for, by a number of its process: the same lock has the same one. 0:
    /// nothing that has a number.
    pub on: u32,
}

/// Bytes of a span in a message.
pub const LENGTH: usize = 33;

impl Span {
    /// Appends it to a message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.connection.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.thread.to_le_bytes());
        out.push(self.name as u8);
        out.extend_from_slice(&self.start.to_le_bytes());
        out.extend_from_slice(&self.end.to_le_bytes());
        out.extend_from_slice(&self.on.to_le_bytes());
    }

    /// Reads all spans of a message but those whose name or times are none.
    pub fn decode_all(message: &[u8]) -> impl Iterator<Item = Raw> + '_ {
        let spans = message.chunks_exact(LENGTH).filter_map(|record| {
            let (connection, rest) = record.split_first_chunk()?;
            let (sequence, rest) = rest.split_first_chunk()?;
            let (thread, rest) = rest.split_first_chunk()?;
            let (&[name], rest) = rest.split_first_chunk()?;
            let (start, rest) = rest.split_first_chunk()?;
            let (end, rest) = rest.split_first_chunk()?;
            let (on, _) = rest.split_first_chunk()?;
            Some(Raw {
                connection: u32::from_le_bytes(*connection),
                sequence: u32::from_le_bytes(*sequence),
                thread: u32::from_le_bytes(*thread),
                name,
                start: f64::from_le_bytes(*start),
                end: f64::from_le_bytes(*end),
                on: u32::from_le_bytes(*on),
            })
        });
        spans.filter(|span| {
            // An open span has no end yet.
            let has_end = span.end.is_finite() || span.end == Millis::INFINITY;
            Name::from_repr(span.name).is_some() && span.start.is_finite() && has_end
        })
    }
}

/// A span as it was read from a message: the machine passes the name's number on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)] // As in `Span`.
pub struct Raw {
    pub connection: u32,
    pub sequence: u32,
    pub thread: u32,
    pub name: u8,
    pub start: Millis,
    pub end: Millis,
    pub on: u32,
}

/// Bytes of a record for the page.
pub const RECORD: usize = 56;

/// Appends a record for the page: seven numbers, times relative to the server's start.
pub fn encode_record(request: u32, process: u32, span: &Raw, origin: Millis, out: &mut Vec<u8>) {
    let numbers = [
        f64::from(request),
        f64::from(process),
        f64::from(span.thread),
        f64::from(span.name),
        span.start - origin,
        span.end - origin,
        f64::from(span.on),
    ];
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn spans_survive_the_crossing() {
        let span = Span {
            connection: 7,
            sequence: 2,
            thread: 1,
            name: Name::Backlog,
            start: 1000.5,
            end: 1002.25,
            on: 17,
        };
        let mut message = Vec::new();
        span.encode(&mut message);
        span.encode(&mut message);
        message.push(0);
        let read: Vec<_> = Span::decode_all(&message).collect();
        assert_eq!(read.len(), 2);
        let expected = Raw {
            connection: 7,
            sequence: 2,
            thread: 1,
            name: Name::Backlog as u8,
            start: 1000.5,
            end: 1002.25,
            on: 17,
        };
        assert_eq!(read[0], expected);
    }

    #[test]
    fn a_span_of_any_name_is_read_and_one_of_no_name_is_not() {
        let named = |name: u8| {
            let span = Span {
                connection: 7,
                sequence: 0,
                thread: 1,
                name: Name::Send,
                start: 1.0,
                end: 2.0,
                on: 0,
            };
            let mut message = Vec::new();
            span.encode(&mut message);
            message[12] = name;
            Span::decode_all(&message).count()
        };
        for name in [Name::Connect, Name::KeepAlive, Name::Message, Name::Send] {
            assert_eq!(named(name as u8), 1, "{name:?}");
        }
        assert_eq!(named(Name::Send as u8 + 1), 0);
    }

    #[test]
    fn records_count_from_the_servers_start() {
        let span = Raw {
            connection: 1,
            sequence: 0,
            thread: 1,
            name: 4,
            start: 1500.0,
            end: 1750.0,
            on: 3,
        };
        let mut record = Vec::new();
        encode_record(9, 12, &span, 1000.0, &mut record);
        let numbers: Vec<f64> = record
            .chunks_exact(8)
            .filter_map(|b| Some(f64::from_le_bytes(b.try_into().ok()?)))
            .collect();
        assert_eq!(numbers, [9.0, 12.0, 1.0, 4.0, 500.0, 750.0, 3.0]);
    }
}
