//! Chunks on the wire (RFC 9112, section 7.1), in each server's spelling of their size.

/// The case of the hexadecimal digits of a chunk's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `1f` (uvicorn, h11)
    Lower,
    /// `1F` (gunicorn)
    Upper,
}

/// Appends a chunk with this content, which is not empty.
pub fn chunk(data: &[u8], case: Case, out: &mut Vec<u8>) {
    let mut size = [0; 16];
    let mut first = size.len();
    let mut rest = data.len();
    while rest > 0 {
        first -= 1;
        let digit = char::from_digit((rest % 16) as u32, 16).unwrap_or('0');
        size[first] = if case == Case::Upper {
            digit.to_ascii_uppercase()
        } else {
            digit
        } as u8;
        rest /= 16;
    }
    out.reserve(data.len() + 20);
    out.extend_from_slice(&size[first..]);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Appends the last chunk, without trailers.
pub fn last_chunk(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n\r\n");
}
