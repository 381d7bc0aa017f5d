//! What a server makes of a handshake request, as the library `websockets` does.

use super::key::accept_key;
use crate::http1::RequestHead;
use crate::websocket::deflate::Parameters;
use crate::websocket::extension::{self, Offer};
use crate::websocket::grammar::{self, GrammarError, latin1};

/// Bytes that a line of the head may have, its end among them.
const MAX_LINE: usize = 8192;
/// Header fields that a head may have.
const MAX_FIELDS: usize = 128;

/// A request that may become a WebSocket connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The value of `Sec-WebSocket-Accept`.
    pub accept: String,
    /// The value of `Sec-WebSocket-Extensions`, and what it says of compression.
    pub extensions: Option<(String, Parameters)>,
    /// The subprotocols that the client offers, as they stand between commas.
    pub subprotocols: Vec<String>,
}

/// A request that is answered by an HTTP response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// Why.
    pub reason: String,
}

impl Refusal {
    fn bad(reason: impl Into<String>) -> Self {
        Self {
            status: 400,
            reason: reason.into(),
        }
    }

    /// The body of the response.
    #[must_use]
    pub fn body(&self) -> String {
        let more = if self.status == 426 {
            "\nYou cannot access a WebSocket server directly with a browser. You need a WebSocket \
             client.\n"
        } else {
            ""
        };
        format!(
            "Failed to open a WebSocket connection: {}.\n{more}",
            self.reason
        )
    }

    /// A field of the response that other refusals do not have.
    #[must_use]
    pub fn field(&self) -> Option<(&'static str, &'static str)> {
        match self.status {
            405 => Some(("Allow", "GET")),
            426 => Some(("Upgrade", "websocket")),
            _ => None,
        }
    }
}

/// A request that gets no answer: the connection stays open, and what comes on it is thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// The response that `websockets` makes, which uvicorn never writes, stands in the log by this
    /// status.
    pub logged: Option<u16>,
}

/// Decides about a request. It must ask for an upgrade; what it looks like before that is
/// [`http1`](crate::http1)'s to decide.
///
/// # Errors
/// The response that refuses it, or that there is none.
pub fn accept(
    head: &RequestHead,
    compression: Option<Offer>,
) -> Result<Acceptance, Result<Refusal, Silence>> {
    check_lines(head).map_err(Err)?;
    negotiate(head, compression).map_err(Ok)
}

/// What `websockets` does while it parses the head, which uvicorn has put together anew: each field
/// in a line of its own, the version always 1.1.
fn check_lines(head: &RequestHead) -> Result<(), Silence> {
    let silence = |logged| Err(Silence { logged });
    let line = head.method.len() + head.target.len() + b"  HTTP/1.1\r\n".len();
    if line > MAX_LINE {
        return silence(Some(414));
    }
    if !head.target.is_ascii() {
        return silence(None);
    }
    let mut lines = head
        .headers
        .iter()
        .map(|(name, value)| (name.len() + b": \r\n".len() + value.len(), value));
    if lines
        .by_ref()
        .take(MAX_FIELDS + 1)
        .any(|(length, _)| length > MAX_LINE)
        || head.headers.len() > MAX_FIELDS
    {
        return silence(Some(431));
    }
    if head.values("transfer-encoding").next().is_some()
        || head.values("content-length").any(|length| length != b"0")
    {
        return silence(None);
    }
    Ok(())
}

fn negotiate(head: &RequestHead, compression: Option<Offer>) -> Result<Acceptance, Refusal> {
    if head.method != b"GET" {
        return Err(Refusal {
            status: 405,
            reason: format!("unsupported HTTP method: {}", latin1(&head.method)),
        });
    }
    let key = check_fields(head)?;
    check_origin(head)?;
    let extensions = extensions(head, compression)?;
    all(head, "Sec-WebSocket-Protocol", grammar::tokens)?;
    Ok(Acceptance {
        accept: accept_key(key),
        extensions,
        subprotocols: subprotocols(head),
    })
}

/// What `websockets.legacy` checks before the app is called. It reads the head itself, of which
/// uvicorn has put each field in a line of its own.
///
/// # Errors
/// The response that refuses the request.
pub fn check_legacy(head: &RequestHead) -> Result<(), Refusal> {
    let bad = |reason: &str| {
        let text = format!("did not receive a valid HTTP request; {reason}");
        Err(Refusal::bad(text))
    };
    if head.method != b"GET" {
        return bad(&format!(
            "unsupported HTTP method: {}",
            latin1(&head.method)
        ));
    }
    let line = |(name, value): &(Vec<u8>, Vec<u8>)| name.len() + b": \r\n".len() + value.len();
    let mut lines = head.headers.iter().take(MAX_FIELDS + 1).map(line);
    if lines.any(|length| length > MAX_LINE) {
        return bad("line too long");
    }
    if head.headers.len() > MAX_FIELDS {
        return bad("too many HTTP headers");
    }
    check_fields(head).map(|_| ()).map_err(with_name)
}

/// What `websockets.legacy` makes of a request once the app has accepted it.
///
/// # Errors
/// The response that refuses the request all the same.
pub fn accept_legacy(head: &RequestHead, offer: Option<Offer>) -> Result<Acceptance, Refusal> {
    let key = check_fields(head)?;
    check_origin(head).map_err(with_name)?;
    Ok(Acceptance {
        accept: accept_key(key),
        extensions: extensions(head, offer)?,
        subprotocols: subprotocols(head),
    })
}

