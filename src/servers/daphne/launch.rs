//! From daphne's values to a [`Launch`].

use crate::servers::grammar::Stop;
use crate::servers::grammar::argparse::Program;
use crate::servers::option::Values;
use crate::servers::{Call, Launch, Level, Server, Target, argv, host};

/// Everything that the values say.
///
/// # Errors
/// A usage error.
pub(super) fn launch(
    program: &Program,
    words: &[String],
    values: &Values,
    call: &Call,
) -> Result<Box<Launch>, Stop> {
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
    for name in ["--proxy-headers-host", "--proxy-headers-port"] {
        if !values.flag("--proxy-headers") && values.given(name).is_some() {
            let reason = "--proxy-headers has to be passed for this parameter.";
            return Err(refuse(name, reason));
        }
    }
    let mut launch = Box::new(Launch::base(Server::Daphne, argv("daphne", words), call));
    launch.python_responses = true;
    let app = values.positionals.first().map_or("", String::as_str);
    launch.target = Target::new(app, app, "", false);
    launch.binds.push((given_host.to_owned(), port));
    // Twisted's own; it accepts all that wait.
    launch.backlog = 50;
    launch.accepts = 50;
    launch.keep_alive = 60_000.0;
    // Its Python writes its logs.
    launch.log_level = Level::Critical;
    launch.access_log = false;
    launch.options = values.texts();
    // The last of --server-name and --no-server-name counts.
    let mut names = values.given.iter().rev().map(|(option, _)| option.name());
    if names.find(|name| matches!(*name, "-s" | "--no-server-name")) == Some("--no-server-name") {
        launch.options.push(("--server-name", String::new()));
    }
    Ok(launch)
}
