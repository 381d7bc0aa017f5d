//! From uWSGI's values to a [`Launch`].

use super::PROGRAM;
use crate::http1::{Limits, Rules};
use crate::servers::option::{Values, own, text};
use crate::servers::{
    Call, Interface, Launch, Server, Target, WorkerClass, absolute, argv, assignment, host, python,
};

/// Everything that the values say.
///
/// # Errors
/// What is printed instead, before it exits with 1.
pub(super) fn launch(words: &[String], values: &Values, call: &Call) -> Result<Launch, String> {
    if values.count("--threads") > Some(1) {
        return Err(refusal("--threads", "wasgi cannot do this yet."));
    }
    let (kind, addresses) = addresses(values)?;
    let router = kind == "--http";
    let mut binds = Vec::new();
    for address in addresses {
        binds.push(bind(kind, address)?);
    }
    let workers = values.count("--processes").unwrap_or(1).max(1);
    let seconds = values.count("--harakiri").unwrap_or(0);
    let directory = values
        .given("--chdir")
        .map_or_else(|| own(call.cwd), |path| absolute(call.cwd, path));
    let mut env = call.env.own.to_vec();
    env.extend(
        values
            .all("--env")
            .into_iter()
            .filter_map(assignment)
            .map(|(name, value)| (own(name), own(value))),
    );
    // The last one given is the first to be searched.
    let mut python_path = values.all("--pythonpath");
    python_path.reverse();
    let file = values.given("--wsgi-file");
    let module = values.given("--module").unwrap_or("");
    let callable = values.given("--callable").unwrap_or("");
    let options = ["--wsgi-file", "--module", "--callable", "--pyargv"];
    let mut options: Vec<_> = options
        .iter()
        .map(|name| (*name, own(values.given(name).unwrap_or(""))))
        .collect();
    options.push((
        "--need-app",
        own(if values.given("--need-app").is_some() {
            "1"
        } else {
            ""
        }),
    ));
    options.push((
        "--lazy-apps",
        own(if values.flag("--lazy-apps") { "1" } else { "" }),
    ));
    let base = Launch::base(Server::Uwsgi, argv("uwsgi", words), env);
    Ok(Launch {
        workers,
        master: values.flag("--master"),
        worker_class: WorkerClass::Sync,
        interface: Interface::Wsgi,
        target: Target::new(file.unwrap_or(module), module, callable, false),
        binds,
        backlog: values.count("--listen").unwrap_or(100),
        timeout: f64::from(seconds) * 1000.0,
        keep_alive: if kind == "--http11-socket" { 4000.0 } else { 0.0 },
        rules: Rules::UWSGI,
        limits: Limits::uwsgi(values.count("--buffer-size").unwrap_or(4096) as usize),
        max_requests: values.count("--max-requests").filter(|&requests| requests > 0),
        access_log: !values.flag("--disable-logging"),
        python_path: python_path
            .into_iter()
            .map(|path| absolute(&directory, path))
            .collect(),
        chdir: Some(directory),
        die_on_term: values.flag("--die-on-term"),
        need_app: values.given("--need-app").is_some(),
        lazy_apps: values.flag("--lazy-apps"),
        router,
        options,
        ..base
    })
}

/// The kind of the sockets, and their addresses. Sockets of two kinds would be read by two sets of rules.
fn addresses(values: &Values) -> Result<(&'static str, Vec<&str>), String> {
    let mut found = None;
    for kind in ["--http-socket", "--http11-socket", "--http"] {
        let addresses = values.all(kind);
        if addresses.is_empty() {
            continue;
        }
        if found.is_some() {
            return Err(refusal(
                kind,
                "wasgi has sockets of one kind only: leave out the others.",
            ));
        }
        found = Some((kind, addresses));
    }
    found.ok_or_else(|| own("The -s/--socket option is missing and stdin is not a socket."))
}

fn bind(kind: &str, address: &str) -> Result<(String, u16), String> {
    let Some((name, port)) = address.rsplit_once(':') else {
        return Err(refusal(
            kind,
            "a browser tab has no Unix sockets: write HOST:PORT or :PORT.",
        ));
    };
    let name = name.trim_matches(['[', ']']);
    if let Some(reason) = host::foreign(name) {
        return Err(refusal(kind, &reason));
    }
    match python::int(port).map(u16::try_from) {
        Some(Ok(port)) => Ok((own(name), port)),
        _ => Err(refusal(kind, "a port is a number from 0 to 65535.")),
    }
}

fn refusal(option: &str, reason: &str) -> String {
    text(&[PROGRAM.name, ": option '", option, "': ", reason])
}
