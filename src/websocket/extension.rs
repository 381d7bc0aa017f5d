//! Agreement on `permessage-deflate` (RFC 7692, section 7.1).

use super::deflate::{Parameters, Window};
use super::grammar::{Extension, Parameter};

/// The extension's name.
pub const NAME: &str = "permessage-deflate";

const SERVER_RESET: &str = "server_no_context_takeover";
const CLIENT_RESET: &str = "client_no_context_takeover";
const SERVER_BITS: &str = "server_max_window_bits";
const CLIENT_BITS: &str = "client_max_window_bits";

/// What a server wants of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The largest window of what the server sends, 9 to 15 bits.
    pub server_bits: Option<u8>,
    /// The largest window of what the client sends, where the client lets the server say.
    pub client_bits: Option<u8>,
    /// zlib's memory level.
    pub memory_level: i32,
}

impl Offer {
    /// uvicorn's, for the library `websockets`.
    pub const UVICORN: Self = Self {
        server_bits: Some(12),
        client_bits: Some(12),
        memory_level: 5,
    };

    /// uvicorn's, for `websockets.legacy`: what the client wants.
    pub const LEGACY: Self = Self {
        server_bits: None,
        client_bits: None,
        memory_level: 8,
    };
}

/// The parameters of one offer, as they were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Asked {
    server_reset: bool,
    client_reset: bool,
    server_bits: Option<u8>,
    client_bits: Option<ClientBits>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientBits {
    /// The server may say.
    Any,
    At(u8),
}

/// The first of a client's offers that a server can accept: the value of its own
/// `Sec-WebSocket-Extensions` field, and what both then do.
#[must_use]
pub fn negotiate(offered: &[Extension], offer: Offer) -> Option<(String, Parameters)> {
    let parameters = |(name, parameters): &Extension| {
        (name == NAME).then(|| accept(parameters, offer)).flatten()
    };
    offered.iter().find_map(parameters)
}

fn accept(parameters: &[Parameter], offer: Offer) -> Option<(String, Parameters)> {
    let asked = read(parameters, true)?;
    let server_bits = match (asked.server_bits, offer.server_bits) {
        (Some(asked), Some(offered)) => Some(asked.min(offered)),
        (asked, offered) => asked.or(offered),
    };
    if server_bits == Some(8) {
        // zlib has no window of 256 bytes.
        return None;
    }
    let client_bits = asked.client_bits.and_then(|bits| match bits {
        ClientBits::Any => offer.client_bits,
        ClientBits::At(bits) => Some(bits.min(offer.client_bits.unwrap_or(bits))),
    });
    let mut answer = vec![NAME.to_owned()];
    if asked.server_reset {
        answer.push(SERVER_RESET.to_owned());
    }
    if asked.client_reset {
        answer.push(CLIENT_RESET.to_owned());
    }
    if let Some(bits) = server_bits {
        answer.push(format!("{SERVER_BITS}={bits}"));
    }
    if let Some(bits) = client_bits {
        answer.push(format!("{CLIENT_BITS}={bits}"));
    }
    let agreed = Parameters {
        server: Window {
            bits: server_bits.unwrap_or(15),
            reset: asked.server_reset,
        },
        client: Window {
            bits: client_bits.unwrap_or(15),
            reset: asked.client_reset,
        },
        memory_level: offer.memory_level,
    };
    Some((answer.join("; "), agreed))
}

/// What a client that has offered `permessage-deflate; client_max_window_bits` makes of a server's
/// answer. `None`: it is no answer to that.
#[must_use]
pub fn agreed(answer: &Extension) -> Option<Parameters> {
    let asked = read(&answer.1, false).filter(|_| answer.0 == NAME)?;
    let bits = match asked.client_bits {
        Some(ClientBits::At(bits)) => bits,
        Some(ClientBits::Any) | None => 15,
    };
    Some(Parameters {
        server: Window {
            bits: asked.server_bits.unwrap_or(15),
            reset: asked.server_reset,
        },
        client: Window {
            bits,
            reset: asked.client_reset,
        },
        memory_level: 8,
    })
}

/// Parameters: each known, at most once, and with a value where it needs one. `None` where that is
/// not so.
fn read(parameters: &[Parameter], is_request: bool) -> Option<Asked> {
    let mut asked = Asked::default();
    for (name, value) in parameters {
        let value = value.as_deref();
        let is_new = match name.as_str() {
            SERVER_RESET if value.is_none() => !std::mem::replace(&mut asked.server_reset, true),
            CLIENT_RESET if value.is_none() => !std::mem::replace(&mut asked.client_reset, true),
            SERVER_BITS => asked.server_bits.replace(bits(value?)?).is_none(),
            CLIENT_BITS => {
                let bits = match value {
                    None if is_request => ClientBits::Any,
                    value => ClientBits::At(bits(value?)?),
                };
                asked.client_bits.replace(bits).is_none()
            }
            _ => return None,
        };
        if !is_new {
            return None;
        }
    }
    Some(asked)
}

fn bits(value: &str) -> Option<u8> {
    let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    // No leading zero, no sign.
    (value == u8::to_string(&bits)).then_some(bits)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;
    use crate::websocket::grammar::extensions;

    fn answer(offer: &str) -> Option<String> {
        let offered = extensions(offer.as_bytes()).unwrap();
        negotiate(&offered, Offer::UVICORN).map(|(answer, _)| answer)
    }

    #[test]
    fn a_server_keeps_to_the_smaller_window() {
        assert_eq!(
            answer("permessage-deflate; server_max_window_bits=10; client_max_window_bits=14")
                .unwrap(),
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12"
        );
        assert_eq!(
            answer("permessage-deflate").unwrap(),
            "permessage-deflate; server_max_window_bits=12"
        );
    }

    #[test]
    fn offers_that_are_not_understood_are_declined() {
        for offer in [
            "foo",
            "permessage-deflate; foo",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; client_max_window_bits=09",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
        ] {
            assert_eq!(answer(offer), None, "{offer}");
        }
    }

    #[test]
    fn the_first_offer_that_can_be_accepted_is() {
        assert_eq!(
            answer("permessage-deflate; foo, permessage-deflate; client_no_context_takeover")
                .unwrap(),
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=12"
        );
    }

    #[test]
    fn a_client_does_what_the_server_says() {
        let answer =
            extensions(b"permessage-deflate; server_no_context_takeover; client_max_window_bits=9")
                .unwrap();
        let agreed = agreed(&answer[0]).unwrap();
        assert!(agreed.server.reset && !agreed.client.reset);
        assert_eq!((agreed.server.bits, agreed.client.bits), (15, 9));
        let bad = extensions(b"permessage-deflate; client_max_window_bits").unwrap();
        assert_eq!(super::agreed(&bad[0]), None);
    }
}
