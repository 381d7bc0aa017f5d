//! A client's side of the opening handshake, as browsers do it (RFC 6455, section 4.1; WHATWG's
//! `WebSocket`, "Establish a WebSocket connection").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::key::accept_key;
use crate::http1::ResponseHead;
use crate::websocket::deflate::Parameters;
use crate::websocket::extension;
use crate::websocket::grammar;

/// A handshake that a client has begun.
#[derive(Debug, Clone)]
pub struct Opening {
    key: String,
    protocols: Vec<String>,
}

/// What a server has agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The subprotocol, empty where there is none.
    pub protocol: String,
    /// The extensions, as the server named them.
    pub extensions: String,
    /// How messages are compressed, if they are.
    pub compression: Option<Parameters>,
}

/// Why a response is no answer to the handshake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// It is an ordinary response.
    #[error("Unexpected response code: {0}")]
    Status(u16),
    /// A field is not there, or not what it must be.
    #[error("'{0}' header is missing")]
    Missing(&'static str),
    /// A field has another value than it must have.
    #[error("'{name}' header value is not '{expected}': {value}")]
    Value {
        /// The field.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        value: String,
    },
    /// The key was not hashed as it must be.
    #[error("Incorrect 'Sec-WebSocket-Accept' header value")]
    Accept,
    /// The server chose none of the subprotocols that were offered, where it had to.
    #[error("Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received")]
    NoProtocol,
    /// The server chose a subprotocol that was not offered.
    #[error(
        "'Sec-WebSocket-Protocol' header value '{0}' in response does not match any of sent values"
    )]
    Protocol(String),
    /// The server chose an extension that was not offered, or in a way that it must not.
    #[error("Found an unsupported extension '{0}' in 'Sec-WebSocket-Extensions' header")]
    Extension(String),
}

impl Opening {
    /// Begins a handshake: `nonce` is random.
    #[must_use]
    pub fn new(nonce: [u8; 16], protocols: Vec<String>) -> Self {
        Self {
            key: STANDARD.encode(nonce),
            protocols,
        }
    }

    /// The fields of the request, beside `Host` and those that a page adds.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("Connection", "Upgrade".to_owned()),
            ("Upgrade", "websocket".to_owned()),
            ("Sec-WebSocket-Version", "13".to_owned()),
            ("Sec-WebSocket-Key", self.key.clone()),
            (
                "Sec-WebSocket-Extensions",
                format!("{}; client_max_window_bits", extension::NAME),
            ),
        ];
        if !self.protocols.is_empty() {
            fields.push(("Sec-WebSocket-Protocol", self.protocols.join(", ")));
        }
        fields
    }

    /// Looks at the response.
    ///
    /// # Errors
    /// The connection is not to be used.
    pub fn finish(&self, head: &ResponseHead) -> Result<Opened, ClientError> {
        let digits = head.status.split(|&byte| byte == b' ').next();
        let status = digits
            .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
            .unwrap_or(0);
        if status != 101 {
            return Err(ClientError::Status(status));
        }
        let upgrade = text(head, "Upgrade")?;
        if !upgrade.eq_ignore_ascii_case("websocket") {
            return Err(ClientError::Value {
                name: "Upgrade",
                expected: "WebSocket",
                value: upgrade,
            });
        }
        let connection = text(head, "Connection")?;
        if !connection
            .split(',')
            .any(|option| option.trim().eq_ignore_ascii_case("upgrade"))
        {
            return Err(ClientError::Value {
                name: "Connection",
                expected: "Upgrade",
                value: connection,
            });
        }
        if text(head, "Sec-WebSocket-Accept")? != accept_key(self.key.as_bytes()) {
            return Err(ClientError::Accept);
        }
        let protocol = match head.values("Sec-WebSocket-Protocol").next() {
            None if self.protocols.is_empty() => String::new(),
            None => return Err(ClientError::NoProtocol),
            Some(value) => {
                let chosen = grammar::latin1(value);
                if !self.protocols.contains(&chosen) {
                    return Err(ClientError::Protocol(chosen));
                }
                chosen
            }
        };
        let (extensions, compression) = agreed(head)?;
        Ok(Opened {
            protocol,
            extensions,
            compression,
        })
    }
}

