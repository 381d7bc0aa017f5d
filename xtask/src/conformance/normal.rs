//! What differs from run to run is replaced: dates, durations, process ids, ports, addresses.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Replacements, made one after the other.
struct Table(Vec<(Regex, &'static str)>);

impl Table {
    /// What is no regular expression replaces nothing; a test looks that there is none.
    fn new(rows: &[(&str, &'static str)]) -> Self {
        let rows = rows
            .iter()
            .filter_map(|(pattern, text)| Some((Regex::new(pattern).ok()?, *text)));
        Self(rows.collect())
    }

    fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (pattern, replacement) in &self.0 {
            if let std::borrow::Cow::Owned(replaced) = pattern.replace_all(&text, *replacement) {
                text = replaced;
            }
        }
        text
    }
}

const BYTES: &[(&str, &str)] = &[
    (
        r"(?i)\b(date: )\w{3}, \d\d \w{3} 20\d\d [\d:]{8} GMT",
        "${1}DATE",
    ),
    (r"\b0x[0-9a-f]{6,}\b", "0xADDRESS"),
    (r"\b127\.0\.0\.1:\d{4,5}\b", "127.0.0.1:PORT"),
    (r"('127\.0\.0\.1', )\d{4,5}\b", "${1}PORT"),
];

const LOG: &[(&str, &str)] = &[
    (r"\x1b\[[0-9;]*m", ""),
    (
        r"\[\d{4}-\d\d-\d\d [\d:]{8} [+-]\d{4}\] \[\d+\]",
        "[TIME] [PID]",
    ),
    (r"\d{4}-\d\d-\d\d [\d:]{8}(,\d+)?( [+-]\d{4})?", "TIME"),
    (r"\[\d\d/\w{3}/\d{4}:[\d:]{8}( [+-]\d{4})?\]", "[TIME]"),
    (r"\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}", "TIME"),
    (
        r"\[pid: \d+\|app: (\S+)\|req: [-\d]+/[-\d]+\]",
        "[pid: PID|app: $1|req: N]",
    ),
    // The host's name is among them.
    (r"\{(\d+) vars in \d+ bytes\}", "{$1 vars in N bytes}"),
    (r"\bin \d+ (msecs|micros)", "in N $1"),
    (r"\(\d+ switches on core \d+\)", "(N switches on core N)"),
    (r"\bpid:? ?\d+", "pid N"),
    (r"\b(worker|process) \[\d+\]", "$1 [N]"),
    (r"\b0x[0-9a-f]{6,}\b", "0xADDRESS"),
    (r"\b127\.0\.0\.1:\d{4,5}\b", "127.0.0.1:PORT"),
    (r"('127\.0\.0\.1', )\d{4,5}\b", "${1}PORT"),
    (r#"(\["127\.0\.0\.1", )\d{4,5}\b"#, "${1}PORT"),
    (r"\bTask-\d+\b", "Task-N"),
    (r"\bThread-\d+\b", "Thread-N"),
];

/// What a server sent, as text (latin-1).
pub(super) fn bytes(bytes: &[u8]) -> String {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(BYTES));
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    TABLE.apply(&text)
}

/// The lines of a log. Of a traceback only the frames of the app and what was raised are left: the
/// servers' own frames are those of their files, and Python's versions differ in the rest.
pub(super) fn log(text: &str) -> Vec<String> {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(LOG));
    static FRAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^[\s|+]*File "([^"]*)", line \d+(, in .*)?$"#).ok());
    let mut lines = Vec::new();
    let mut in_traceback = false;
    for line in TABLE.apply(text).lines() {
        let line = line.trim_end();
        let bare = line.trim_start_matches([' ', '|', '+', '-', '>']);
        if bare.is_empty() || line.starts_with("published ") {
            continue;
        }
        let frame = FRAME.as_ref().and_then(|frame| frame.captures(line));
        if let Some(frame) = frame {
            if let Some(shown) = of_app(&frame) {
                lines.push(shown);
            }
            continue;
        }
        if bare.starts_with("Traceback (most recent call last)") {
            in_traceback = true;
            lines.push("Traceback".to_owned());
            continue;
        }
        // The source of a frame, the marks below it, the parts of an exception group.
        if in_traceback && line.starts_with([' ', '|', '+']) {
            continue;
        }
        in_traceback = false;
        lines.push(bare.to_owned());
    }
    lines
}

fn of_app(frame: &Captures) -> Option<String> {
    let file = frame[1].rsplit('/').next()?;
    let of_app = matches!(file, "wsgi_app.py" | "asgi_app.py");
    let function = frame.get(2).map_or("", |function| function.as_str());
    of_app.then(|| format!("frame {file}{function}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_row_is_a_regular_expression() {
        for (pattern, _) in BYTES.iter().chain(LOG) {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn dates_and_ports_are_replaced_and_other_bytes_kept() {
        let seen = bytes(b"Date: Sun, 29 Nov 2026 20:00:01 GMT\r\n\xe4 127.0.0.1:43210");
        assert_eq!(seen, "Date: DATE\r\n\u{e4} 127.0.0.1:PORT");
        // An app's own date is compared.
        let own = b"date: Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(bytes(own).as_bytes(), own);
    }

    #[test]
    fn log_lines_lose_what_differs_from_run_to_run() {
        let text = "[2026-11-29 20:00:00 +0000] [123] [INFO] Booting worker with pid: 77\n\
                    127.0.0.1 - - [29/Nov/2026:20:00:00 +0000] \
                    \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n\
                    [pid: 5|app: 0|req: 1/2] 127.0.0.1 () {2 vars in 3 bytes} \
                    [Sun Nov 29 20:00:00 2026] GET / => generated 5 bytes in 12 msecs\n\
                    INFO:     127.0.0.1:43210 - \"GET / HTTP/1.1\" 200 OK\n";
        assert_eq!(
            log(text),
            [
                "[TIME] [PID] [INFO] Booting worker with pid N",
                "127.0.0.1 - - [TIME] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"",
                "[pid: PID|app: 0|req: N] 127.0.0.1 () {2 vars in N bytes} [TIME] GET / => \
                 generated 5 bytes in N msecs",
                "INFO:     127.0.0.1:PORT - \"GET / HTTP/1.1\" 200 OK",
            ]
        );
    }

    #[test]
    fn of_a_traceback_the_apps_frames_and_the_exception_are_left() {
        let text = "[2026-11-29 20:00:00 +0000] [1] [ERROR] Error handling request /\n\
                    Traceback (most recent call last):\n  \
                    File \"/v/gunicorn/workers/sync.py\", line 134, in handle\n    \
                    self.handle_request(listener, req)\n    ~~~~^^^^\n  \
                    File \"/tmp/x/app/wsgi_app.py\", line 5, in app\n    \
                    raise ValueError(\"asked to\")\nValueError: asked to\nnext\n";
        assert_eq!(
            log(text),
            [
                "[TIME] [PID] [ERROR] Error handling request /",
                "Traceback",
                "frame wsgi_app.py, in app",
                "ValueError: asked to",
                "next",
            ]
        );
    }
}
