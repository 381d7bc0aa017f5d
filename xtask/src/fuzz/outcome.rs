//! What libFuzzer says of a run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Lines of a target's last words that are shown.
const SHOWN: usize = 12;

/// How a run went.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// Nothing was found.
    Passed {
        /// Inputs that were tried.
        executions: u64,
        /// How many in each second.
        per_second: u64,
        /// Edges of the program that they reached.
        edges: u64,
        /// What the choice of inputs began with.
        seed: u32,
    },
    /// An input for which the target fails, hangs, or takes too much memory.
    Found(Finding),
}

/// An input that the target fails for.
#[derive(Debug, PartialEq)]
pub(super) struct Finding {
    /// What the target said.
    pub(super) said: String,
    /// The input, and where it is.
    pub(super) input: Vec<u8>,
    pub(super) path: PathBuf,
    /// How to find it again: the runs and the seed.
    pub(super) again: String,
}

impl Outcome {
    /// What a run came to that found nothing in this time.
    pub(super) fn passed(said: &str, seed: u32, time: Duration) -> Self {
        let executions = statistic(said, "number_of_executed_units");
        Self::Passed {
            executions,
            // libFuzzer's own figure is one of whole seconds.
            per_second: (executions as f64 / time.as_secs_f64()) as u64,
            edges: edges(said),
            seed,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed {
                executions,
                per_second,
                edges,
                seed,
            } => write!(
                f,
                "{executions} executions, {per_second}/s, {edges} edges, seed {seed}: nothing found"
            ),
            Self::Found(finding) => write!(
                f,
                "FOUND ({})\n{}\ninput: \"{}\"\nagain: --input {}",
                finding.again,
                finding.said,
                finding.input.escape_ascii(),
                finding.path.display()
            ),
        }
    }
}

/// A line `stat::NAME: NUMBER`.
fn statistic(said: &str, name: &str) -> u64 {
    let lines = said.lines().filter_map(|line| line.strip_prefix("stat::"));
    let mut values = lines.filter_map(|line| line.split_once(':'));
    let found = values.find(|(its, _)| *its == name);
    found.map_or(0, |(_, value)| value.trim().parse().unwrap_or(0))
}

/// The last `cov: NUMBER`.
fn edges(said: &str) -> u64 {
    let last = said.rsplit_once(" cov: ").map_or("", |(_, rest)| rest);
    let number = last.split_whitespace().next().unwrap_or("");
    number.parse().unwrap_or(0)
}

/// Where libFuzzer has written the input that it found.
pub(super) fn written_to(said: &str) -> Option<&Path> {
    let mut lines = said.lines();
    lines
        .find_map(|line| line.split_once("Test unit written to "))
        .map(|(_, path)| Path::new(path.trim()))
}

/// What a target said as it failed: from its panic on, or libFuzzer's own error.
pub(super) fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let begins = |line: &&str| line.contains("panicked at") || line.contains("ERROR: libFuzzer");
    let from = lines.iter().position(begins).unwrap_or(0);
    let lines = lines[from..].iter().take(SHOWN);
    lines.copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_found_nothing_tells_its_figures() {
        let said = "INFO: Seed: 7\n#2 INITED cov: 10 ft: 12 corp: 1/1b\n\
                    #512 NEW    cov: 85 ft: 90 corp: 3/9b\n\
                    #1000 DONE   cov: 86 ft: 99 corp: 4/12b\n\
                    stat::number_of_executed_units: 1000\nstat::average_exec_per_sec: 0\n";
        assert_eq!(
            Outcome::passed(said, 7, Duration::from_secs(2)),
            Outcome::Passed {
                executions: 1000,
                per_second: 500,
                edges: 86,
                seed: 7
            }
        );
    }

    #[test]
    fn a_finding_is_told_from_its_panic_on() {
        let said = "#2 INITED cov: 10\n\nthread '<unnamed>' panicked at src/a.rs:1:2:\n\
                    attempt to add with overflow\n\
                    artifact_prefix='x'; Test unit written to /tmp/x-crash-1\n";
        assert!(last_words(said).starts_with("thread"));
        assert_eq!(written_to(said), Some(Path::new("/tmp/x-crash-1")));
    }
}
