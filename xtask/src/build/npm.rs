//! Node and the npm packages.

use std::process::Command;

use crate::command;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::Project;
use crate::stamp::{Inputs, Stamp};

/// The oldest Node that Pyodide and the linters run on.
const OLDEST_NODE: u32 = 20;

/// Whether Node and npm are there, if they will be needed to [`install`].
pub fn check(project: &Project) -> Result<()> {
    if is_installed(project) {
        return Ok(());
    }
    let version = command::run(Command::new("node").arg("--version"), REMEDY)?;
    let found = version.trim().trim_start_matches('v');
    if major(found).is_none_or(|major| major < OLDEST_NODE) {
        return Err(Error::TooOld {
            program: "node".into(),
            found: found.into(),
            needed: OLDEST_NODE.to_string(),
            remedy: REMEDY.into(),
        });
    }
    command::run(Command::new("npm").arg("--version"), REMEDY).map(drop)
}

/// Installs what package-lock.json says, if it has changed.
pub fn install(project: &Project) -> Result<()> {
    if is_installed(project) {
        return Ok(());
    }
    progress::step("Install npm packages", || {
        let mut npm = Command::new("npm");
        // No package needs its install scripts: esbuild's only saves a process.
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            // Twice more, but soon: the default waits minutes before it says that there is no
            // network.
            .args([
                "--fetch-retry-mintimeout=1000",
                "--fetch-retry-maxtimeout=5000",
            ])
            .current_dir(&project.root);
        command::run(&mut npm, REMEDY)
    })?;
    stamp(project).save()
}

fn is_installed(project: &Project) -> bool {
    // npm writes this file last.
    stamp(project).is_fresh(&[&project.path("node_modules/.package-lock.json")])
}

fn stamp(project: &Project) -> Stamp {
    Stamp::new(
        project,
        "npm",
        &Inputs::new().file(&project.path("package-lock.json")),
    )
}

/// The remedy for a missing `node`.
pub const REMEDY: &str =
    "install Node.js 20 or newer, with npm (your system's packages, or nodejs.org).";

/// A `node` command that runs a script of ours.
pub fn node(project: &Project, script: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg(project.path("xtask/js").join(script))
        .current_dir(&project.root);
    command
}

/// A `node` command that runs a script of a package.
pub fn package(project: &Project, script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(project.path("node_modules").join(script));
    command
}

/// Runs a script.
pub fn run(node: &mut Command) -> Result<String> {
    command::run(node, REMEDY)
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("20.11.1"), Some(20));
        assert_eq!(major("unknown"), None);
    }
}
