//! `cargo xtask soak`: what can fail happens to servers under load in a headless browser, one fault
//! after the other, and after each it is checked that all is well. `tests/soak/` says what fails.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use axum::Router;
use clap::Args;

use crate::browser;
use crate::build::{self, npm};
use crate::command;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::serve;

/// Let servers under load fail in every way, and check that nothing else is lost
///
/// Fails with the seed when a request is lost that the real server answers, a worker or memory is
/// not given back, or the next server does not run.
#[derive(Debug, Args)]
pub struct Options {
    /// How long
    #[arg(long, value_name = "M", default_value = "10")]
    minutes: f64,
    /// What the order of faults begins with; without it, any
    #[arg(long, value_name = "S")]
    seed: Option<u32>,
    /// One fault, as tests/soak/faults.js names it; without it, all
    #[arg(long, value_name = "FAULT")]
    only: Option<String>,
    /// A site that was built before; without it, the site is built
    #[arg(long, value_name = "DIST")]
    site: Option<PathBuf>,
}

/// Runs the faults.
pub fn run(project: &Project, options: Options) -> Result<ExitCode> {
    npm::install(project)?;
    let dist = if let Some(site) = options.site {
        site
    } else {
        let build = build::Options::new(project);
        build::build(project, &build)?;
        build.dist
    };
    let seed = match options.seed {
        Some(seed) => seed,
        None => getrandom::u32()
            .map_err(|error| Error::Message(format!("There is no randomness: {error}.")))?,
    };
    let runtime =
        tokio::runtime::Runtime::new().map_err(Error::io("start", "the event loop".as_ref()))?;
    let listener = runtime.block_on(serve::bind(0))?;
    let address = listener
        .local_addr()
        .map_err(Error::io("name", "the port".as_ref()))?;
    // Ends with the runtime.
    runtime.spawn(serve::serve(listener, dist, Router::new()));
    let mut node = Command::new("node");
    node.arg("tests/soak/soak.js")
        .arg(format!("--minutes={}", options.minutes))
        .arg(format!("--seed={seed}"))
        .args(options.only.map(|fault| format!("--only={fault}")))
        .env("CHROME", browser::find()?)
        .env("WASGI_SITE", format!("http://{address}/"))
        .current_dir(&project.root);
    let status = node
        .status()
        .map_err(|error| command::not_started(&node, npm::REMEDY, error))?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
