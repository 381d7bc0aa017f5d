//! What tests of this and other rooms ask of a command line.
#![allow(clippy::panic, clippy::unwrap_used)]

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

/// Checks that Python is told what `options`, the text of its `options.py`, describes.
#[track_caller]
pub(crate) fn assert_python_is_told(launch: &Launch, options: &str) {
    let told = serde_json::to_value(&launch.program).unwrap();
    let told = told.as_object().unwrap();
    let mut told: Vec<&str> = told.keys().map(String::as_str).collect();
    let is_name = |name: &str| name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    let mut described: Vec<&str> = options
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
        .map(|(name, _)| name)
        .filter(|name| is_name(name))
        .collect();
    told.sort_unstable();
    described.sort_unstable();
    assert_eq!(told, described);
}

/// What there is in a project: these paths, without a text.
pub(crate) fn files(paths: &[&str]) -> Files {
    let mut files = Files::default();
    for path in paths {
        files.add(path, None);
    }
    files
}
