//! The steps of `cargo xtask test`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};

use super::Counts;
use crate::browser;
use crate::build::{self, npm};
use crate::cargo::{self, WASM};
use crate::command;
use crate::error::{Error, Result};
use crate::project::{self, Project};
use crate::serve;

/// A step that takes longer hangs.
const LIMIT: Duration = Duration::from_mins(20);

/// A step.
pub(super) struct Step {
    /// What it is called on the command line and in the summary.
    pub(super) name: &'static str,
    /// Whether it looks at the built site.
    pub(super) needs_site: bool,
    /// Runs it.
    pub(super) run: fn(&Project) -> Result<Counts>,
}

/// All steps; those that need the site come last, so that a build that fails costs only them.
pub(super) const ALL: &[Step] = &[
    step("format", format),
    step("clippy", clippy),
    step("native", native),
    step("prettier", prettier),
    step("eslint", eslint),
    step("node", node_tests),
    step("wasm", wasm_tests),
    site("types", types),
    site("python", python_tests),
    site("e2e", end_to_end),
];

const fn step(name: &'static str, run: fn(&Project) -> Result<Counts>) -> Step {
    Step {
        name,
        needs_site: false,
        run,
    }
}

const fn site(name: &'static str, run: fn(&Project) -> Result<Counts>) -> Step {
    Step {
        name,
        needs_site: true,
        run,
    }
}

fn format(project: &Project) -> Result<Counts> {
    check(cargo::cargo(project).args(["fmt", "--all", "--check"]))
}

fn clippy(project: &Project) -> Result<Counts> {
    let native = check(cargo::cargo(project).args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny=warnings",
    ]))?;
    let wasm = check(cargo::cargo(project).args([
        "clippy",
        "--quiet",
        "--package=wasgi",
        "--lib",
        "--tests",
        "--target",
        WASM,
        "--",
        "--deny=warnings",
    ]))?;
    Ok(native + wasm)
}

fn native(project: &Project) -> Result<Counts> {
    let mut test = cargo::cargo(project);
    test.args([
        "test",
        "--workspace",
        "--exclude=wasgi-bindgen",
        "--no-fail-fast",
    ]);
    count(&mut test, Counts::from_cargo)
}

fn wasm_tests(project: &Project) -> Result<Counts> {
    let tools = cargo::bindgen(project)?;
    let mut test = cargo::cargo(project);
    test.args([
        "test",
        "--package=wasgi",
        "--target",
        WASM,
        "--test=*",
        "--no-fail-fast",
    ])
    .env("CHROMEDRIVER", browser::find_driver()?)
    .env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
        &tools.test_runner,
    )
    .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities(project)?)
    .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
    .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60");
    count(&mut test, Counts::from_cargo)
}

/// `webdriver.json`, which wasm-pack reads too, with the browser that we found.
fn capabilities(project: &Project) -> Result<PathBuf> {
    let source = project.path("webdriver.json");
    let mut capabilities: Value = serde_json::from_slice(&project::read(&source)?)
        .map_err(|error| Error::Message(format!("webdriver.json is not JSON: {error}.")))?;
    capabilities["goog:chromeOptions"]["binary"] = json!(browser::find()?);
    let path = project.target("webdriver.json");
    project::write(&path, capabilities.to_string())?;
    Ok(path)
}

fn prettier(project: &Project) -> Result<Counts> {
    npm::install(project)?;
    check(package(project, "prettier/bin/prettier.cjs").args(["--check", "."]))
}

fn eslint(project: &Project) -> Result<Counts> {
    npm::install(project)?;
    check(package(project, "eslint/bin/eslint.js").arg("."))
}

/// The pages, the workers and what runs in Node see different globals.
fn types(project: &Project) -> Result<Counts> {
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
fn node_tests(project: &Project) -> Result<Counts> {
    npm::install(project)?;
    let mut files = test_files(project, "tests/js")?;
    files.extend(test_files(project, "www")?);
    run_node_tests(project, &files, &[])
}

fn python_tests(project: &Project) -> Result<Counts> {
    let mut node = npm::node(project, "test_python.js");
    node.arg(&project.root).arg(project.path("dist"));
    count(&mut node, Counts::from_last_line)
}

fn end_to_end(project: &Project) -> Result<Counts> {
    let files = test_files(project, "tests/e2e")?;
    let chrome = browser::find()?;
    let runtime =
        tokio::runtime::Runtime::new().map_err(Error::io("start", "the event loop".as_ref()))?;
    let listener = runtime.block_on(serve::bind(0))?;
    let address = listener
        .local_addr()
        .map_err(Error::io("name", "the port".as_ref()))?;
    // Ends with the runtime.
    runtime.spawn(serve::serve(
        listener,
        build::Options::new(project).dist,
        Router::new(),
    ));
    let site = format!("http://{address}/");
    run_node_tests(
        project,
        &files,
        &[("WASGI_SITE", site.into()), ("CHROME", chrome.into())],
    )
}

fn run_node_tests(
    project: &Project,
    files: &[PathBuf],
    env: &[(&str, OsString)],
) -> Result<Counts> {
    if files.is_empty() {
        return Ok(Counts::default());
    }
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

fn test_files(project: &Project, directory: &str) -> Result<Vec<PathBuf>> {
    let is_test = |path: &PathBuf| path.to_string_lossy().ends_with(".test.js");
    Ok(project::files_under(&project.path(directory))?
        .into_iter()
        .filter(is_test)
        .collect())
}

/// A program of an npm package.
fn package(project: &Project, script: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg(project.path("node_modules").join(Path::new(script)))
        .current_dir(&project.root);
    command
}

/// A command that passes if it succeeds.
fn check(command: &mut Command) -> Result<Counts> {
    count(command, |_| Counts::default()).map(|counts| Counts::check(counts.failed == 0))
}

/// Runs a command, counts what it says it tested, and shows its output if something failed.
fn count(command: &mut Command, counts: impl Fn(&str) -> Counts) -> Result<Counts> {
    let output = command::output_within(command, npm::REMEDY, LIMIT)?;
    let counts =
        counts(&String::from_utf8_lossy(&output.stdout)).with_status(output.status.success());
    if counts.failed > 0 {
        command::show(&output);
    }
    Ok(counts)
}
