//! Commands in a project, as the text of an input describes them.

use wasgi::servers::{Command, Configuration, Files, Launch, Program, Surroundings, parse_argv};

pub(crate) const DIRECTORY: &str = "/home/web";
/// What a line begins with that names the file whose text follows.
const FILE: &str = "== ";

/// Splits an input into the text before the first file, and the project's files.
pub(crate) fn split(input: &str) -> (&str, Files) {
    let mut files = Files::default();
    let mut parts = input.split("\n== ");
    let first = parts.next().unwrap_or_default();
    for part in parts {
        let (name, text) = part.split_once('\n').unwrap_or((part, ""));
        let path = format!("{DIRECTORY}/{}", name.trim_start_matches(FILE));
        files.add(&path, Some(text.to_owned()));
    }
    (first, files)
}

/// Checks what came of a command: what is printed has an exit code, and a process that reads the
/// same words again, without the project's files, comes to the same server.
pub(crate) fn check_command(command: &Command, env: &[(String, String)]) {
    let launch = match command {
        Command::Print {
            stdout,
            stderr,
            code,
        } => {
            assert!((0..=255).contains(code), "exit code {code}");
            assert!(!stdout.is_empty() || !stderr.is_empty(), "it says nothing");
            return;
        }
        Command::Serve(launch) => launch,
    };
    // The master's Python reads such a file first.
    if launch.configuration == Configuration::Unread {
        return;
    }
    let env = [env, &launch.env].concat();
    let surroundings = Surroundings {
        configuration: &launch.configuration,
        ..Surroundings::new(&env, DIRECTORY)
    };
    match parse_argv(&launch.argv, &surroundings) {
        Command::Serve(again) => assert_eq!(of_process(launch), of_process(&again)),
        printed @ Command::Print { .. } => panic!("a process reads: {printed:?}\n{launch:?}"),
    }
}

/// What a process goes by.
fn of_process(launch: &Launch) -> Launch {
    let mut launch = launch.clone();
    // The master prints, starts the replicas, and gives processes their environment.
    if let Program::Uwsgi(settings) = &mut launch.program {
        settings.printed.clear();
        settings.warning = None;
    }
    launch.scale = 1;
    launch.env.clear();
    launch
}
