//! The differences that are known, each with its reason: `tests/conformance/known.toml`.

use std::cell::Cell;

use regex::Regex;
use serde::Deserialize;

use super::difference::Difference;
use super::exchange::Exchange;
use crate::error::{Error, Result};
use crate::project::{self, Project};

const PATH: &str = "tests/conformance/known.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Row>,
}

/// An entry as it is written. `*` in a name or a difference is any text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Row {
    /// The set-ups that have it.
    set_ups: Vec<String>,
    /// How it looks: `PLACE: REAL | OURS`, as it is printed.
    differences: Vec<String>,
    /// A regular expression for the exchanges that have it; without it, all may.
    sent: Option<String>,
    /// Why it is so.
    reason: String,
    /// An exchange that shows it.
    shows: String,
}

/// A known difference.
#[derive(Debug)]
pub(super) struct Entry {
    set_ups: Vec<Regex>,
    differences: Vec<Regex>,
    sent: Option<Regex>,
    /// Why it is so.
    pub(super) reason: String,
    /// An exchange that shows it.
    pub(super) shows: Exchange,
    /// How many differences it has explained in this run.
    pub(super) count: Cell<usize>,
}

impl Entry {
    fn new(row: &Row) -> Result<Self, String> {
        let globs = |texts: &[String]| -> Result<Vec<Regex>, String> {
            texts.iter().map(|text| glob(text)).collect()
        };
        if row.reason.trim().is_empty() {
            return Err("an entry has no reason".into());
        }
        Ok(Self {
            set_ups: globs(&row.set_ups)?,
            differences: globs(&row.differences)?,
            sent: row.sent.as_deref().map(expression).transpose()?,
            reason: row.reason.clone(),
            shows: Exchange::parse(&row.shows).map_err(|line| format!("{line:?} is no step"))?,
            count: Cell::new(0),
        })
    }

    /// Whether a set-up has it.
    pub(super) fn is_of(&self, set_up: &str) -> bool {
        self.set_ups.iter().any(|name| name.is_match(set_up))
    }

    /// Whether a difference is this one.
    pub(super) fn explains(&self, exchange: &Exchange, difference: &Difference) -> bool {
        let sent = self.sent.as_ref();
        sent.is_none_or(|sent| sent.is_match(&exchange.to_string())) && self.looks_like(difference)
    }

    fn looks_like(&self, difference: &Difference) -> bool {
        let text = difference.to_string();
        self.differences.iter().any(|its| its.is_match(&text))
    }
}

fn expression(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| error.to_string())
}

fn glob(text: &str) -> Result<Regex, String> {
    let parts: Vec<String> = text.split('*').map(regex::escape).collect();
    expression(&format!("(?s)^{}$", parts.join(".*")))
}

/// All entries.
#[derive(Debug)]
pub(super) struct Known(pub(super) Vec<Entry>);

impl Known {
    /// Reads the file.
    pub(super) fn read(project: &Project) -> Result<Self> {
        let path = project.path(PATH);
        let bytes = project::read(&path)?;
        Self::parse(&String::from_utf8_lossy(&bytes))
            .map_err(|why| Error::Message(format!("{PATH} cannot be read: {why}.")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        file.known
            .iter()
            .map(Entry::new)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What no entry explains. An entry that explains something counts it.
    pub(super) fn unexplained(
        &self,
        set_up: &str,
        exchange: &Exchange,
        found: Vec<Difference>,
    ) -> Vec<Difference> {
        let of_it = || self.0.iter().filter(|entry| entry.is_of(set_up));
        let is_new = |difference: &Difference| {
            let entry = of_it().find(|entry| entry.explains(exchange, difference));
            entry
                .inspect(|entry| entry.count.set(entry.count.get() + 1))
                .is_none()
        };
        found.into_iter().filter(is_new).collect()
    }

    /// Of the differences in the log of many exchanges, those that no entry explains.
    pub(super) fn unexplained_log(&self, set_up: &str, found: Vec<Difference>) -> Vec<Difference> {
        let of_it = || self.0.iter().filter(|entry| entry.is_of(set_up));
        let is_new = |line: &Difference| !of_it().any(|entry| entry.looks_like(line));
        found.into_iter().filter(is_new).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const TEXT: &str = r#"
        [[known]]
        set-ups = ["uwsgi-*"]
        differences = ["environ wsgi.*: * | *"]
        sent = "^send GET"
        reason = "because"
        shows = '''
        send GET / HTTP/1.0\r\n\r\n
        finish
        '''
    "#;

    fn difference(place: &str) -> Difference {
        Difference {
            place: place.into(),
            real: "1".into(),
            ours: "2".into(),
        }
    }

    #[test]
    fn an_entry_explains_what_its_patterns_name() {
        let known = Known::parse(TEXT).unwrap();
        let exchange = known.0[0].shows.clone();
        let left = |set_up: &str, exchange: &Exchange, place: &str| {
            known
                .unexplained(set_up, exchange, vec![difference(place)])
                .len()
        };
        assert_eq!(left("uwsgi-http", &exchange, "environ wsgi.input"), 0);
        assert_eq!(left("uwsgi-http", &exchange, "environ PATH_INFO"), 1);
        assert_eq!(left("daphne", &exchange, "environ wsgi.input"), 1);
        assert_eq!(
            left("uwsgi-http", &Exchange::default(), "environ wsgi.input"),
            1
        );
        assert_eq!(known.0[0].count.get(), 1);
    }

    #[test]
    fn an_entry_needs_a_reason_and_an_exchange_that_is_one() {
        assert!(Known::parse(&TEXT.replace("because", " ")).is_err());
        assert!(Known::parse(&TEXT.replace("finish", "stop")).is_err());
        assert!(Known::parse(&TEXT.replace("reason", "because")).is_err());
    }

    #[test]
    fn the_file_of_the_project_can_be_read() {
        Known::read(&Project::find()).unwrap();
    }
}
