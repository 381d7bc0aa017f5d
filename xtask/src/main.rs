//! `cargo xtask`: the project's tasks.

use std::process::ExitCode;

use axum::Router;
use lexopt::prelude::*;
use xtask::bench;
use xtask::build;
use xtask::error::{Error, Result};
use xtask::fidelity;
use xtask::project::Project;
use xtask::python_tests;
use xtask::run;
use xtask::serve;
use xtask::test;

const HELP: &str = "\
Usage: cargo xtask TASK [OPTION]…

  build [--out DIRECTORY] [--dev]   make the static site (dist/); --dev: readable, with source maps
  serve [--port PORT] [--dev]       build, then serve the site on 127.0.0.1 (port 8080; 0: any free one)
  run [--dir DIRECTORY] [--publish PORT] [--site DIST] -- COMMAND…
                                    run a server command line in a headless browser on the files of DIRECTORY (here);
                                    its port becomes 127.0.0.1:PORT (0: any free one), its exit code xtask's;
                                    --site: do not build, take the site in DIST
  test [STEP]…                      everything, or the steps named; the last line is `N passed, M failed`
  python-tests [--limit SECONDS] [--sources DIRECTORY] [--site DIST] [--verbose] [MODULE]…
                                    CPython's own tests of threads and asyncio, in a process in a headless browser,
                                    compared with tests/cpython/expected.txt; --sources: the folder that holds CPython's
                                    folder test (else Debian's packages); --limit: a test that is silent longer hangs
  bench [--quick] [NAME]…           what it weighs, how fast it is against the real servers: size, start, load, memory
  fidelity [--real | --ours] [--repeat N] [--site DIST] [--list] [--verbose] [ID]…
                                    the scenarios of tests/fidelity on the real servers and on ours, in turns: who waits
                                    for whom, how long, in which order; fails if one is off. ID: a scenario or a file of them
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<ExitCode> {
    let mut arguments = lexopt::Parser::from_env();
    let project = Project::find();
    match arguments.next()? {
        Some(Value(task)) if task == "build" => build_task(&project, arguments),
        Some(Value(task)) if task == "serve" => serve_task(&project, arguments),
        Some(Value(task)) if task == "run" => run::run(&project, arguments),
        Some(Value(task)) if task == "test" => test_task(&project, arguments),
        Some(Value(task)) if task == "python-tests" => python_tests::run(&project, arguments),
        Some(Value(task)) if task == "bench" => bench::run(&project, arguments),
        Some(Value(task)) if task == "fidelity" => fidelity::run(&project, arguments),
        Some(Short('h') | Long("help")) => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprint!("{HELP}");
            Ok(ExitCode::from(2))
        }
        Some(other) => Err(other.unexpected().into()),
    }
}

fn build_task(project: &Project, mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut options = build::Options::new(project);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("out") => {
                let directory = arguments.value()?;
                options.dist = std::path::absolute(&directory)
                    .map_err(Error::io("find", directory.as_ref()))?;
            }
            Long("dev") => options.dev = true,
            _ => return Err(argument.unexpected().into()),
        }
    }
    build::build(project, &options)?;
    Ok(ExitCode::SUCCESS)
}

fn serve_task(project: &Project, mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut options = build::Options::new(project);
    let mut port = 8080;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse()?,
            Long("dev") => options.dev = true,
            _ => return Err(argument.unexpected().into()),
        }
    }
    runtime()?.block_on(async {
        // Before the build, so that a port in use is said at once.
        let listener = serve::bind(port).await?;
        build::build(project, &options)?;
        let address = listener
            .local_addr()
            .map_err(Error::io("name", "the port".as_ref()))?;
        println!("http://{address}/");
        serve::serve(listener, options.dist, Router::new()).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn test_task(project: &Project, mut arguments: lexopt::Parser) -> Result<ExitCode> {
    let mut steps = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Value(step) => steps.push(step.string()?),
            _ => return Err(argument.unexpected().into()),
        }
    }
    test::run(project, &steps)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().map_err(Error::io("start", "the event loop".as_ref()))
}
