//! What is printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::event::{Status, Test};
use super::expected::{Expected, Surprise};
use super::outcome::Outcome;
use crate::progress;

const FAILED: &[Status] = &[Status::Failed, Status::Hung, Status::Died];

/// The line above those of the modules.
pub(super) fn head() -> String {
    format!(
        "{:<44} {:>5} {:>6} {:>7} {:>6} {:>9} {:>10}",
        "module", "run", "passed", "skipped", "failed", "surprises", "time"
    )
}

/// A module's line.
pub(super) fn line(outcome: &Outcome, surprises: usize, time: Duration) -> String {
    format!(
        "{:<44} {:>5} {:>6} {:>7} {:>6} {:>9} {:>10}",
        outcome.module,
        outcome.tests.len(),
        outcome.count(&[Status::Passed]),
        outcome.count(&[Status::Skipped]),
        outcome.count(FAILED),
        surprises,
        progress::seconds(time)
    )
}

/// Why tests were skipped, and what is not as the list says.
pub(super) fn details(outcomes: &[Outcome], expected: &Expected, is_verbose: bool) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\nSkipped by the tests themselves:");
    for (reason, count) in skips(outcomes) {
        let _ = writeln!(text, "{count:>6}  {reason}");
    }
    if is_verbose {
        for test in outcomes.iter().flat_map(|outcome| &outcome.tests) {
            if expected.lists(test) {
                let _ = writeln!(
                    text,
                    "\n{} failed, as listed:\n{}",
                    test.name,
                    test.detail.trim_end()
                );
            }
        }
    }
    for outcome in outcomes {
        for surprise in expected.compare(outcome) {
            let _ = writeln!(text, "\n{}", describe(&surprise));
        }
    }
    text
}

/// The last line: how it went in all.
pub(super) fn summary(outcomes: &[Outcome], expected: &Expected) -> String {
    let count = |statuses: &[Status]| {
        outcomes
            .iter()
            .map(|outcome| outcome.count(statuses))
            .sum::<usize>()
    };
    let surprises: usize = outcomes
        .iter()
        .map(|outcome| expected.compare(outcome).len())
        .sum();
    format!(
        "{} run: {} passed, {} skipped, {} failed; {} not run; {}",
        outcomes
            .iter()
            .map(|outcome| outcome.tests.len())
            .sum::<usize>(),
        count(&[Status::Passed]),
        count(&[Status::Skipped]),
        count(FAILED),
        outcomes
            .iter()
            .map(|outcome| outcome.omitted.len())
            .sum::<usize>(),
        match surprises {
            0 => "all as tests/cpython/expected.txt says".to_owned(),
            1 => "1 is not as tests/cpython/expected.txt says".to_owned(),
            number => format!("{number} are not as tests/cpython/expected.txt says"),
        }
    )
}

fn skips(outcomes: &[Outcome]) -> Vec<(&str, usize)> {
    let mut counts = BTreeMap::new();
    for test in outcomes.iter().flat_map(|outcome| &outcome.tests) {
        if test.status == Status::Skipped {
            *counts.entry(test.detail.as_str()).or_insert(0) += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn describe(surprise: &Surprise) -> String {
    match surprise {
        Surprise::Failed(Test {
            name,
            status,
            detail,
        }) => {
            let how = match status {
                Status::Hung => "hung",
                Status::Died => "ended its process",
                _ => "failed",
            };
            format!("{name} {how}:\n{}", detail.trim_end())
        }
        Surprise::Passed(test, entry) => format!(
            "{} passed, but is listed to fail ({}): take it off the list.",
            test.name, entry.reason
        ),
        Surprise::Unused(entry) => format!(
            "{} is listed ({}), but no test that failed or was left out is called so: take it off the list.",
            entry.name, entry.reason
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::event::Event;
    use super::*;

    fn outcome(tests: &[(&str, Status, &str)]) -> Outcome {
        let mut outcome = Outcome::new("m");
        for (name, status, detail) in tests {
            outcome.take(Event::Stop(Test {
                name: (*name).into(),
                status: *status,
                detail: (*detail).into(),
            }));
        }
        outcome
    }

    #[test]
    fn the_summary_tells_listed_failures_from_surprises() {
        let expected = Expected::parse("fail m.a: no sockets").unwrap();
        let as_listed = outcome(&[
            ("m.a", Status::Failed, "OSError"),
            ("m.b", Status::Passed, ""),
        ]);
        assert_eq!(
            summary(&[as_listed], &expected),
            "2 run: 1 passed, 0 skipped, 1 failed; 0 not run; all as tests/cpython/expected.txt says"
        );
        let hung = outcome(&[("m.a", Status::Failed, ""), ("m.b", Status::Hung, "")]);
        assert!(
            summary(&[hung], &expected).ends_with("1 is not as tests/cpython/expected.txt says")
        );
    }

    #[test]
    fn the_details_say_why_tests_were_skipped_and_how_a_surprise_failed() {
        let outcomes = [outcome(&[
            ("m.a", Status::Skipped, "requires fork"),
            ("m.b", Status::Skipped, "requires subprocesses"),
            ("m.c", Status::Skipped, "requires subprocesses"),
            ("m.d", Status::Hung, "Nothing happened for 120 s."),
        ])];
        let text = details(&outcomes, &Expected::default(), false);
        assert!(
            text.contains("     2  requires subprocesses\n     1  requires fork\n"),
            "{text}"
        );
        assert!(text.contains("m.d hung:\nNothing happened"), "{text}");
    }
}
