//! UTF-8 and what Python says of bytes that are not.

use std::fmt;

/// Bytes that are not UTF-8, described as Python's `UnicodeDecodeError` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUtf8 {
    /// Where the bad bytes begin.
    pub start: usize,
    /// Where they end.
    pub end: usize,
    /// The first of them.
    pub byte: u8,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Continuation,
    End,
}

impl NotUtf8 {
    /// `UnicodeDecodeError.reason`
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.kind {
            Kind::Start => "invalid start byte",
            Kind::Continuation => "invalid continuation byte",
            Kind::End => "unexpected end of data",
        }
    }

    /// Whether more bytes could make it UTF-8.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.kind == Kind::End
    }
}

/// `str(UnicodeDecodeError)`
impl fmt::Display for NotUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.reason();
        if self.end == self.start + 1 {
            write!(
                f,
                "'utf-8' codec can't decode byte 0x{:02x} in position {}: {reason}",
                self.byte, self.start
            )
        } else {
            write!(
                f,
                "'utf-8' codec can't decode bytes in position {}-{}: {reason}",
                self.start,
                self.end - 1
            )
        }
    }
}

/// Text from bytes.
///
/// # Errors
/// The bytes are not UTF-8.
pub fn decode(bytes: &[u8]) -> Result<String, NotUtf8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let start = error.valid_up_to();
            let byte = bytes.get(start).copied().unwrap_or_default();
            let (end, kind) = match error.error_len() {
                None => (bytes.len(), Kind::End),
                Some(_) if !matches!(byte, 0xc2..=0xf4) => (start + 1, Kind::Start),
                Some(length) => (start + length, Kind::Continuation),
            };
            Err(NotUtf8 {
                start,
                end,
                byte,
                kind,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;

    #[test]
    fn errors_read_as_pythons_do() {
        for (bytes, text) in [
            (
                &b"a\xffb"[..],
                "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte",
            ),
            (
                b"\xed\xa0\x80",
                "'utf-8' codec can't decode byte 0xed in position 0: invalid continuation byte",
            ),
            (
                b"abc\xe2\x82",
                "'utf-8' codec can't decode bytes in position 3-4: unexpected end of data",
            ),
            (
                b"\xe2\x82A",
                "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte",
            ),
            (
                b"\xc0\xaf",
                "'utf-8' codec can't decode byte 0xc0 in position 0: invalid start byte",
            ),
        ] {
            assert_eq!(decode(bytes).unwrap_err().to_string(), text);
        }
    }
}
