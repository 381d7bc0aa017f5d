//! `cargo xtask python-tests`: Python's own tests of threads and asyncio, in a process of ours in
//! the browser.
//!
//! The modules are Python's, unchanged; `tests/cpython/runner.py` runs them and says what it
//! forces. What does not pass is compared with `tests/cpython/expected.txt`, where every failure
//! has its reason.

mod event;
mod expected;
mod outcome;
mod process;
mod report;
mod site;
mod sources;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use crate::build;
use crate::error::{Error, Result};
use crate::project::{self, Project};

use expected::Expected;
use outcome::Outcome;
use site::Site;

/// The modules, without the package `test`. Those of `concurrent.futures` hold tests of processes
/// too, which skip themselves.
const MODULES: [&str; 21] = [
    "test_thread",
    "test_threading",
    "test_threading_local",
    "test_queue",
    "test_concurrent_futures.test_thread_pool",
    "test_concurrent_futures.test_future",
    "test_concurrent_futures.test_wait",
    "test_concurrent_futures.test_as_completed",
    "test_concurrent_futures.test_init",
    "test_concurrent_futures.test_shutdown",
    "test_asyncio.test_base_events",
    "test_asyncio.test_events",
    "test_asyncio.test_futures",
    "test_asyncio.test_tasks",
    "test_asyncio.test_locks",
    "test_asyncio.test_queues",
    "test_asyncio.test_runners",
    "test_asyncio.test_taskgroups",
    "test_asyncio.test_timeouts",
    "test_asyncio.test_threads",
    "test_asyncio.test_waitfor",
];
/// Seconds without a sign after which a test hangs: the longest takes a tenth.
const LIMIT: u64 = 120;

/// Run Python's own tests of threads and asyncio in a process in a headless browser
///
/// What does not pass is compared with tests/cpython/expected.txt.
#[derive(Debug, Args)]
pub struct Options {
    /// A test that is silent for longer hangs
    #[arg(long, value_name = "SECONDS", default_value_t = LIMIT)]
    limit: u64,
    /// The folder that holds Python's folder `test`; without it, Debian's packages
    #[arg(long, value_name = "DIRECTORY")]
    sources: Option<PathBuf>,
    /// A site that was built before; without it, the site is built
    #[arg(long, value_name = "DIST")]
    site: Option<PathBuf>,
    /// Show what tests print
    #[arg(short, long = "verbose")]
    is_verbose: bool,
    /// A module or a package of modules; without it, all
    #[arg(value_name = "MODULE")]
    names: Vec<String>,
}

impl Options {
    fn modules(&self) -> Result<Vec<&'static str>> {
        if self.names.is_empty() {
            return Ok(MODULES.into());
        }
        let found: Vec<_> = self
            .names
            .iter()
            .map(|name| named(name))
            .collect::<Result<_>>()?;
        Ok(found.concat())
    }
}

/// The module, or the modules of the package, of this name.
fn named(name: &str) -> Result<Vec<&'static str>> {
    let is_meant = |module: &&str| {
        module
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            || module.rsplit('.').next() == Some(name)
    };
    let found: Vec<_> = MODULES.into_iter().filter(is_meant).collect();
    if found.is_empty() {
        return Err(Error::Message(format!(
            "There is no module {name}: there are {}.",
            MODULES.join(", ")
        )));
    }
    Ok(found)
}

/// Runs the modules and prints how they went. Fails if anything is not as the list says.
pub fn run(project: &Project, options: Options) -> Result<ExitCode> {
    let modules = options.modules()?;
    let expected = expected(&project.path("tests/cpython/expected.txt"))?;
    let library = match options.sources {
        Some(library) => library,
        None => sources::library(project)?,
    };
    let site = Site::new(project, &library)?;
    let dist = if let Some(dist) = options.site {
        dist
    } else {
        let build = build::Options::new(project);
        build::build(project, &build)?;
        build.dist
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::io("start", "the event loop".as_ref()))?;
    println!("{}", report::head());
    let mut outcomes = Vec::new();
    for module in modules {
        let started = Instant::now();
        let mut outcome = Outcome::new(module);
        loop {
            site.plan(module, expected.omitted(module).chain(outcome.done()))?;
            let ending = runtime.block_on(process::run(
                &site.directory,
                &dist,
                options.limit,
                options.is_verbose,
                &mut outcome,
            ))?;
            if !outcome.ended(ending) {
                break;
            }
        }
        let surprises = expected.compare(&outcome).len();
        println!("{}", report::line(&outcome, surprises, started.elapsed()));
        outcomes.push(outcome);
    }
    print!(
        "{}",
        report::details(&outcomes, &expected, options.is_verbose)
    );
    println!("\n{}", report::summary(&outcomes, &expected));
    let as_listed = outcomes
        .iter()
        .all(|outcome| expected.compare(outcome).is_empty());
    Ok(if as_listed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn expected(path: &Path) -> Result<Expected> {
    let text = String::from_utf8_lossy(&project::read(path)?).into_owned();
    Expected::parse(&text).map_err(|error| Error::Message(format!("{}: {error}.", path.display())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_package_means_all_its_modules_and_a_module_may_be_named_without_its_package() {
        assert_eq!(named("test_queue").unwrap(), ["test_queue"]);
        assert_eq!(named("test_queues").unwrap(), ["test_asyncio.test_queues"]);
        assert_eq!(named("test_concurrent_futures").unwrap().len(), 6);
        assert!(
            named("test_nothing")
                .unwrap_err()
                .to_string()
                .contains("test_queue")
        );
    }

    #[test]
    fn the_committed_list_can_be_read_and_lists_modules_that_are_run() {
        let text = include_str!("../../../tests/cpython/expected.txt");
        let expected = Expected::parse(text).unwrap();
        for name in expected.names() {
            assert!(
                MODULES.iter().any(|module| name
                    .strip_prefix(module)
                    .is_some_and(|rest| rest.starts_with(['.', ' ']))),
                "{name}"
            );
        }
    }
}
