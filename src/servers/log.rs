//! The lines that the originals log: gunicorn's error and access logs, uvicorn's default and access
//! formats.
//!
//! Pure functions of what is logged and when; times are [`Millis`] since the epoch, written in UTC.
//! No function ends its line with a newline. A message of several lines (a traceback) is printed as
//! it is: the prefix stands before its first line only. A control character in a request reaches
//! the log as it does in the originals.

mod access;
#[cfg(test)]
mod tests;

pub use access::{AccessAtoms, AccessFormat, AccessFormatError, DEFAULT_ACCESS_FORMAT, Source};

use super::Level;
use super::host::url;
use crate::os::{Millis, Pid};
use std::fmt::Write as _;
use time::OffsetDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

/// A point in time as `format` writes it, UTC. What is no date is the epoch.
fn formatted(now: Millis, format: StaticFormatDescription) -> String {
    let date = OffsetDateTime::from_unix_timestamp((now / 1000.0).floor() as i64)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(&format).unwrap_or_default()
}

/// The time of Apache's common log format, gunicorn's `%(t)s`: `[22/Nov/2026:10:00:00 +0000]`.
fn common_log_time(now: Millis) -> String {
    formatted(
        now,
        format_description!("[[[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000]"),
    )
}

/// The time as C's `ctime` writes it, as uWSGI's log has it: `Sun Nov 22 10:00:00 2026`.
#[must_use]
pub fn ctime(now: Millis) -> String {
    formatted(
        now,
        format_description!(
            "[weekday repr:short] [month repr:short] [day padding:space] [hour]:[minute]:[second] [year]"
        ),
    )
}

/// A record with an exception: the message, and the traceback on the lines after it, as
/// `logging.Formatter` joins them. uvicorn's messages that end with a newline of their own give no
/// empty line.
#[must_use]
pub fn with_traceback(message: &str, traceback: &str) -> String {
    let traceback = traceback.strip_suffix('\n').unwrap_or(traceback);
    let separator = if message.ends_with('\n') { "" } else { "\n" };
    format!("{message}{separator}{traceback}")
}

/// A line of gunicorn's error log: `[2026-11-22 10:00:00 +0000] [7] [INFO] message`.
#[must_use]
pub fn gunicorn(now: Millis, pid: Pid, level: Level, message: &str) -> String {
    let time = formatted(
        now,
        format_description!("[year]-[month]-[day] [hour]:[minute]:[second] +0000"),
    );
    format!("[{time}] [{pid}] [{}] {message}", level.name())
}

/// A line of uvicorn's log: `INFO:     message`. The level is coloured if `colors`; for the
/// messages whose text is coloured too there are [`uvicorn_process`] and [`uvicorn_running`].
#[must_use]
pub fn uvicorn(level: Level, message: &str, colors: bool) -> String {
    let name = level.name();
    let mut line = String::with_capacity(message.len() + 20);
    if colors {
        let color = match level {
            Level::Trace => 34,
            Level::Debug => 36,
            Level::Info => 32,
            Level::Warning => 33,
            Level::Error => 31,
            Level::Critical => 91,
        };
        push_styled(&mut line, Some(color), false, name);
    } else {
        line.push_str(name);
    }
    line.push(':');
    // The level is padded to the eight letters of CRITICAL, colours not counted.
    for _ in name.len()..9 {
        line.push(' ');
    }
    line.push_str(message);
    line
}

fn push_styled(line: &mut String, color: Option<u8>, bold: bool, text: &str) {
    if let Some(color) = color {
        // Writing to a String cannot fail.
        let _ = write!(line, "\x1b[{color}m");
    }
    if bold {
        line.push_str("\x1b[1m");
    }
    line.push_str(text);
    line.push_str("\x1b[0m");
}

/// uvicorn's lines about a process: `INFO:     Started server process [7]`. The pid is cyan if
/// `colors`, and bold too where the original says so: for the parent process.
#[must_use]
pub fn uvicorn_process(what: &str, pid: Pid, parent: bool, colors: bool) -> String {
    let mut message = format!("{what} [");
    if colors {
        push_styled(&mut message, Some(36), parent, &pid.to_string());
    } else {
        message.push_str(&pid.to_string());
    }
    message.push(']');
    uvicorn(Level::Info, &message, colors)
}

/// `INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)`.
#[must_use]
pub fn uvicorn_running(host: &str, port: u16, colors: bool) -> String {
    let url = url(host, port);
    let mut message = String::from("Uvicorn running on ");
    if colors {
        push_styled(&mut message, None, true, &url);
    } else {
        message.push_str(&url);
    }
    message.push_str(" (Press CTRL+C to quit)");
    uvicorn(Level::Info, &message, colors)
}

/// uvicorn's access line: `INFO:     127.0.0.1:5000 - "GET /a?b HTTP/1.1" 200 OK`.
///
/// `client` is `host:port`, `target` the path, quoted, with its query string, `version` is `1.1`,
/// `phrase` is what Python's `http.HTTPStatus` calls `status`, empty for a status that it does not
/// know (the line then ends with a blank).
#[must_use]
pub fn uvicorn_access(
    client: &str,
    method: &str,
    target: &str,
    version: &str,
    status: u16,
    phrase: &str,
    colors: bool,
) -> String {
    let mut message = format!("{client} - \"");
    let request_line = format!("{method} {target} HTTP/{version}");
    let status_line = format!("{status} {phrase}");
    let color = match status / 100 {
        1 => Some(97),
        2 => Some(32),
        3 => Some(33),
        4 => Some(31),
        5 => Some(91),
        _ => None,
    };
    if colors {
        push_styled(&mut message, None, true, &request_line);
    } else {
        message.push_str(&request_line);
    }
    message.push_str("\" ");
    match color {
        Some(color) if colors => push_styled(&mut message, Some(color), false, &status_line),
        _ => message.push_str(&status_line),
    }
    uvicorn(Level::Info, &message, colors)
}
