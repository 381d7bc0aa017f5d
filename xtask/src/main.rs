//! `cargo xtask`: the project's tasks.

use std::path::PathBuf;
use std::process::ExitCode;

use axum::Router;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use xtask::bench;
use xtask::build;
use xtask::conformance;
use xtask::error::{Error, Result};
use xtask::fidelity;
use xtask::fuzz;
use xtask::project::Project;
use xtask::python_tests;
use xtask::run;
use xtask::serve;
use xtask::soak;
use xtask::test;

/// The project's tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
#[command(subcommand_value_name = "TASK", subcommand_help_heading = "Tasks")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make the static site
    Build(BuildOptions),
    /// Build, then serve the site on 127.0.0.1
    Serve(ServeOptions),
    Run(run::Options),
    Test(test::Options),
    PythonTests(python_tests::Options),
    Bench(bench::Options),
    Fidelity(fidelity::Options),
    Conformance(conformance::Options),
    Fuzz(fuzz::Options),
    Soak(soak::Options),
}

#[derive(Debug, Args)]
struct BuildOptions {
    /// Where the site goes, instead of dist/
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
    /// Readable JavaScript with source maps, and wasm that compiles in seconds
    #[arg(long)]
    dev: bool,
}

#[derive(Debug, Args)]
struct ServeOptions {
    /// 0: any free port
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Readable JavaScript with source maps, and wasm that compiles in seconds
    #[arg(long)]
    dev: bool,
}

fn main() -> ExitCode {
    let task = match CommandLine::try_parse() {
        Ok(line) => line.task,
        Err(error) => return refuse(&error),
    };
    match dispatch(task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints help, or what is wrong with the command line.
fn refuse(error: &clap::Error) -> ExitCode {
    // A closed terminal is no reason for another error.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ExitCode::from(2),
        _ if error.use_stderr() => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn dispatch(task: Task) -> Result<ExitCode> {
    let project = Project::find();
    match task {
        Task::Build(options) => build_site(&project, options),
        Task::Serve(options) => serve_site(&project, &options),
        Task::Run(options) => run::run(&project, options),
        Task::Test(options) => test::run(&project, &options),
        Task::PythonTests(options) => python_tests::run(&project, options),
        Task::Bench(options) => bench::run(&project, &options),
        Task::Fidelity(options) => fidelity::run(&project, &options),
        Task::Conformance(options) => conformance::run(&project, &options),
        Task::Fuzz(options) => fuzz::run(&project, &options),
        Task::Soak(options) => soak::run(&project, options),
    }
}

fn build_site(project: &Project, options: BuildOptions) -> Result<ExitCode> {
    let mut build = build::Options::new(project);
    build.dev = options.dev;
    if let Some(directory) = options.out {
        build.dist = std::path::absolute(&directory).map_err(Error::io("find", &directory))?;
    }
    build::build(project, &build)?;
    Ok(ExitCode::SUCCESS)
}

fn serve_site(project: &Project, options: &ServeOptions) -> Result<ExitCode> {
    let mut build = build::Options::new(project);
    build.dev = options.dev;
    let runtime =
        tokio::runtime::Runtime::new().map_err(Error::io("start", "the event loop".as_ref()))?;
    runtime.block_on(async {
        // Before the build, so that a port in use is said at once.
        let listener = serve::bind(options.port).await?;
        build::build(project, &build)?;
        let address = listener
            .local_addr()
            .map_err(Error::io("name", "the port".as_ref()))?;
        println!("http://{address}/");
        serve::serve(listener, build.dist, Router::new()).await
    })?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_task_is_needed_and_an_unknown_one_is_refused() {
        let kind = |words: &[&str]| CommandLine::try_parse_from(words).unwrap_err().kind();
        assert_eq!(
            kind(&["cargo xtask"]),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        );
        assert_eq!(
            kind(&["cargo xtask", "deploy"]),
            ErrorKind::InvalidSubcommand
        );
        assert_eq!(
            kind(&["cargo xtask", "build", "here"]),
            ErrorKind::UnknownArgument
        );
    }
}
