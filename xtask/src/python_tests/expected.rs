//! The list of what is known not to pass, and how a module's outcome compares with it.
//!
//! A line of the list is `fail NAME: REASON`, or `omit NAME: REASON` for a test that is not run,
//! because it would hang or end its process. In a name, `*` stands for anything. Empty lines and
//! those that begin with `#` are comments.

use super::event::{Status, Test};
use super::outcome::Outcome;

/// What is known of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fail,
    Omit,
}

/// A line of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    kind: Kind,
    /// The test, or a pattern of tests.
    pub(super) name: String,
    /// Why.
    pub(super) reason: String,
}

/// The list.
#[derive(Debug, Default)]
pub(super) struct Expected(Vec<Entry>);

/// What is not as the list says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Surprise<'a> {
    /// It is not listed, but did not pass.
    Failed(&'a Test),
    /// It is listed to fail, but passed.
    Passed(&'a Test, &'a Entry),
    /// No test that failed (or was left out) is meant by this entry.
    Unused(&'a Entry),
}

impl Expected {
    /// Reads the list; an error says which line is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut entries = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = entry(line).ok_or_else(|| {
                format!(
                    "line {} is none of `fail NAME: REASON` and `omit NAME: REASON`: {line}",
                    number + 1
                )
            })?;
            entries.push(entry);
        }
        Ok(Self(entries))
    }

    /// The tests, or patterns of tests, that are listed.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| entry.name.as_str())
    }

    /// The names of the tests of `module` that are not to be run.
    pub(super) fn omitted(&self, module: &str) -> impl Iterator<Item = &str> {
        self.of(module)
            .filter(|entry| entry.kind == Kind::Omit)
            .map(|entry| entry.name.as_str())
    }

    /// Whether the list says that this test fails.
    pub(super) fn lists(&self, test: &Test) -> bool {
        test.status == Status::Failed
            && self
                .0
                .iter()
                .any(|entry| entry.covers(Kind::Fail, &test.name))
    }

    /// What in `outcome` is not as the list says.
    pub(super) fn compare<'a>(&'a self, outcome: &'a Outcome) -> Vec<Surprise<'a>> {
        let mut surprises = Vec::new();
        for test in &outcome.tests {
            match test.status {
                Status::Skipped => {}
                Status::Passed => {
                    if let Some(entry) = self
                        .0
                        .iter()
                        .find(|entry| entry.covers(Kind::Fail, &test.name))
                    {
                        surprises.push(Surprise::Passed(test, entry));
                    }
                }
                Status::Failed | Status::Hung | Status::Died => {
                    if !self.lists(test) {
                        surprises.push(Surprise::Failed(test));
                    }
                }
            }
        }
        surprises.extend(
            self.of(&outcome.module)
                .filter(|entry| !entry.is_used(outcome))
                .map(Surprise::Unused),
        );
        surprises
    }

    fn of(&self, module: &str) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| {
            entry
                .name
                .strip_prefix(module)
                .is_some_and(|rest| rest.starts_with(['.', ' ']))
        })
    }
}

impl Entry {
    fn covers(&self, kind: Kind, name: &str) -> bool {
        self.kind == kind && matches(&self.name, name)
    }

    /// Whether it means anything that happened. (One that passed instead is told by itself.)
    fn is_used(&self, outcome: &Outcome) -> bool {
        match self.kind {
            Kind::Fail => outcome
                .tests
                .iter()
                .any(|test| test.status != Status::Skipped && matches(&self.name, &test.name)),
            Kind::Omit => outcome.omitted.iter().any(|name| matches(&self.name, name)),
        }
    }
}

fn entry(line: &str) -> Option<Entry> {
    let (kind, rest) = line.split_once(' ')?;
    let (name, reason) = rest.split_once(": ")?;
    let kind = match kind {
        "fail" => Kind::Fail,
        "omit" => Kind::Omit,
        _ => return None,
    };
    let entry = Entry {
        kind,
        name: name.trim().into(),
        reason: reason.trim().into(),
    };
    (!entry.name.is_empty() && !entry.reason.is_empty()).then_some(entry)
}

