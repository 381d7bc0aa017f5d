//! The kinds of frames that the machine exchanges with its processes and with the page; ids and
//! bodies are told with each. The format of a frame is [`crate::wire::frame`]'s.

pub use crate::wire::frame::{Frame, frames, push, push_number, push_parts};

wasgi_wire::kinds! {
    /// What a process says to the machine.
    pub enum FromProcess {
        /// Wake me once when the listener has a connection (one-shot, as in a poll set). The body's
        /// byte, if there is one, is a sum of [`super::poll`].
        Poll = 1,
        /// Accept at most as many connections as the body's u32 says.
        Accept = 3,
        /// Bytes of a connection.
        Data = 6,
        /// No more bytes will come from the process's side (FIN).
        Eof = 7,
        /// The connection is broken (RST).
        Reset = 8,
        /// The body's u32 more bytes may be sent.
        Credit = 9,
        /// The process has closed its end: it sends nothing more and will read nothing more.
        Close = 10,
        /// The process has closed its copy of the listener.
        Unlisten = 11,
        /// The process ends its side and is done with the connection: see [`super::Linger`]. The
        /// answer is that of the Accept that is linked to it.
        Linger = 12,
        /// The Accept that is linked to a Linger is not to be made: the answer is a
        /// [`ToProcess::Closed`].
        Unlink = 13,
        /// Send the process of this id, or the master, the signal of the body's u32.
        Kill = 14,
        /// The process has taken a connection that was offered.
        Took = 16,
        /// Accept, by a process that asks again at once, and finds the next connection even where
        /// another process asks between (its messages take longer than a system call does).
        AcceptAndKeepNext = 17,
        /// The process has no handler for the signal of the body's u32, whose default action ends
        /// it.
        Die = 18,

        /// A log line; id is the descriptor of its [`crate::os::Stream`].
        Log = 20,
        /// The heartbeat.
        Notify = 21,
        /// The interpreter is up; the app is about to be loaded.
        Booted = 22,
        /// The app is loaded; the worker polls its listeners.
        Accepting = 23,
        /// Spans of the trace.
        Spans = 25,
        /// The process itself listens on `Launch::binds[id]`; [`ToProcess::Listening`] or
        /// [`ToProcess::BindFailed`] is the answer.
        Bind = 29,
        /// [`crate::master::Event::Busy`]; the body is a
        /// [`crate::servers::uwsgi::RequestBegun`].
        Busy = 31,
        /// [`crate::master::Event::Request`]; the body is its
        /// [`crate::servers::uwsgi::RequestLine`].
        Request = 32,
        /// The master's Python has run a hook; id is an [`crate::machine::Answer`].
        Hook = 33,
    }
}

wasgi_wire::kinds! {
    /// What the machine says to a process.
    pub enum ToProcess {
        /// The listener has a connection.
        Readable = 2,
        /// A connection is yours: id is the connection; the body is an [`Accepted`].
        Accepted = 4,
        /// The answer to an Accept ends here: nothing more waits (EAGAIN) or enough were taken.
        AcceptEnd = 5,
        /// Bytes of a connection.
        Data = 6,
        /// No more bytes will come from the client's side (FIN).
        Eof = 7,
        /// The connection is broken (RST).
        Reset = 8,
        /// The body's u32 more bytes may be sent.
        Credit = 9,
        /// A connection that waits in the backlog, and can be taken: the body is a
        /// [`super::Offer`].
        Offer = 15,
        /// The connection of a [`FromProcess::Linger`] that no Accept was linked to is closed.
        Closed = 19,

        /// A signal; id is its number.
        Signal = 26,
        /// The process has this listening socket: id is the listener, the body its port (u16) and
        /// host.
        Listening = 27,
        /// The address could not be had.
        BindFailed = 28,
        /// The number that the process has with its master: [`crate::master::Action::Spawn`]'s
        /// slot. The body is one byte: 1 where the process was started again.
        Slot = 30,
        /// The master's Python is to run a hook of the configuration: the body is a
        /// [`crate::master::Hook`] as text.
        Hook = 33,
    }
}

