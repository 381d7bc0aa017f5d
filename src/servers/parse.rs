//! From a command line to a [`Command`].

use super::call::{Call, Environment};
use super::command::Command;
use super::surroundings::Surroundings;
use super::{daphne, gunicorn, shell, uvicorn, uwsgi};

/// The most replicas that `--scale` makes.
const MOST_REPLICAS: u32 = 99;

/// Reads a command line as a shell and its program would.
///
/// Pure: the same line and surroundings give the same command everywhere.
#[must_use]
pub fn parse(line: &str, surroundings: &Surroundings) -> Command {
    let env = Environment {
        own: &[],
        outer: surroundings.env,
    };
    match shell::words(line, &env) {
        Ok(words) => parse_argv(&words, surroundings),
        Err(shell::Unreadable { text, code }) => Command::complain(code, &text),
    }
}

/// Reads a command that is already split into words. Leading `VAR=value` words set environment
/// variables.
#[must_use]
pub fn parse_argv(words: &[String], surroundings: &Surroundings) -> Command {
    let mut words = words;
    let mut assignments = Vec::new();
    while let [first, rest @ ..] = words
        && let Some((name, value)) = assignment(first)
    {
        assignments.push((name.to_owned(), value.to_owned()));
        words = rest;
    }
    if let [first, rest @ ..] = words
        && first == "exec"
    {
        words = rest;
    }
    let mut words = words.to_vec();
    let scale = match scale(&mut words) {
        Ok(scale) => scale,
        Err(refusal) => return refusal,
    };
    let [program, arguments @ ..] = words.as_slice() else {
        return Command::complain(
            2,
            "wasgi: There is no command. Type one such as `gunicorn app:app` or `uvicorn app:app`.",
        );
    };
    let call = Call {
        env: Environment {
            own: &assignments,
            outer: surroundings.env,
        },
        cwd: surroundings.directory,
        processors: surroundings.processors,
        configuration: surroundings.configuration,
        files: surroundings.files,
    };
    let mut command = match program.as_str() {
        "gunicorn" => gunicorn::command(arguments, &call),
        "uvicorn" => uvicorn::command("uvicorn", arguments, &call),
        "daphne" => daphne::command("daphne", arguments, &call),
        "uwsgi" => uwsgi::command(arguments, &call),
        "python" | "python3" => python_module(arguments, &call),
        path if path.contains('/') => {
            Command::complain(127, &format!("bash: {path}: No such file or directory"))
        }
        name => Command::complain(127, &format!("bash: {name}: command not found")),
    };
    if let Command::Serve(launch) = &mut command {
        launch.scale = scale;
    }
    command
}

/// Removes `--scale N` from a command. It is wasgi's own and goes with every server: so many
/// containers of it.
fn scale(words: &mut Vec<String>) -> Result<u32, Command> {
    let Some(at) = words.iter().position(|word| word.starts_with("--scale")) else {
        return Ok(1);
    };
    let word = words.remove(at);
    let value = match word.strip_prefix("--scale=") {
        Some(value) => value.to_owned(),
        None if word == "--scale" && at < words.len() => words.remove(at),
        None => String::new(),
    };
    match value.parse() {
        Ok(scale @ 1..=MOST_REPLICAS) => Ok(scale),
        _ => Err(Command::complain(
            2,
            "wasgi: --scale takes a number of replicas from 1 to 99, such as --scale 3.",
        )),
    }
}

/// `python -m MODULE`: the servers that can be started so, and what they call themselves then.
fn python_module(words: &[String], call: &Call) -> Command {
    if let [option, module, rest @ ..] = words
        && option == "-m"
    {
        match module.as_str() {
            "gunicorn" => return gunicorn::command(rest, call),
            "uvicorn" => return uvicorn::command("python -m uvicorn", rest, call),
            "daphne" => return daphne::command("__main__.py", rest, call),
            _ => {}
        }
    }
    Command::complain(
        2,
        "wasgi: python only starts servers here: `python -m gunicorn …`, `python -m uvicorn …`, `python -m daphne …`.",
    )
}

/// The name and value of a word that sets an environment variable.
pub(super) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((name, value))
}

/// The words of a command line, the program's name first.
pub(super) fn argv(program: &str, words: &[String]) -> Vec<String> {
    let mut argv = vec![program.to_owned()];
    argv.extend_from_slice(words);
    argv
}
