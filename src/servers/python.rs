//! How Python reads numbers in command lines.

pub(crate) use crate::gateway::python::{int_error, repr_text as repr};

/// `int(text)`: see [`crate::gateway::python::int`].
pub(crate) fn int(text: &str) -> Option<i64> {
    crate::gateway::python::int(text.as_bytes())
}

/// A number as a count: negative is 0, too large is the largest.
pub(crate) fn clamp(number: i64) -> u32 {
    number.clamp(0, i64::from(u32::MAX)) as u32
}

/// Whether gunicorn's `auto_int` reads the text: `int(text, 0)`, and C's octal `017` means `0o17`.
pub(crate) fn is_auto_int(text: &str) -> bool {
    let number = unsigned(text);
    let (digits, radix) = match number.as_bytes() {
        [b'0', b'x' | b'X', ..] => (number.get(2..), 16),
        [b'0', b'o' | b'O', ..] => (number.get(2..), 8),
        [b'0', b'b' | b'B', ..] => (number.get(2..), 2),
        [b'0', _, ..] => (Some(number), 8),
        _ => (Some(number), 10),
    };
    digits.is_some_and(|digits| are_digits(digits, radix))
}

/// Whether `float(text)` reads the text.
pub(crate) fn is_float(text: &str) -> bool {
    let number = unsigned(text);
    if ["inf", "infinity", "nan"]
        .iter()
        .any(|word| number.eq_ignore_ascii_case(word))
    {
        return true;
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let part = |digits: &str| digits.is_empty() || are_digits(digits, 10);
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    whole.len() + fraction.len() > 0 && part(whole) && part(fraction) && are_digits(exponent, 10)
}

/// The text without the white space around it and without its sign.
fn unsigned(text: &str) -> &str {
    let text = text.trim_ascii();
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// Digits, with single underscores between them.
fn are_digits(text: &str, radix: u32) -> bool {
    let mut after_digit = false;
    for c in text.chars() {
        let digit = c.is_digit(radix);
        if !digit && (c != '_' || !after_digit) {
            return false;
        }
        after_digit = digit;
    }
    after_digit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn integers_may_have_pythons_and_cs_prefixes() {
        for text in ["0600", "0o17", "-0x1f", "0b1", "1_0", "0"] {
            assert!(is_auto_int(text), "{text:?}");
        }
        for text in ["", "x", "0o17x", "089", "1_", "0x"] {
            assert!(!is_auto_int(text), "{text:?}");
        }
    }

    #[test]
    fn floats_are_what_python_takes_for_them() {
        for text in [
            "20", "0.25", ".5", "5.", "1e3", "-2.5E-1", " 1_0.0 ", "inf", "NaN",
        ] {
            assert!(is_float(text), "{text:?}");
        }
        for text in ["", ".", "x", "1.5.5", "1e", "1 5", "1__0", "e5"] {
            assert!(!is_float(text), "{text:?}");
        }
    }
}
