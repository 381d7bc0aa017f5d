//! The frames that travel between `xtask run` and its page, over one WebSocket.
//!
//! A WebSocket message holds one or more frames. A frame is a kind (1 byte), a connection (4 bytes,
//! little-endian; 0 where the frame is about none), the length of its payload (4 bytes,
//! little-endian) and the payload. `www/run/frames.js` is the other end.

use axum::body::Bytes;

/// Bytes before a frame's payload.
const HEADER: usize = 9;

/// One TCP connection, in order of its arrival, from 1.
pub(super) type ConnectionId = u32;

/// A stream of the server that a log line was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// What one end tells the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// To the page: a client has connected. Each direction starts with this many bytes of credit.
    Open(ConnectionId, u32),
    /// Bytes of a connection: never more than the receiver has granted.
    Data(ConnectionId, Bytes),
    /// The sender will send no more data on this connection (TCP's FIN).
    Eof(ConnectionId),
    /// The connection is over in both directions (TCP's RST).
    Reset(ConnectionId),
    /// The sender of this frame has consumed so many bytes: the other end may send as many more.
    Credit(ConnectionId, u32),
    /// To the page: one file of the folder, its path relative and with slashes.
    File {
        /// Where it is below the folder.
        path: String,
        /// What is in it.
        contents: Bytes,
    },
    /// To the page: one file of the folder is gone.
    RemoveFile(String),
    /// To the page: the files since the last of these belong together; write them.
    WriteFiles,
    /// To the page: start the server with this command line.
    Start(Vec<String>),
    /// To the page: send the server a signal, named without `SIG`.
    Signal(String),
    /// From the page: a line of the server's output, without its line end.
    Log(Stream, String),
    /// From the page: the server accepts connections.
    Ready,
    /// From the page: the server has exited with this code.
    Exit(i32),
    /// From the page: it cannot go on, for this reason.
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

mod kind {
    pub(super) const OPEN: u8 = 1;
    pub(super) const DATA: u8 = 2;
    pub(super) const EOF: u8 = 3;
    pub(super) const RESET: u8 = 4;
    pub(super) const CREDIT: u8 = 5;
    pub(super) const FILE: u8 = 6;
    pub(super) const WRITE_FILES: u8 = 7;
    pub(super) const START: u8 = 8;
    pub(super) const SIGNAL: u8 = 9;
    pub(super) const LOG: u8 = 10;
    pub(super) const READY: u8 = 11;
    pub(super) const EXIT: u8 = 12;
    pub(super) const FAILED: u8 = 13;
    pub(super) const REMOVE_FILE: u8 = 14;
}

impl Frame {
    /// Appends the frame to a message.
    pub(super) fn encode(&self, message: &mut Vec<u8>) {
        match self {
            Self::Open(id, window) => put(message, kind::OPEN, *id, &[&window.to_le_bytes()]),
            Self::Data(id, bytes) => put(message, kind::DATA, *id, &[bytes]),
            Self::Eof(id) => put(message, kind::EOF, *id, &[]),
            Self::Reset(id) => put(message, kind::RESET, *id, &[]),
            Self::Credit(id, bytes) => put(message, kind::CREDIT, *id, &[&bytes.to_le_bytes()]),
            Self::File { path, contents } => {
                let length = (path.len() as u32).to_le_bytes();
                put(
                    message,
                    kind::FILE,
                    0,
                    &[&length, path.as_bytes(), contents],
                );
            }
            Self::RemoveFile(path) => put(message, kind::REMOVE_FILE, 0, &[path.as_bytes()]),
            Self::WriteFiles => put(message, kind::WRITE_FILES, 0, &[]),
            // A word of a command line cannot contain a NUL.
            Self::Start(words) => put(message, kind::START, 0, &[words.join("\0").as_bytes()]),
            Self::Signal(name) => put(message, kind::SIGNAL, 0, &[name.as_bytes()]),
            Self::Log(stream, line) => {
                put(
                    message,
                    kind::LOG,
                    0,
                    &[&[u8::from(*stream == Stream::Stderr)], line.as_bytes()],
                );
            }
            Self::Ready => put(message, kind::READY, 0, &[]),
            Self::Exit(code) => put(message, kind::EXIT, 0, &[&code.to_le_bytes()]),
            Self::Failed(reason) => put(message, kind::FAILED, 0, &[reason.as_bytes()]),
        }
    }

    /// Takes the first frame off a message; `None` at its end. Data shares the message's memory.
    pub(super) fn decode(message: &mut Bytes) -> Result<Option<Self>, FrameError> {
        if message.is_empty() {
            return Ok(None);
        }
        let header = message.get(..HEADER).ok_or(FrameError::Truncated)?;
        let kind = header[0];
        let id = u32_at(header, 1).ok_or(FrameError::Truncated)?;
        let length = u32_at(header, 5).ok_or(FrameError::Truncated)? as usize;
        if message.len() - HEADER < length {
            return Err(FrameError::Truncated);
        }
        let _ = message.split_to(HEADER);
        let payload = message.split_to(length);
        Self::from_parts(kind, id, payload)
            .ok_or(FrameError::Malformed(kind))
            .map(Some)
    }

