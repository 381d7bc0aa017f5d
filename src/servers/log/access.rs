//! gunicorn's access log: `--access-logformat`, a Python `%`-format over named atoms.
//!
//! gunicorn hands the format to `logging`, so a format that Python cannot apply fails at the first
//! request. Here it fails when it is parsed, with the same reason.

use super::common_log_time;
use crate::os::{Millis, Pid};
use std::borrow::Cow;

/// gunicorn's default format.
pub const DEFAULT_ACCESS_FORMAT: &str =
    r#"%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s""#;

/// Where a named atom (`%({name}i)s`, `o`, `e`) comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// `i`: a header of the request.
    Request,
    /// `o`: a header of the response, as the app gave it.
    Response,
    /// `e`: a variable of the WSGI environ.
    Environ,
}

/// What an access line is made of.
#[derive(Clone, Copy)]
pub struct AccessAtoms<'a> {
    /// When the line is logged.
    pub now: Millis,
    /// The worker.
    pub pid: Pid,
    /// The client's address without port (`REMOTE_ADDR`).
    pub remote_addr: &'a str,
    /// The user of HTTP basic authentication, `None` without.
    pub user: Option<&'a str>,
    /// The request method.
    pub method: &'a str,
    /// The request target, as sent (`RAW_URI`).
    pub raw_uri: &'a str,
    /// `PATH_INFO`
    pub path: &'a str,
    /// `QUERY_STRING`
    pub query: &'a str,
    /// `HTTP/1.1`
    pub protocol: &'a str,
    /// The status code, `None` if `start_response` was never called (the line says `None`).
    pub status: Option<u16>,
    /// Body bytes sent.
    pub sent: u64,
    /// How long the request took.
    pub duration: Millis,
    /// The value of a header or variable, the last one if there are several. The name is in lower
    /// case.
    pub lookup: &'a dyn Fn(Source, &str) -> Option<String>,
}

/// Why an access log format cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessFormatError {
    /// A `%` that does not begin a named atom.
    #[error("the access log format needs %(name)s after each % (write %% for a percent sign)")]
    NoName,
    /// `%(name` without end.
    #[error("the access log format has an atom without its closing parenthesis")]
    Unclosed,
    /// `%(name)` without a conversion.
    #[error("the access log format ends within %({0})")]
    Incomplete(String),
    /// A conversion that is neither `s` nor, for a number, `d`.
    #[error("the access log format has %({0}){1}: use s, or d for the atoms T, D, M and B")]
    Conversion(String, char),
}

/// A format, parsed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessFormat {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Atom {
        name: String,
        left: bool,
        zeros: bool,
        width: usize,
        precision: Option<usize>,
    },
}

impl AccessFormat {
    /// Parses a `--access-logformat`.
    ///
    /// # Errors
    /// A format that Python's `%` operator would reject, or that uses a conversion other than `s`
    /// and `d`.
    pub fn parse(format: &str) -> Result<AccessFormat, AccessFormatError> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = format;
        while let Some((before, spec)) = rest.split_once('%') {
            text.push_str(before);
            rest = spec;
            if let Some(after) = rest.strip_prefix('%') {
                text.push('%');
                rest = after;
                continue;
            }
            let (piece, after) = parse_atom(rest)?;
            rest = after;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(piece);
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(AccessFormat { pieces })
    }

    /// The line of one request.
    #[must_use]
    pub fn line(&self, atoms: &AccessAtoms<'_>) -> String {
        let mut line = String::with_capacity(128);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Atom {
                    name,
                    left,
                    zeros,
                    width,
                    precision,
                } => {
                    let value = atoms.value(name);
                    let shown =
                        precision.map_or(value.chars().count(), |p| value.chars().count().min(p));
                    let padding = width.saturating_sub(shown);
                    let (before, after) = if *left { (0, padding) } else { (padding, 0) };
                    line.extend(std::iter::repeat_n(if *zeros { '0' } else { ' ' }, before));
                    line.extend(value.chars().take(shown));
                    line.extend(std::iter::repeat_n(' ', after));
                }
            }
        }
        line
    }
}

