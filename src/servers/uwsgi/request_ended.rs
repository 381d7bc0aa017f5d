//! What a uWSGI worker tells its master of a request that has ended: its line of the log, which the
//! master completes, and what the master counts.

use crate::wire::strings;

/// A request that a worker's thread is done with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestEnded {
    /// Its line of the log, if it has one.
    pub line: Option<RequestLine>,
    /// The app that was called, if one was.
    pub app: Option<AppCalled>,
    /// Bytes that were sent, heads too.
    pub sent: u64,
    /// Microseconds that it took, unless it is not counted among those of the worker: a file.
    pub micros: Option<u64>,
    /// Whether it was a file.
    pub is_file: bool,
    /// Writes that failed.
    pub write_errors: u32,
    /// Reads of the body that failed.
    pub read_errors: u32,
    /// Exceptions that the app raised.
    pub exceptions: u32,
}

/// An app that was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppCalled {
    /// Its number.
    pub number: u32,
    /// How often this process has called it.
    pub calls: u32,
}

/// A line for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestLine {
    /// It is complete: `--logformat`.
    Whole(String),
    /// The numbers of requests, the app's and all, belong between these two parts.
    Numbered {
        /// What stands before the numbers.
        before: String,
        /// What stands behind them.
        after: String,
    },
}

impl RequestEnded {
    /// Reads what `log.py` has written; what is missing is nothing.
    #[must_use]
    pub fn read(encoded: &[u8]) -> Self {
        let mut parts = strings::read(encoded).map(String::from_utf8_lossy);
        let mut next = || parts.next().unwrap_or_default().into_owned();
        let (kind, before, after) = (next(), next(), next());
        let line = match kind.as_str() {
            "whole" => Some(RequestLine::Whole(before)),
            "numbered" => Some(RequestLine::Numbered { before, after }),
            _ => None,
        };
        let app = match (next().parse(), next().parse()) {
            (Ok(number), Ok(calls)) => Some(AppCalled { number, calls }),
            _ => None,
        };
        let sent = next().parse().unwrap_or_default();
        let micros = next().parse().ok();
        let is_file = next() == "file";
        let mut count = || next().parse().unwrap_or_default();
        Self {
            line,
            app,
            sent,
            micros,
            is_file,
            write_errors: count(),
            read_errors: count(),
            exceptions: count(),
        }
    }
}

impl RequestLine {
    /// The line, where the app was called `calls` times, if it was, and `total` requests were
    /// served in all.
    #[must_use]
    pub fn with_numbers(&self, calls: Option<u32>, total: u32) -> String {
        match self {
            Self::Whole(line) => line.clone(),
            Self::Numbered { before, after } => match calls {
                Some(calls) => format!("{before}{calls}/{total}{after}"),
                None => format!("{before}-1/{total}{after}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;
    use crate::wire::strings::Strings;

    fn read(parts: &[&str]) -> RequestEnded {
        let strings: Strings = parts.iter().collect();
        RequestEnded::read(&strings.encode())
    }

    #[test]
    fn the_numbers_of_requests_stand_between_two_parts() {
        let ended = read(&["numbered", "req: ", "] GET"]);
        let line = |calls| ended.line.as_ref().map(|line| line.with_numbers(calls, 5));
        assert_eq!(line(Some(2)).as_deref(), Some("req: 2/5] GET"));
        assert_eq!(line(None).as_deref(), Some("req: -1/5] GET"));
    }

    #[test]
    fn a_request_may_have_a_line_without_numbers_or_none() {
        let whole = RequestLine::Whole("GET / 200".to_owned());
        assert_eq!(whole.with_numbers(Some(2), 5), "GET / 200");
        assert_eq!(read(&["whole", "GET / 200", ""]).line, Some(whole));
        assert_eq!(read(&[]), RequestEnded::default());
    }

    #[test]
    fn what_the_master_counts_follows_the_line() {
        let numbers = ["", "", "", "1", "7", "4096", "1500", "file", "1", "2", "3"];
        let expected = RequestEnded {
            line: None,
            app: Some(AppCalled {
                number: 1,
                calls: 7,
            }),
            sent: 4096,
            micros: Some(1500),
            is_file: true,
            write_errors: 1,
            read_errors: 2,
            exceptions: 3,
        };
        assert_eq!(read(&numbers), expected);
    }
}