/// Whether `name` is what `pattern` means.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| matches(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::event::Event;
    use super::*;

    const LIST: &str = "\
# Sockets
fail m.Sockets.*: a tab has no sockets
fail m.T.test_b: fixed after 3.14.2

omit m.T.test_hang: waits for another process
fail other.T.test_x: not of this module
";

    fn outcome(tests: &[(&str, Status)], omitted: &[&str]) -> Outcome {
        let mut outcome = Outcome::new("m");
        for (name, status) in tests {
            outcome.take(Event::Stop(Test {
                name: (*name).into(),
                status: *status,
                detail: String::new(),
            }));
        }
        for name in omitted {
            outcome.take(Event::Omitted((*name).into()));
        }
        outcome
    }

    fn compared(tests: &[(&str, Status)], omitted: &[&str]) -> Vec<String> {
        let expected = Expected::parse(LIST).unwrap();
        let outcome = outcome(tests, omitted);
        expected
            .compare(&outcome)
            .iter()
            .map(|surprise| match surprise {
                Surprise::Failed(test) => format!("failed {}", test.name),
                Surprise::Passed(test, entry) => format!("passed {}: {}", test.name, entry.reason),
                Surprise::Unused(entry) => format!("unused {}", entry.name),
            })
            .collect()
    }

    const AS_LISTED: [(&str, Status); 4] = [
        ("m.T.test_a", Status::Passed),
        ("m.T.test_b", Status::Failed),
        ("m.Sockets.test_x", Status::Failed),
        ("m.Sockets.test_y", Status::Skipped),
    ];

    #[test]
    fn an_outcome_as_listed_is_no_surprise() {
        assert!(compared(&AS_LISTED, &["m.T.test_hang"]).is_empty());
    }

    #[test]
    fn a_failure_that_is_not_listed_is_a_surprise() {
        let mut tests = AS_LISTED.to_vec();
        tests[0].1 = Status::Failed;
        assert_eq!(compared(&tests, &["m.T.test_hang"]), ["failed m.T.test_a"]);
    }

    #[test]
    fn a_test_that_is_listed_to_fail_and_passes_is_a_surprise() {
        let mut tests = AS_LISTED.to_vec();
        tests[1].1 = Status::Passed;
        tests[3].1 = Status::Passed;
        assert_eq!(
            compared(&tests, &["m.T.test_hang"]),
            [
                "passed m.T.test_b: fixed after 3.14.2",
                "passed m.Sockets.test_y: a tab has no sockets"
            ]
        );
    }

    #[test]
    fn to_hang_or_die_is_not_to_fail() {
        for status in [Status::Hung, Status::Died] {
            let mut tests = AS_LISTED.to_vec();
            tests[1].1 = status;
            assert_eq!(compared(&tests, &["m.T.test_hang"]), ["failed m.T.test_b"]);
        }
    }

    #[test]
    fn an_entry_that_means_no_test_any_more_is_a_surprise() {
        assert_eq!(
            compared(&AS_LISTED[..1], &[]),
            [
                "unused m.Sockets.*",
                "unused m.T.test_b",
                "unused m.T.test_hang"
            ]
        );
    }

    #[test]
    fn only_tests_of_the_module_are_left_out_of_its_run() {
        let expected = Expected::parse(LIST).unwrap();
        assert_eq!(expected.omitted("m").collect::<Vec<_>>(), ["m.T.test_hang"]);
        assert_eq!(expected.omitted("other").count(), 0);
    }

    #[test]
    fn an_entry_without_a_reason_is_refused_with_its_line() {
        for line in [
            "fail m.T.test_x",
            "fail m.T.test_x:",
            "flaky m.T.test_x: often",
            "fail : why",
        ] {
            let error = Expected::parse(&format!("# list\n{line}\n")).unwrap_err();
            assert!(error.starts_with("line 2 "), "{error}");
        }
    }

    #[test]
    fn a_star_stands_for_anything_and_nothing() {
        assert!(matches("m.*Process*.test_*", "m.ProcessPoolTests.test_x"));
        assert!(matches("m.T.test_a*", "m.T.test_a"));
        assert!(!matches("m.T.test_a*", "m.T.test_b"));
        assert!(!matches("m.T.test_a", "m.T.test_ab"));
        assert!(!matches("*.test_a", "m.T.test_ab"));
    }
}
