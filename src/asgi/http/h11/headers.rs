//! Header fields of a response, as h11 checks and changes them.

use std::borrow::Cow;

use crate::gateway::python::repr_bytes;

use super::LocalError;

/// Longest Content-Length, digits.
const MOST_DIGITS: usize = 20;

type Field<'h> = (Cow<'h, [u8]>, Cow<'h, [u8]>);

/// A response's fields, checked: names in the app's own case, one Content-Length at most.
#[derive(Debug)]
pub(super) struct Headers<'h>(Vec<Field<'h>>);

impl<'h> Headers<'h> {
    /// Checks fields in their order.
    pub(super) fn new(
        fields: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    ) -> Result<Self, LocalError> {
        let mut checked = Self(Vec::new());
        let mut length: Option<&[u8]> = None;
        let mut has_coding = false;
        for (name, value) in fields {
            if name.is_empty() || !name.iter().all(|&byte| is_token_byte(byte)) {
                return Err(LocalError::HeaderName(repr_bytes(name)));
            }
            if !is_value(value) {
                return Err(LocalError::HeaderValue(repr_bytes(value)));
            }
            let mut value = value;
            if name.eq_ignore_ascii_case(b"content-length") {
                let digits = read_length(value)?;
                if length.is_some_and(|before| before != digits) {
                    return Err(LocalError::Lengths);
                }
                if length.replace(digits).is_some() {
                    continue;
                }
                value = digits;
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                if has_coding {
                    return Err(LocalError::Codings);
                }
                if !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(LocalError::Coding);
                }
                has_coding = true;
                value = b"chunked";
            }
            checked.0.push((Cow::Borrowed(name), Cow::Borrowed(value)));
        }
        Ok(checked)
    }

    /// Adds a field at the end.
    pub(super) fn push(&mut self, name: &'static [u8], value: &'static [u8]) {
        self.0.push((Cow::Borrowed(name), Cow::Borrowed(value)));
    }

    /// Takes a field out, however often it is there. The name is in lower case.
    pub(super) fn remove(&mut self, name: &[u8]) {
        self.0
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// Whether a field is one that `is`.
    pub(super) fn any(&self, is: impl Fn(&[u8]) -> bool) -> bool {
        self.0.iter().any(|(name, _)| is(name))
    }

    /// Content-Length
    pub(super) fn length(&self) -> Option<u128> {
        let is_length = |field: &&Field| field.0.eq_ignore_ascii_case(b"content-length");
        let (_, digits) = self.0.iter().find(is_length)?;
        let add = |number: u128, digit: &u8| number * 10 + u128::from(digit - b'0');
        Some(digits.iter().fold(0, add))
    }

    /// Whether `close` is one of the options of Connection.
    pub(super) fn says_close(&self) -> bool {
        self.options().iter().any(|option| option == b"close")
    }

    /// Puts `close` among the options of Connection: each becomes a field of its own, at the end,
    /// in the order of the alphabet.
    pub(super) fn close(&mut self) {
        let mut options = self.options();
        options.retain(|option| option != b"keep-alive");
        options.push(b"close".to_vec());
        options.sort_unstable();
        options.dedup();
        self.remove(b"connection");
        let fields = options
            .into_iter()
            .map(|option| (Cow::Borrowed(&b"Connection"[..]), Cow::Owned(option)));
        self.0.extend(fields);
    }

    /// The options of all Connection fields, in lower case.
    fn options(&self) -> Vec<Vec<u8>> {
        let is_connection = |field: &&Field| field.0.eq_ignore_ascii_case(b"connection");
        self.0
            .iter()
            .filter(is_connection)
            .flat_map(|(_, value)| value.split(|&byte| byte == b','))
            .map(|option| option.trim_ascii().to_ascii_lowercase())
            .filter(|option| !option.is_empty())
            .collect()
    }

    /// Writes the fields and the empty line after them. Host comes first, as in a request.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let is_host = |name: &[u8]| name.eq_ignore_ascii_case(b"host");
        let hosts = self.0.iter().filter(|(name, _)| is_host(name));
        let others = self.0.iter().filter(|(name, _)| !is_host(name));
        for (name, value) in hosts.chain(others) {
            for part in [&name[..], b": ", value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// Whether a field's name is Transfer-Encoding, which can but be chunked.
pub(super) fn is_chunked(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"transfer-encoding")
}

fn read_length(value: &[u8]) -> Result<&[u8], LocalError> {
    let mut lengths = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
    let digits = lengths.next().unwrap_or_default();
    if lengths.any(|other| other != digits) {
        return Err(LocalError::Lengths);
    }
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if is_number && digits.len() <= MOST_DIGITS {
        Ok(digits)
    } else {
        Err(LocalError::Length)
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// No white space around it, and no NUL, line end, vertical tab or form feed in it.
fn is_value(value: &[u8]) -> bool {
    let is_blank = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    let is_bad = |byte: &u8| matches!(byte, 0 | b'\n' | b'\r' | 0x0b | 0x0c);
    !is_blank(value.first()) && !is_blank(value.last()) && !value.iter().any(is_bad)
}
