//! How an answer of ours differs from the real server's.

use std::fmt;

use serde_json::Value;

use super::client::{End, Seen};
use super::exchange;
use super::frames;
use super::normal;
use super::response::{self, Response};

/// What a server did in one exchange, without what differs from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// What it sent.
    pub(super) text: String,
    /// How the connection ended.
    pub(super) end: End,
    /// What it printed meanwhile, if that was looked at.
    pub(super) log: Option<Vec<String>>,
}

impl Answer {
    pub(super) fn new(seen: &Seen, log: Option<Vec<String>>) -> Self {
        let bytes = &seen.bytes;
        let after_head = bytes.windows(4).position(|end| end == b"\r\n\r\n");
        let text = match after_head {
            Some(end) if bytes.starts_with(b"HTTP/1.1 101 ") => {
                let (head, frames) = bytes.split_at(end + 4);
                normal::bytes(head) + &frames::text(frames)
            }
            _ => normal::bytes(bytes),
        };
        Self {
            text,
            end: seen.end,
            log,
        }
    }
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    /// Where: a status, a field, a key of the environ, the end, a log line.
    pub(super) place: String,
    /// What the real server has there.
    pub(super) real: String,
    /// What ours has.
    pub(super) ours: String,
}

/// A value is shown up to so many characters.
const SHOWN: usize = 160;

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, real, ours } = self;
        write!(f, "{place}: {} | {}", short(real), short(ours))
    }
}

fn short(text: &str) -> String {
    let escaped: Vec<u8> = text
        .chars()
        .flat_map(|char| match u8::try_from(u32::from(char)) {
            Ok(byte) => vec![byte],
            Err(_) => char.to_string().into_bytes(),
        })
        .collect();
    let escaped = exchange::escape(&escaped);
    match escaped.char_indices().nth(SHOWN) {
        Some((index, _)) => format!("{}…", &escaped[..index]),
        None => escaped,
    }
}

impl Difference {
    fn new(place: impl Into<String>, real: impl Into<String>, ours: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            real: real.into(),
            ours: ours.into(),
        }
    }

    /// What other exchanges show of the same: the place without numbers, and what is there.
    pub(super) fn kind(&self) -> String {
        let word = |text: &str| -> String {
            let letters = text.chars().filter(|char| !char.is_ascii_digit());
            letters.take(24).collect()
        };
        // The texts of a page or of a log line are of many kinds; keys and ends are few.
        let (real, ours) = match self.place.as_str() {
            place if place.starts_with("environ") || place.starts_with("scope") => {
                (String::new(), String::new())
            }
            place if place.contains("status") => (self.real.clone(), self.ours.clone()),
            _ => (word(&self.real), word(&self.ours)),
        };
        format!("{}: {real} | {ours}", word(&self.place))
    }
}

/// What differs between two answers, the most telling first.
pub(super) fn compare(real: &Answer, ours: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    if real.text != ours.text {
        compare_texts(&real.text, &ours.text, &mut found);
    }
    if real.end != ours.end {
        found.push(Difference::new("end", name(real.end), name(ours.end)));
    }
    if let (Some(real), Some(ours)) = (&real.log, &ours.log) {
        compare_logs(real, ours, &mut found);
    }
    found
}

fn name(end: End) -> &'static str {
    match end {
        End::Open => "open",
        End::Fin => "FIN",
        End::Reset => "RST",
        End::Refused => "refused",
    }
}

fn compare_texts(real: &str, ours: &str, found: &mut Vec<Difference>) {
    let ((reals, real_rest), (our, our_rest)) = (response::split(real), response::split(ours));
    let before = found.len();
    for (number, (real, ours)) in (1..).zip(reals.iter().zip(&our)) {
        compare_responses(number, real, ours, found);
        if found.len() > before {
            // What follows differs because of this.
            break;
        }
    }
    if found.len() > before {
        return;
    }
    if reals.len() != our.len() {
        let statuses = |responses: &[Response]| -> String {
            let all: Vec<&str> = responses.iter().map(|one| one.status.as_str()).collect();
            all.join(", ")
        };
        found.push(Difference::new(
            "responses",
            statuses(&reals),
            statuses(&our),
        ));
    } else if real_rest != our_rest {
        found.push(Difference::new(
            "bytes",
            differing(real_rest, our_rest),
            differing(our_rest, real_rest),
        ));
    } else {
        found.push(Difference::new("bytes", real, ours));
    }
}

/// A text from a little before where it differs from another.
fn differing(text: &str, other: &str) -> String {
    let same = text
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .count();
    text.chars().skip(same.saturating_sub(12)).collect()
}

fn compare_responses(number: usize, real: &Response, ours: &Response, found: &mut Vec<Difference>) {
    let place = |what: &str| match number {
        1 => what.to_owned(),
        _ => format!("{what} of response {number}"),
    };
    if real.status != ours.status {
        found.push(Difference::new(place("status"), &real.status, &ours.status));
        return;
    }
    let told = real.told().zip(ours.told());
    if let Some((real, ours)) = &told
        && real != ours
    {
        compare_told(real, ours, found);
        return;
    }
    if real.fields != ours.fields {
        let mut same_lines = true;
        for line in real
            .fields
            .iter()
            .filter(|line| !ours.fields.contains(line))
        {
            let other = ours
                .fields
                .iter()
                .find(|other| field_name(other) == field_name(line));
            let other = other.map_or("", String::as_str);
            found.push(Difference::new(place("field"), line, other));
            same_lines = false;
        }
        for line in ours
            .fields
            .iter()
            .filter(|line| !real.fields.contains(line))
        {
            if !real
                .fields
                .iter()
                .any(|other| field_name(other) == field_name(line))
            {
                found.push(Difference::new(place("field"), "", line));
            }
            same_lines = false;
        }
        if same_lines {
            let all = |response: &Response| response.fields.join("\r\n");
            found.push(Difference::new(
                place("order of fields"),
                all(real),
                all(ours),
            ));
        }
    }
    if real.body != ours.body {
        found.push(Difference::new(
            place("body"),
            differing(&real.body, &ours.body),
            differing(&ours.body, &real.body),
        ));
    }
}

