//! uWSGI 2.0.31: its command line.
//!
//! What it is set to is settled by a wasm module of its own (`uwsgi/`), into words that are options
//! alone: these are what the processes get, which so read no file.

mod launch;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod tests;

use super::option::{Table, Values, own, split, text};
use super::{Call, Command, Server, Unsettled, WASGI};

/// The options that are honoured; those that are refused are known where the settings are read.
const TABLE: Table = Table(include_str!("options.txt"));

/// The first of the words that are settled: no shell makes such a word.
pub(super) const SETTLED: &str = "\u{1}";

/// What happens with these arguments.
pub(super) fn command(words: &[String], call: &Call) -> Command {
    let Some((_, settled)) = words.split_first().filter(|(first, _)| *first == SETTLED) else {
        let env = [call.env.outer, call.env.own].concat();
        return Command::Settle(Box::new(Unsettled {
            before: vec![own("uwsgi"), own(SETTLED)],
            words: words.to_vec(),
            env,
        }));
    };
    let mut values = Values::new(TABLE);
    let mut said = Vec::new();
    let mut kept = vec![own(SETTLED)];
    for word in settled {
        match split(word, '=') {
            Some(("said", line)) => said.push(own(line)),
            Some(("stop", message)) => return complain(said, message),
            Some(("help", _)) => {
                return Command::Help {
                    program: Server::Uwsgi,
                    words: Vec::new(),
                };
            }
            Some((name, value)) => {
                if let Some(option) = TABLE.named(name) {
                    values.give(option, value);
                    kept.push(own(word));
                }
            }
            None => {}
        }
    }
    if values.given("--version").is_some() {
        return Command::show(&text(&["2.0.31", WASGI]));
    }
    match launch::launch(&kept, &values, call) {
        Ok(mut launch) => {
            launch
                .options
                .extend(said.into_iter().map(|line| ("--said", line)));
            Command::Serve(launch)
        }
        Err(message) => complain(said, &message),
    }
}

fn complain(mut said: Vec<String>, message: &str) -> Command {
    said.push(own(message));
    Command::complain(1, &said.join("\n"))
}
