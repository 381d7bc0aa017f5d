//! How Python reads numbers in command lines.

pub(crate) use crate::gateway::python::{int_error, repr_text as repr};

/// `int(text)`: see [`crate::gateway::python::int`].
pub(crate) fn int(text: &str) -> Option<i64> {
    crate::gateway::python::int(text.as_bytes())
}

/// `int(text, 0)` after gunicorn's rule that C's octal `017` means `0o17`.
pub(crate) fn auto_int(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text.trim());
    let n = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => radix(digits.get(2..)?, 16),
        [b'0', b'o' | b'O', ..] => radix(digits.get(2..)?, 8),
        [b'0', b'b' | b'B', ..] => radix(digits.get(2..)?, 2),
        [b'0', _, ..] => radix(digits, 8),
        _ => radix(digits, 10),
    };
    n.map(|n| if negative { -n } else { n })
}

/// `float(text)`, near enough for a number of seconds. The standard library's parser is exact to the last bit, and costs
/// more wasm than all of this module's neighbours.
pub(crate) fn float(text: &str) -> Option<f64> {
    let (negative, rest) = sign(text.trim());
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (rest.get(..at)?, int(rest.get(at + 1..)?)?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for part in [whole, fraction] {
        if !part.is_empty() && radix(part, 10).is_none() {
            return None;
        }
        for digit in part.bytes().filter(u8::is_ascii_digit) {
            value = value * 10.0 + f64::from(digit - b'0');
        }
    }
    let fraction_digits = fraction.bytes().filter(u8::is_ascii_digit).count();
    let power = exponent
        .saturating_sub_unsigned(fraction_digits as u64)
        .clamp(-400, 400) as i32;
    value *= 10_f64.powi(power);
    Some(if negative { -value } else { value })
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or("")),
        Some(b'+') => (false, text.get(1..).unwrap_or("")),
        _ => (false, text),
    }
}

fn radix(digits: &str, base: u32) -> Option<i64> {
    let mut value: i64 = 0;
    let mut after_digit = false;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
        } else {
            let digit = c.to_digit(base)?;
            value = value
                .saturating_mul(i64::from(base))
                .saturating_add(i64::from(digit));
            after_digit = true;
        }
    }
    after_digit.then_some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp)]
    use super::*;

    #[test]
    fn integers_are_read_as_python_reads_them() {
        for (text, value) in [
            ("2", Some(2)),
            (" -1 ", Some(-1)),
            ("+1_0", Some(10)),
            ("1__0", None),
            ("_1", None),
        ] {
            assert_eq!(int(text), value, "{text:?}");
        }
        for (text, value) in [
            ("", None),
            ("-", None),
            ("1.5", None),
            ("0x1", None),
            ("1_", None),
        ] {
            assert_eq!(int(text), value, "{text:?}");
        }
        assert_eq!(int("99999999999999999999"), Some(i64::MAX));
        for (text, value) in [
            ("0600", Some(384)),
            ("0o17", Some(15)),
            ("0x1f", Some(31)),
            ("0o17x", None),
        ] {
            assert_eq!(auto_int(text), value, "{text:?}");
        }
    }

    #[test]
    fn floats_are_read_as_python_reads_them() {
        for (text, value) in [
            ("20", 20.0),
            ("0.25", 0.25),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("-2.5E-1", -0.25),
        ] {
            assert_eq!(float(text), Some(value), "{text:?}");
        }
        for text in ["", ".", "x", "1.5.5", "1e", "1 5"] {
            assert_eq!(float(text), None, "{text:?}");
        }
    }
}
