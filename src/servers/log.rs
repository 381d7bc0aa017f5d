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

/// A point in time as people write it, UTC.
struct Civil {
    year: i64,
    /// 1 to 12
    month: usize,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// 0 is Sunday.
    weekday: usize,
}

impl Civil {
    /// Days to civil date after Howard Hinnant's `civil_from_days`, which is exact for the
    /// proleptic Gregorian calendar.
    fn new(now: Millis) -> Civil {
        let seconds = (now / 1000.0).floor() as i64;
        let (days, second_of_day) = (
            seconds.div_euclid(86_400),
            seconds.rem_euclid(86_400) as u32,
        );
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Civil {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as usize,
            day: (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32,
            hour: second_of_day / 3600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            weekday: (days + 4).rem_euclid(7) as usize,
        }
    }

    fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        NAMES
            .get(self.month.wrapping_sub(1))
            .copied()
            .unwrap_or("???")
    }

    fn weekday_name(&self) -> &'static str {
        const NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        NAMES.get(self.weekday).copied().unwrap_or("???")
    }
}

/// The value of the `Date` header: an IMF-fixdate (RFC 9110, section 5.6.7).
#[must_use]
pub fn http_date(now: Millis) -> String {
    let t = Civil::new(now);
    let (weekday, month) = (t.weekday_name(), t.month_name());
    format!(
        "{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
        t.day, t.year, t.hour, t.minute, t.second
    )
}

/// The time of Apache's common log format, gunicorn's `%(t)s`: `[22/Nov/2026:10:00:00 +0000]`.
fn common_log_time(now: Millis) -> String {
    let t = Civil::new(now);
    let month = t.month_name();
    format!(
        "[{:02}/{month}/{:04}:{:02}:{:02}:{:02} +0000]",
        t.day, t.year, t.hour, t.minute, t.second
    )
}

/// The time as C's `ctime` writes it, as uWSGI's log has it: `Sun Nov 22 10:00:00 2026`.
#[must_use]
pub fn ctime(now: Millis) -> String {
    let t = Civil::new(now);
    let (weekday, month) = (t.weekday_name(), t.month_name());
    format!(
        "{weekday} {month} {:2} {:02}:{:02}:{:02} {:04}",
        t.day, t.hour, t.minute, t.second, t.year
    )
}

/// The name of a level as Python's `logging` writes it.
#[must_use]
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Trace => "TRACE",
        Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warning => "WARNING",
        Level::Error => "ERROR",
        Level::Critical => "CRITICAL",
    }
}

/// A record with an exception: the message, and the traceback on the lines after it, as
/// `logging.Formatter` joins them. uvicorn's messages that end with a newline of their own give no
/// empty line.
#[must_use]
pub fn with_traceback(message: &str, traceback: &str) -> String {
    let traceback = traceback.strip_suffix('\n').unwrap_or(traceback);
    let separator = if message.ends_with('\n') { "" } else { "\n" };
    [message, separator, traceback].concat()
}

/// A line of gunicorn's error log: `[2026-11-22 10:00:00 +0000] [7] [INFO] message`.
#[must_use]
pub fn gunicorn(now: Millis, pid: Pid, level: Level, message: &str) -> String {
    let t = Civil::new(now);
    let mut line = format!(
        "[{:04}-{:02}-{:02} {:02}:{:02}:{:02} +0000] [{pid}] [",
        t.year, t.month, t.day, t.hour, t.minute, t.second
    );
    line.push_str(level_name(level));
    line.push_str("] ");
    line.push_str(message);
    line
}

/// A line of uvicorn's log: `INFO:     message`. The level is coloured if `colors`; for the
/// messages whose text is coloured too there are [`uvicorn_process`] and [`uvicorn_running`].
#[must_use]
pub fn uvicorn(level: Level, message: &str, colors: bool) -> String {
    let name = level_name(level);
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
    let mut message = [what, " ["].concat();
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
    let mut message = [client, " - \""].concat();
    let request_line = [method, " ", target, " HTTP/", version].concat();
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
