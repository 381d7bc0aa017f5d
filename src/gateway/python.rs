//! How Python writes and reads the values that appear in the servers' messages.

/// `repr()` of the `str` whose characters are these Latin-1 bytes.
#[must_use]
pub fn repr(latin1: &[u8]) -> String {
    let text: String = latin1.iter().copied().map(char::from).collect();
    repr_text(&text)
}

/// `repr()` of `bytes`.
#[must_use]
pub fn repr_bytes(bytes: &[u8]) -> String {
    let mut out = String::from("b");
    for char in repr(bytes).chars() {
        if char.is_ascii() {
            out.push(char);
        } else {
            out.push_str("\\x");
            for nibble in [char as u32 >> 4, char as u32 & 15] {
                out.extend(char::from_digit(nibble, 16));
            }
        }
    }
    out
}

/// `repr()` of a `str`. Beyond Latin-1 every character is taken for printable.
#[must_use]
pub fn repr_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for char in text.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            // What str.isprintable() denies: controls, the no-break space and the soft hyphen.
            '\0'..' ' | '\x7f'..='\u{a0}' | '\u{ad}' => {
                out.push_str("\\x");
                for nibble in [char as u32 >> 4, char as u32 & 15] {
                    out.extend(char::from_digit(nibble, 16));
                }
            }
            _ if char == quote => out.extend(['\\', quote]),
            _ => out.push(char),
        }
    }
    out.push(quote);
    out
}

/// `int()` of the `str` whose characters are these Latin-1 bytes: white space around it, a sign and
/// single underscores between digits are allowed. Values beyond 64 bits are held at the end of the
/// range.
#[must_use]
pub fn int(latin1: &[u8]) -> Option<i64> {
    let text = trim_space(latin1);
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    let mut value: i64 = 0;
    let mut after_digit = false;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                value = value
                    .saturating_mul(10)
                    .saturating_add(i64::from(byte - b'0'));
                after_digit = true;
            }
            b'_' if after_digit => after_digit = false,
            _ => return None,
        }
    }
    after_digit.then_some(sign * value)
}

/// The message of the `ValueError` that `int()` raises.
#[must_use]
pub fn int_error(latin1: &[u8]) -> String {
    format!("invalid literal for int() with base 10: {}", repr(latin1))
}

fn trim_space(mut text: &[u8]) -> &[u8] {
    // str.isspace() within Latin-1.
    let is_space = |byte: &u8| matches!(byte, 9..=13 | 28..=32 | 0x85 | 0xa0);
    while let [first, rest @ ..] = text
        && is_space(first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(last)
    {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn repr_chooses_the_quote_that_needs_no_escape() {
        assert_eq!(repr(b"plain"), "'plain'");
        assert_eq!(repr(b"it's"), "\"it's\"");
        assert_eq!(repr(b"it's \"it\""), "'it\\'s \"it\"'");
    }

    #[test]
    fn repr_of_bytes_is_ascii() {
        assert_eq!(repr_bytes(b"it's \xfc\n"), "b\"it's \\xfc\\n\"");
    }

    #[test]
    fn repr_escapes_what_does_not_print() {
        assert_eq!(
            repr(b"a\r\n\t\\\x00\x7f\xa0\xad\xe9"),
            "'a\\r\\n\\t\\\\\\x00\\x7f\\xa0\\xad\u{e9}'"
        );
    }

    #[test]
    fn int_reads_what_python_reads() {
        assert_eq!(int(b" 12\t"), Some(12));
        assert_eq!(int(b"+1_000"), Some(1000));
        assert_eq!(int(b"-5"), Some(-5));
        assert_eq!(int(b"99999999999999999999"), Some(i64::MAX));
        for wrong in [
            &b""[..],
            b"-",
            b"1__0",
            b"_1",
            b"1_",
            b"0x10",
            b"1.0",
            b"1 0",
        ] {
            assert_eq!(int(wrong), None, "{wrong:?}");
        }
    }
}
