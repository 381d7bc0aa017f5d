//! What `xtask run` and its page say to each other over one WebSocket, in the frames of
//! [`wasgi_wire`]. A frame's id is a connection, 0 where it is about none. `www/run/frames.js` is
//! the other end.

use axum::body::Bytes;
use wasgi_wire::frame::{Header, Kind, push, push_number};
use wasgi_wire::strings::Strings;

/// One TCP connection, in order of its arrival, from 1.
pub(super) type ConnectionId = u32;

/// A stream of the server that a log line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// What the page is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ToPage {
    /// A client has connected. Each direction starts with this many bytes of credit.
    Open(ConnectionId, u32),
    /// Bytes of a connection: never more than the page has granted.
    Data(ConnectionId, Bytes),
    /// The client will send no more data on this connection (TCP's FIN).
    Eof(ConnectionId),
    /// The connection is over in both directions (TCP's RST).
    Reset(ConnectionId),
    /// The client has consumed so many bytes: the page may send as many more.
    Credit(ConnectionId, u32),
    /// One file of the folder, its path relative and with slashes.
    File {
        /// Where it is below the folder.
        path: String,
        /// What is in it.
        contents: Bytes,
    },
    /// One file of the folder is gone.
    RemoveFile(String),
    /// The files since the last of these belong together; write them.
    WriteFiles,
    /// Start the server with this command line.
    Start(Vec<String>),
    /// Send the server a signal, named without `SIG`.
    Signal(String),
}

/// What the page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FromPage {
    /// Bytes of a connection: never more than the client was granted.
    Data(ConnectionId, Bytes),
    /// The server will send no more data on this connection (TCP's FIN).
    Eof(ConnectionId),
    /// The connection is over in both directions (TCP's RST).
    Reset(ConnectionId),
    /// The server has consumed so many bytes: the client may send as many more.
    Credit(ConnectionId, u32),
    /// A line of the server's output, without its line end.
    Log(Stream, String),
    /// The server accepts connections.
    Ready,
    /// The server has exited with this code.
    Exit(i32),
    /// The page cannot go on, for this reason.
    Failed(String),
}

/// Why a message was not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum FrameError {
    /// The message ends inside a frame.
    #[error("the page sent a message that ends inside a frame; renew dist/ by `cargo xtask build`")]
    Truncated,
    /// No frame is of this kind, or its payload is not what this kind has.
    #[error(
        "the page sent a frame of kind {0} that is not understood; renew dist/ by `cargo xtask build`"
    )]
    Malformed(u8),
}

/// The numbers of the kinds, by direction.
mod kind {
    wasgi_wire::kinds! {
        pub(super) enum ToPage {
            Open = 1,
            Data = 2,
            Eof = 3,
            Reset = 4,
            Credit = 5,
            File = 6,
            WriteFiles = 7,
            Start = 8,
            Signal = 9,
            RemoveFile = 14,
        }
    }

    wasgi_wire::kinds! {
        pub(super) enum FromPage {
            Data = 2,
            Eof = 3,
            Reset = 4,
            Credit = 5,
            Log = 10,
            Ready = 11,
            Exit = 12,
            Failed = 13,
        }
    }
}

impl ToPage {
    /// Appends the frame to a message.
    pub(super) fn encode(&self, message: &mut Vec<u8>) {
        use kind::ToPage as Kind;
        match self {
            Self::Open(id, window) => push_number(message, Kind::Open, *id, *window),
            Self::Data(id, bytes) => push(message, Kind::Data, *id, bytes),
            Self::Eof(id) => push(message, Kind::Eof, *id, b""),
            Self::Reset(id) => push(message, Kind::Reset, *id, b""),
            Self::Credit(id, bytes) => push_number(message, Kind::Credit, *id, *bytes),
            Self::File { path, contents } => {
                let file = Strings::from_iter([path.as_bytes(), contents]);
                push(message, Kind::File, 0, &file.encode());
            }
            Self::RemoveFile(path) => push(message, Kind::RemoveFile, 0, path.as_bytes()),
            Self::WriteFiles => push(message, Kind::WriteFiles, 0, b""),
            Self::Start(words) => {
                let words: Strings = words.iter().collect();
                push(message, Kind::Start, 0, &words.encode());
            }
            Self::Signal(name) => push(message, Kind::Signal, 0, name.as_bytes()),
        }
    }
}

