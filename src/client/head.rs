//! The head of a request as the page encodes it.

use crate::http1::Framing;
use crate::wire::strings;

/// A list of strings: the port, the method, the target, the body (its length in bytes, or
/// `chunked`), then names and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchHead {
    /// The port to connect to.
    pub port: u16,
    /// The method.
    pub method: Vec<u8>,
    /// The request target.
    pub target: Vec<u8>,
    /// How the body is framed.
    pub framing: Framing,
    /// All header fields.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl FetchHead {
    /// Reads it.
    #[must_use]
    pub fn decode(list: &[u8]) -> Option<Self> {
        let mut strings = strings::read(list);
        let port = text(strings.next()?)?.parse().ok()?;
        let method = strings.next()?.to_vec();
        let target = strings.next()?.to_vec();
        let framing = match text(strings.next()?)? {
            "chunked" => Framing::Chunked,
            "0" => Framing::Empty,
            length => Framing::Length(length.parse().ok()?),
        };
        let mut headers = Vec::new();
        while let Some(name) = strings.next() {
            headers.push((name.to_vec(), strings.next()?.to_vec()));
        }
        Some(Self {
            port,
            method,
            target,
            framing,
            headers,
        })
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;
    use crate::wire::strings::Strings;

    #[test]
    fn a_head_is_read_as_the_page_wrote_it() {
        let strings = ["8000", "POST", "/a?b", "12", "Host", "x", "Accept", "*/*"];
        let list = strings.iter().collect::<Strings>().encode();
        let head = FetchHead::decode(&list).unwrap();
        assert_eq!((head.port, head.framing), (8000, Framing::Length(12)));
        assert_eq!(head.headers[1], (b"Accept".to_vec(), b"*/*".to_vec()));
    }

    #[test]
    fn a_head_that_is_cut_short_is_none() {
        let list = Strings::from_iter(["8000", "GET"]).encode();
        assert_eq!(FetchHead::decode(&list), None);
    }
}