/// The legacy library adds the exception from which its own came: the name of the field.
fn with_name(refusal: Refusal) -> Refusal {
    let name = |reason: &str| {
        if let Some(rest) = reason.strip_prefix("missing ") {
            let name = rest
                .strip_suffix(" header")
                .filter(|name| name.starts_with("Sec-"))?;
            return Some(name.to_ascii_lowercase());
        }
        let rest = reason.strip_prefix("invalid ")?;
        Some(rest.strip_suffix(" header: multiple values")?.to_owned())
    };
    match name(&refusal.reason) {
        Some(name) => Refusal::bad(format!("{}; '{name}'", refusal.reason)),
        None => refusal,
    }
}

/// The fields of a handshake; the key.
fn check_fields(head: &RequestHead) -> Result<&[u8], Refusal> {
    let options = all(head, "Connection", grammar::tokens)?;
    if !options
        .iter()
        .any(|option| option.eq_ignore_ascii_case("upgrade"))
    {
        return Err(upgrade("Connection", &options));
    }
    let protocols = all(head, "Upgrade", grammar::protocols)?;
    if !matches!(&protocols[..], [only] if only.eq_ignore_ascii_case("websocket")) {
        return Err(upgrade("Upgrade", &protocols));
    }
    let key = one(head, "Sec-WebSocket-Key")?;
    check_key(key)?;
    let version = one(head, "Sec-WebSocket-Version")?;
    if version != b"13" {
        return Err(invalid("Sec-WebSocket-Version", version));
    }
    Ok(key)
}

fn check_origin(head: &RequestHead) -> Result<(), Refusal> {
    if head.values("origin").count() > 1 {
        return Err(Refusal::bad("invalid Origin header: multiple values"));
    }
    Ok(())
}

fn extensions(
    head: &RequestHead,
    offer: Option<Offer>,
) -> Result<Option<(String, Parameters)>, Refusal> {
    let Some(offer) = offer else {
        return Ok(None);
    };
    let offered = all(head, "Sec-WebSocket-Extensions", grammar::extensions)?;
    Ok(extension::negotiate(&offered, offer))
}

/// The subprotocols that a client offers, as an app sees them.
#[must_use]
pub fn subprotocols(head: &RequestHead) -> Vec<String> {
    head.values("sec-websocket-protocol")
        .flat_map(|value| value.split(|&byte| byte == b','))
        .map(|token| latin1(token.trim_ascii()))
        .collect()
}

fn all<T>(
    head: &RequestHead,
    name: &str,
    parse: impl Fn(&[u8]) -> Result<Vec<T>, GrammarError>,
) -> Result<Vec<T>, Refusal> {
    let mut items = Vec::new();
    for value in head.values(name) {
        items.extend(
            parse(value)
                .map_err(|error| Refusal::bad(format!("invalid {name} header: {error}")))?,
        );
    }
    Ok(items)
}

fn one<'a>(head: &'a RequestHead, name: &'a str) -> Result<&'a [u8], Refusal> {
    let mut values = head.values(name);
    let value = values
        .next()
        .ok_or_else(|| Refusal::bad(format!("missing {name} header")))?;
    if values.next().is_some() {
        return Err(Refusal::bad(format!(
            "invalid {name} header: multiple values"
        )));
    }
    Ok(value)
}

fn upgrade(name: &str, values: &[String]) -> Refusal {
    Refusal {
        status: 426,
        reason: if values.is_empty() {
            format!("missing {name} header")
        } else {
            format!("invalid {name} header: {}", values.join(", "))
        },
    }
}

fn invalid(name: &str, value: &[u8]) -> Refusal {
    Refusal::bad(if value.is_empty() {
        format!("empty {name} header")
    } else {
        format!("invalid {name} header: {}", latin1(value))
    })
}

/// Whether it is the base64 of 16 bytes (RFC 6455, section 4.2.1).
#[must_use]
pub fn is_key(key: &[u8]) -> bool {
    decoded_length(key) == Ok(16)
}

fn check_key(key: &[u8]) -> Result<(), Refusal> {
    let refusal = || invalid("Sec-WebSocket-Key", key);
    match decoded_length(key) {
        Ok(16) => Ok(()),
        Ok(_) => Err(refusal()),
        Err(problem) => Err(Refusal::bad(format!("{}; {problem}", refusal().reason))),
    }
}

/// How many bytes Python's `base64.b64decode(key, validate=True)` gives, or its error.
fn decoded_length(key: &[u8]) -> Result<usize, String> {
    if key.first() == Some(&b'=') {
        return Err("Leading padding not allowed".to_owned());
    }
    let (mut digits, mut padding) = (0, 0);
    for (at, byte) in key.iter().enumerate() {
        match byte {
            b'=' => {
                padding += 1;
                if digits % 4 >= 2 && digits % 4 + padding >= 4 {
                    if at + 1 < key.len() {
                        return Err("Excess data after padding".to_owned());
                    }
                    return Ok(digits * 3 / 4);
                }
            }
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' if padding == 0 => digits += 1,
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                return Err("Discontinuous padding not allowed".to_owned());
            }
            _ => return Err("Only base64 data is allowed".to_owned()),
        }
    }
    match digits % 4 {
        0 => Ok(digits * 3 / 4),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({digits}) cannot be 1 more \
             than a multiple of 4"
        )),
        _ => Err("Incorrect padding".to_owned()),
    }
}

#[cfg(test)]
mod tests;