impl FromPage {
    /// Takes the first frame off a message; `None` at its end. Data shares the message's memory.
    pub(super) fn decode(message: &mut Bytes) -> Result<Option<Self>, FrameError> {
        if message.is_empty() {
            return Ok(None);
        }
        let header = Header::decode(message).ok_or(FrameError::Truncated)?;
        if message.len() - Header::SIZE < header.length as usize {
            return Err(FrameError::Truncated);
        }
        let _ = message.split_to(Header::SIZE);
        let payload = message.split_to(header.length as usize);
        kind::FromPage::from_number(header.kind)
            .and_then(|kind| Self::from_parts(kind, header.id, payload))
            .ok_or(FrameError::Malformed(header.kind))
            .map(Some)
    }

    fn from_parts(kind: kind::FromPage, id: u32, payload: Bytes) -> Option<Self> {
        use kind::FromPage as Kind;
        Some(match kind {
            Kind::Data => Self::Data(id, payload),
            Kind::Eof => Self::Eof(id),
            Kind::Reset => Self::Reset(id),
            Kind::Credit => Self::Credit(id, u32::from_le_bytes(payload.as_ref().try_into().ok()?)),
            Kind::Log => {
                let stream = match id {
                    1 => Stream::Stdout,
                    _ => Stream::Stderr,
                };
                Self::Log(stream, String::from_utf8_lossy(&payload).into_owned())
            }
            Kind::Ready => Self::Ready,
            Kind::Exit => Self::Exit(i32::from_le_bytes(payload.as_ref().try_into().ok()?)),
            Kind::Failed => Self::Failed(String::from_utf8(payload.to_vec()).ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Every frame to the page, with the kind, the id and the body that it is to have.
    fn every_kind_to_the_page() -> Vec<(ToPage, kind::ToPage, u32, Vec<u8>)> {
        use kind::ToPage as Kind;
        let get = b"GET / HTTP/1.1\r\n";
        let list = |strings: &[&[u8]]| strings.iter().collect::<Strings>().encode();
        let words = ["gunicorn", "--access-logformat", "a b", ""];
        vec![
            (ToPage::Open(1, 262_144), Kind::Open, 1, vec![0, 0, 4, 0]),
            (
                ToPage::Data(1, Bytes::from_static(get)),
                Kind::Data,
                1,
                get.into(),
            ),
            (
                ToPage::Data(u32::MAX, Bytes::new()),
                Kind::Data,
                u32::MAX,
                vec![],
            ),
            (ToPage::Eof(2), Kind::Eof, 2, vec![]),
            (ToPage::Reset(3), Kind::Reset, 3, vec![]),
            (ToPage::Credit(4, 65_536), Kind::Credit, 4, vec![0, 0, 1, 0]),
            (
                ToPage::File {
                    path: "app/ä.py".into(),
                    contents: Bytes::from_static(b"x = 1\n\0\xff"),
                },
                Kind::File,
                0,
                list(&["app/ä.py".as_bytes(), b"x = 1\n\0\xff"]),
            ),
            (
                ToPage::File {
                    path: "empty".into(),
                    contents: Bytes::new(),
                },
                Kind::File,
                0,
                list(&[b"empty", b""]),
            ),
            (
                ToPage::RemoveFile("old.py".into()),
                Kind::RemoveFile,
                0,
                b"old.py".into(),
            ),
            (ToPage::WriteFiles, Kind::WriteFiles, 0, vec![]),
            (
                ToPage::Start(words.map(str::to_owned).to_vec()),
                Kind::Start,
                0,
                list(&words.map(str::as_bytes)),
            ),
            (ToPage::Signal("HUP".into()), Kind::Signal, 0, b"HUP".into()),
        ]
    }

    /// Every frame from the page, and what the page writes for it.
    fn every_kind_from_the_page() -> Vec<(FromPage, Vec<u8>)> {
        use kind::FromPage as Kind;
        let frame = |kind: Kind, id: u32, body: &[u8]| {
            let mut message = Vec::new();
            push(&mut message, kind, id, body);
            message
        };
        let get = b"GET / HTTP/1.1\r\n";
        vec![
            (
                FromPage::Data(1, Bytes::from_static(get)),
                frame(Kind::Data, 1, get),
            ),
            (
                FromPage::Data(u32::MAX, Bytes::new()),
                frame(Kind::Data, u32::MAX, b""),
            ),
            (FromPage::Eof(2), frame(Kind::Eof, 2, b"")),
            (FromPage::Reset(3), frame(Kind::Reset, 3, b"")),
            (
                FromPage::Credit(4, 65_536),
                frame(Kind::Credit, 4, &[0, 0, 1, 0]),
            ),
            (
                FromPage::Log(Stream::Stdout, "one".into()),
                frame(Kind::Log, 1, b"one"),
            ),
            (
                FromPage::Log(Stream::Stderr, String::new()),
                frame(Kind::Log, 2, b""),
            ),
            (FromPage::Ready, frame(Kind::Ready, 0, b"")),
            (FromPage::Exit(-1), frame(Kind::Exit, 0, &[255; 4])),
            (
                FromPage::Failed("No JSPI.".into()),
                frame(Kind::Failed, 0, b"No JSPI."),
            ),
        ]
    }

    fn decode_all(message: &[u8]) -> Result<Vec<FromPage>, FrameError> {
        let mut message = Bytes::copy_from_slice(message);
        let mut frames = Vec::new();
        while let Some(frame) = FromPage::decode(&mut message)? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn every_kind_of_frame_to_the_page_survives_a_batch() {
        let mut message = Vec::new();
        for (frame, ..) in every_kind_to_the_page() {
            frame.encode(&mut message);
        }
        let read: Vec<_> = wasgi_wire::frame::frames(&message)
            .map(|frame| (frame.kind, frame.id, frame.body.to_vec()))
            .collect();
        let expected = every_kind_to_the_page().into_iter();
        let expected: Vec<_> = expected
            .map(|(_, kind, id, body)| (kind, id, body))
            .collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn every_kind_of_frame_from_the_page_survives_a_batch() {
        let (frames, messages): (Vec<_>, Vec<_>) = every_kind_from_the_page().into_iter().unzip();
        assert_eq!(decode_all(&messages.concat()).unwrap(), frames);
    }

    #[test]
    fn the_words_of_a_command_line_are_read_one_by_one() {
        let words = vec!["gunicorn".to_owned(), "a b".to_owned(), String::new()];
        let mut message = Vec::new();
        ToPage::Start(words.clone()).encode(&mut message);
        let read = wasgi_wire::strings::read(&message[Header::SIZE..]).map(String::from_utf8_lossy);
        assert_eq!(read.collect::<Vec<_>>(), words);
    }

    #[test]
    fn the_layout_is_what_the_page_reads() {
        let mut message = Vec::new();
        ToPage::Data(0x0102_0304, Bytes::from_static(b"hi")).encode(&mut message);
        assert_eq!(message, [2, 4, 3, 2, 1, 2, 0, 0, 0, b'h', b'i']);
    }

    #[test]
    fn a_message_cut_inside_a_frame_is_refused() {
        for (frame, message) in every_kind_from_the_page() {
            for end in 1..message.len() {
                assert_eq!(
                    decode_all(&message[..end]),
                    Err(FrameError::Truncated),
                    "{frame:?} cut at {end}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_kind_and_a_payload_of_the_wrong_size_are_refused() {
        assert_eq!(
            decode_all(&[99, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(FrameError::Malformed(99))
        );
        let credit = kind::FromPage::Credit.number();
        assert_eq!(
            decode_all(&[credit, 0, 0, 0, 0, 1, 0, 0, 0, 7]),
            Err(FrameError::Malformed(credit))
        );
        let start = kind::ToPage::Start.number();
        assert_eq!(
            decode_all(&[start, 0, 0, 0, 0, 0, 0, 0, 0]),
            Err(FrameError::Malformed(start)),
            "what only the page is told"
        );
    }

    #[test]
    fn the_kinds_are_the_same_in_javascript() {
        let javascript = include_str!("../../../www/run/frames.js");
        let (to_page, from_page) = javascript.split_once("export const FromPage").unwrap();
        assert_eq!(numbers::<kind::ToPage>(), numbers_in(to_page));
        assert_eq!(numbers::<kind::FromPage>(), numbers_in(from_page));
    }

    fn numbers<K: Kind + std::fmt::Debug>() -> Vec<(String, u8)> {
        let kinds = (0..=u8::MAX).filter_map(K::from_number);
        kinds
            .map(|kind| (format!("{kind:?}").to_uppercase(), kind.number()))
            .collect()
    }

    /// The members of an object whose values are numbers.
    fn numbers_in(javascript: &str) -> Vec<(String, u8)> {
        let members = javascript.lines().filter_map(|line| {
            let (name, number) = line.trim().strip_suffix(',')?.split_once(": ")?;
            Some((name.replace('_', ""), number.parse().ok()?))
        });
        members.collect()
    }

    #[test]
    fn a_log_line_that_is_not_utf_8_is_still_shown() {
        let message = [kind::FromPage::Log.number(), 2, 0, 0, 0, 1, 0, 0, 0, 0xff];
        assert_eq!(
            decode_all(&message).unwrap(),
            [FromPage::Log(Stream::Stderr, "\u{fffd}".into())]
        );
    }
}
