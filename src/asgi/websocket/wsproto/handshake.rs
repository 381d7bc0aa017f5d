//! What wsproto makes of a handshake, of offers of compression, and of close frames.

use crate::asgi::websocket::error::SessionError;
use crate::gateway::python::{int_error, repr_bytes};
use crate::http1::RequestHead;
use crate::websocket::deflate::{Parameters, Window};
use crate::websocket::extension::NAME as DEFLATE;
use crate::websocket::grammar::{is_token, latin1};
use crate::websocket::{Close, close_code, utf8};

/// Fields that the scope is without: wsproto has read them.
const TAKEN: &[&str] = &["host", "sec-websocket-extensions", "sec-websocket-protocol"];

/// The head as wsproto hands it on: `Host` first, without what it has read itself.
pub(in crate::asgi::websocket) fn seen(head: &RequestHead) -> RequestHead {
    let is = |name: &[u8], other: &&str| name.eq_ignore_ascii_case(other.as_bytes());
    let mut hosts = head.headers.iter().filter(|(name, _)| is(name, &"host"));
    let rest = head
        .headers
        .iter()
        .filter(|(name, _)| !TAKEN.iter().any(|taken| is(name, taken)));
    RequestHead {
        headers: hosts.next_back().into_iter().chain(rest).cloned().collect(),
        ..head.clone()
    }
}

/// What stands between commas.
pub(super) fn items(head: &RequestHead, name: &str) -> Vec<String> {
    head.values(name)
        .flat_map(|value| value.split(|&byte| byte == b','))
        .map(|item| latin1(item.trim_ascii()))
        .collect()
}

/// The key of a request that wsproto accepts; else the status of its refusal, and a field.
pub(super) fn check(head: &RequestHead) -> Result<Vec<u8>, (u16, &'static str)> {
    const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
    let last = |name| head.values(name).last();
    let asks = last("connection").is_some_and(|options| {
        let mut options = options.split(|&byte| byte == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    });
    if head.method != b"GET" || !asks {
        return Err((400, ""));
    }
    match last("sec-websocket-version") {
        Some(b"13") => {}
        None | Some(b"") => return Err((400, VERSION)),
        Some(_) => return Err((426, VERSION)),
    }
    let is_websocket = last("upgrade").is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"));
    let keys: Vec<&[u8]> = head.values("sec-websocket-key").collect();
    if keys.is_empty() || !is_websocket || last("host").is_none() {
        return Err((400, ""));
    }
    Ok(keys.join(&b", "[..]))
}

/// What wsproto's extension makes of offers: its own words of them, and what both then do, unless
/// an offer was impossible. `None`: there is no offer of it.
pub(super) type Agreed = Option<(String, Option<Parameters>)>;

pub(super) fn negotiate(offers: &[String]) -> Result<Agreed, SessionError> {
    const FRESH: Window = Window {
        bits: 15,
        reset: false,
    };
    let mut agreed: Agreed = None;
    let (mut client, mut server) = (FRESH, FRESH);
    for offer in offers {
        let mut parts = offer.split(';').map(str::trim);
        if parts.next() != Some(DEFLATE) {
            continue;
        }
        let (mut client_bits, mut server_bits) = (None, None);
        for part in parts {
            if part.starts_with("client_no_context_takeover") {
                client.reset = true;
            } else if part.starts_with("server_no_context_takeover") {
                server.reset = true;
            } else if part.starts_with("client_max_window_bits") {
                client_bits = Some(bits(part, client.bits)?);
            } else if part.starts_with("server_max_window_bits") {
                server_bits = Some(bits(part, server.bits)?);
            }
        }
        let mut answer = vec![DEFLATE.to_owned()];
        if client.reset {
            answer.push("client_no_context_takeover".to_owned());
        }
        if server.reset {
            answer.push("server_no_context_takeover".to_owned());
        }
        let mut fits = true;
        for (name, bits, window) in [
            ("client_max_window_bits", client_bits, &mut client),
            ("server_max_window_bits", server_bits, &mut server),
        ] {
            let Some(bits) = bits.filter(|_| fits) else {
                continue;
            };
            answer.push(format!("{name}={bits}"));
            match u8::try_from(bits) {
                Ok(bits @ 9..=15) => window.bits = bits,
                _ => fits = false,
            }
        }
        if fits {
            agreed = Some((answer.join("; "), None));
        }
    }
    Ok(agreed.map(|(answer, _)| {
        let parameters = Parameters {
            server,
            client,
            memory_level: 8,
        };
        (answer, Some(parameters))
    }))
}

/// `int(part.split("=", 1)[1])`, or what there is without a value.
fn bits(part: &str, default: u8) -> Result<i64, SessionError> {
    let Some((_, value)) = part.split_once('=') else {
        return Ok(default.into());
    };
    let value = value.trim();
    let error = || SessionError::Value(int_error(value.as_bytes()));
    value.parse().map_err(|_| error())
}

/// A close frame; an error is the code and the reason that the app is told.
pub(super) fn read_close(payload: &[u8]) -> Result<Close, Close> {
    let broken = |reason: &str| Close::new(close_code::PROTOCOL_ERROR, reason);
    let (code, reason) = match payload {
        [] => return Ok(Close::new(close_code::NO_STATUS, "")),
        [_] => return Err(broken("CLOSE with 1 byte payload")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    match code {
        0..=999 | 5000.. => return Err(broken("CLOSE with invalid code")),
        1005 | 1006 | 1015 => return Err(broken("remote CLOSE with local-only reason")),
        1004 | 1014 | 1016..=2999 => return Err(broken("CLOSE with unknown reserved code")),
        _ => {}
    }
    match utf8::decode(reason) {
        Ok(reason) => Ok(Close::new(code, reason)),
        Err(error) => {
            let reason = format!("Error decoding CLOSE reason: {error}");
            Err(Close::new(close_code::INVALID_DATA, reason))
        }
    }
}

/// A header field as h11 takes it.
pub(super) fn put_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), SessionError> {
    if !is_token(name) {
        let text = format!("Illegal header name {}", repr_bytes(name));
        return Err(SessionError::H11(text));
    }
    let is_text = |byte: &u8| !matches!(byte, 0 | b'\r' | b'\n' | 0x0b | 0x0c);
    if !value.iter().all(is_text) || value.trim_ascii().len() != value.len() {
        let text = format!("Illegal header value {}", repr_bytes(value));
        return Err(SessionError::H11(text));
    }
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
    Ok(())
}
