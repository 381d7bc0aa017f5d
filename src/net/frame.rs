//! Frames: how the machine speaks with its processes and with the page. A message is a run of
//! frames, so that all that one turn of an event loop has to say costs one message.
//!
//! Layout: one byte of kind, four bytes of id and four of length (little-endian), then the body.

const HEADER: usize = 9;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What a frame says. Who sends it to whom is in brackets: the kernel (k), a process (p),
        /// the page (w).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $number,)* }

        impl Kind {
            fn from_byte(byte: u8) -> Option<Self> {
                match byte { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// \[p→k\] Wake me once when the listener has a connection (one-shot, as in a poll set). With a
    /// body, connections may be offered to the process.
    Poll = 1,
    /// \[k→p\] The listener has a connection.
    Readable = 2,
    /// \[p→k\] Accept at most as many connections as the body's u32 says, but for the bit
    /// [`AND_ANOTHER`].
    Accept = 3,
    /// \[k→p\] A connection is yours: id is the connection; the body is an [`Accepted`].
    Accepted = 4,
    /// \[k→p\] The answer to an Accept ends here: nothing more waits (EAGAIN) or enough were taken.
    /// Id 0 where no Accept was linked to a Linger: the body's u32 is its connection.
    AcceptEnd = 5,
    /// \[both\] Bytes of a connection or stream.
    Data = 6,
    /// \[both\] No more bytes will come from the sender's side (FIN).
    Eof = 7,
    /// \[both\] The connection is broken (RST), the stream aborted. From the kernel to the page the
    /// body says why.
    Reset = 8,
    /// \[both\] The body's u32 more bytes may be sent.
    Credit = 9,
    /// \[p→k\] The process has closed its end: it sends nothing more and will read nothing more.
    Close = 10,
    /// \[p→k\] The process has closed its copy of the listener.
    Unlisten = 11,

    /// \[p→k\] The process ends its side and is done with the connection: see [`super::Linger`].
    /// The answer is that of the Accept that is linked to it.
    Linger = 12,
    /// \[p→k\] The Accept that is linked to a Linger is not to be made: the answer is an
    /// `AcceptEnd`.
    Unlink = 13,

    /// \[k→p\] A connection that waits in the backlog, and can be taken: the body is a
    /// [`super::Offer`].
    Offer = 15,
    /// \[p→k\] The process has taken a connection that was offered.
    Took = 16,

    /// \[p→k\] Send the process of this id, or the master, the signal of the body's u32. With
    /// [`DEADLY`]: it dies of it.
    Kill = 14,

    /// \[p→k\] A log line; id is 1 for standard output, 2 for standard error.
    Log = 20,
    /// \[p→k\] The heartbeat.
    Notify = 21,
    /// \[p→k\] The interpreter is up; the app is about to be loaded.
    Booted = 22,
    /// \[p→k\] The app is loaded; the worker polls its listeners.
    Accepting = 23,
    /// \[p→k\] Spans of the trace.
    Spans = 25,
    /// \[k→p\] A signal; id is its number.
    Signal = 26,
    /// \[k→p\] The process has this listening socket: id is the listener, the body its port (u16)
    /// and host.
    Listening = 27,
    /// \[k→p\] The address could not be had.
    BindFailed = 28,
    /// \[p→k\] The process itself listens on `Launch::binds[id]`; Listening or `BindFailed` is the
    /// answer.
    Bind = 29,

    /// \[k→p\] The number that the process has with its master: [`crate::master::Action::Spawn`]'s
    /// slot. The body is one byte: 1 where the process was started again.
    Slot = 30,
    /// \[p→k\] [`crate::master::Event::Busy`]; the body is its text.
    Busy = 31,
    /// \[p→k\] [`crate::master::Event::Request`]; the body is its line.
    Request = 32,
    /// \[k→p\] The master's Python is to run a hook of the configuration: the body is its name and
    /// two numbers, separated by spaces. \[p→k\] It has; id is an [`crate::machine::Answer`].
    Hook = 33,

    /// \[w→k\] A request: the body is a [`crate::client::FetchHead`]. Data and Eof with the same id
    /// are its body.
    Fetch = 40,
    /// \[w→k\] A bare connection to the port of the body's u32.
    Connect = 41,
    /// \[k→w\] The response head of a fetch, or the connection is there.
    Head = 42,
}

/// One frame of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it says.
    pub kind: Kind,
    /// Of which listener, connection, stream…
    pub id: u32,
    /// The rest.
    pub body: &'a [u8],
}

impl Frame<'_> {
    /// The body as the u32 that Credit, Accept and Connect carry; 0 if it is none.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.body.try_into().map_or(0, u32::from_le_bytes)
    }
}

/// Of an Accept's number: the process asks again at once, and finds the next connection even where
/// another process asks between (its messages take longer than a system call does).
pub const AND_ANOTHER: u32 = 1 << 31;

/// Of a Kill's number: nobody handles the signal, whose default action ends the process.
pub const DEADLY: u32 = 1 << 31;

/// Appends a frame to a message.
pub fn push(message: &mut Vec<u8>, kind: Kind, id: u32, body: &[u8]) {
    push_parts(message, kind, id, &[body]);
}

/// Appends a frame whose body is the concatenation of `parts`.
pub fn push_parts(message: &mut Vec<u8>, kind: Kind, id: u32, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    message.reserve(HEADER + length);
    message.push(kind as u8);
    message.extend_from_slice(&id.to_le_bytes());
    message.extend_from_slice(&(length as u32).to_le_bytes());
    for part in parts {
        message.extend_from_slice(part);
    }
}

/// Appends a frame whose body is one u32.
pub fn push_number(message: &mut Vec<u8>, kind: Kind, id: u32, number: u32) {
    push(message, kind, id, &number.to_le_bytes());
}

/// The frames of a message. Stops at the first byte that is no frame: both ends are ours, so that
/// is the end.
pub fn frames(mut message: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    std::iter::from_fn(move || {
        let (header, rest) = message.split_at_checked(HEADER)?;
        let kind = Kind::from_byte(header[0])?;
        let id = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
        let length = u32::from_le_bytes([header[5], header[6], header[7], header[8]]);
        let (body, rest) = rest.split_at_checked(length as usize)?;
        message = rest;
        Some(Frame { kind, id, body })
    })
}

/// The body of [`Kind::Accepted`].
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
    use super::*;

    #[test]
    fn a_message_is_read_back_frame_by_frame() {
        let mut message = Vec::new();
        push(&mut message, Kind::Data, 7, b"hello");
        push(&mut message, Kind::Eof, 7, b"");
        push_number(&mut message, Kind::Credit, 8, 70_000);
        let read: Vec<_> = frames(&message).collect();
        assert_eq!(
            read[0],
            Frame {
                kind: Kind::Data,
                id: 7,
                body: b"hello"
            }
        );
        assert_eq!(
            read[1],
            Frame {
                kind: Kind::Eof,
                id: 7,
                body: b""
            }
        );
        assert_eq!((read[2].kind, read[2].number()), (Kind::Credit, 70_000));
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn a_cut_message_ends_at_the_last_whole_frame() {
        let mut message = Vec::new();
        push(&mut message, Kind::Data, 1, b"whole");
        push(&mut message, Kind::Data, 1, b"cut");
        message.pop();
        assert_eq!(frames(&message).count(), 1);
    }

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
}
