//! What tests of this and other rooms ask of a command line.
#![allow(clippy::panic)]

use super::{Command, Launch, Server, parse_argv};

/// Reads a command line, and uWSGI's settings with it.
pub(crate) fn parse(line: &str, env: &[(String, String)], cwd: &str) -> Command {
    match super::parse(line, env, cwd) {
        Command::Settle(unsettled) => {
            let mut words = unsettled.before;
            words.extend(wasgi_uwsgi::settled(&unsettled.words, &unsettled.env, cwd));
            parse_argv(&words, env, cwd)
        }
        command => command,
    }
}

/// The server that a line starts.
pub(crate) fn launch(line: &str) -> Launch {
    match parse(line, &[], "/home/web") {
        Command::Serve(launch) => *launch,
        printed => panic!("{line} prints {printed:?}"),
    }
}

/// What a line that starts no server prints to standard error, and its exit code.
pub(crate) fn printed(line: &str) -> (String, i32) {
    match parse(line, &[], "/home/web") {
        Command::Print {
            stdout,
            stderr,
            code,
        } => {
            assert!(stdout.is_empty(), "{line}: {stdout:?}");
            (stderr.join("\n"), code)
        }
        other => panic!("{line} prints no error: {other:?}"),
    }
}

/// A server's help, as the page fills it in.
pub(crate) fn help(line: &str, env: &[(String, String)]) -> String {
    let Command::Help { program, words } = parse(line, env, "/home/web") else {
        panic!("{line} does not ask for the help");
    };
    let text = match program {
        Server::Gunicorn => include_str!("gunicorn/help.txt"),
        Server::Uvicorn => include_str!("uvicorn/help.txt"),
        Server::Daphne => include_str!("daphne/help.txt"),
        Server::Uwsgi => include_str!("uwsgi/help.txt"),
    };
    let fill = |text: String, (name, value): (&str, String)| {
        let place = format!("{{{name}}}");
        assert!(text.contains(&place), "the help has no {place}");
        text.replace(&place, &value)
    };
    words.into_iter().fold(text.to_owned(), fill)
}
