//! Response heads: what stands in them, and what in them decides how the body is sent.

use crate::asgi::event_error::EventError;
use crate::asgi::status::phrase;
use crate::gateway::{latin1, python};
use crate::servers::Launch;
use crate::wire::strings::Strings;

/// How the body of a response is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its length: so many bytes are still to come.
    Length(i64),
    /// In chunks.
    Chunked,
}

/// How a response travels, as its head says.
#[derive(Debug)]
pub(super) struct Transfer {
    /// The request's method is HEAD.
    pub(super) is_head: bool,
    /// Neither Content-Length nor Transfer-Encoding was seen: None.
    pub(super) framing: Option<Framing>,
    /// Whether the connection may carry another request.
    pub(super) keep_alive: bool,
}

impl Transfer {
    /// Writes a head, and learns from it. What it has learned before an error remains, as in
    /// uvicorn.
    ///
    /// # Errors
    /// What `send` raises in the app. Part of the head may have been written.
    pub(super) fn write_head<'h>(
        &mut self,
        status: u16,
        headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
        out: &mut Vec<u8>,
    ) -> Result<(), EventError> {
        if !(100..600).contains(&status) {
            return Err(EventError::Status(status));
        }
        write_status_line(status, out);
        let mut says_close = false;
        for (name, value) in headers {
            if name.iter().any(|&byte| is_bad_in_name(byte)) {
                return Err(EventError::HeaderName);
            }
            if value
                .iter()
                .any(|&byte| matches!(byte, 0..=8 | 10..=31 | 127))
            {
                return Err(EventError::HeaderValue);
            }
            let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
            if is("content-length") && self.framing.is_none() {
                let length =
                    python::int(value).ok_or_else(|| EventError::Length(value.to_vec()))?;
                self.framing = Some(Framing::Length(length));
            } else if is("transfer-encoding") && value.eq_ignore_ascii_case(b"chunked") {
                self.framing = Some(Framing::Chunked);
            } else if is("connection") && has_close(value) {
                self.keep_alive = false;
                says_close = true;
            }
            out.extend(name.iter().map(u8::to_ascii_lowercase));
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        if !self.keep_alive && !says_close {
            out.extend_from_slice(b"connection: close\r\n");
        }
        if self.framing.is_none() && !self.is_head && !matches!(status, 204 | 304) {
            self.framing = Some(Framing::Chunked);
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// `HTTP/1.1 200 OK`
pub(in crate::asgi) fn write_status_line(status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    out.push(b' ');
    out.extend_from_slice(phrase(status).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The headers that uvicorn puts before the app's: date, its own name unless `--header` has
/// another, and `--header`.
pub(crate) fn default_headers(launch: &Launch, date: &str) -> Strings {
    let named = launch
        .asgi
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("server"));
    let server = launch.asgi.server_header && !named;
    let mut headers = Strings::with_capacity(56, 4);
    if launch.asgi.date_header {
        headers.push_pair("date", date);
    }
    if server {
        headers.push_pair("server", "uvicorn");
    }
    for (name, value) in &launch.asgi.headers {
        // The command line is text; headers are its Latin-1 bytes.
        headers.push_pair(
            latin1::encode(name).to_ascii_lowercase(),
            latin1::encode(value),
        );
    }
    headers
}

/// Whether `close` is one of the options of a Connection field.
fn has_close(value: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

fn is_bad_in_name(byte: u8) -> bool {
    matches!(byte, 0..=32 | 127) || b"()<>@,;:[]={}\\\"".contains(&byte)
}
