//! Frames. A message is a sequence of frames, so that all that one turn of an event loop has to say
//! costs one message.
//!
//! A frame is its kind (1 byte), an id (4 bytes) and the length of its body (4 bytes), both
//! little-endian, then the body. What ids and bodies mean is up to each kind; the kinds of each
//! direction are an enum of their own, made by [`kinds!`](crate::kinds).

/// What stands before a frame's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The number of the frame's kind.
    pub kind: u8,
    /// What the frame is about.
    pub id: u32,
    /// How many bytes its body has.
    pub length: u32,
}

impl Header {
    /// How many bytes a header has.
    pub const SIZE: usize = 9;

    /// As bytes.
    #[must_use]
    pub fn encode(self) -> [u8; Self::SIZE] {
        let mut bytes = [self.kind; Self::SIZE];
        bytes[1..5].copy_from_slice(&self.id.to_le_bytes());
        bytes[5..].copy_from_slice(&self.length.to_le_bytes());
        bytes
    }

    /// Reads the header at the beginning of a message; `None` if the message is shorter.
    #[must_use]
    pub fn decode(message: &[u8]) -> Option<Self> {
        let &[kind, i0, i1, i2, i3, l0, l1, l2, l3] = message.first_chunk()?;
        Some(Self {
            kind,
            id: u32::from_le_bytes([i0, i1, i2, i3]),
            length: u32::from_le_bytes([l0, l1, l2, l3]),
        })
    }
}

/// The kinds of frames in one direction.
pub trait Kind: Copy {
    /// The kind's number.
    fn number(self) -> u8;
    /// The kind of this number.
    fn from_number(number: u8) -> Option<Self>;
}

/// Defines the kinds of frames in one direction: an enum with a number for each, which is a
/// [`Kind`].
#[macro_export]
macro_rules! kinds {
    (
        $(#[$about:meta])*
        $visibility:vis enum $name:ident { $($(#[$doc:meta])* $kind:ident = $number:literal,)* }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        $visibility enum $name { $($(#[$doc])* $kind = $number,)* }

        impl $crate::frame::Kind for $name {
            fn number(self) -> u8 {
                self as u8
            }

            fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

/// One frame of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a, K> {
    /// What it says.
    pub kind: K,
    /// Of which listener, connection, stream…
    pub id: u32,
    /// The rest.
    pub body: &'a [u8],
}

impl<K> Frame<'_, K> {
    /// The body as one u32; 0 if it is none.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.body.try_into().map_or(0, u32::from_le_bytes)
    }
}

/// Appends a frame to a message.
pub fn push(message: &mut Vec<u8>, kind: impl Kind, id: u32, body: &[u8]) {
    push_parts(message, kind, id, &[body]);
}

/// Appends a frame whose body is the concatenation of `parts`.
pub fn push_parts(message: &mut Vec<u8>, kind: impl Kind, id: u32, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let header = Header {
        kind: kind.number(),
        id,
        length: length as u32,
    };
    message.reserve(Header::SIZE + length);
    message.extend_from_slice(&header.encode());
    for part in parts {
        message.extend_from_slice(part);
    }
}

/// Appends a frame whose body is one u32.
pub fn push_number(message: &mut Vec<u8>, kind: impl Kind, id: u32, number: u32) {
    push(message, kind, id, &number.to_le_bytes());
}

/// The frames of a message. They end at the first that is cut short or of an unknown kind: both
/// ends are ours, so that is the end.
pub fn frames<K: Kind>(mut message: &[u8]) -> impl Iterator<Item = Frame<'_, K>> {
    std::iter::from_fn(move || {
        let header = Header::decode(message)?;
        let (body, rest) = message
            .get(Header::SIZE..)?
            .split_at_checked(header.length as usize)?;
        let kind = K::from_number(header.kind)?;
        message = rest;
        Some(Frame {
            kind,
            id: header.id,
            body,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    kinds! {
        /// Kinds as any direction may have them.
        enum Said {
            Data = 6,
            Eof = 7,
            Credit = 9,
        }
    }

    #[test]
    fn a_message_is_read_back_frame_by_frame() {
        let mut message = Vec::new();
        push(&mut message, Said::Data, 7, b"hello");
        push(&mut message, Said::Eof, 7, b"");
        push_number(&mut message, Said::Credit, 8, 70_000);
        let read: Vec<_> = frames(&message).collect();
        assert_eq!(
            read[0],
            Frame {
                kind: Said::Data,
                id: 7,
                body: b"hello"
            }
        );
        assert_eq!(
            read[1],
            Frame {
                kind: Said::Eof,
                id: 7,
                body: b""
            }
        );
        assert_eq!((read[2].kind, read[2].number()), (Said::Credit, 70_000));
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn a_cut_message_ends_at_the_last_whole_frame() {
        let mut message = Vec::new();
        push(&mut message, Said::Data, 1, b"whole");
        push(&mut message, Said::Data, 1, b"cut");
        message.pop();
        assert_eq!(frames::<Said>(&message).count(), 1);
    }

    #[test]
    fn a_message_ends_at_a_frame_of_another_direction() {
        let mut message = Vec::new();
        push(&mut message, Said::Data, 1, b"known");
        message.extend_from_slice(&[99, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(frames::<Said>(&message).count(), 1);
    }

    #[test]
    fn the_layout_is_what_javascript_reads() {
        let mut message = Vec::new();
        push(&mut message, Said::Data, 0x0102_0304, b"hi");
        assert_eq!(message, [6, 4, 3, 2, 1, 2, 0, 0, 0, b'h', b'i']);
    }
}
