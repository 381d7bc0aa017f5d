//! A grammar of WebSocket exchanges: handshakes, then frames, mostly as they should be.

mod words;

use flate2::{Compress, Compression, FlushCompress};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use words::{CONNECTIONS, DOINGS, HOSTS, KEYS, LINES, MORE, UPGRADES, VERSIONS};

use super::exchange::{Exchange, Step};

fn mostly(usual: u32, choices: &'static [&'static str]) -> BoxedStrategy<&'static str> {
    prop_oneof![usual => Just(choices[0]), 1 => select(choices)].boxed()
}

/// Exchanges of one connection.
pub(super) fn exchange() -> BoxedStrategy<Exchange> {
    let frames = prop_oneof![
        5 => vec(frame(), 0..=5),
        1 => Just(Vec::new()),
    ];
    let together = prop_oneof![4 => Just(false), 1 => Just(true)];
    let finishes = prop_oneof![5 => Just(false), 1 => Just(true)];
    (handshake(), frames, together, finishes)
        .prop_map(|(handshake, frames, together, finishes)| {
            let mut steps = vec![Step::Send(handshake)];
            for frame in frames {
                match steps.last_mut() {
                    Some(Step::Send(bytes)) if together => bytes.extend(frame),
                    _ => steps.extend([Step::Quiet, Step::Send(frame)]),
                }
            }
            if finishes {
                steps.extend([Step::Quiet, Step::Finish]);
            }
            Exchange(steps)
        })
        .boxed()
}

fn handshake() -> BoxedStrategy<Vec<u8>> {
    let doing = prop_oneof![3 => Just(DOINGS[0]), 4 => select(DOINGS)];
    let fields = (
        mostly(40, HOSTS),
        mostly(25, UPGRADES),
        mostly(25, CONNECTIONS),
        mostly(25, KEYS),
        mostly(25, VERSIONS),
        prop_oneof![
            3 => Just(Vec::new()),
            2 => vec(select(MORE), 1..=2),
            2 => Just(vec![MORE[6]]),
        ],
    );
    (mostly(15, LINES), doing, fields)
        .prop_map(
            |(line, doing, (host, upgrade, connection, key, version, more))| {
                let line = if doing.is_empty() {
                    line.to_owned()
                } else {
                    line.replacen(" HTTP", &format!("?do={doing} HTTP"), 1)
                };
                let fields = [line.as_str(), host, upgrade, connection, key, version];
                let lines = fields
                    .into_iter()
                    .chain(more)
                    .filter(|line| !line.is_empty());
                let text: String = lines
                    .flat_map(|line| [line, "\r\n"])
                    .chain(["\r\n"])
                    .collect();
                text.chars().map(|char| char as u8).collect()
            },
        )
        .boxed()
}

/// What a client may send after a handshake: mostly a frame.
fn frame() -> BoxedStrategy<Vec<u8>> {
    let opcode = prop_oneof![
        6 => Just(1_u8),
        3 => Just(2),
        2 => Just(0),
        2 => Just(8),
        2 => Just(9),
        1 => Just(10),
        1 => 3_u8..16,
    ];
    let payload = opcode.prop_flat_map(|opcode| (Just(opcode), payload(opcode)));
    let flags = (
        prop_oneof![6 => Just(true), 2 => Just(false)],
        prop_oneof![14 => Just(0_u8), 1 => 1_u8..8],
        prop_oneof![20 => Just(true), 1 => Just(false)],
        prop_oneof![3 => Just(false), 1 => Just(true)],
    );
    let length = prop_oneof![
        30 => Just(Length::Short),
        1 => Just(Length::Sixteen),
        1 => Just(Length::SixtyFour),
        1 => Just(Length::Less),
        1 => Just(Length::More),
        1 => Just(Length::Huge),
    ];
    let usual = (payload, flags, length).prop_map(|((opcode, payload), flags, length)| {
        let (fin, reserved, masked, deflates) = flags;
        let (payload, reserved) = if deflates && matches!(opcode, 1 | 2) && fin {
            (deflate(&payload), reserved | 4)
        } else {
            (payload, reserved)
        };
        encode(
            u8::from(fin) << 7 | reserved << 4 | opcode,
            masked,
            length,
            &payload,
        )
    });
    let other = select(
        &[
            "",
            "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            "\u{81}",
            "\u{81}\u{fe}",
            "\0",
        ][..],
    );
    prop_oneof![
        30 => usual,
        1 => other.prop_map(|text| text.chars().map(|char| char as u8).collect()),
    ]
    .boxed()
}

