//! How many tests passed and failed, as the test programs print it.

use std::ops::Add;

/// Passed and failed tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed.
    pub failed: usize,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

impl Counts {
    /// A check that either holds or does not.
    pub fn check(holds: bool) -> Self {
        Self {
            passed: usize::from(holds),
            failed: usize::from(!holds),
        }
    }

    /// A step that could not be run.
    pub fn broken() -> Self {
        Self::check(false)
    }

    /// What `cargo test` and wasm-bindgen's test runner print:
    /// `test result: ok. 3 passed; 0 failed; …`.
    pub fn from_cargo(output: &str) -> Self {
        output
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("test result: "))
            .map(pairs)
            .sum()
    }

    /// What `node --test` prints in TAP: `# pass 3`, `# fail 0`, `# cancelled 0`.
    pub fn from_tap(output: &str) -> Self {
        output
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .fold(Self::default(), |counts, line| {
                match line
                    .split_once(' ')
                    .map(|(word, number)| (word, number.parse().unwrap_or(0)))
                {
                    Some(("pass", number)) => {
                        counts
                            + Self {
                                passed: number,
                                failed: 0,
                            }
                    }
                    Some(("fail" | "cancelled", number)) => {
                        counts
                            + Self {
                                passed: 0,
                                failed: number,
                            }
                    }
                    _ => counts,
                }
            })
    }

    /// What our own runner prints last: `3 passed, 0 failed`.
    pub fn from_last_line(output: &str) -> Self {
        output
            .trim_end()
            .lines()
            .last()
            .map(pairs)
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

/// The numbers before the words `passed` and `failed`.
fn pairs(line: &str) -> Counts {
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_test_binaries_are_added() {
        let output = "test a ... ok\n\
                      test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(
            Counts::from_cargo(output),
            Counts {
                passed: 4,
                failed: 2
            }
        );
    }

    #[test]
    fn a_cancelled_node_test_has_failed() {
        let output = "ok 1 - x\n# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 0\n";
        assert_eq!(
            Counts::from_tap(output),
            Counts {
                passed: 2,
                failed: 2
            }
        );
    }

    #[test]
    fn only_the_last_line_of_our_runner_counts() {
        assert_eq!(
            Counts::from_last_line("9 passed, 9 failed\n5 passed, 0 failed\n"),
            Counts {
                passed: 5,
                failed: 0
            }
        );
        assert_eq!(Counts::from_last_line(""), Counts::default());
    }

    #[test]
    fn a_program_that_breaks_before_it_counts_has_failed() {
        assert_eq!(
            Counts::default().with_status(false),
            Counts {
                passed: 0,
                failed: 1
            }
        );
        assert_eq!(
            Counts {
                passed: 1,
                failed: 2
            }
            .with_status(false),
            Counts {
                passed: 1,
                failed: 2
            }
        );
        assert_eq!(
            Counts {
                passed: 1,
                failed: 0
            }
            .with_status(true),
            Counts {
                passed: 1,
                failed: 0
            }
        );
    }
}
