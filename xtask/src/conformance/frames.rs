//! The WebSocket frames that a server sent, as text, so that messages are compared, not how a
//! library compresses them.

use std::fmt::Write;

use flate2::{Decompress, FlushDecompress};

use super::exchange;

/// A message is inflated up to so many bytes.
const MOST: usize = 4 * 1024 * 1024;

/// What a server sent after its handshake, a line for each frame. What is no whole frame stays as
/// it is.
pub(super) fn text(mut bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut inflate = Decompress::new(false);
    let mut compressed: Option<Vec<u8>> = None;
    while let Some((frame, rest)) = Frame::split(bytes) {
        let Frame {
            first,
            masked,
            payload,
        } = frame;
        let (fin, reserved, opcode) = (first & 0x80 != 0, (first >> 4) & 7, first & 15);
        let _ = write!(
            text,
            "[{opcode:x}{}{}",
            if fin { "" } else { "…" },
            if masked { " masked" } else { "" }
        );
        // The parts of a compressed message are shown with its last.
        let is_deflated = reserved == 4 && matches!(opcode, 1 | 2);
        if is_deflated || (opcode == 0 && compressed.is_some()) {
            let mut whole = compressed.take().unwrap_or_default();
            whole.extend(payload);
            if fin {
                let content = inflated(&mut inflate, whole);
                let _ = write!(text, " deflated {}", exchange::escape(&content));
            } else {
                compressed = Some(whole);
            }
        } else {
            if reserved != 0 {
                let _ = write!(text, " reserved {reserved}");
            }
            let _ = write!(text, " {}", exchange::escape(payload));
        }
        text.push_str("]\n");
        bytes = rest;
    }
    if !bytes.is_empty() {
        let _ = write!(text, "rest {}", exchange::escape(bytes));
    }
    text
}

fn inflated(inflate: &mut Decompress, mut message: Vec<u8>) -> Vec<u8> {
    message.extend([0, 0, 0xff, 0xff]);
    let mut content = Vec::with_capacity(64 * 1024);
    let before = inflate.total_in();
    while content.len() < MOST {
        let taken = (inflate.total_in() - before) as usize;
        let length = content.len();
        content.reserve(64 * 1024);
        let left = message.get(taken..).unwrap_or_default();
        let result = inflate.decompress_vec(left, &mut content, FlushDecompress::Sync);
        if result.is_err() || (left.is_empty() && content.len() == length) {
            break;
        }
    }
    content
}

struct Frame<'a> {
    first: u8,
    masked: bool,
    payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The first frame, if it is whole, and what follows it.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = bytes.split_first_chunk::<2>()?;
        let (length, rest) = match head[1] & 127 {
            126 => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                (u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk::<8>()?;
                (u64::from_be_bytes(*length), rest)
            }
            length => (u64::from(length), rest),
        };
        let masked = head[1] & 128 != 0;
        let rest = if masked { rest.get(4..)? } else { rest };
        let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let first = head[0];
        Some((
            Self {
                first,
                masked,
                payload,
            },
            rest,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_one_by_one() {
        assert_eq!(
            text(b"\x81\x02hi\x88\x02\x03\xe8\x01"),
            "[1 hi]\n[8 \\x03\\xe8]\nrest \\x01"
        );
        assert_eq!(text(b"\x01\x01h\x80\x01i"), "[1\u{2026} h]\n[0 i]\n");
    }

    #[test]
    fn compressed_messages_are_told_inflated() {
        // RFC 7692, 7.2.3.2: the second refers to the first.
        let both = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
        assert_eq!(text(both), "[1 deflated Hello]\n[1 deflated Hello]\n");
        let parts = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
        assert_eq!(text(parts), "[1\u{2026}]\n[0 deflated Hello]\n");
    }
}
