//! What stands at the head of a request and of a response, as it was on the wire.

use std::borrow::Cow;

/// The HTTP version of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

impl Version {
    /// As it stands in a message: `HTTP/1.1`.
    #[must_use]
    pub const fn as_bytes(self) -> &'static [u8] {
        match self {
            Version::Http10 => b"HTTP/1.0",
            Version::Http11 => b"HTTP/1.1",
        }
    }
}

/// How the end of a message body is found (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is no body.
    Empty,
    /// So many bytes, as Content-Length says.
    Length(u64),
    /// Chunks, the last of size zero.
    Chunked,
    /// Everything until the connection ends (responses only).
    UntilClose,
}

/// A parsed request head. Names and values are the bytes received: names in their own case, values
/// without the white space around them, order and duplicates kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// The method, as sent.
    pub method: Vec<u8>,
    /// The request target, as sent: origin form, absolute form, authority form or `*`.
    pub target: Vec<u8>,
    /// The version that the request is read by.
    pub version: Version,
    /// The protocol as it stands on the request line, `HTTP/1.1` for most: some servers give it
    /// back as it came.
    pub protocol: Cow<'static, [u8]>,
    /// The header fields.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// How the body is framed.
    pub framing: Framing,
    /// Whether the client would keep the connection after the response (its version and Connection
    /// header).
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, section
    /// 10.1.1).
    pub expects_continue: bool,
}

impl RequestHead {
    /// The head of a request of which nothing is known yet.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            method: Vec::new(),
            target: Vec::new(),
            version: Version::Http11,
            protocol: Version::Http11.as_bytes().into(),
            headers: Vec::new(),
            framing: Framing::Empty,
            keep_alive: false,
            expects_continue: false,
        }
    }

    /// The values of the header `name` (any case), in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, v)| v.as_slice())
    }
}

/// A response head, complete and in the order in which it goes out: the encoder adds nothing to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The version on the status line.
    pub version: Version,
    /// What follows the version on the status line: `200 OK`.
    pub status: Vec<u8>,
    /// All header fields.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl ResponseHead {
    /// The values of the header `name` (any case), in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, v)| v.as_slice())
    }
}
