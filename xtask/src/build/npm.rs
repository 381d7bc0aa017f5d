//! Node and the npm packages.

use std::process::Command;

use crate::command;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::Project;
use crate::stamp::{Inputs, Stamp};

/// The oldest Node that Pyodide and the linters run on.
const OLDEST_NODE: u32 = 20;

/// Installs what package-lock.json says, if it has changed.
pub fn install(project: &Project) -> Result<()> {
    let inputs = Inputs::new().file(&project.path("package-lock.json"));
    let stamp = Stamp::new(project, "npm", &inputs);
    // npm writes this file last.
    if stamp.is_fresh(&[&project.path("node_modules/.package-lock.json")]) {
        return Ok(());
    }
    check_node()?;
    progress::step("Install npm packages", || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&project.root);
        command::run(&mut npm, REMEDY)
    })?;
    stamp.save()
}

/// The remedy for a missing `node`.
pub const REMEDY: &str = "install Node.js 20 or newer, with npm (your system's packages, or nodejs.org).";

/// A `node` command that runs a script of ours.
pub fn node(project: &Project, script: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg(project.path("xtask/js").join(script))
        .current_dir(&project.root);
    command
}

/// Runs a script of ours.
pub fn run(node: &mut Command) -> Result<String> {
    command::run(node, REMEDY)
}

fn check_node() -> Result<()> {
    let version = command::run(Command::new("node").arg("--version"), REMEDY)?;
    let found = version.trim().trim_start_matches('v');
    match major(found) {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(Error::TooOld {
            program: "node".into(),
            found: found.into(),
            needed: OLDEST_NODE.to_string(),
            remedy: REMEDY.into(),
        }),
    }
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
