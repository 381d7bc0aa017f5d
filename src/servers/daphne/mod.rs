//! daphne 4.2.3: its command line.

mod launch;
pub(super) mod options;
mod settings;
#[cfg(test)]
mod tests;

use super::grammar::Stop;
use super::grammar::argparse::{Positional, Program};
use super::{Call, Command};

pub use settings::DaphneSettings;

/// What happens with these arguments. `name` is what daphne calls itself: `daphne` or
/// `__main__.py`.
pub(super) fn command(name: &'static str, words: &[String], call: &Call) -> Command {
    let program = Program {
        name,
        usage: None,
        table: &options::OPTIONS,
        positional: Positional::One("application"),
    };
    let stop = match program.parse(words) {
        Ok(values) => match values.refused() {
            Some((option, reason)) => program.option_error(option, reason),
            None => match launch::launch(&program, words, &values, call) {
                Ok(launch) => return Command::Serve(launch),
                Err(stop) => stop,
            },
        },
        Err(stop) => stop,
    };
    match stop {
        Stop::Usage(stderr) => Command::complain(2, &stderr),
        // daphne has no --version.
        Stop::Help | Stop::Version => Command::show(
            &include_str!("help.txt")
                .trim_end()
                .replace("{usage}", &program.usage()),
        ),
    }
}
