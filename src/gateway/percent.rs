//! Percent-encoding (RFC 3986, section 2.1), read as Python's `urllib.parse` reads it.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// What `urllib.parse.quote` encodes: all but letters, digits and `_.-~/`.
const QUOTED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~')
    .remove(b'/');

/// Appends `encoded` with its percent-encoded octets decoded. A `%` that no two hexadecimal digits
/// follow stays as it is, as in `urllib.parse.unquote_to_bytes`.
pub fn decode_into(encoded: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&Cow::from(percent_decode(encoded)));
}

/// Appends `text` encoded as `urllib.parse.quote` does it.
pub fn encode_into(text: &[u8], out: &mut Vec<u8>) {
    for piece in percent_encode(text, QUOTED) {
        out.extend_from_slice(piece.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn decoded(encoded: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        decode_into(encoded, &mut out);
        out
    }

    #[test]
    fn encoded_octets_are_decoded_once() {
        assert_eq!(decoded(b"/caf%C3%a9/a%2Fb%20c"), b"/caf\xc3\xa9/a/b c");
        assert_eq!(decoded(b"%2541"), b"%41");
        assert_eq!(decoded(b"%00%ff"), b"\0\xff");
    }

    #[test]
    fn an_incomplete_escape_stays_as_it_is() {
        assert_eq!(decoded(b"100%"), b"100%");
        assert_eq!(decoded(b"%4"), b"%4");
        assert_eq!(decoded(b"%g1%%41"), b"%g1%A");
        assert_eq!(decoded(b"%+1"), b"%+1");
    }

    #[test]
    fn a_path_is_quoted_for_the_access_log_with_its_slashes() {
        let mut out = Vec::new();
        encode_into("/a b/é~;".as_bytes(), &mut out);
        assert_eq!(out, b"/a%20b/%C3%A9~%3B");
    }
}
