//! From daphne's values to a [`Launch`].

use crate::servers::grammar::Stop;
use crate::servers::grammar::argparse;
use crate::servers::option::Values;
use crate::servers::{Call, Launch, Level, Program, argv, host};
use crate::websocket::{self, Library};

use super::DaphneSettings;

/// Everything that the values say.
///
/// # Errors
/// A usage error.
pub(super) fn launch(
    program: &argparse::Program,
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
    let settings = Program::Daphne(settings(values));
    let mut launch = Box::new(Launch::base(settings, argv("daphne", words), call));
    launch.python_responses = true;
    launch.binds.push((given_host.to_owned(), port));
    // Twisted's own; it accepts all that wait.
    launch.backlog = 50;
    launch.accepts = 50;
    launch.keep_alive = 60_000.0;
    launch.asgi.websocket = Some(websocket(values));
    // Its Python writes its logs.
    launch.log_level = Level::Critical;
    launch.access_log = false;
    Ok(launch)
}

/// How WebSocket connections are served. daphne gives one option for two timeouts.
fn websocket(values: &Values) -> websocket::Settings {
    let seconds = |name: &str| {
        let seconds = values.count(name).filter(|&seconds| seconds > 0)?;
        Some(f64::from(seconds) * 1000.0)
    };
    let bytes = |name: &str| values.count(name).unwrap_or_default() as usize;
    websocket::Settings {
        imitates: Library::Autobahn,
        max_size: bytes("--websocket-max-message-size"),
        max_frame: bytes("--websocket-max-frame-size"),
        handshake_timeout: seconds("--websocket_connect_timeout"),
        ping_interval: None,
        ping_timeout: seconds("--ping-timeout"),
        compression: false,
        ..websocket::Settings::default()
    }
}

fn settings(values: &Values) -> DaphneSettings {
    let int = |name: &str| {
        let int = values.int(name).unwrap_or(0);
        int.clamp(i32::MIN.into(), i32::MAX.into()) as i32
    };
    let header = |name: &str, default: &str| match values.text(name) {
        "" => default.to_owned(),
        header => header.to_owned(),
    };
    // The last of --server-name and --no-server-name counts.
    let mut names = values.given.iter().rev().map(|(option, _)| option.name());
    let last = names.find(|name| matches!(*name, "-s" | "--no-server-name"));
    let server_name = values.text("--server-name");
    let is_named = last != Some("--no-server-name") && !server_name.is_empty();
    DaphneSettings {
        app: values.positionals.first().cloned().unwrap_or_default(),
        access_log: !values.text("--access-log").is_empty(),
        log_format: values.set("--log-fmt"),
        verbosity: int("--verbosity"),
        http_timeout: int("--http-timeout"),
        application_close_timeout: int("--application-close-timeout"),
        websocket_timeout: int("--websocket_timeout"),
        websocket_connect_timeout: int("--websocket_connect_timeout"),
        ping_interval: int("--ping-interval"),
        root_path: values.text("--root-path").to_owned(),
        proxy_headers: values.flag("--proxy-headers"),
        proxy_headers_host: header("--proxy-headers-host", "X-Forwarded-For"),
        proxy_headers_port: header("--proxy-headers-port", "X-Forwarded-Port"),
        server_name: is_named.then(|| server_name.to_owned()),
    }
}
