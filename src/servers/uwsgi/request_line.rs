//! uWSGI's line for a request, on its way from the worker, which writes it, to the master, which
//! knows how many requests there were.

use crate::wire::strings;

/// A line for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestLine {
    /// It is complete: `--logformat`.
    Whole(String),
    /// The numbers of requests, the worker's and all, belong between these two parts.
    Numbered {
        /// What stands before the numbers.
        before: String,
        /// What stands behind them.
        after: String,
        /// Whether the worker has an app: without one it counts no requests.
        has_app: bool,
    },
}

impl RequestLine {
    /// What `log.py` has written, if it has a line for the request.
    #[must_use]
    pub fn read(encoded: &[u8]) -> Option<Self> {
        let mut parts = strings::read(encoded).map(String::from_utf8_lossy);
        let kind = parts.next()?;
        let has_app = match &*kind {
            "whole" => return Some(Self::Whole(parts.next()?.into_owned())),
            "numbered" => true,
            "numbered without app" => false,
            _ => return None,
        };
        Some(Self::Numbered {
            before: parts.next()?.into_owned(),
            after: parts.next()?.into_owned(),
            has_app,
        })
    }

    /// The line, where the worker has begun `own` requests, and `total` were served in all.
    #[must_use]
    pub fn with_numbers(&self, own: u32, total: u32) -> String {
        match self {
            Self::Whole(line) => line.clone(),
            Self::Numbered {
                before,
                after,
                has_app: true,
            } => format!("{before}{own}/{total}{after}"),
            Self::Numbered { before, after, .. } => format!("{before}-1/{total}{after}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;
    use crate::wire::strings::Strings;

    fn read(parts: &[&str]) -> Option<RequestLine> {
        let strings: Strings = parts.iter().collect();
        RequestLine::read(&strings.encode())
    }

    #[test]
    fn the_numbers_of_requests_stand_between_two_parts() {
        let line = |kind| read(&[kind, "req: ", "] GET"]).map(|line| line.with_numbers(2, 5));
        assert_eq!(line("numbered").as_deref(), Some("req: 2/5] GET"));
        assert_eq!(
            line("numbered without app").as_deref(),
            Some("req: -1/5] GET")
        );
    }

    #[test]
    fn a_request_may_have_a_line_without_numbers_or_none() {
        let whole = RequestLine::Whole("GET / 200".to_owned());
        assert_eq!(whole.with_numbers(2, 5), "GET / 200");
        assert_eq!(read(&["whole", "GET / 200"]), Some(whole));
        assert_eq!(read(&[]), None);
    }
}