fn field_name(line: &str) -> String {
    line.split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// Compares what an app tells: an environ or a scope key by key, what it read as a whole.
fn compare_told(
    real: &serde_json::Map<String, Value>,
    ours: &serde_json::Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    for part in ["environ", "scope"] {
        let (Some(Value::Object(real)), Some(Value::Object(ours))) =
            (real.get(part), ours.get(part))
        else {
            continue;
        };
        let keys: std::collections::BTreeSet<&String> = real.keys().chain(ours.keys()).collect();
        for key in keys {
            let (real, ours) = (real.get(key), ours.get(key));
            if real != ours {
                let text = |value: Option<&Value>| value.map_or(String::new(), Value::to_string);
                found.push(Difference::new(
                    format!("{part} {key}"),
                    text(real),
                    text(ours),
                ));
            }
        }
    }
    let notes = |told: &serde_json::Map<String, Value>| told.get("notes").map(Value::to_string);
    if real.get("notes") != ours.get("notes") {
        let (real, ours) = (notes(real), notes(ours));
        found.push(Difference::new(
            "read",
            real.unwrap_or_default(),
            ours.unwrap_or_default(),
        ));
    }
}

/// Lines that only one of them has, and their order if all are the same.
fn compare_logs(real: &[String], ours: &[String], found: &mut Vec<Difference>) {
    if real == ours {
        return;
    }
    let (missing, extra) = (without(real, ours), without(ours, real));
    if missing.is_empty() && extra.is_empty() {
        found.push(Difference::new(
            "order of log lines",
            real.join("\n"),
            ours.join("\n"),
        ));
        return;
    }
    for index in 0..missing.len().max(extra.len()) {
        let line = |lines: &[String]| lines.get(index).cloned().unwrap_or_default();
        found.push(Difference::new("log", line(&missing), line(&extra)));
    }
}

/// The lines that are not among others, each as often as it is more often.
pub(super) fn without(lines: &[String], others: &[String]) -> Vec<String> {
    let mut others: Vec<&String> = others.iter().collect();
    let mut left = Vec::new();
    for line in lines {
        match others.iter().position(|other| *other == line) {
            Some(index) => {
                others.swap_remove(index);
            }
            None => left.push(line.clone()),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(real: &str, ours: &str) -> Vec<String> {
        let answer = |text: &str| Answer {
            text: text.into(),
            end: End::Open,
            log: None,
        };
        let found = compare(&answer(real), &answer(ours));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_answers_do_not_differ() {
        assert!(differences("HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n").is_empty());
    }

    #[test]
    fn a_status_a_field_a_body_and_a_missing_response_are_named() {
        let head = "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 1\r\n\r\n";
        let answer = format!("{head}x");
        let found = differences(&answer, &answer.replace("200 OK", "400 Bad"));
        assert_eq!(found, ["status: HTTP/1.1 200 OK | HTTP/1.1 400 Bad"]);
        let found = differences(&answer, &answer.replace("A: 1", "B: 1"));
        assert_eq!(found, ["field: A: 1 | ", "field:  | B: 1"]);
        assert_eq!(differences(&answer, &format!("{head}y")), ["body: x | y"]);
        let found = differences(&format!("{answer}{answer}"), &answer);
        assert_eq!(
            found,
            ["responses: HTTP/1.1 200 OK, HTTP/1.1 200 OK | HTTP/1.1 200 OK"]
        );
        assert_eq!(differences("<p>", "<q>"), ["bytes: <p> | <q>"]);
    }

    #[test]
    fn an_environ_is_compared_key_by_key() {
        let answer = |value: &str| {
            format!("HTTP/1.1 200 OK\r\n\r\n{{\"environ\": {{\"A\": 1, {value}}}, \"notes\": []}}")
        };
        let found = differences(&answer("\"B\": 2"), &answer("\"C\": 3"));
        assert_eq!(found, ["environ B: 2 | ", "environ C:  | 3"]);
    }

    #[test]
    fn log_lines_are_compared_as_often_as_they_stand_there() {
        let lines = |text: &[&str]| {
            text.iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>()
        };
        let found = |real: &[&str], ours: &[&str]| {
            let mut found = Vec::new();
            compare_logs(&lines(real), &lines(ours), &mut found);
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(found(&["a", "a", "b"], &["b", "a", "c"]), ["log: a | c"]);
        assert_eq!(
            found(&["a", "b"], &["b", "a"]),
            ["order of log lines: a\\nb | b\\na"]
        );
    }

    #[test]
    fn kinds_leave_out_numbers() {
        let kind = |place: &str, real: &str| Difference::new(place, real, "").kind();
        assert_eq!(
            kind("field", "Content-Length: 12"),
            kind("field", "Content-Length: 345")
        );
        assert_ne!(
            kind("status", "HTTP/1.1 200 OK"),
            kind("status", "HTTP/1.1 400 OK")
        );
    }
}
