//! `cargo xtask test`: everything that can be checked, and one line that says how it went.

mod browser;
mod counts;
mod fuzz;
mod javascript;
mod lines;
mod python;
mod rust;
mod step;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;

use crate::build;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::Project;

pub use counts::Counts;
use step::Step;

/// All steps; those that need the site come last, so that a build that fails costs only them.
const STEPS: &[Step] = &[
    Step::new("format", rust::format),
    Step::new("lines", lines::lines),
    Step::new("clippy", rust::clippy),
    Step::new("native", rust::native),
    Step::new("fuzz", fuzz::fuzz),
    Step::new("prettier", javascript::prettier),
    Step::new("eslint", javascript::eslint),
    Step::new("ruff", python::ruff),
    Step::new("mypy", python::mypy),
    Step::new("node", javascript::node),
    Step::new("wasm", browser::wasm),
    Step::of_site("types", javascript::types),
    Step::of_site("python", python::python),
    Step::of_site("e2e", browser::end_to_end),
];

/// Run the tests; the last line is `N passed, M failed`
#[derive(Debug, Args)]
pub struct Options {
    /// A step, as the summary names them; without it, all
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
}

/// What happened in a step.
#[derive(Debug)]
struct Outcome {
    name: &'static str,
    counts: Counts,
    time: Duration,
}

/// Runs the steps that are named, or all of them, and prints the summary. Fails if anything failed.
pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let names = &options.steps;
    if let Some(unknown) = names
        .iter()
        .find(|name| !STEPS.iter().any(|step| step.name == **name))
    {
        let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        return Err(Error::Message(format!(
            "There is no step {unknown}: the steps are {}.",
            known.join(", ")
        )));
    }
    let mut outcomes = Vec::new();
    let mut site = None;
    for step in STEPS
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
        "\n{:<10} {:>7} {:>7} {:>7} {:>10}\n",
        "step", "passed", "failed", "skipped", "time"
    );
    let mut total = Counts::default();
    for Outcome { name, counts, time } in outcomes {
        total = total + *counts;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:<10} {:>7} {:>7} {:>7} {:>10}",
            counts.passed,
            counts.failed,
            counts.skipped,
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
            counts: Counts {
                passed,
                failed,
                skipped: 1,
            },
            time: Duration::from_millis(1250),
        };
        let text = summary(&[outcome("native", 10, 0), outcome("e2e", 2, 1)]);
        assert_eq!(text.lines().last(), Some("12 passed, 1 failed"));
        assert!(text.contains("native"), "{text}");
    }
}
