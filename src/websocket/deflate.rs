//! The extension `permessage-deflate` (RFC 7692, section 7): messages are compressed.
//!
//! `zlib-rs` compresses: unlike `miniz_oxide` it keeps to the window that was agreed, and it reads
//! as zlib does. Its bytes are zlib's for most short messages, not for all: what they decompress to
//! is the same.

use std::fmt;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Status};

/// What ends a flushed block, and is left out on the wire (RFC 7692, section 7.2.1).
const TAIL: &[u8] = b"\x00\x00\xff\xff";
/// zlib-rs's level whose output is nearest to that of zlib's default, 6.
const LEVEL: i32 = 7;
/// Bytes that are added to the output at once.
const STEP: usize = 1024;

/// Whether the next message may refer to those before it, and how far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The base-2 logarithm of the window's size, 8 to 15.
    pub bits: u8,
    /// Whether each message begins with an empty window (`no_context_takeover`).
    pub reset: bool,
}

/// What both ends have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// For what the server sends.
    pub server: Window,
    /// For what the client sends.
    pub client: Window,
    /// zlib's memory level, which decides where blocks end.
    pub memory_level: i32,
}

/// Why a message could not be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InflateError {
    /// The bytes are not what a compressor makes.
    Corrupt,
    /// There is more than the limit allows.
    TooBig,
}

/// Compresses what an end sends. Its memory is allocated with the first message.
pub struct Encoder {
    window: Window,
    memory_level: i32,
    stream: Option<Deflate>,
}

impl Encoder {
    /// An encoder with this window.
    #[must_use]
    pub fn new(window: Window, memory_level: i32) -> Self {
        Self {
            window,
            memory_level,
            stream: None,
        }
    }

