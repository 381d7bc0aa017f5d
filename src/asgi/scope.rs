//! The http connection scope (ASGI HTTP & WebSocket, "HTTP Connection Scope").
//!
//! [`Scope::strings`] has so many [strings](crate::wire::strings):
//!
//! | index | field | decode as |
//! |---|---|---|
//! | 0 | `http_version` | ASCII |
//! | 1 | `method` | ASCII |
//! | 2 | `scheme` | ASCII |
//! | 3 | `path` | UTF-8 |
//! | 4 | `raw_path` | bytes |
//! | 5 | `query_string` | bytes |
//! | 6 | `root_path` | UTF-8 |
//! | 7, 8 | `client`: host, port | UTF-8, decimal |
//! | 9, 10 | `server`: host, port | UTF-8, decimal |
//! | 11… | `headers`: name, value, name, value… | bytes |
//!
//! uvicorn's dict has its keys in this order: `type`, `asgi`, `http_version`, `server`, `client`,
//! `scheme`, `root_path`, `headers`, `state`, `method`, `path`, `raw_path`, `query_string`, with
//! `spec_version` 2.3.

use std::borrow::Cow;

use crate::asgi::proxy::{self, Origin};
use crate::asgi::url;
use crate::gateway::{Peer, percent};
use crate::http1::message::RequestHead;
use crate::servers::{HttpLibrary, Launch};
use crate::wire::strings::Strings;

/// Strings that stand before the headers.
const FIELDS: usize = 11;

/// Why there is no scope for a request: it is answered as one that cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// The request target is no URL with a path.
    #[error("the request target has no path: send a target that begins with a slash")]
    Target,
}

/// A request as the app sees it.
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
    ///
    /// # Errors
    /// The request is to be refused with [`refusal::uvicorn`](crate::asgi::refusal::uvicorn).
    pub fn new(
        head: &'a RequestHead,
        peer: &'a Peer,
        launch: &'a Launch,
    ) -> Result<Self, ScopeError> {
        if launch.python_responses {
            // Its Python takes the target apart.
            return Ok(Self {
                head,
                peer,
                root_path: "",
                origin: proxy::origin(head, peer, launch),
                raw_path: &head.target,
                query: b"",
            });
        }
        let target = match launch.asgi.http {
            HttpLibrary::H11 => url::cut_query(&head.target),
            HttpLibrary::Httptools => url::split(&head.target).ok_or(ScopeError::Target)?,
        };
        let origin = proxy::origin(head, peer, launch);
        Ok(Self {
            head,
            peer,
            root_path: &launch.asgi.root_path,
            origin,
            raw_path: target.path,
            query: target.query,
        })
    }

    /// `path`: behind the root path, percent-decoded, what is no UTF-8 replaced.
    #[must_use]
    pub fn path(&self) -> Cow<'a, str> {
        let (root, raw) = (self.root_path, self.raw_path);
        if root.is_empty()
            && !raw.contains(&b'%')
            && let Ok(path) = std::str::from_utf8(raw)
        {
            return Cow::Borrowed(path);
        }
        let mut path = Vec::with_capacity(raw.len());
        percent::decode_into(raw, &mut path);
        Cow::Owned(format!("{root}{}", String::from_utf8_lossy(&path)))
    }

    /// The scope's strings, as the module describes.
    #[must_use]
    pub fn strings(&self) -> Strings {
        let headers = &self.head.headers;
        let bytes: usize = headers
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let mut strings = Strings::with_capacity(
            bytes + 2 * self.head.target.len() + 128,
            FIELDS + 2 * headers.len(),
        );
        strings.push(self.http_version());
        strings.push(&self.head.method);
        strings.push(&*self.origin.scheme);
        strings.push(&*self.path());
        strings.write(|text| {
            text.extend_from_slice(self.root_path.as_bytes());
            text.extend_from_slice(self.raw_path);
        });
        strings.push(self.query);
        strings.push(self.root_path);
        strings.push(&*self.origin.host);
        strings.push(self.origin.port.to_string());
        strings.push(&self.peer.local.0);
        strings.write(|text| {
            text.extend_from_slice(itoa::Buffer::new().format(self.peer.local.1).as_bytes());
        });
        for (name, value) in headers {
            strings.write(|text| text.extend(name.iter().map(u8::to_ascii_lowercase)));
            strings.push(value);
        }
        strings
    }

    /// The client as uvicorn's access log shows it: `127.0.0.1:50000`.
    #[must_use]
    pub fn client_text(&self) -> String {
        format!("{}:{}", self.origin.host, self.origin.port)
    }

    /// The request line as uvicorn's access log shows it: `GET /path?query HTTP/1.1`, the path
    /// encoded anew.
    #[must_use]
    pub fn request_line(&self) -> String {
        let mut line = self.head.method.clone();
        line.push(b' ');
        percent::encode_into(self.path().as_bytes(), &mut line);
        if !self.query.is_empty() {
            line.push(b'?');
            line.extend_from_slice(self.query);
        }
        line.extend_from_slice(b" HTTP/");
        line.extend_from_slice(self.http_version().as_bytes());
        String::from_utf8_lossy(&line).into_owned()
    }

    fn http_version(&self) -> &str {
        let protocol = std::str::from_utf8(&self.head.protocol).unwrap_or_default();
        protocol.strip_prefix("HTTP/").unwrap_or(protocol)
    }
}

#[cfg(test)]
mod tests;
