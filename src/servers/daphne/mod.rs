//! daphne 4.2.3: its command line. It is read, but daphne does not run yet.

mod options;
#[cfg(test)]
mod tests;

use super::Command;
use super::grammar::Stop;
use super::grammar::argparse::{Positional, Program};

/// What happens with these arguments. `name` is what daphne calls itself: `daphne` or `__main__.py`.
pub(super) fn command(name: &'static str, words: &[String]) -> Command {
    let program = Program {
        name,
        usage: None,
        options: options::OPTIONS,
        positional: Positional::One("application"),
    };
    let stop = match program.parse(words) {
        Ok(values) => match values.refused() {
            Some((option, reason)) => program.option_error(option, reason),
            None => program.error("wasgi understands this command line, but cannot run daphne yet."),
        },
        Err(stop) => stop,
    };
    match stop {
        Stop::Usage(stderr) => Command::Print {
            stdout: Vec::new(),
            stderr,
            code: 2,
        },
        // daphne has no --version.
        Stop::Help | Stop::Version => Command::show(program.help(options::INTRODUCTION, None)),
    }
}
