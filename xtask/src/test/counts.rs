//! How many tests passed, failed and were skipped, as the test programs print it.

use std::ops::Add;

/// Numbers of tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
    /// Tests that were not run.
    pub skipped: usize,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Counts {
    /// A check that either holds or does not.
    pub fn check(holds: bool) -> Self {
        Self {
            passed: usize::from(holds),
            failed: usize::from(!holds),
            skipped: 0,
        }
    }

    /// A step that could not be run.
    pub fn broken() -> Self {
        Self::check(false)
    }

    /// What `cargo test` and wasm-bindgen's test runner print:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
    pub fn from_cargo(output: &str) -> Self {
        output
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("test result: "))
            .map(numbers)
            .sum()
    }

    /// What `node --test` prints in TAP: `# pass 3`, `# fail 0`, `# cancelled 0`, `# skipped 0`.
    pub fn from_tap(output: &str) -> Self {
        let mut counts = Self::default();
        for line in output.lines().filter_map(|line| line.strip_prefix("# ")) {
            let Some((word, number)) = line.split_once(' ') else {
                continue;
            };
            let number: usize = number.parse().unwrap_or(0);
            match word {
                "pass" => counts.passed += number,
                "fail" | "cancelled" => counts.failed += number,
                "skipped" => counts.skipped += number,
                _ => {}
            }
        }
        counts
    }

    /// What our own runner prints last: `3 passed, 0 failed, 1 skipped`.
    pub fn from_last_line(output: &str) -> Self {
        output
            .trim_end()
            .lines()
            .last()
            .map(numbers)
            .unwrap_or_default()
    }

    /// A program that ended badly has failed, even if it did not get so far as to count.
    #[must_use]
    pub fn with_status(self, success: bool) -> Self {
        if success || self.failed > 0 {
            self
        } else {
            self + Self::broken()
        }
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

/// The numbers before the words `passed`, `failed`, and `ignored` or `skipped`.
fn numbers(line: &str) -> Counts {
    let words: Vec<_> = line
        .split([' ', ',', ';', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    let before = |name| {
        words
            .windows(2)
            .find(|pair| pair[1] == name)
            .and_then(|pair| pair[0].parse().ok())
            .unwrap_or(0)
    };
    Counts {
        passed: before("passed"),
        failed: before("failed"),
        skipped: before("ignored") + before("skipped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: usize, failed: usize, skipped: usize) -> Counts {
        Counts {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn the_results_of_all_test_binaries_are_added() {
        let output = "test a ... ok\n\
                      test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; \
                      0 filtered out; finished in 0.00s\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; \
                      0 filtered out\n";
        assert_eq!(Counts::from_cargo(output), counts(4, 2, 1));
    }

    #[test]
    fn a_cancelled_node_test_has_failed() {
        let output = "ok 1 - x\n# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 3\n";
        assert_eq!(Counts::from_tap(output), counts(2, 2, 3));
    }

    #[test]
    fn only_the_last_line_of_our_runner_counts() {
        let output = "9 passed, 9 failed\n5 passed, 0 failed, 2 skipped\n";
        assert_eq!(Counts::from_last_line(output), counts(5, 0, 2));
        assert_eq!(Counts::from_last_line(""), Counts::default());
    }

    #[test]
    fn a_program_that_breaks_before_it_counts_has_failed() {
        assert_eq!(Counts::default().with_status(false), counts(0, 1, 0));
        assert_eq!(counts(1, 2, 0).with_status(false), counts(1, 2, 0));
        assert_eq!(counts(1, 0, 0).with_status(true), counts(1, 0, 0));
    }
}
