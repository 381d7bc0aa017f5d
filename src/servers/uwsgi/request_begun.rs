//! What a uWSGI worker tells its master of a request that begins.

use std::fmt;

use crate::wire::strings::{self, Strings};

/// A request that a worker's thread has begun to answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestBegun {
    /// The client's address.
    pub client: String,
    /// Its method.
    pub method: String,
    /// Its target.
    pub target: String,
    /// When it began: seconds since 1970.
    pub since: u64,
}

impl RequestBegun {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let since = self.since.to_string();
        Strings::from_iter([&self.client, &self.method, &self.target, &since]).encode()
    }

    /// Reads what [`encode`](Self::encode) wrote; what is missing is empty.
    #[must_use]
    pub fn read(encoded: &[u8]) -> Self {
        let mut parts = strings::read(encoded).map(String::from_utf8_lossy);
        let mut next = || parts.next().unwrap_or_default().into_owned();
        Self {
            client: next(),
            method: next(),
            target: next(),
            since: next().parse().unwrap_or_default(),
        }
    }
}

/// As the master tells of it when it gives the request up.
impl fmt::Display for RequestBegun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            client,
            method,
            target,
            since,
        } = self;
        write!(f, "{client} - {method} {target} since {since}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn a_request_that_begins_comes_back_as_it_was_told() {
        let begun = RequestBegun {
            client: "127.0.0.1".to_owned(),
            method: "GET".to_owned(),
            target: "/100%25".to_owned(),
            since: 1_700_000_000,
        };
        assert_eq!(RequestBegun::read(&begun.encode()), begun);
        let line = "127.0.0.1 - GET /100%25 since 1700000000";
        assert_eq!(begun.to_string(), line);
    }

    #[test]
    fn of_one_that_cannot_be_read_all_is_empty() {
        assert_eq!(RequestBegun::read(b"\0"), RequestBegun::default());
    }
}
