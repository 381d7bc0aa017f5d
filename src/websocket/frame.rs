//! The framing of bytes (RFC 6455, section 5.2).

/// Bytes that a control frame may carry (RFC 6455, section 5.5).
pub const MAX_CONTROL: usize = 125;
/// Bytes of the longest header: two, the length's eight, the mask's four.
pub const MAX_HEADER: usize = 14;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
/// In the place of a length: it follows in two bytes.
const LENGTH_OF_2: u8 = 126;
/// In the place of a length: it follows in eight bytes.
const LENGTH_OF_8: u8 = 127;
/// The reserved bit that says that a message is compressed (RFC 7692, section 6).
pub const RSV1: u8 = 0x40;
/// All three reserved bits.
pub const RESERVED: u8 = 0x70;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A further fragment of a message.
    Continuation = 0,
    /// Text, or its first fragment.
    Text = 1,
    /// Bytes, or their first fragment.
    Binary = 2,
    /// The sender closes.
    Close = 8,
    /// The other end is to answer.
    Ping = 9,
    /// The answer to a ping.
    Pong = 10,
}

impl Opcode {
    /// The opcode of this number.
    #[must_use]
    pub fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return None,
        })
    }

    /// Whether it is a control frame's (RFC 6455, section 5.5).
    #[must_use]
    pub fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// The first two bytes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    first: u8,
    second: u8,
    was_compressed: bool,
}

impl Prefix {
    /// The prefix at the beginning of `input`; `None` until it is there.
    #[must_use]
    pub fn read(input: &[u8]) -> Option<Self> {
        let &[first, second, ..] = input else {
            return None;
        };
        Some(Self {
            first,
            second,
            was_compressed: false,
        })
    }

    /// Whether it is the last fragment of a message.
    #[must_use]
    pub fn fin(self) -> bool {
        self.first & FIN != 0
    }

    /// The reserved bits, where they stand in the first byte.
    #[must_use]
    pub fn reserved(self) -> u8 {
        self.first & RESERVED
    }

    /// The prefix of the frame after it was decompressed: without the bit that says so.
    #[must_use]
    pub fn decompressed(self) -> Self {
        Self {
            first: self.first & !RSV1,
            was_compressed: true,
            ..self
        }
    }

    /// Whether the frame was [decompressed](Self::decompressed).
    #[must_use]
    pub fn was_compressed(self) -> bool {
        self.was_compressed
    }

    /// The number of the opcode, which need not be one that is defined.
    #[must_use]
    pub fn opcode(self) -> u8 {
        self.first & 0x0f
    }

    /// Whether the payload is masked.
    #[must_use]
    pub fn is_masked(self) -> bool {
        self.second & MASKED != 0
    }

    /// What the prefix itself says of the length: at least 126 where the length follows.
    #[must_use]
    pub fn short_length(self) -> u8 {
        self.second & 0x7f
    }

    /// The payload's length at the beginning of `input`; `None` until it is there.
    #[must_use]
    pub fn length(self, input: &[u8]) -> Option<Length> {
        let rest = input.get(2..)?;
        Some(match self.second & 0x7f {
            LENGTH_OF_2 => Length {
                value: u64::from(u16::from_be_bytes(*rest.first_chunk()?)),
                width: 2,
            },
            LENGTH_OF_8 => Length {
                value: u64::from_be_bytes(*rest.first_chunk()?),
                width: 8,
            },
            short => Length {
                value: u64::from(short),
                width: 0,
            },
        })
    }

    /// The key that the payload is masked with, behind the length, and where the payload begins;
    /// `None` until it is there.
    #[must_use]
    pub fn mask(self, length: Length, input: &[u8]) -> Option<(Option<[u8; 4]>, usize)> {
        let at = 2 + length.width;
        if !self.is_masked() {
            return Some((None, at));
        }
        let key = input.get(at..)?.first_chunk()?;
        Some((Some(*key), at + key.len()))
    }
}

/// How long a payload is, and how that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Bytes of the payload.
    pub value: u64,
    /// Bytes of the field that says so, beside the seven bits of the prefix.
    pub width: usize,
}

impl Length {
    /// Whether it is written in as few bytes as there can be, and its highest bit is not set.
    #[must_use]
    pub fn is_minimal(self) -> bool {
        let needed = match self.value {
            0..=125 => 0,
            126..=0xffff => 2,
            _ => 8,
        };
        self.width == needed && self.value >> 63 == 0
    }
}

/// What stands before the payload of a frame to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Whether it is the last fragment of a message.
    pub fin: bool,
    /// The reserved bits, where they stand in the first byte.
    pub reserved: u8,
    /// What it is.
    pub opcode: Opcode,
    /// The key to mask the payload with.
    pub mask: Option<[u8; 4]>,
}

