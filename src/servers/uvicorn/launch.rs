//! From uvicorn's values to a [`Launch`].

use super::{Failure, Program};
use crate::http1::{Limits, Rules};
use crate::servers::option::Values;
use crate::servers::{Call, Interface, Launch, Level, Lifespan, Server, Target, WorkerClass, host, python};

/// Everything that the values say.
pub(super) fn launch(
    program: &Program,
    words: &[String],
    values: &Values,
    call: &Call,
) -> Result<Launch, Failure> {
    let count = |name: &str, default: u32| values.count(name).unwrap_or(default);
    let seconds = |name: &str| values.count(name).map(|seconds| f64::from(seconds) * 1000.0);
    let workers = workers(values, call)?;
    let bind = bind(program, values)?;
    own_parts(program, values)?;
    let app = values.positionals.first().map_or("", String::as_str);
    let (module, attribute) = app.split_once(':').unwrap_or((app, ""));
    Ok(Launch {
        server: Server::Uvicorn,
        argv: std::iter::once("uvicorn")
            .map(str::to_owned)
            .chain(words.iter().cloned())
            .collect(),
        env: call.env.own.to_vec(),
        workers,
        master: workers > 1,
        worker_class: WorkerClass::Async,
        worker_class_name: String::new(),
        threads: 1,
        worker_connections: 0,
        name: None,
        interface: Interface::Asgi,
        target: Target {
            module: module.to_owned(),
            attribute: attribute.to_owned(),
            import_string: app.to_owned(),
            factory: values.flag("--factory", false),
        },
        binds: vec![bind],
        backlog: count("--backlog", 2048),
        timeout: 0.0,
        graceful_timeout: seconds("--timeout-graceful-shutdown"),
        worker_healthcheck: seconds("--timeout-worker-healthcheck").unwrap_or(5000.0),
        keep_alive: seconds("--timeout-keep-alive").unwrap_or(5000.0),
        rules: Rules::HTTPTOOLS,
        limits: Limits::HTTPTOOLS,
        limit_concurrency: values.count("--limit-concurrency"),
        max_requests: values.count("--limit-max-requests"),
        max_requests_jitter: count("--limit-max-requests-jitter", 0),
        log_level: level(values.text("--log-level").unwrap_or("info")),
        access_log: values.flag("--access-log", true),
        access_log_format: String::new(),
        use_colors: values.flag("--use-colors", false),
        server_header: values.flag("--server-header", true),
        date_header: values.flag("--date-header", true),
        headers: headers(values)?,
        root_path: values.text("--root-path").unwrap_or("").to_owned(),
        proxy_headers: values.flag("--proxy-headers", true),
        forwarded_allow_ips: values
            .text("--forwarded-allow-ips")
            .or(call.env.get("FORWARDED_ALLOW_IPS"))
            .unwrap_or("127.0.0.1,::1")
            .to_owned(),
        lifespan: match values.text("--lifespan") {
            Some("on") => Lifespan::On,
            Some("off") => Lifespan::Off,
            _ => Lifespan::Auto,
        },
        python_path: values
            .text("--app-dir")
            .filter(|path| !path.is_empty())
            .map(str::to_owned)
            .into_iter()
            .collect(),
        chdir: None,
    })
}

/// The address to listen on.
fn bind(program: &Program, values: &Values) -> Result<(String, u16), Failure> {
    let host = values.text("--host").unwrap_or("127.0.0.1");
    if !host::is_local(host) {
        let reason = [
            &python::repr(host),
            " is not an address of this tab: use 127.0.0.1, 0.0.0.0 or localhost.",
        ];
        return Err(refuse(program, "--host", &reason.concat()));
    }
    match u16::try_from(values.int("--port").unwrap_or(8000)) {
        Ok(port) => Ok((host.to_owned(), port)),
        Err(_) => Err(refuse(program, "--port", "A port is a number from 0 to 65535.")),
    }
}

/// Refuses values that ask for another implementation of what wasgi does itself.
fn own_parts(program: &Program, values: &Values) -> Result<(), Failure> {
    const OWN: &[(&str, &[&str], &str)] = &[
        (
            "--interface",
            &["auto", "asgi3"],
            "wasgi runs ASGI 3 apps only, so far.",
        ),
        (
            "--loop",
            &["auto", "asyncio", "uvloop", "none"],
            "The event loop is wasgi's own: leave it at auto.",
        ),
        (
            "--http",
            &["auto", "httptools"],
            "wasgi answers as httptools does: leave it at auto.",
        ),
        (
            "--ws",
            &["auto"],
            "The WebSocket implementation is wasgi's own: leave it at auto.",
        ),
    ];
    for (name, accepted, reason) in OWN {
        if values.text(name).is_some_and(|text| !accepted.contains(&text)) {
            return Err(refuse(program, name, reason));
        }
    }
    Ok(())
}

/// A usage error that refuses an option's value.
fn refuse(program: &Program, name: &str, reason: &str) -> Failure {
    match program.options.iter().find(|option| option.has_name(name)) {
        Some(option) => program.invalid(option, reason).into(),
        None => program.error(reason).into(),
    }
}

/// `--workers` before `WEB_CONCURRENCY`; what is less than one is one.
fn workers(values: &Values, call: &Call) -> Result<u32, Failure> {
    let workers = match (values.count("--workers"), call.env.get("WEB_CONCURRENCY")) {
        (Some(workers), _) => workers,
        (None, Some(text)) => {
            let number = python::int(text).ok_or_else(|| {
                Failure::Crash(["ValueError: ", &python::int_error(text.as_bytes())].concat())
            })?;
            number.clamp(0, i64::from(u32::MAX)) as u32
        }
        (None, None) => 1,
    };
    Ok(workers.max(1))
}

fn headers(values: &Values) -> Result<Vec<(String, String)>, Failure> {
    values
        .all("--header")
        .map(|header| match header.split_once(':') {
            Some((name, value)) => Ok((name.to_lowercase(), value.to_owned())),
            None => Err(Failure::Crash(
                "ValueError: not enough values to unpack (expected 2, got 1)".to_owned(),
            )),
        })
        .collect()
}

fn level(text: &str) -> Level {
    match text {
        "critical" => Level::Critical,
        "error" => Level::Error,
        "warning" => Level::Warning,
        "debug" => Level::Debug,
        "trace" => Level::Trace,
        _ => Level::Info,
    }
}
