//! Steps about the Python code, outside of a browser.

use std::process::Command;

use super::Counts;
use super::step::{check, count};
use crate::build::npm;
use crate::error::Result;
use crate::project::Project;
use crate::venv;

/// Whether all Python code is formatted, and clean by the rules in `pyproject.toml`.
pub(super) fn ruff(project: &Project) -> Result<Counts> {
    let format = check(tool(project, "ruff")?.args(["format", "--check"]))?;
    let rules = check(tool(project, "ruff")?.arg("check"))?;
    Ok(format + rules)
}

/// Whether the types of `src/python/` fit.
pub(super) fn mypy(project: &Project) -> Result<Counts> {
    check(&mut tool(project, "mypy")?)
}

/// The tests of `src/python/`, with the site's own Python under Node.
pub(super) fn python(project: &Project) -> Result<Counts> {
    let mut node = npm::node(project, "test-python.js");
    node.arg(&project.root).arg(project.path("dist"));
    count(&mut node, Counts::from_last_line)
}

/// A program of the packages in `requirements-check.txt`, in the project's directory.
fn tool(project: &Project, name: &str) -> Result<Command> {
    let programs = venv::programs(
        project,
        "check-venv",
        "what checks Python code",
        "xtask/requirements-check.txt",
    )?;
    let mut command = Command::new(programs.join(name));
    command.current_dir(&project.root);
    Ok(command)
}