    fn from_parts(kind: u8, id: ConnectionId, mut payload: Bytes) -> Option<Self> {
        Some(match kind {
            kind::OPEN => Self::Open(id, u32_of(&payload)?),
            kind::DATA => Self::Data(id, payload),
            kind::EOF => Self::Eof(id),
            kind::RESET => Self::Reset(id),
            kind::CREDIT => Self::Credit(id, u32_of(&payload)?),
            kind::FILE => {
                let length = u32_at(&payload, 0)? as usize;
                let path = text(payload.get(4..)?.get(..length)?)?;
                Self::File {
                    path,
                    contents: payload.split_off(4 + length),
                }
            }
            kind::REMOVE_FILE => Self::RemoveFile(text(&payload)?),
            kind::WRITE_FILES => Self::WriteFiles,
            kind::START => Self::Start(text(&payload)?.split('\0').map(str::to_owned).collect()),
            kind::SIGNAL => Self::Signal(text(&payload)?),
            kind::LOG => {
                let stream = match payload.first()? {
                    0 => Stream::Stdout,
                    _ => Stream::Stderr,
                };
                Self::Log(stream, String::from_utf8_lossy(&payload[1..]).into_owned())
            }
            kind::READY => Self::Ready,
            kind::EXIT => Self::Exit(i32::from_le_bytes(payload.as_ref().try_into().ok()?)),
            kind::FAILED => Self::Failed(text(&payload)?),
            _ => return None,
        })
    }
}

fn put(message: &mut Vec<u8>, kind: u8, id: ConnectionId, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    message.reserve(HEADER + length);
    message.push(kind);
    message.extend_from_slice(&id.to_le_bytes());
    message.extend_from_slice(&(length as u32).to_le_bytes());
    for part in parts {
        message.extend_from_slice(part);
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    u32_of(bytes.get(at..at + 4)?)
}

fn u32_of(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn every_kind() -> Vec<Frame> {
        vec![
            Frame::Open(1, 262_144),
            Frame::Data(1, Bytes::from_static(b"GET / HTTP/1.1\r\n")),
            Frame::Data(u32::MAX, Bytes::new()),
            Frame::Eof(2),
            Frame::Reset(3),
            Frame::Credit(4, 65_536),
            Frame::File {
                path: "app/ä.py".into(),
                contents: Bytes::from_static(b"x = 1\n\0\xff"),
            },
            Frame::File {
                path: "empty".into(),
                contents: Bytes::new(),
            },
            Frame::RemoveFile("old.py".into()),
            Frame::WriteFiles,
            Frame::Start(vec![
                "gunicorn".into(),
                "--access-logformat".into(),
                "a b".into(),
                String::new(),
            ]),
            Frame::Signal("HUP".into()),
            Frame::Log(Stream::Stdout, "one".into()),
            Frame::Log(Stream::Stderr, String::new()),
            Frame::Ready,
            Frame::Exit(-1),
            Frame::Failed("No JSPI.".into()),
        ]
    }

    fn decode_all(message: &[u8]) -> Result<Vec<Frame>, FrameError> {
        let mut message = Bytes::copy_from_slice(message);
        let mut frames = Vec::new();
        while let Some(frame) = Frame::decode(&mut message)? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn every_kind_of_frame_survives_a_batch() {
        let mut message = Vec::new();
        for frame in every_kind() {
            frame.encode(&mut message);
        }
        assert_eq!(decode_all(&message).unwrap(), every_kind());
    }

    #[test]
    fn the_layout_is_what_the_page_reads() {
        let mut message = Vec::new();
        Frame::Data(0x0102_0304, Bytes::from_static(b"hi")).encode(&mut message);
        assert_eq!(message, [2, 4, 3, 2, 1, 2, 0, 0, 0, b'h', b'i']);
    }

    #[test]
    fn a_message_cut_inside_a_frame_is_refused() {
        for frame in every_kind() {
            let mut message = Vec::new();
            frame.encode(&mut message);
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
        assert_eq!(
            decode_all(&[kind::CREDIT, 0, 0, 0, 0, 1, 0, 0, 0, 7]),
            Err(FrameError::Malformed(kind::CREDIT))
        );
        let path_longer_than_payload = [kind::FILE, 0, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, b'x'];
        assert_eq!(
            decode_all(&path_longer_than_payload),
            Err(FrameError::Malformed(kind::FILE))
        );
    }

    #[test]
    fn a_log_line_that_is_not_utf_8_is_still_shown() {
        let message = [kind::LOG, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0xff];
        assert_eq!(
            decode_all(&message).unwrap(),
            [Frame::Log(Stream::Stderr, "\u{fffd}".into())]
        );
    }
}
