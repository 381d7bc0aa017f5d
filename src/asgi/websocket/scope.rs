//! The websocket connection scope (ASGI HTTP & WebSocket, "WebSocket Connection Scope").
//!
//! [`Scope::strings`] gives it as strings:
//!
//! | index | field | decode as |
//! |---|---|---|
//! | 0 | `scheme` | ASCII |
//! | 1 | `path` | UTF-8 |
//! | 2 | `raw_path` | bytes |
//! | 3 | `query_string` | bytes |
//! | 4 | `root_path` | UTF-8 |
//! | 5, 6 | `client`: host, port | UTF-8, decimal |
//! | 7, 8 | `server`: host, port | UTF-8, decimal |
//! | 9 | how many subprotocols follow | decimal |
//! | 10… | `subprotocols` | Latin-1 |
//! | … | `headers`: name, value, name, value… | bytes |
//!
//! uvicorn's dict has its keys in this order: `type`, `asgi`, `http_version`, `scheme`, `server`,
//! `client`, `root_path`, `path`, `raw_path`, `query_string`, `headers`, `subprotocols`, `state`,
//! `extensions`, with `spec_version` 2.4 and `http_version` always 1.1.

use crate::asgi::proxy::{self, Origin};
use crate::gateway::{Peer, percent};
use crate::http1::RequestHead;
use crate::servers::Launch;
use crate::wire::strings::Strings;

/// A handshake request as the app sees it.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    head: &'a RequestHead,
    peer: &'a Peer,
    root_path: &'a str,
    origin: Origin<'a>,
    raw_path: &'a [u8],
    query: &'a [u8],
}

impl<'a> Scope<'a> {
    /// The scope of a request.
    #[must_use]
    pub fn new(head: &'a RequestHead, peer: &'a Peer, launch: &'a Launch) -> Self {
        let target = &head.target[..];
        let (raw_path, query) = match target.iter().position(|&byte| byte == b'?') {
            Some(at) => (&target[..at], &target[at + 1..]),
            None => (target, &[][..]),
        };
        Self {
            head,
            peer,
            root_path: &launch.asgi.root_path,
            origin: proxy::origin(head, peer, launch),
            raw_path,
            query,
        }
    }

    /// `path`: behind the root path, percent-decoded, what is no UTF-8 replaced.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = Vec::with_capacity(self.raw_path.len());
        percent::decode_into(self.raw_path, &mut path);
        format!("{}{}", self.root_path, String::from_utf8_lossy(&path))
    }

    /// The scope, as the module describes.
    #[must_use]
    pub fn strings(&self, subprotocols: &[String]) -> Strings {
        let mut strings = Strings::new();
        strings.push(self.scheme());
        strings.push(self.path());
        strings.write(|text| {
            text.extend_from_slice(self.root_path.as_bytes());
            text.extend_from_slice(self.raw_path);
        });
        strings.push(self.query);
        strings.push(self.root_path);
        strings.push(&*self.origin.host);
        strings.push(self.origin.port.to_string());
        strings.push(&self.peer.local.0);
        strings.push(self.peer.local.1.to_string());
        strings.push(subprotocols.len().to_string());
        for subprotocol in subprotocols {
            strings.write(|text| text.extend(subprotocol.chars().map(|char| char as u8)));
        }
        for (name, value) in &self.head.headers {
            strings.push_pair(name.to_ascii_lowercase(), value);
        }
        strings
    }

    /// `ws`, or what a trusted proxy says: `wss` for https.
    fn scheme(&self) -> &str {
        match &*self.origin.scheme {
            "http" => "ws",
            "https" => "wss",
            other => other,
        }
    }

    /// The client as uvicorn's log shows it: `127.0.0.1:50000`.
    #[must_use]
    pub fn client_text(&self) -> String {
        format!("{}:{}", self.origin.host, self.origin.port)
    }

    /// The target as uvicorn's log shows it: `/path?query`, the path encoded anew.
    #[must_use]
    pub fn target_text(&self) -> String {
        let mut text = Vec::new();
        percent::encode_into(self.path().as_bytes(), &mut text);
        if !self.query.is_empty() {
            text.push(b'?');
            text.extend_from_slice(self.query);
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}
