//! What a status and header fields may hold (PEP 3333, "The `start_response()` Callable"), as
//! gunicorn checks it.

/// The code of a status: three digits, alone or with a space and a reason.
pub(super) fn status_code(status: &[u8]) -> Option<u16> {
    let (digits, rest) = status.split_first_chunk::<3>()?;
    let reason_fits = match rest {
        [] => true,
        [b' ', reason @ ..] => reason.iter().all(|&byte| is_field_text(byte)),
        _ => false,
    };
    let digits_fit = digits.iter().all(u8::is_ascii_digit);
    (digits_fit && reason_fits).then(|| {
        digits
            .iter()
            .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
    })
}

/// `field-vchar`, space and tab (RFC 9110, section 5.5)
pub(super) fn is_field_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

/// `tchar` (RFC 9110, section 5.6.2)
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Headers that are the server's own: the hop-by-hop ones, and those that gunicorn always sets
/// itself.
pub(super) fn is_hop_by_hop(name: &[u8]) -> bool {
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "server",
        "date",
    ]
    .iter()
    .any(|hop| name.eq_ignore_ascii_case(hop.as_bytes()))
}