fn text(head: &ResponseHead, name: &'static str) -> Result<String, ClientError> {
    let values: Vec<String> = head.values(name).map(grammar::latin1).collect();
    if values.is_empty() {
        return Err(ClientError::Missing(name));
    }
    Ok(values.join(", "))
}

fn agreed(head: &ResponseHead) -> Result<(String, Option<Parameters>), ClientError> {
    let values: Vec<String> = head
        .values("Sec-WebSocket-Extensions")
        .map(grammar::latin1)
        .collect();
    let value = values.join(", ");
    if value.is_empty() {
        return Ok((value, None));
    }
    let refused = || ClientError::Extension(value.clone());
    match &grammar::extensions(value.as_bytes()).map_err(|_| refused())?[..] {
        [only] => {
            let compression = extension::agreed(only).ok_or_else(refused)?;
            Ok((value, Some(compression)))
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::http1::Version;
    use crate::testing::test;

    fn response(status: &str, fields: &[(&str, &str)]) -> ResponseHead {
        ResponseHead {
            version: Version::Http11,
            status: status.as_bytes().to_vec(),
            headers: fields
                .iter()
                .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect(),
        }
    }

    fn opening(protocols: &[&str]) -> Opening {
        let nonce = *b"the sample nonce";
        Opening::new(
            nonce,
            protocols.iter().map(|&name| name.to_owned()).collect(),
        )
    }

    const UPGRADE: (&str, &str) = ("upgrade", "WebSocket");
    const CONNECTION: (&str, &str) = ("connection", "upgrade");
    const ACCEPT: (&str, &str) = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

    #[test]
    fn a_request_offers_what_browsers_offer() {
        let fields = opening(&["chat", "superchat"]).fields();
        let value = |name| &fields.iter().find(|field| field.0 == name).unwrap().1;
        assert_eq!(value("Sec-WebSocket-Key"), "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(value("Sec-WebSocket-Protocol"), "chat, superchat");
        assert_eq!(
            value("Sec-WebSocket-Extensions"),
            "permessage-deflate; client_max_window_bits"
        );
    }

    #[test]
    fn an_answer_opens_the_connection() {
        let extensions = (
            "sec-websocket-extensions",
            "permessage-deflate; client_max_window_bits=12",
        );
        let head = response(
            "101 Switching Protocols",
            &[
                UPGRADE,
                CONNECTION,
                ACCEPT,
                extensions,
                ("sec-websocket-protocol", "chat"),
            ],
        );
        let opened = opening(&["chat"]).finish(&head).unwrap();
        assert_eq!(opened.protocol, "chat");
        assert_eq!(opened.extensions, extensions.1);
        assert_eq!(opened.compression.unwrap().client.bits, 12);
    }

    #[test]
    fn other_answers_do_not() {
        let refused = |status, fields: &[(&str, &str)], protocols| {
            opening(protocols)
                .finish(&response(status, fields))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused("403 Forbidden", &[], &[]),
            "Unexpected response code: 403"
        );
        assert_eq!(
            refused("101", &[CONNECTION], &[]),
            "'Upgrade' header is missing"
        );
        assert_eq!(
            refused("101", &[UPGRADE, ("connection", "close")], &[]),
            "'Connection' header value is not 'Upgrade': close"
        );
        let wrong = ("sec-websocket-accept", "x");
        assert_eq!(
            refused("101", &[UPGRADE, CONNECTION, wrong], &[]),
            "Incorrect 'Sec-WebSocket-Accept' header value"
        );
        let all = [UPGRADE, CONNECTION, ACCEPT];
        assert!(refused("101", &all, &["chat"]).starts_with("Sent non-empty"));
        let other = [&all[..], &[("sec-websocket-protocol", "x")]].concat();
        assert!(refused("101", &other, &["chat"]).contains("'x' in response does not match"));
        for value in [
            "foo",
            "permessage-deflate; foo",
            "permessage-deflate, permessage-deflate",
        ] {
            let unknown = [&all[..], &[("sec-websocket-extensions", value)]].concat();
            assert!(
                refused("101", &unknown, &[]).contains("unsupported extension"),
                "{value}"
            );
        }
    }
}
