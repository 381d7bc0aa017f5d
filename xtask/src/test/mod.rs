//! `cargo xtask test`: everything that can be checked, and one line that says how it went.

mod counts;
mod steps;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::build;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::Project;

pub use counts::Counts;

/// What happened in a step.
#[derive(Debug)]
struct Outcome {
    name: &'static str,
    counts: Counts,
    time: Duration,
}

/// Runs the steps called `names`, or all of them, and prints the summary. Fails if anything failed.
pub fn run(project: &Project, names: &[String]) -> Result<ExitCode> {
    if let Some(unknown) = names
        .iter()
        .find(|name| !steps::ALL.iter().any(|step| step.name == **name))
    {
        let known: Vec<_> = steps::ALL.iter().map(|step| step.name).collect();
        return Err(Error::Message(format!(
            "There is no step {unknown}: the steps are {}.",
            known.join(", ")
        )));
    }
    let mut outcomes = Vec::new();
    let mut site = None;
    for step in steps::ALL
        .iter()
        .filter(|step| names.is_empty() || names.iter().any(|name| name == step.name))
    {
        if step.needs_site && site.is_none() {
            let (built, outcome) = build_site(project);
            site = Some(built);
            outcomes.push(outcome);
        }
        if step.needs_site && site != Some(true) {
            eprintln!("{}: not run, because the build failed.", step.name);
            outcomes.push(Outcome {
                name: step.name,
                counts: Counts::broken(),
                time: Duration::ZERO,
            });
            continue;
        }
        outcomes.push(timed(step.name, || (step.run)(project)));
    }
    print!("{}", summary(&outcomes));
    let failed = outcomes.iter().any(|outcome| outcome.counts.failed > 0);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn build_site(project: &Project) -> (bool, Outcome) {
    let options = build::Options::new(project);
    let outcome = timed("build", || {
        build::build(project, &options).map(|()| Counts::check(true))
    });
    (outcome.counts.failed == 0, outcome)
}

/// Runs a step. An error is shown and counts as one failure, and the other steps go on.
fn timed(name: &'static str, work: impl FnOnce() -> Result<Counts>) -> Outcome {
    let started = Instant::now();
    let counts = progress::step(name, work).unwrap_or_else(|error| {
        eprintln!("{name}: {error}");
        Counts::broken()
    });
    Outcome {
        name,
        counts,
        time: started.elapsed(),
    }
}

/// A table of the steps, and the line that everybody waits for.
fn summary(outcomes: &[Outcome]) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "\n{:<10} {:>7} {:>7} {:>10}\n",
        "step", "passed", "failed", "time"
    );
    let mut total = Counts::default();
    for Outcome { name, counts, time } in outcomes {
        total = total + *counts;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:<10} {:>7} {:>7} {:>10}",
            counts.passed,
            counts.failed,
            progress::seconds(*time)
        );
    }
    let _ = writeln!(text, "{} passed, {} failed", total.passed, total.failed);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_sum() {
        let outcome = |name, passed, failed| Outcome {
            name,
            counts: Counts { passed, failed },
            time: Duration::from_millis(1250),
        };
        let text = summary(&[outcome("native", 10, 0), outcome("e2e", 2, 1)]);
        assert_eq!(text.lines().last(), Some("12 passed, 1 failed"));
        assert!(text.contains("native"), "{text}");
    }
}
