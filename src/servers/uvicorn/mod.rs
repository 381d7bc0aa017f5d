//! uvicorn 0.54.0: its command line.

mod launch;
pub(super) mod options;
mod reload;
mod settings;
#[cfg(test)]
mod tests;

use super::grammar::Stop;
use super::grammar::click::Program;
use super::{Call, Command, Launch, WASGI};

pub use reload::Reload;
pub use settings::{AppInterface, UvicornSettings};

/// What happens with these arguments. `name` is how it was called: `uvicorn` or
/// `python -m uvicorn`.
pub(super) fn command(name: &'static str, words: &[String], call: &Call) -> Command {
    let program = Program {
        name,
        table: &options::OPTIONS,
        argument: "APP",
        env_prefix: "UVICORN_",
    };
    match read(&program, words, call) {
        Ok(launch) => Command::Serve(Box::new(launch)),
        Err(Failure::Stop(Stop::Help)) => Command::show(
            &include_str!("help.txt")
                .trim_end()
                .replace("{usage}", &program.usage()),
        ),
        Err(Failure::Stop(Stop::Version)) => Command::show(&format!(
            "Running uvicorn 0.54.0 with CPython 3.14.2 on Emscripten{WASGI}"
        )),
        Err(Failure::Stop(Stop::Usage(stderr))) => Command::complain(2, &stderr),
        Err(Failure::Crash(exception)) => Command::crash(&exception),
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

fn read(program: &Program, words: &[String], call: &Call) -> Result<Launch, Failure> {
    let values = program.parse(words, call)?;
    if let Some((option, reason)) = values.refused() {
        return Err(program.invalid(option, reason).into());
    }
    launch::launch(program, words, &values, call)
}
