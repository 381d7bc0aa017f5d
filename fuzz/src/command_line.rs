//! Whatever a command line, its environment and the project's files are: no panic, and each process
//! reads what the machine has read.

use wasgi::servers::{Configuration, Surroundings, parse};

use crate::files::{DIRECTORY, check_command, split};

/// The first line is the command, those that follow are `NAME=value` of the environment, and after
/// each line `== name` is the text of a file.
pub fn check(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let (head, files) = split(input);
    let (line, rest) = head.split_once('\n').unwrap_or((head, ""));
    let env: Vec<(String, String)> = rest
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let configuration = if files.any_named("gunicorn.conf.py") {
        Configuration::Unread
    } else {
        Configuration::CommandLine
    };
    let surroundings = Surroundings {
        processors: 8,
        files: Some(&files),
        configuration: &configuration,
        ..Surroundings::new(&env, DIRECTORY)
    };
    check_command(&parse(line, &surroundings), &env);
}
