//! `cargo xtask`: the project's tasks.

use std::process::ExitCode;

use lexopt::prelude::*;
use xtask::build;
use xtask::error::{Error, Result};
use xtask::project::Project;

const HELP: &str = "\
Usage: cargo xtask TASK [OPTION]…

  build [--out DIRECTORY] [--dev]   make the static site (dist/); --dev: readable, with source maps
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
                options.dist =
                    std::path::absolute(arguments.value()?).map_err(|e| Error::Message(e.to_string()))?
            }
            Long("dev") => options.dev = true,
            _ => return Err(argument.unexpected().into()),
        }
    }
    build::build(project, &options)?;
    Ok(ExitCode::SUCCESS)
}