wasgi_wire::kinds! {
    /// What the page says to the machine. Ids are those of its streams.
    pub enum FromPage {
        /// Bytes of a stream.
        Data = 6,
        /// No more bytes will come from the page's side (FIN).
        Eof = 7,
        /// The stream is aborted.
        Reset = 8,
        /// The body's u32 more bytes may be sent.
        Credit = 9,
        /// A request: the body is a [`crate::client::FetchHead`]. Data and Eof with the same id are
        /// its body.
        Fetch = 40,
        /// A bare connection to the port of the body's u32.
        Connect = 41,
        /// A WebSocket: the body is a [`crate::client::SocketHead`].
        Socket = 43,
        /// A message of text on a WebSocket.
        Text = 44,
        /// A message of bytes on a WebSocket.
        Binary = 45,
        /// A WebSocket is to be closed: the body is that of a close frame.
        Close = 46,
    }
}

wasgi_wire::kinds! {
    /// What the machine says to the page.
    pub enum ToPage {
        /// Bytes of a stream.
        Data = 6,
        /// No more bytes will come from the server's side (FIN).
        Eof = 7,
        /// The connection is broken (RST), or what it carried cannot go on; the body says why.
        Reset = 8,
        /// The body's u32 more bytes may be sent.
        Credit = 9,
        /// Spans of the trace; id is the server.
        Spans = 25,
        /// What the client knows of requests; id is the server. The body is the time of its start,
        /// 1 where an event loop serves many requests at a time, else 0 (both as f64), and records
        /// of [`crate::trace::Request`].
        Requests = 34,
        /// The response head of a fetch, the connection is there, or the WebSocket is open: then
        /// the body has the request's number, the subprotocol and the extensions.
        Head = 42,
        /// A message of text on a WebSocket.
        Text = 44,
        /// A message of bytes on a WebSocket.
        Binary = 45,
        /// A WebSocket is closed: the body is 1 where it was closed in order, the code (two bytes,
        /// the higher first) and the reason.
        Closed = 46,
        /// There is no connection: nothing listens at the port; the body says so.
        Refused = 47,
    }
}

/// The body of [`ToProcess::Accepted`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accepted {
    /// The listener that it was accepted from.
    pub listener: u32,
    /// The client's port.
    pub peer_port: u16,
    /// When the client connected.
    pub connected_at: crate::os::Millis,
    /// How many of the bytes that came with the connection count as read, and were granted to the
    /// client anew.
    pub granted: u32,
}

impl Accepted {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; 18] {
        let mut bytes = [0; 18];
        bytes[..4].copy_from_slice(&self.listener.to_le_bytes());
        bytes[4..6].copy_from_slice(&self.peer_port.to_le_bytes());
        bytes[6..10].copy_from_slice(&self.granted.to_le_bytes());
        bytes[10..].copy_from_slice(&self.connected_at.to_le_bytes());
        bytes
    }

    /// From bytes.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (listener, rest) = bytes.split_first_chunk()?;
        let (port, rest) = rest.split_first_chunk()?;
        let (granted, rest) = rest.split_first_chunk()?;
        let connected_at = rest.try_into().ok()?;
        Some(Self {
            listener: u32::from_le_bytes(*listener),
            peer_port: u16::from_le_bytes(*port),
            connected_at: f64::from_le_bytes(connected_at),
            granted: u32::from_le_bytes(*granted),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;

    #[test]
    fn accepted_survives_the_crossing() {
        let accepted = Accepted {
            listener: 3,
            peer_port: 40_000,
            connected_at: 1_700_000_000_123.25,
            granted: 77,
        };
        assert_eq!(Accepted::decode(&accepted.encode()), Some(accepted));
        assert_eq!(Accepted::decode(b"short"), None);
    }

    #[test]
    fn the_kinds_of_the_page_are_the_same_in_javascript() {
        let javascript = include_str!("../../www/api/kinds.js");
        let (from_page, to_page) = javascript.split_once("export const ToPage").unwrap();
        assert_eq!(numbers::<FromPage>(), numbers_in(from_page));
        assert_eq!(numbers::<ToPage>(), numbers_in(to_page));
    }

    fn numbers<K: wasgi_wire::frame::Kind + std::fmt::Debug>() -> Vec<(String, u8)> {
        let kinds = (0..=u8::MAX).filter_map(K::from_number);
        kinds
            .map(|kind| (format!("{kind:?}"), kind.number()))
            .collect()
    }

    /// The members of an object whose values are numbers.
    fn numbers_in(javascript: &str) -> Vec<(String, u8)> {
        let members = javascript.lines().filter_map(|line| {
            let (name, number) = line.trim().strip_suffix(',')?.split_once(": ")?;
            Some((name.to_owned(), number.parse().ok()?))
        });
        members.collect()
    }
}
