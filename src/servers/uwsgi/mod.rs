//! uWSGI 2.0.31: its command line. It is read, but uWSGI does not run yet.

#[cfg(test)]
mod tests;

use super::grammar::Stop;
use super::grammar::getopt::Program;
use super::option::{Table, text};
use super::{Command, WASGI};

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
pub(super) fn command(words: &[String]) -> Command {
    let values = match PROGRAM.parse(words) {
        Ok(values) => values,
        Err(Stop::Usage(stderr)) => {
            return Command::complain(1, stderr);
        }
        Err(Stop::Help | Stop::Version) => {
            let mut lines = PROGRAM.help();
            lines.push("    uWSGI has some 900 more options; wasgi refuses them.".to_owned());
            return Command::show(lines);
        }
    };
    // Other words are configuration files, told by their ending.
    if let Some(file) = values.positionals.first() {
        const FORMATS: &[&str] = &["ini", "xml", "yaml", "yml", "json", "js"];
        let known = file
            .rsplit_once('.')
            .is_some_and(|(_, format)| FORMATS.contains(&format));
        let message = if known {
            "uwsgi: wasgi cannot read configuration files yet: write the options into the command line."
                .to_owned()
        } else {
            text(&["unable to load configuration from ", file])
        };
        return Command::fail(1, &message);
    }
    if values.given("--version").is_some() {
        return Command::show(vec![text(&["2.0.31", WASGI])]);
    }
    Command::fail(
        1,
        "uwsgi: wasgi understands this command line, but cannot run uWSGI yet.",
    )
}
