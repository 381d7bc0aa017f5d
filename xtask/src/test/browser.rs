//! Steps that need a browser.

use std::path::PathBuf;

use axum::Router;
use serde_json::{Value, json};

use super::Counts;
use super::javascript;
use super::step::count;
use crate::browser;
use crate::build;
use crate::cargo::{self, WASM};
use crate::error::{Error, Result};
use crate::project::{self, Project};
use crate::serve;

/// The Rust suites in a worker of a page: the unit tests of the crate, `tests/portable` and
/// `tests/browser`. How long a suite may take is in `.cargo/config.toml`, for wasm-pack too.
pub(super) fn wasm(project: &Project) -> Result<Counts> {
    cargo::add_wasm_target(project)?;
    let tools = cargo::bindgen(project)?;
    let mut test = cargo::cargo(project);
    test.args(["test", "--locked", "--package=wasgi", "--lib", "--tests"])
        .args(["--target", WASM, "--no-fail-fast"])
        .env("CHROMEDRIVER", browser::find_driver()?)
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            &tools.test_runner,
        )
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities(project)?);
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

/// The tests of the built site. Those in Firefox skip themselves where it is missing and cannot be
/// installed.
pub(super) fn end_to_end(project: &Project) -> Result<Counts> {
    let files = javascript::test_files(project, "tests/e2e")?;
    let mut env = vec![("CHROME", browser::find()?.into())];
    match browser::find_firefox() {
        Ok(firefox) => env.push(("FIREFOX", firefox.into())),
        Err(Error::Missing { .. }) => {}
        Err(error) => return Err(error),
    }
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
    env.push(("WASGI_SITE", format!("http://{address}/").into()));
    javascript::run_tests(project, &files, &env)
}
