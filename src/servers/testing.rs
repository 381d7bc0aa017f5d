//! What tests of this and other rooms ask of a command line.
#![allow(clippy::panic)]

use super::{Command, Launch, parse};

/// The server that a line starts.
pub(crate) fn launch(line: &str) -> Launch {
    match parse(line, &[], "/home/web") {
        Command::Serve(launch) => *launch,
        Command::Print { stdout, stderr, .. } => panic!("{line} prints {stdout:?} {stderr:?}"),
    }
}

/// What a line that starts no server prints to standard error, and its exit code.
pub(crate) fn printed(line: &str) -> (String, i32) {
    match parse(line, &[], "/home/web") {
        Command::Print { stdout, stderr, code } => {
            assert!(stdout.is_empty(), "{line}: {stdout:?}");
            (stderr.join("\n"), code)
        }
        Command::Serve(_) => panic!("{line} starts a server"),
    }
}
