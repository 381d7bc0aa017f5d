//! From daphne's values to a [`Launch`].

use crate::servers::grammar::Stop;
use crate::servers::grammar::argparse::Program;
use crate::servers::option::{Values, own, split, text};
use crate::servers::{Call, Launch, Level, Server, Target, argv, host};

/// Options that daphne's Python reads (`src/python/daphne_worker.py`).
const OPTIONS: [&str; 10] = [
    "--verbosity",
    "--http-timeout",
    "--access-log",
    "--log-fmt",
    "--application-close-timeout",
    "--root-path",
    "--proxy-headers",
    "--proxy-headers-host",
    "--proxy-headers-port",
    "--server-name",
];

/// Everything that the values say.
///
/// # Errors
/// A usage error.
pub(super) fn launch(
    program: &Program,
    words: &[String],
    values: &Values,
    call: &Call,
) -> Result<Launch, Stop> {
    let refuse = |name: &str, reason: &str| match program.table.named(name) {
        Some(option) => program.option_error(option, reason),
        None => program.error(reason),
    };
    let given_host = values.text("--bind");
    if let Some(reason) = host::foreign(given_host) {
        return Err(refuse("--bind", &reason));
    }
    let Ok(port) = u16::try_from(values.int("--port").unwrap_or(0)) else {
        return Err(refuse("--port", "a port is a number from 0 to 65535."));
    };
    if !matches!(values.text("--access-log"), "" | "-" | "/dev/stdout") {
        return Err(refuse("--access-log", "the log goes to the page: use `-`."));
    }
    if !values.flag("--proxy-headers") {
        for name in ["--proxy-headers-host", "--proxy-headers-port"] {
            if values.given(name).is_some() {
                return Err(refuse(
                    name,
                    "--proxy-headers has to be passed for this parameter.",
                ));
            }
        }
    }
    let app = values.positionals.first().map_or("", String::as_str);
    let (module, attribute) = split(app, ':').unwrap_or((app, ""));
    let mut options: Vec<_> = OPTIONS
        .iter()
        .map(|name| (*name, own(values.text(name))))
        .collect();
    // The last of --server-name and --no-server-name counts.
    let last = values
        .given
        .iter()
        .rev()
        .find(|(option, _)| option.has_name("--server-name") || option.has_name("--no-server-name"));
    if last.is_some_and(|(option, _)| option.has_name("--no-server-name")) {
        options.push(("--server-name", String::new()));
    }
    let base = Launch::base(Server::Daphne, argv("daphne", words), call.env.own.to_vec());
    Ok(Launch {
        target: Target::new(app, module, attribute, false),
        binds: vec![(text(&[given_host]), port)],
        // Twisted's own.
        backlog: 50,
        keep_alive: 60_000.0,
        // Its Python writes its logs.
        log_level: Level::Critical,
        access_log: false,
        options,
        ..base
    })
}