    /// A whole message, compressed.
    pub fn encode(&mut self, message: &[u8]) -> Vec<u8> {
        let stream = self.stream.get_or_insert_with(|| {
            Deflate::new_with_config(DeflateConfig {
                level: LEVEL,
                window_bits: -i32::from(self.window.bits.max(9)),
                mem_level: self.memory_level,
                ..DeflateConfig::default()
            })
        });
        if self.window.reset {
            stream.reset();
        }
        let mut out = Vec::new();
        // Two steps, as Python takes them: a flush after a flush would do nothing.
        deflate(stream, message, DeflateFlush::NoFlush, &mut out);
        deflate(stream, &[], DeflateFlush::SyncFlush, &mut out);
        if out.ends_with(TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        out
    }
}

/// Appends what a compressor makes of all the input.
fn deflate(stream: &mut Deflate, mut input: &[u8], flush: DeflateFlush, out: &mut Vec<u8>) {
    loop {
        let filled = out.len();
        out.resize(filled + STEP + input.len() / 2, 0);
        let (read, written) = (stream.total_in(), stream.total_out());
        let result = stream.compress(input, &mut out[filled..], flush);
        input = &input[(stream.total_in() - read) as usize..];
        let filled = filled + (stream.total_out() - written) as usize;
        let has_room = filled < out.len();
        out.truncate(filled);
        if result.is_err() || has_room && input.is_empty() {
            return;
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// Decompresses what an end receives. Its memory is allocated with the first message.
pub struct Decoder {
    window: Window,
    stream: Option<Inflate>,
    /// A final block has come: what follows is not looked at, as zlib does not.
    ended: bool,
}

impl Decoder {
    /// A decoder with this window.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self {
            window,
            stream: None,
            ended: false,
        }
    }

    /// Whether a final block has come: no message follows it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// A new message begins.
    pub fn begin(&mut self) {
        if self.window.reset {
            self.stream = None;
            self.ended = false;
        }
    }

    /// A fragment of a message, decompressed; with `last` it is the last. At most `limit` bytes
    /// come of it.
    ///
    /// # Errors
    /// The bytes are corrupt, or decompress to more than the limit.
    pub fn decode(
        &mut self,
        fragment: &[u8],
        last: bool,
        limit: usize,
    ) -> Result<Vec<u8>, InflateError> {
        let mut out = Vec::new();
        self.feed(fragment, limit, &mut out)?;
        if last {
            self.feed(TAIL, limit, &mut out)?;
        }
        Ok(out)
    }

    fn feed(&mut self, input: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), InflateError> {
        let bits = self.window.bits;
        let stream = self.stream.get_or_insert_with(|| Inflate::new(false, bits));
        let read = stream.total_in();
        loop {
            if self.ended {
                return Ok(());
            }
            let done = (stream.total_in() - read) as usize;
            let filled = out.len();
            // One byte more than the limit shows that there is more.
            let room = (filled * 2)
                .max(STEP + input.len() * 2)
                .min(limit.saturating_add(1));
            out.resize(room.max(filled), 0);
            let before = stream.total_out();
            let status =
                stream.decompress(&input[done..], &mut out[filled..], InflateFlush::SyncFlush);
            let filled = filled + (stream.total_out() - before) as usize;
            let is_full = filled == out.len();
            out.truncate(filled);
            match status {
                Err(_) => return Err(InflateError::Corrupt),
                Ok(_) if filled > limit => return Err(InflateError::TooBig),
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) => {}
            }
            if !is_full {
                return Ok(());
            }
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;
    use proptest::prelude::*;

    const SHARED: Window = Window {
        bits: 12,
        reset: false,
    };
    const FRESH: Window = Window {
        bits: 12,
        reset: true,
    };

    fn encoder(window: Window) -> Encoder {
        Encoder::new(window, 5)
    }

    fn decode(decoder: &mut Decoder, message: &[u8]) -> Result<Vec<u8>, InflateError> {
        decoder.begin();
        decoder.decode(message, true, 100_000)
    }

    // RFC 7692, section 7.2.3

    #[test]
    fn a_message_of_one_block() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(encoder(SHARED).encode(b"Hello"), hello);
        assert_eq!(decode(&mut Decoder::new(SHARED), &hello).unwrap(), b"Hello");
    }

    #[test]
    fn a_window_that_is_shared() {
        let mut encoder = encoder(SHARED);
        encoder.encode(b"Hello");
        let second = encoder.encode(b"Hello");
        assert_eq!(second, [0xf2, 0x00, 0x11, 0x00, 0x00]);
        let mut decoder = Decoder::new(SHARED);
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        decode(&mut decoder, &hello).unwrap();
        assert_eq!(decode(&mut decoder, &second).unwrap(), b"Hello");
        assert_eq!(
            decode(&mut Decoder::new(FRESH), &second),
            Err(InflateError::Corrupt)
        );
    }

    #[test]
    fn a_window_that_is_not_shared() {
        let mut encoder = encoder(FRESH);
        assert_eq!(encoder.encode(b"Hello"), encoder.encode(b"Hello"));
    }

    #[test]
    fn a_stored_block() {
        let stored = [
            0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
        ];
        assert_eq!(
            decode(&mut Decoder::new(SHARED), &stored).unwrap(),
            b"Hello"
        );
    }

    #[test]
    fn a_final_block_ends_the_stream() {
        let mut decoder = Decoder::new(SHARED);
        let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(decode(&mut decoder, &last).unwrap(), b"Hello");
        assert_eq!(decode(&mut decoder, &last).unwrap(), b"");
    }

    #[test]
    fn an_empty_message_is_one_byte() {
        assert_eq!(encoder(SHARED).encode(b""), [0]);
        assert_eq!(decode(&mut Decoder::new(SHARED), b"\x00").unwrap(), b"");
    }

    #[test]
    fn empty_messages_follow_each_other() {
        let mut encoder = encoder(SHARED);
        assert_eq!(encoder.encode(b"Hello").len(), 7);
        assert_eq!([encoder.encode(b""), encoder.encode(b"")], [[0], [0]]);
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = encoder(SHARED).encode(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        let mut decoder = Decoder::new(SHARED);
        assert_eq!(
            decoder.decode(&bomb, true, 1_000_000),
            Err(InflateError::TooBig)
        );
        let mut decoder = Decoder::new(SHARED);
        assert_eq!(
            decoder.decode(&bomb, true, 10_000_000).unwrap().len(),
            10_000_000
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_compressed_is_decompressed(
            bits in 9_u8..16,
            reset: bool,
            messages in prop::collection::vec(prop::collection::vec(0_u8..4, 0..5000), 1..5),
            cut in 0.0..1.0,
        ) {
            let window = Window { bits, reset };
            let (mut encoder, mut decoder) = (encoder(window), Decoder::new(window));
            for message in messages {
                let compressed = encoder.encode(&message);
                let (head, tail) = compressed.split_at((compressed.len() as f64 * cut) as usize);
                decoder.begin();
                let mut out = decoder.decode(head, false, 5000).unwrap();
                out.extend(decoder.decode(tail, true, 5000).unwrap());
                prop_assert_eq!(out, message);
            }
        }

        #[test]
        fn garbage_ends_in_an_error_or_within_the_limit(
            garbage in prop::collection::vec(any::<u8>(), 0..200),
            limit in 0_usize..1000,
        ) {
            let mut decoder = Decoder::new(SHARED);
            if let Ok(out) = decoder.decode(&garbage, true, limit) {
                prop_assert!(out.len() <= limit);
            }
        }
    }
}