impl Header {
    /// The header of an unfragmented frame.
    #[must_use]
    pub fn whole(opcode: Opcode, mask: Option<[u8; 4]>) -> Self {
        Self {
            fin: true,
            reserved: 0,
            opcode,
            mask,
        }
    }

    /// Appends the frame of this header and payload, the latter masked where the header has a key.
    pub fn write(&self, payload: &[u8], out: &mut Vec<u8>) {
        out.reserve(MAX_HEADER + payload.len());
        let fin = if self.fin { FIN } else { 0 };
        out.push(fin | self.reserved | self.opcode as u8);
        let masked = if self.mask.is_some() { MASKED } else { 0 };
        match payload.len() {
            short @ 0..=125 => out.push(masked | short as u8),
            medium @ 126..=0xffff => {
                out.push(masked | LENGTH_OF_2);
                out.extend_from_slice(&(medium as u16).to_be_bytes());
            }
            long => {
                out.push(masked | LENGTH_OF_8);
                out.extend_from_slice(&(long as u64).to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
        let begin = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = self.mask {
            apply_mask(&mut out[begin..], key);
        }
    }
}

/// Masks or unmasks bytes (RFC 6455, section 5.3).
pub fn apply_mask(bytes: &mut [u8], key: [u8; 4]) {
    let (words, rest) = bytes.as_chunks_mut::<4>();
    let word = u32::from_ne_bytes(key);
    for chunk in words {
        *chunk = (u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;
    use proptest::prelude::*;

    fn written(header: Header, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        header.write(payload, &mut out);
        out
    }

    // RFC 6455, section 5.7

    #[test]
    fn a_single_frame_unmasked_text() {
        let frame = written(Header::whole(Opcode::Text, None), b"Hello");
        assert_eq!(frame, b"\x81\x05Hello");
        let prefix = Prefix::read(&frame).unwrap();
        assert_eq!(Opcode::of(prefix.opcode()), Some(Opcode::Text));
        assert!(prefix.fin() && !prefix.is_masked());
        let length = prefix.length(&frame).unwrap();
        assert_eq!(length.value, 5);
        assert_eq!(prefix.mask(length, &frame), Some((None, 2)));
    }

    #[test]
    fn a_single_frame_masked_text() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let frame = written(Header::whole(Opcode::Text, Some(key)), b"Hello");
        assert_eq!(
            frame,
            [
                0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58
            ]
        );
    }

    #[test]
    fn lengths_take_one_three_or_nine_bytes() {
        let head = |length: usize| {
            let frame = written(Header::whole(Opcode::Binary, None), &vec![0; length]);
            frame[..10].to_vec()
        };
        assert_eq!(head(125)[..2], [0x82, 125]);
        assert_eq!(head(256)[..4], [0x82, 126, 1, 0]);
        assert_eq!(head(65536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn only_the_shortest_length_is_minimal() {
        let length = |input: &[u8]| Prefix::read(input).unwrap().length(input).unwrap();
        assert!(length(b"\x81\x01").is_minimal());
        assert!(length(b"\x81\x7e\x00\x7e").is_minimal());
        assert!(!length(b"\x81\x7e\x00\x01").is_minimal());
        assert!(!length(b"\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff").is_minimal());
        assert!(!length(b"\x81\x7f\x80\x00\x00\x00\x00\x01\x00\x00").is_minimal());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_written_is_read(
            fin: bool,
            reserved in 0_u8..8,
            number in prop::sample::select(vec![0_u8, 1, 2, 8, 9, 10]),
            mask: Option<[u8; 4]>,
            length in prop::sample::select(vec![0_usize, 1, 125, 126, 127, 65_535, 65_536]),
            byte: u8,
        ) {
            let payload = vec![byte; length];
            let reserved = reserved << 4;
            let opcode = Opcode::of(number).unwrap();
            let frame = written(Header { fin, reserved, opcode, mask }, &payload);
            let prefix = Prefix::read(&frame).unwrap();
            prop_assert_eq!(prefix.fin(), fin);
            prop_assert_eq!((prefix.reserved(), prefix.opcode()), (reserved, number));
            let length = prefix.length(&frame).unwrap();
            prop_assert_eq!(length.value, payload.len() as u64);
            prop_assert!(length.is_minimal());
            let (key, begin) = prefix.mask(length, &frame).unwrap();
            prop_assert_eq!(key, mask);
            let mut received = frame[begin..].to_vec();
            apply_mask(&mut received, key.unwrap_or_default());
            prop_assert_eq!(received, payload);
        }

        #[test]
        fn masking_goes_byte_by_byte(
            key: [u8; 4],
            payload in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let byte = |(at, byte): (usize, &u8)| byte ^ key[at % 4];
            let expected: Vec<u8> = payload.iter().enumerate().map(byte).collect();
            let mut masked = payload;
            apply_mask(&mut masked, key);
            prop_assert_eq!(masked, expected);
        }
    }
}
