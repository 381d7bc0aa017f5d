//! gunicorn 27.0.1: its command line.

mod launch;
pub(super) mod options;
mod settings;
#[cfg(test)]
mod tests;
mod validate;

use super::grammar::Stop;
use super::grammar::argparse::{Positional, Program};
use super::{Call, Command, Configuration, Launch, WASGI, python};

pub use settings::GunicornSettings;

const PROGRAM: Program = Program {
    name: "gunicorn",
    usage: Some("gunicorn [OPTIONS] [APP_MODULE]"),
    table: &options::OPTIONS,
    positional: Positional::Any,
};

/// What happens with these arguments.
pub(super) fn command(words: &[String], call: &Call) -> Command {
    match read(words, call) {
        Ok(launch) => Command::Serve(Box::new(launch)),
        Err(Failure::Stop(Stop::Help)) => help(call),
        Err(Failure::Stop(Stop::Version)) => {
            Command::show(&format!("gunicorn (version 27.0.1){WASGI}"))
        }
        Err(Failure::Stop(Stop::Usage(stderr))) => Command::complain(2, &stderr),
        Err(Failure::Config(message)) => Command::complain(1, &format!("\nError: {message}")),
        Err(Failure::Setup(message)) => Command::complain(1, &format!("\nError: {message}\n")),
        Err(Failure::Crash(exception)) => Command::crash(&exception),
    }
}

/// The help shows the defaults that the environment gives.
fn help(call: &Call) -> Command {
    let variable = |name: &str, otherwise: &str| call.env.get(name).unwrap_or(otherwise).to_owned();
    let bind = match call.env.get("PORT") {
        Some(port) => format!("['0.0.0.0:{port}']"),
        None => "['127.0.0.1:8000']".to_owned(),
    };
    let text = include_str!("help.txt")
        .trim_end()
        .replace("{bind}", &bind)
        .replace("{workers}", &variable("WEB_CONCURRENCY", "1"))
        .replace("{chdir}", call.cwd)
        .replace(
            "{forwarded-allow-ips}",
            &variable("FORWARDED_ALLOW_IPS", "127.0.0.1,::1"),
        );
    Command::show(&text)
}

/// Why gunicorn does not start.
enum Failure {
    /// The grammar says so.
    Stop(Stop),
    /// A setting has a value that it cannot have.
    Config(String),
    /// The settings cannot be carried out; gunicorn prints an empty line behind it.
    Setup(String),
    /// An exception that gunicorn does not catch.
    Crash(String),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

fn read(words: &[String], call: &Call) -> Result<Launch, Failure> {
    // gunicorn reads these before its command line.
    let workers = call
        .env
        .get("WEB_CONCURRENCY")
        .map_or(Ok(1), environment_int)?;
    validate::positive(workers)?;
    validate::trusted_peers(call.env.get("FORWARDED_ALLOW_IPS").unwrap_or(""))?;
    // What the master's Python made of the configuration file, the environment and the command line
    // takes their place.
    let resolved = match call.configuration {
        Configuration::Read(words) => Some(words),
        Configuration::CommandLine | Configuration::Unread => None,
    };
    let more = call
        .env
        .get("GUNICORN_CMD_ARGS")
        .filter(|_| resolved.is_none());
    let Some(more) = shlex::split(more.unwrap_or("")) else {
        return Err(Failure::Config("No closing quotation".to_owned()));
    };
    let mut line = PROGRAM.parse(words)?;
    if let Some(words) = resolved {
        line = PROGRAM.parse(words)?;
    }
    let variable = PROGRAM.parse(&more)?;
    for values in [&variable, &line] {
        for option in PROGRAM.table.iter() {
            if let Some(value) = values.given(option.name()) {
                validate::setting(option, value)?;
                if option.kind.is_path() && !value.is_empty() && !call.exists(value) {
                    let message = format!("can't chdir to {}", python::repr(value));
                    return Err(Failure::Config(message));
                }
            }
        }
    }
    let mut master_has_python = *call.configuration != Configuration::CommandLine;
    // Whether files that are to be watched exist, Python looks.
    for name in [
        "--config",
        "--check-config",
        "--print-config",
        "--reload-extra-file",
    ] {
        master_has_python |= line.given(name).or(variable.given(name)).is_some();
    }
    // PasteDeploy's file names the app itself.
    let app = match line.positionals.first() {
        Some(app) => app.clone(),
        None if line.given("--paste").is_some() => String::new(),
        // It may be in the configuration file.
        None if master_has_python => String::new(),
        None => {
            return Err(Failure::Config(
                "No application module specified.".to_owned(),
            ));
        }
    };
    // gunicorn prints what it is set to, as it has it in Python.
    let level = line.given("--log-level").or(variable.given("--log-level"));
    master_has_python |= level.is_some_and(|level| level.trim().eq_ignore_ascii_case("debug"));
    // The master's Python puts the hooks after the app.
    let hooks = line.positionals.get(1).filter(|_| resolved.is_some());
    let hooks = hooks.map_or(Vec::new(), |hooks| {
        let hooks = hooks.split(',').filter(|hook| !hook.is_empty());
        hooks.map(str::to_owned).collect()
    });
    let values = line.over(variable);
    if let Some((option, reason)) = values.refused() {
        if resolved.is_some() {
            return Err(Failure::Config(format!("{}: {reason}", option.name())));
        }
        return Err(PROGRAM.option_error(option, reason).into());
    }
    let from = launch::From {
        app: &app,
        workers,
        master_has_python,
        worker_hooks: hooks,
    };
    let mut launch = launch::launch(words, &values, from, call)?;
    launch.configuration = match call.configuration {
        Configuration::CommandLine if master_has_python => Configuration::Unread,
        known => known.clone(),
    };
    Ok(launch)
}

/// A usage error that refuses an option's value.
fn refuse(name: &str, reason: &str) -> Failure {
    match PROGRAM.table.named(name) {
        Some(option) => PROGRAM.option_error(option, reason).into(),
        None => PROGRAM.error(reason).into(),
    }
}

/// `int(text)` of an environment variable, which crashes gunicorn where it is none.
fn environment_int(value: &str) -> Result<i64, Failure> {
    python::int(value).ok_or_else(|| {
        Failure::Crash(format!(
            "ValueError: {}",
            python::int_error(value.as_bytes())
        ))
    })
}
