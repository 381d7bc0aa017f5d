//! From uWSGI's values to a [`Launch`].

use crate::http1::{Limits, Rules};
use crate::servers::option::Values;
use crate::servers::{
    Call, Interface, Launch, Server, WorkerClass, absolute, argv, assignment, host, python,
};

/// Options that ask for a master.
const MASTERS: &[&str] = &[
    "--cheap",
    "--cheaper",
    "--cheaper-initial",
    "--cheaper-algo",
    "--cheaper-step",
    "--cheaper-overload",
    "--idle",
    "--py-auto-reload",
    "--touch-reload",
];

/// Everything that the values say.
///
/// # Errors
/// What is printed instead, before it exits with 1.
pub(super) fn launch(
    words: &[String],
    values: &Values,
    call: &Call,
) -> Result<Box<Launch>, String> {
    let mut launch = Box::new(Launch::base(Server::Uwsgi, argv("uwsgi", words), call));
    launch.worker_class = WorkerClass::Sync;
    launch.interface = Interface::Wsgi;
    let mut kind = "";
    for name in ["--http-socket", "--http11-socket", "--http"] {
        for address in values.all(name) {
            // Sockets of two kinds would be read by two sets of rules.
            if !kind.is_empty() && kind != name {
                let reason = "wasgi has sockets of one kind only: leave out the others.";
                return Err(refusal(name, reason));
            }
            kind = name;
            launch.binds.push(bind(name, address)?);
        }
    }
    if kind.is_empty() {
        let message = "The -s/--socket option is missing and stdin is not a socket.";
        return Err(message.to_owned());
    }
    let count = |name: &str, default: u32| values.count(name).unwrap_or(default);
    launch.router = kind == "--http";
    launch.keep_alive = if kind == "--http11-socket" {
        4000.0
    } else {
        0.0
    };
    launch.workers = count("--processes", 1);
    launch.threads = count("--threads", 1).max(1);
    launch.timeout = f64::from(count("--harakiri", 0)) * 1000.0;
    launch.max_requests = values
        .count("--max-requests")
        .filter(|&requests| requests > 0);
    launch.backlog = count("--listen", 100);
    launch.rules = Rules::UWSGI;
    launch.limits = Limits::uwsgi(count("--buffer-size", 4096) as usize);
    launch.master =
        values.flag("--master") || MASTERS.iter().any(|name| values.given(name).is_some());
    let cheaper = count("--cheaper", 0);
    if cheaper > 0 && cheaper >= launch.workers {
        return Err("invalid cheaper value: must be lower than processes".to_owned());
    }
    if values.given("--cheaper-algo") == Some("busyness") {
        let reason = "wasgi has the algorithms spare and backlog only.";
        return Err(refusal("--cheaper-algo", reason));
    }
    launch.die_on_term = values.flag("--die-on-term");
    launch.need_app = values.flag("--need-app");
    launch.preload = !values.flag("--lazy-apps");
    for setting in values.all("--env") {
        if let Some((name, value)) = assignment(setting) {
            launch.env.push((name.to_owned(), value.to_owned()));
        }
    }
    let directory = absolute(call.cwd, values.given("--chdir").unwrap_or("."));
    for path in values.all("--pythonpath") {
        // The last one given is the first to be searched.
        launch.python_path.insert(0, absolute(&directory, path));
    }
    launch.chdir = Some(directory);
    launch.options = values.texts();
    for file in values.all("--touch-reload") {
        launch.options.push(("--touched", file.to_owned()));
    }
    Ok(launch)
}

fn bind(kind: &str, address: &str) -> Result<(String, u16), String> {
    let Some((name, port)) = address.rsplit_once(':') else {
        return Err(refusal(
            kind,
            "a browser tab has no Unix sockets: write HOST:PORT or :PORT.",
        ));
    };
    let name = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    if let Some(reason) = host::foreign(name) {
        return Err(refusal(kind, &reason));
    }
    match python::int(port).map(u16::try_from) {
        Some(Ok(port)) => Ok((name.to_owned(), port)),
        _ => Err(refusal(kind, "a port is a number from 0 to 65535.")),
    }
}

fn refusal(option: &str, reason: &str) -> String {
    format!("uwsgi: option '{option}': {reason}")
}
