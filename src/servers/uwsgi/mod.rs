//! uWSGI 2.0.31: its command line, ini files and environment.
//!
//! The machine, which knows the files, reads all of it into one list of options. Its processes get
//! that list, and read no file.

mod config;
mod launch;
pub(super) mod options;
mod request_begun;
mod request_ended;
mod settings;
mod static_files;
#[cfg(test)]
mod tests;

use super::grammar::Stop;
use super::grammar::getopt::Program;
use super::option::{OptionSpec, Values};
use super::{Call, Command, Configuration, WASGI};
use config::Config;

pub use request_begun::RequestBegun;
pub use request_ended::{AppCalled, RequestEnded, RequestLine};
pub use settings::{Busyness, Cheaper, CheaperAlgorithm, UwsgiSettings};
pub use static_files::StaticFiles;

const PROGRAM: Program = Program {
    name: "uwsgi",
    table: &options::OPTIONS,
    stems: include_str!("stems.txt"),
    letters: "ACHJLMOQRSTabcdhilmprstvwxyz",
    after_error: "getopt_long() error",
};

/// What happens with these arguments.
pub(super) fn command(words: &[String], call: &Call) -> Command {
    if let Configuration::Read(settings) = call.configuration {
        return serve(words, &from_words(settings), Vec::new(), call);
    }
    let mut config = Config::new(call);
    let read = config.read(words);
    let printed = config.printed;
    match read {
        Ok(values) if values.given("--version").is_some() => {
            Command::show(&format!("2.0.31{WASGI}"))
        }
        Ok(values) => serve(words, &values, printed, call),
        // uWSGI has no other way to ask for its version.
        Err(Stop::Help | Stop::Version) => Command::show(include_str!("help.txt").trim_end()),
        Err(Stop::Usage(message)) => complain(printed, &message),
    }
}

/// Starts a server. `printed` is what was printed as the options were read.
fn serve(words: &[String], values: &Values, printed: Vec<String>, call: &Call) -> Command {
    match launch::launch(words, values, &printed, call) {
        Ok(mut launch) => {
            launch.configuration = Configuration::Read(to_words(values));
            Command::Serve(launch)
        }
        Err(message) => complain(printed, &message),
    }
}

/// The options as processes get them.
fn to_words(values: &Values) -> Vec<String> {
    let word = |(option, value): &(&OptionSpec, String)| format!("{}={value}", option.name());
    values.given.iter().map(word).collect()
}

/// What [`to_words`] has written.
fn from_words(words: &[String]) -> Values {
    let mut values = Values::new(PROGRAM.table);
    for word in words {
        if let Some((name, value)) = word.split_once('=')
            && let Some(option) = PROGRAM.table.named(name)
        {
            values.give(option, value);
        }
    }
    values
}

fn complain(mut printed: Vec<String>, message: &str) -> Command {
    printed.push(message.to_owned());
    Command::complain(1, &printed.join("\n"))
}
