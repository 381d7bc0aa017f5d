//! uWSGI 2.0.31: its command line.

mod launch;
#[cfg(test)]
mod tests;

use super::grammar::Stop;
use super::grammar::getopt::Program;
use super::option::{Table, listed, text};
use super::{Call, Command, Server, WASGI};

/// All short options.
const LETTERS: &str = "ACHJLMOQRSTabcdhilmprstvwxyz";

const PROGRAM: Program = Program {
    name: "uwsgi",
    table: Table(include_str!("options.txt")),
    stems: include_str!("stems.txt"),
    letters: LETTERS,
    after_error: "getopt_long() error",
};

/// What happens with these arguments.
pub(super) fn command(words: &[String], call: &Call) -> Command {
    let values = match PROGRAM.parse(words) {
        Ok(values) => values,
        Err(Stop::Usage(stderr)) => {
            return Command::complain(1, &stderr);
        }
        Err(Stop::Help | Stop::Version) => {
            return Command::Help {
                program: Server::Uwsgi,
                words: Vec::new(),
            };
        }
    };
    // Other words are configuration files, told by their ending.
    if let Some(file) = values.positionals.first() {
        let format = file.rsplit('.').next().unwrap_or("");
        if listed(format, "ini xml yaml yml json js") {
            const LATER: &str =
                "uwsgi: wasgi cannot read configuration files yet: write the options into the command line.";
            return Command::complain(1, LATER);
        }
        return Command::complain(1, &text(&["unable to load configuration from ", file]));
    }
    if values.given("--version").is_some() {
        return Command::show(&text(&["2.0.31", WASGI]));
    }
    match launch::launch(words, &values, call) {
        Ok(launch) => Command::Serve(launch),
        Err(stderr) => Command::complain(1, &stderr),
    }
}
