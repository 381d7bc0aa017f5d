//! A step of `cargo xtask test`, and how a step runs other programs.

use std::process::Command;
use std::time::Duration;

use super::Counts;
use crate::build::npm;
use crate::command;
use crate::error::Result;
use crate::project::Project;

/// A step that takes longer hangs.
const LIMIT: Duration = Duration::from_mins(40);

/// A step.
pub(super) struct Step {
    /// What it is called on the command line and in the summary.
    pub(super) name: &'static str,
    /// Whether it looks at the built site.
    pub(super) needs_site: bool,
    /// Runs it.
    pub(super) run: fn(&Project) -> Result<Counts>,
}

impl Step {
    /// A step that needs the sources alone.
    pub(super) const fn new(name: &'static str, run: fn(&Project) -> Result<Counts>) -> Self {
        Self {
            name,
            needs_site: false,
            run,
        }
    }

    /// A step that needs the built site.
    pub(super) const fn of_site(name: &'static str, run: fn(&Project) -> Result<Counts>) -> Self {
        Self {
            name,
            needs_site: true,
            run,
        }
    }
}

/// A command that passes if it succeeds.
pub(super) fn check(command: &mut Command) -> Result<Counts> {
    count(command, |_| Counts::default()).map(|counts| Counts::check(counts.failed == 0))
}

/// Runs a command, counts what it says it tested, and shows its output if something failed. Tests
/// that were skipped are named, with the reason that they give.
pub(super) fn count(command: &mut Command, counts: impl Fn(&str) -> Counts) -> Result<Counts> {
    let output = command::output_within(command, npm::REMEDY, LIMIT)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let counts = counts(&text).with_status(output.status.success());
    if counts.failed > 0 {
        command::show(&output);
    } else {
        for line in text.lines().filter_map(skipped) {
            eprintln!("skipped: {line}");
        }
    }
    Ok(counts)
}

/// The test that a line of output says was skipped, and why.
fn skipped(line: &str) -> Option<String> {
    // TAP: `ok 3 - name # SKIP reason`.
    if let Some((test, reason)) = line.trim().split_once(" # SKIP") {
        let (_, name) = test.split_once(" - ")?;
        return Some(format!("{name}: {}", reason.trim()));
    }
    // Cargo: `test path::name ... ignored, reason`.
    let (test, reason) = line.strip_prefix("test ")?.split_once(" ... ignored")?;
    Some(format!("{test}: {}", reason.trim_start_matches([',', ' '])))
}

#[cfg(test)]
mod tests {
    use super::skipped;

    #[test]
    fn a_skipped_test_is_named_with_its_reason() {
        assert_eq!(
            skipped("    ok 3 - in Firefox # SKIP Firefox is missing.").as_deref(),
            Some("in Firefox: Firefox is missing.")
        );
        assert_eq!(
            skipped("test a::b ... ignored, takes long").as_deref(),
            Some("a::b: takes long")
        );
        assert_eq!(skipped("ok 3 - skipping stones"), None);
        assert_eq!(skipped("test a::b ... ok"), None);
    }
}
