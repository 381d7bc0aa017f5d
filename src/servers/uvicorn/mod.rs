//! uvicorn 0.54.0: its command line.

mod launch;
mod options;
#[cfg(test)]
mod tests;

use super::grammar::Stop;
use super::grammar::click::Program;
use super::{Call, Command, WASGI};

/// What happens with these arguments. `name` is how it was called: `uvicorn` or `python -m uvicorn`.
pub(super) fn command(name: &'static str, words: &[String], call: &Call) -> Command {
    let program = Program {
        name,
        options: options::OPTIONS,
        argument: "APP",
        env_prefix: "UVICORN_",
    };
    match read(&program, words, call) {
        Ok(launch) => Command::Serve(Box::new(launch)),
        Err(Failure::Stop(Stop::Help)) => Command::show(program.help(&[])),
        Err(Failure::Stop(Stop::Version)) => Command::show(vec![
            ["Running uvicorn 0.54.0 with CPython 3.14.2 on Emscripten", WASGI].concat(),
        ]),
        Err(Failure::Stop(Stop::Usage(stderr))) => Command::Print {
            stdout: Vec::new(),
            stderr,
            code: 2,
        },
        Err(Failure::Crash(exception)) => {
            let stderr = vec!["Traceback (most recent call last):".to_owned(), exception];
            Command::Print {
                stdout: Vec::new(),
                stderr,
                code: 1,
            }
        }
    }
}

/// Why uvicorn does not start.
enum Failure {
    /// The grammar says so.
    Stop(Stop),
    /// An exception that uvicorn does not catch.
    Crash(String),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

fn read(program: &Program, words: &[String], call: &Call) -> Result<super::Launch, Failure> {
    let values = program.parse(words, &call.env)?;
    if let Some((option, reason)) = values.refused() {
        return Err(program.invalid(option, reason).into());
    }
    launch::launch(program, words, &values, call)
}
