//! What tests of this and other rooms ask of a command line.
#![allow(clippy::panic)]

use super::{Command, Files, Launch, Surroundings, parse};

/// The server that a line starts.
pub(crate) fn launch(line: &str) -> Launch {
    match parse(line, &Surroundings::new(&[], "/home/web")) {
        Command::Serve(launch) => *launch,
        printed @ Command::Print { .. } => panic!("{line} prints {printed:?}"),
    }
}

/// What a line that starts no server prints to standard error, and its exit code.
pub(crate) fn printed(line: &str) -> (String, i32) {
    match parse(line, &Surroundings::new(&[], "/home/web")) {
        Command::Print {
            stdout,
            stderr,
            code,
        } => {
            assert!(stdout.is_empty(), "{line}: {stdout:?}");
            (stderr.join("\n"), code)
        }
        other @ Command::Serve(_) => panic!("{line} prints no error: {other:?}"),
    }
}

/// What a server prints that is asked for its help.
pub(crate) fn help(line: &str, env: &[(String, String)]) -> String {
    match parse(line, &Surroundings::new(env, "/home/web")) {
        Command::Print {
            stdout,
            stderr,
            code: 0,
        } if stderr.is_empty() => stdout.join("\n"),
        other => panic!("{line} does not ask for the help: {other:?}"),
    }
}

/// What there is in a project: these paths, without a text.
pub(crate) fn files(paths: &[&str]) -> Files {
    let mut files = Files::default();
    for path in paths {
        files.add(path, None);
    }
    files
}