fn payload(opcode: u8) -> BoxedStrategy<Vec<u8>> {
    const TEXT: &[&[u8]] = &[
        b"hello",
        b"",
        b"\xc3\xa4\xe2\x98\x83",
        b"\xff",
        b"\xc3",
        b"\xa4",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf0\x9f\x98\x80",
        b"a\0b",
    ];
    const CLOSE: &[&[u8]] = &[
        b"\x03\xe8",
        b"",
        b"\x03",
        b"\x03\xe8bye",
        b"\x03\xe9",
        b"\x03\xec",
        b"\x03\xed",
        b"\x03\xee",
        b"\x03\xf3",
        b"\x03\xf7",
        b"\x03\xf8",
        b"\x0b\xb8",
        b"\x0f\xa0x",
        b"\x13\x87",
        b"\x13\x88",
        b"\x00\x00",
        b"\x03\xe7",
        b"\x03\xe8\xff",
        b"\xff\xff",
    ];
    let long = select(&[124_usize, 125, 126, 127, 1000, 65_535, 65_536, 200_000][..]);
    let long = long.prop_map(|length| vec![b'l'; length]);
    match opcode {
        8 => prop_oneof![8 => select(CLOSE).prop_map(<[u8]>::to_vec), 1 => long].boxed(),
        _ => prop_oneof![
            4 => Just(b"hello".to_vec()),
            4 => select(TEXT).prop_map(<[u8]>::to_vec),
            2 => long,
        ]
        .boxed(),
    }
}

/// How a frame says its payload's length.
#[derive(Debug, Clone, Copy)]
enum Length {
    /// In as few bytes as possible.
    Short,
    /// In 16 bits.
    Sixteen,
    /// In 64 bits.
    SixtyFour,
    /// Less than it has.
    Less,
    /// More than it has.
    More,
    /// With the highest bit.
    Huge,
}

fn encode(first: u8, masked: bool, length: Length, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let size = payload.len() as u64;
    let (size, form) = match length {
        Length::Short | Length::Less | Length::More => {
            let size = match length {
                Length::Less => size.saturating_sub(1),
                Length::More => size + 1,
                _ => size,
            };
            (
                size,
                if size < 126 {
                    0
                } else if size < 65_536 {
                    16
                } else {
                    64
                },
            )
        }
        Length::Sixteen => (size.min(65_535), 16),
        Length::SixtyFour => (size, 64),
        Length::Huge => (size | 1 << 63, 64),
    };
    let mask_bit = u8::from(masked) << 7;
    let mut bytes = vec![first];
    match form {
        0 => bytes.push(mask_bit | size as u8),
        16 => {
            bytes.push(mask_bit + 126);
            bytes.extend((size as u16).to_be_bytes());
        }
        _ => {
            bytes.push(mask_bit + 127);
            bytes.extend(size.to_be_bytes());
        }
    }
    if masked {
        bytes.extend(MASK);
        bytes.extend(
            payload
                .iter()
                .zip(MASK.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
    } else {
        bytes.extend(payload);
    }
    bytes
}

/// A message as permessage-deflate has it (RFC 7692, 7.2.1).
fn deflate(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 64);
    let mut compress = Compress::new(Compression::default(), false);
    // The room suffices, so nothing is left to be flushed.
    let _ = compress.compress_vec(payload, &mut bytes, FlushCompress::Sync);
    bytes.truncate(bytes.len().saturating_sub(4));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_masked_and_say_their_length() {
        assert_eq!(
            encode(0x81, true, Length::Short, b"hi"),
            b"\x81\x82\x01\x02\x03\x04ik"
        );
        assert_eq!(
            encode(0x81, false, Length::Sixteen, b"hi"),
            b"\x81\x7e\0\x02hi"
        );
        assert_eq!(encode(0x82, false, Length::More, b"hi"), b"\x82\x03hi");
        assert_eq!(
            encode(0x82, false, Length::Short, &[0; 126])[..4],
            *b"\x82\x7e\0\x7e"
        );
    }

    #[test]
    fn a_deflated_message_ends_without_the_empty_block() {
        // RFC 7692, 7.2.3.1.
        assert_eq!(deflate(b"Hello"), b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    }
}
