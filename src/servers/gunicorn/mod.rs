//! gunicorn 27.0.1: its command line.

mod launch;
mod options;
#[cfg(test)]
mod tests;
mod validate;

use super::grammar::Stop;
use super::grammar::argparse::{Positional, Program};
use super::{Call, Command, WASGI, python};

const PROGRAM: Program = Program {
    name: "gunicorn",
    usage: Some("gunicorn [OPTIONS] [APP_MODULE]"),
    options: options::OPTIONS,
    positional: Positional::Any,
};

/// What happens with these arguments.
pub(super) fn command(words: &[String], call: &Call) -> Command {
    match read(words, call) {
        Ok(launch) => Command::Serve(Box::new(launch)),
        Err(Failure::Stop(Stop::Help)) => Command::show(help(call)),
        Err(Failure::Stop(Stop::Version)) => {
            Command::show(vec![["gunicorn (version 27.0.1)", WASGI].concat()])
        }
        Err(Failure::Stop(Stop::Usage(stderr))) => Command::Print {
            stdout: Vec::new(),
            stderr,
            code: 2,
        },
        Err(Failure::Config(message)) => error(&[&message]),
        Err(Failure::Setup(message)) => error(&[&message, ""]),
        Err(Failure::Crash(exception)) => {
            let stderr = vec!["Traceback (most recent call last):".to_owned(), exception];
            Command::Print {
                stdout: Vec::new(),
                stderr,
                code: 1,
            }
        }
    }
}

/// The help shows the defaults that the environment gives.
fn help(call: &Call) -> Vec<String> {
    let mut defaults = vec![("--chdir", call.cwd.to_owned())];
    if let Ok(workers) = launch::default_workers(call) {
        defaults.push(("--workers", workers.to_string()));
    }
    if let Some(port) = call.env.get("PORT") {
        defaults.push(("--bind", ["['0.0.0.0:", port, "']"].concat()));
    }
    if let Some(peers) = call.env.get("FORWARDED_ALLOW_IPS") {
        defaults.push(("--forwarded-allow-ips", peers.to_owned()));
    }
    PROGRAM.help(&[], Some(&defaults))
}

/// gunicorn's own form for errors that are not about the grammar.
fn error(message: &[&str]) -> Command {
    let mut stderr = vec![String::new()];
    stderr.extend(
        ["Error: ", &message.join("\n")]
            .concat()
            .split('\n')
            .map(str::to_owned),
    );
    Command::Print {
        stdout: Vec::new(),
        stderr,
        code: 1,
    }
}

/// Why gunicorn does not start.
enum Failure {
    /// The grammar says so.
    Stop(Stop),
    /// A setting has a value that it cannot have.
    Config(String),
    /// The settings cannot be carried out. Printed with an empty line behind it.
    Setup(String),
    /// An exception that gunicorn does not catch.
    Crash(String),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

fn read(words: &[String], call: &Call) -> Result<super::Launch, Failure> {
    let workers = launch::default_workers(call)?;
    validate::trusted_peers(call.env.get("FORWARDED_ALLOW_IPS").unwrap_or("")).map_err(Failure::Config)?;
    let line = PROGRAM.parse(words)?;
    let variable = match call.env.get("GUNICORN_CMD_ARGS") {
        Some(text) => match shlex::split(text) {
            Some(words) => PROGRAM.parse(&words)?,
            None => return Err(Failure::Config("No closing quotation".to_owned())),
        },
        None => PROGRAM.parse(&[])?,
    };
    for values in [&variable, &line] {
        for option in options::OPTIONS {
            if let Some(name) = option.each_name().next()
                && let Some(text) = values.text(name)
            {
                validate::setting(option, text).map_err(Failure::Config)?;
            }
        }
    }
    // PasteDeploy's file names the app itself.
    let app = match line.positionals.first() {
        Some(app) => app.clone(),
        None if line.text("--paste").is_some() => String::new(),
        None => return Err(Failure::Config("No application module specified.".to_owned())),
    };
    let values = line.over(variable);
    if let Some((option, reason)) = values.refused() {
        return Err(PROGRAM.option_error(option, reason).into());
    }
    launch::launch(words, &values, &app, workers, call)
}

/// A usage error that refuses an option's value.
fn refuse(name: &str, reason: &str) -> Failure {
    match options::OPTIONS.iter().find(|option| option.has_name(name)) {
        Some(option) => PROGRAM.option_error(option, reason).into(),
        None => PROGRAM.error(reason).into(),
    }
}

/// `int(text)` of an environment variable, which crashes gunicorn where it is none.
fn environment_int(text: &str) -> Result<i64, Failure> {
    python::int(text)
        .ok_or_else(|| Failure::Crash(["ValueError: ", &python::int_error(text.as_bytes())].concat()))
}
