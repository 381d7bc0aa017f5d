//! Messages to bytes (RFC 9112). Nothing is added to what is given.

use super::message::ResponseHead;

/// The interim response that asks for the body (RFC 9110, section 15.2.1).
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Appends a response head to `out`.
pub fn encode_head(head: &ResponseHead, out: &mut Vec<u8>) {
    let fields: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum();
    out.reserve(9 + head.status.len() + 2 + fields + 2);
    out.extend_from_slice(head.version.as_bytes());
    out.push(b' ');
    out.extend_from_slice(&head.status);
    out.extend_from_slice(b"\r\n");
    encode_fields(&head.headers, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends field lines to `out`.
pub(super) fn encode_fields(headers: &[(Vec<u8>, Vec<u8>)], out: &mut Vec<u8>) {
    for (name, value) in headers {
        out.extend_from_slice(name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(value);
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends a chunk to `out` (RFC 9112, section 7.1), its size in lower case. No data is no chunk:
/// an empty one would end the body.
pub fn encode_chunk(data: &[u8], out: &mut Vec<u8>) {
    encode_chunk_in(data, b"0123456789abcdef", out);
}

/// As [`encode_chunk`], the size in upper case, as gunicorn writes it.
pub fn encode_chunk_upper(data: &[u8], out: &mut Vec<u8>) {
    encode_chunk_in(data, b"0123456789ABCDEF", out);
}

fn encode_chunk_in(data: &[u8], digits: &[u8; 16], out: &mut Vec<u8>) {
    if data.is_empty() {
        return;
    }
    out.reserve(data.len() + 12);
    begin_chunk_in(data.len(), digits, out);
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Appends the line before a chunk of `length` bytes, which are not none. They and a CR LF are to
/// follow.
pub fn begin_chunk(length: usize, out: &mut Vec<u8>) {
    begin_chunk_in(length, b"0123456789abcdef", out);
}

fn begin_chunk_in(length: usize, digits: &[u8; 16], out: &mut Vec<u8>) {
    let highest = length.checked_ilog2().unwrap_or(0) / 4;
    for place in (0..=highest).rev() {
        out.push(digits[(length >> (4 * place)) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the end of a chunked body, without trailers, to `out`.
pub fn encode_last_chunk(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n\r\n");
}
