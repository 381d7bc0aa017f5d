//! The responses that answer a handshake.

use super::error::SessionError;
use super::event::Fields;
use crate::asgi::http::write_status_line;
use crate::websocket::handshake::Acceptance;
use crate::wire::strings::Strings;

/// A response that the app gives in the place of a WebSocket (`websocket.http.response`).
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// The response that begins with this status and these header fields.
    pub(super) fn new(status: i64, headers: Fields<'_>) -> Result<Self, SessionError> {
        let status = u16::try_from(status)
            .ok()
            .filter(|status| (100..600).contains(status))
            .ok_or(SessionError::Status(status))?;
        let owned = |(name, value): &(&[u8], &[u8])| (name.to_vec(), value.to_vec());
        Ok(Self {
            status,
            fields: headers.iter().map(owned).collect(),
            body: Vec::new(),
        })
    }

    pub(super) fn write(&self, date: &str, out: &mut Vec<u8>) {
        write_status_line(self.status, out);
        for (name, value) in &self.fields {
            put_field(name, value, out);
        }
        let length = self.body.len().to_string();
        for (name, value) in [
            ("Date", date),
            ("Connection", "close"),
            ("Content-Length", &length),
            ("Content-Type", "text/plain; charset=utf-8"),
        ] {
            let name = name.as_bytes();
            if !self
                .fields
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                put_field(name, value.as_bytes(), out);
            }
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
    }
}

/// The response that opens the connection. Nothing is written where a field has a control
/// character.
pub(super) fn switching_protocols(
    acceptance: &Acceptance,
    defaults: &Strings,
    headers: Fields<'_>,
    subprotocol: Option<&str>,
    out: &mut Vec<u8>,
) -> Result<(), SessionError> {
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    );
    put_field(b"Sec-WebSocket-Accept", acceptance.accept.as_bytes(), out);
    if let Some((extensions, _)) = &acceptance.extensions {
        put_field(b"Sec-WebSocket-Extensions", extensions.as_bytes(), out);
    }
    for (name, value) in defaults.pairs().chain(headers.iter().copied()) {
        let name = name.to_ascii_lowercase();
        check_value(&name, value)?;
        put_field(&name, value, out);
    }
    if let Some(subprotocol) = subprotocol.filter(|subprotocol| !subprotocol.is_empty()) {
        let name = b"Sec-WebSocket-Protocol";
        check_value(name, subprotocol.as_bytes())?;
        put_field(name, subprotocol.as_bytes(), out);
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// A response that refuses the handshake.
pub(super) fn write_rejection(
    status: u16,
    body: &str,
    field: Option<(&'static str, &'static str)>,
    date: &str,
    out: &mut Vec<u8>,
) {
    write_status_line(status, out);
    let length = body.len().to_string();
    for (name, value) in [
        ("Date", date),
        ("Connection", "close"),
        ("Content-Length", &length),
        ("Content-Type", "text/plain; charset=utf-8"),
    ]
    .into_iter()
    .chain(field)
    {
        put_field(name.as_bytes(), value.as_bytes(), out);
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body.as_bytes());
}

fn check_value(name: &[u8], value: &[u8]) -> Result<(), SessionError> {
    if value
        .iter()
        .all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..))
    {
        return Ok(());
    }
    let latin1 = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect();
    Err(SessionError::Header {
        name: latin1(name),
        value: latin1(value),
    })
}

fn put_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}
