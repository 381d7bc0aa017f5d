//! uWSGI 2.0.31: its command line.

mod launch;
mod placeholders;
mod settings;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod tests;

use super::grammar::Stop;
use super::grammar::getopt::Program;
use super::option::{Table, text};
use super::{Call, Command, Server, WASGI};
use settings::Settings;

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
    if let Some(values) = settings::settled(words) {
        return match launch::launch(words, &values, call) {
            Ok(launch) => Command::Serve(launch),
            Err(stderr) => Command::complain(1, &stderr),
        };
    }
    let mut settings = Settings::new(call);
    let read = settings.read(words);
    let said = settings.said;
    let complain = |stderr: String| {
        let mut lines = said.clone();
        lines.push(stderr);
        Command::complain(1, &lines.join("\n"))
    };
    let values = match read {
        Ok(values) => values,
        Err(Stop::Usage(stderr)) => return complain(stderr),
        Err(Stop::Help | Stop::Version) => {
            return Command::Help {
                program: Server::Uwsgi,
                words: Vec::new(),
            };
        }
    };
    if values.given("--version").is_some() {
        return Command::show(&text(&["2.0.31", WASGI]));
    }
    match launch::launch(&settings::words(&values), &values, call) {
        Ok(mut launch) => {
            launch
                .options
                .extend(said.into_iter().map(|line| ("--said", line)));
            Command::Serve(launch)
        }
        Err(stderr) => complain(stderr),
    }
}