/// Parses `(name)` and what follows it, after the percent sign: flags, width, precision,
/// conversion.
fn parse_atom(spec: &str) -> Result<(Piece, &str), AccessFormatError> {
    let inner = spec.strip_prefix('(').ok_or(AccessFormatError::NoName)?;
    // As in Python, parentheses within the name nest.
    let mut depth = 1_u32;
    let closes = |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    };
    let (name, rest) = inner
        .split_once(closes)
        .ok_or(AccessFormatError::Unclosed)?;
    let (flags, rest) = leading(rest, |c| matches!(c, '-' | '+' | ' ' | '0' | '#'));
    let (width, rest) = leading_number(rest);
    let (precision, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let (digits, rest) = leading_number(rest);
            (Some(digits), rest)
        }
        None => (None, rest),
    };
    let mut rest = rest.chars();
    let Some(conversion) = rest.next() else {
        return Err(AccessFormatError::Incomplete(name.to_owned()));
    };
    let number = matches!(name, "T" | "D" | "M" | "B");
    let (zeros, precision) = match conversion {
        's' => (false, precision),
        'd' | 'i' | 'u' if number => (flags.contains('0') && !flags.contains('-'), None),
        other => return Err(AccessFormatError::Conversion(name.to_owned(), other)),
    };
    // Names of headers and variables are looked up in lower case.
    let name = if name.starts_with('{') {
        name.to_ascii_lowercase()
    } else {
        name.to_owned()
    };
    let left = flags.contains('-');
    Ok((
        Piece::Atom {
            name,
            left,
            zeros,
            width,
            precision,
        },
        rest.as_str(),
    ))
}

/// The characters of a kind that `text` begins with, and the rest.
fn leading(text: &str, of_kind: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !of_kind(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The number that `text` begins with, 0 without one, at most 999: wider lines help nobody and cost
/// memory.
fn leading_number(text: &str) -> (usize, &str) {
    let (digits, rest) = leading(text, |c| c.is_ascii_digit());
    let number = if digits.is_empty() {
        0
    } else {
        digits.parse().unwrap_or(999)
    };
    (number.min(999), rest)
}

impl AccessAtoms<'_> {
    /// The text of an atom; `-` for one that does not exist. Quotes in text are escaped by a
    /// backslash.
    fn value(&self, name: &str) -> Cow<'_, str> {
        let micros = (self.duration.max(0.0) * 1000.0).round() as u64;
        let variable = |name: &str| (self.lookup)(Source::Environ, name).map(Cow::Owned);
        let text: Option<Cow<'_, str>> = match name {
            "h" => Some(self.remote_addr.into()),
            "u" => self.user.filter(|user| !user.is_empty()).map(Into::into),
            "t" => Some(common_log_time(self.now).into()),
            "r" => Some(format!("{} {} {}", self.method, self.raw_uri, self.protocol).into()),
            "s" => Some(
                self.status
                    .map_or_else(|| "None".into(), |status| status.to_string().into()),
            ),
            "m" => Some(self.method.into()),
            "U" => Some(self.path.into()),
            "q" => Some(self.query.into()),
            "H" => Some(self.protocol.into()),
            "b" | "B" => Some(self.sent.to_string().into()),
            "f" => variable("http_referer"),
            "a" => variable("http_user_agent"),
            "T" => Some((micros / 1_000_000).to_string().into()),
            "D" => Some(micros.to_string().into()),
            "M" => Some((micros / 1000).to_string().into()),
            "L" => Some(format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000).into()),
            "p" => Some(format!("<{}>", self.pid).into()),
            // `l` is always a dash.
            _ => named_atom(name)
                .and_then(|(source, name)| (self.lookup)(source, name))
                .map(Cow::Owned),
        };
        match text {
            Some(text) if text.contains('"') => text.replace('"', "\\\"").into(),
            Some(text) => text,
            None => "-".into(),
        }
    }
}

/// `{name}i`, `{name}o` or `{name}e`, taken apart.
fn named_atom(atom: &str) -> Option<(Source, &str)> {
    let (name, source) = atom.strip_prefix('{')?.rsplit_once('}')?;
    let source = match source {
        "i" => Source::Request,
        "o" => Source::Response,
        "e" => Source::Environ,
        _ => return None,
    };
    Some((source, name))
}
