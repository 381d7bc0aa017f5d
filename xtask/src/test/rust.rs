//! Steps about the Rust code, outside of a browser.

use super::Counts;
use super::step::{check, count};
use crate::cargo::{self, WASM};
use crate::error::Result;
use crate::project::Project;

/// Packages of the workspace that also run in a browser.
const IN_BROWSER: &[&str] = &[
    "--package=wasgi",
    "--package=wasgi-wire",
    "--lib",
    "--tests",
];

pub(super) fn format(project: &Project) -> Result<Counts> {
    check(cargo::cargo(project).args(["fmt", "--all", "--check"]))
}

pub(super) fn clippy(project: &Project) -> Result<Counts> {
    let run = |scope: &[&str]| {
        let mut clippy = cargo::cargo(project);
        clippy.args(["clippy", "--quiet", "--locked"]).args(scope);
        check(clippy.args(["--", "--deny=warnings"]))
    };
    let native = run(&["--workspace", "--all-targets"])?;
    cargo::add_wasm_target(project)?;
    Ok(native + run(&[&["--target", WASM], IN_BROWSER].concat())?)
}

pub(super) fn native(project: &Project) -> Result<Counts> {
    let mut test = cargo::cargo(project);
    test.args([
        "test",
        "--locked",
        "--workspace",
        "--exclude=wasgi-bindgen",
        "--no-fail-fast",
    ]);
    count(&mut test, Counts::from_cargo)
}
