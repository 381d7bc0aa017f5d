//! `cargo xtask fuzz`: libFuzzer runs the targets of `fuzz/`, guided by what their inputs reach. It
//! works with the stable compiler: only sanitizers need another.

mod outcome;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::error::{Error, Result};
use crate::project::Project;
use crate::test::Counts;

use outcome::Outcome;
use target::Target;

/// Run fuzz targets, each from its inputs in `fuzz/corpus`
///
/// The same seed and number of runs try the same inputs again.
#[derive(Debug, Args)]
pub struct Options {
    /// A target, by its name in `fuzz/src`; without it, all
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Inputs to try, for each target
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    runs: u64,
    /// What the choice of inputs begins with; without it, any
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    seed: Option<u32>,
    /// Try this input alone
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

/// Runs the targets that are named, or all, and prints a line for each. Fails if anything was
/// found.
pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let targets = chosen(project, &options.targets)?;
    let seed = match options.seed {
        Some(seed) => seed,
        None => random_seed()?,
    };
    target::build(project, &targets)?;
    let mut found = false;
    for target in &targets {
        let outcome = match &options.input {
            Some(input) => target.play(input)?,
            None => target.fuzz(options.runs, seed)?,
        };
        println!("{:<18} {outcome}", target.name);
        found |= matches!(outcome, Outcome::Found(_));
    }
    Ok(if found {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// How many targets find nothing in so many runs, and how many fail, which are shown.
pub(crate) fn check(project: &Project, runs: u64, seed: u32) -> Result<Counts> {
    let targets = chosen(project, &[])?;
    target::build(project, &targets)?;
    let check = |target: &Target| {
        let outcome = target.fuzz(runs, seed)?;
        let passed = matches!(outcome, Outcome::Passed { .. });
        if !passed {
            eprintln!("{}: {outcome}", target.name);
        }
        Ok(Counts::check(passed))
    };
    targets.iter().map(check).sum()
}

/// The targets of these names; without names, all.
fn chosen(project: &Project, names: &[String]) -> Result<Vec<Target>> {
    let all = Target::all(project)?;
    if let Some(unknown) = names
        .iter()
        .find(|name| all.iter().all(|target| target.name != **name))
    {
        let known: Vec<_> = all.iter().map(|target| target.name.as_str()).collect();
        return Err(Error::Message(format!(
            "There is no target {unknown}: the targets are {}.",
            known.join(", ")
        )));
    }
    let is_chosen = |target: &Target| names.is_empty() || names.contains(&target.name);
    Ok(all.into_iter().filter(is_chosen).collect())
}

fn random_seed() -> Result<u32> {
    let random = getrandom::u32()
        .map_err(|error| Error::Message(format!("There is no randomness: {error}.")))?;
    Ok(random.max(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::options;

    #[test]
    fn every_target_is_found_and_an_unknown_one_is_refused() {
        let project = Project::find();
        let all = chosen(&project, &[]).unwrap();
        assert!(all.iter().any(|target| target.name == "command_line"));
        let error = chosen(&project, &["nothing".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("command_line"), "{error}");
    }

    #[test]
    fn a_seed_is_no_zero_which_would_be_any() {
        assert!(options::parse::<Options>(&["--seed", "0"]).is_err());
        assert_eq!(
            options::parse::<Options>(&["--seed", "7"]).unwrap().seed,
            Some(7)
        );
    }
}
