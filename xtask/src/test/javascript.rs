//! Steps about the JavaScript, outside of a browser.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::Counts;
use super::step::{check, count};
use crate::build::npm;
use crate::error::Result;
use crate::project::{self, Project};

pub(super) fn prettier(project: &Project) -> Result<Counts> {
    npm::install(project)?;
    check(package(project, "prettier/bin/prettier.cjs").args(["--check", "."]))
}

pub(super) fn eslint(project: &Project) -> Result<Counts> {
    npm::install(project)?;
    check(package(project, "eslint/bin/eslint.js").arg("."))
}

/// The pages, the workers and what runs in Node see different globals.
pub(super) fn types(project: &Project) -> Result<Counts> {
    [
        "tsconfig.json",
        "tsconfig.worker.json",
        "tsconfig.node.json",
    ]
    .into_iter()
    .map(|config| {
        check(package(project, "typescript/bin/tsc").args(["--noEmit", "--project", config]))
    })
    .sum()
}

/// Tests of JavaScript that needs no browser.
pub(super) fn node(project: &Project) -> Result<Counts> {
    npm::install(project)?;
    run_tests(project, &test_files(project, "tests/js")?, &[])
}

/// Runs files of tests in Node.
pub(super) fn run_tests(
    project: &Project,
    files: &[PathBuf],
    env: &[(&str, OsString)],
) -> Result<Counts> {
    let mut node = Command::new("node");
    // One file at a time: each starts a browser, and the figures in the page are the machine's.
    node.args([
        "--test",
        "--test-reporter=tap",
        "--test-concurrency=1",
        "--test-timeout=180000",
    ])
    .args(files)
    .envs(env.iter().map(|(name, value)| (name, value)))
    .current_dir(&project.root);
    count(&mut node, Counts::from_tap)
}

/// The files of tests under a directory of the work tree.
pub(super) fn test_files(project: &Project, directory: &str) -> Result<Vec<PathBuf>> {
    let is_test = |path: &PathBuf| path.to_string_lossy().ends_with(".test.js");
    Ok(project::files_under(&project.path(directory))?
        .into_iter()
        .filter(is_test)
        .collect())
}

/// A program of an npm package.
fn package(project: &Project, script: &str) -> Command {
    let mut command = npm::package(project, script);
    command.current_dir(&project.root);
    command
}
