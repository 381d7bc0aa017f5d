//! From uvicorn's values to a [`Launch`].

use std::rc::Rc;

use super::reload::Reload;
use super::{AppInterface, Failure, UvicornSettings};
use crate::http1::{Limits, Rules};
use crate::servers::grammar::click;
use crate::servers::option::Values;
use crate::servers::{
    ASYNCIO_READ, AsgiSettings, Call, HttpLibrary, Interface, Launch, Level, Lifespan, Program,
    Target, UVLOOP_READ, WorkerClass, argv, host, python,
};
use crate::websocket;

/// What uvicorn warns of where files are to be watched without `--reload`.
const NO_RELOAD: &str = "Current configuration will not reload as not all conditions are met, please refer to documentation.";

/// Everything that the values say.
pub(super) fn launch(
    program: &click::Program,
    words: &[String],
    values: &Values,
    call: &Call,
) -> Result<Launch, Failure> {
    let seconds = |name: &str| {
        values
            .count(name)
            .map(|seconds| f64::from(seconds) * 1000.0)
    };
    let workers = workers(values, call)?;
    let bind = bind(program, values)?;
    own_parts(program, values)?;
    let app = values.positionals.first().map_or("", String::as_str);
    let (module, attribute) = app.split_once(':').unwrap_or((app, ""));
    let trusted = values
        .given("--forwarded-allow-ips")
        .or(call.env.get("FORWARDED_ALLOW_IPS"));
    let reload = values
        .flag("--reload")
        .then(|| Rc::new(Reload::new(values, workers > 1, call)));
    let mut reload_options = ["--reload-dir", "--reload-include", "--reload-exclude"].iter();
    let has_them = reload_options.any(|name| values.given(name).is_some());
    let is_reloaded = reload.is_some();
    let settings = UvicornSettings {
        target: Target::new(app, module, attribute),
        factory: values.flag("--factory"),
        interface: match values.text("--interface") {
            "asgi3" => AppInterface::Asgi3,
            "asgi2" => AppInterface::Asgi2,
            "wsgi" => AppInterface::Wsgi,
            _ => AppInterface::Auto,
        },
        env_file: values.set("--env-file"),
        reset_contextvars: values.flag("--reset-contextvars"),
        legacy_websockets: values.text("--ws") == "websockets",
        warning: (has_them && reload.is_none()).then_some(NO_RELOAD),
        worker_healthcheck: seconds("--timeout-worker-healthcheck").unwrap_or(0.0),
        use_colors: values.flag("--use-colors"),
        reload,
    };
    let backlog = values.count("--backlog").unwrap_or(2048);
    let has_uvloop = matches!(values.text("--loop"), "auto" | "uvloop");
    let http = match values.text("--http") {
        "h11" => HttpLibrary::H11,
        _ => HttpLibrary::Httptools,
    };
    Ok(Launch {
        workers: if is_reloaded { 1 } else { workers },
        master: workers > 1 || is_reloaded,
        worker_class: WorkerClass::Async,
        interface: Interface::Asgi,
        asgi: AsgiSettings {
            lifespan: match values.text("--lifespan") {
                "on" => Lifespan::On,
                "off" => Lifespan::Off,
                _ => Lifespan::Auto,
            },
            http,
            read_size: if has_uvloop {
                UVLOOP_READ
            } else {
                ASYNCIO_READ
            },
            websocket: websocket(values),
            limit_concurrency: values.count("--limit-concurrency"),
            server_header: values.flag("--server-header"),
            date_header: values.flag("--date-header"),
            headers: headers(values)?,
            root_path: values.text("--root-path").to_owned(),
        },
        binds: vec![bind],
        backlog,
        accepts: if has_uvloop { 1 } else { backlog.max(1) },
        graceful_timeout: seconds("--timeout-graceful-shutdown"),
        keep_alive: seconds("--timeout-keep-alive").unwrap_or(0.0),
        rules: match http {
            HttpLibrary::H11 => Rules::H11,
            HttpLibrary::Httptools => Rules::HTTPTOOLS,
        },
        limits: limits(http, values),
        max_requests: values.count("--limit-max-requests"),
        max_requests_jitter: values.count("--limit-max-requests-jitter").unwrap_or(0),
        log_level: Level::named(values.text("--log-level")).unwrap_or(Level::Info),
        access_log: values.flag("--access-log"),
        proxy_headers: values.flag("--proxy-headers"),
        forwarded_allow_ips: trusted.unwrap_or("127.0.0.1,::1").to_owned(),
        python_path: match values.given("--app-dir") {
            None | Some("") => Vec::new(),
            Some(path) => vec![path.to_owned()],
        },
        ..Launch::base(Program::Uvicorn(settings), argv("uvicorn", words), call)
    })
}

/// How much of a request is read.
fn limits(http: HttpLibrary, values: &Values) -> Limits {
    match http {
        HttpLibrary::Httptools => Limits::HTTPTOOLS,
        HttpLibrary::H11 => {
            let size = values.count("--h11-max-incomplete-event-size");
            Limits {
                incomplete: size.map(|size| size as usize).or(Limits::H11.incomplete),
                ..Limits::H11
            }
        }
    }
}

/// The address to listen on.
fn bind(program: &click::Program, values: &Values) -> Result<(String, u16), Failure> {
    let host = values.text("--host");
    if let Some(reason) = host::foreign(host) {
        return Err(refuse(program, "--host", &reason));
    }
    match u16::try_from(values.int("--port").unwrap_or(0)) {
        Ok(port) => Ok((host.to_owned(), port)),
        Err(_) => Err(refuse(
            program,
            "--port",
            "A port is a number from 0 to 65535.",
        )),
    }
}

/// Refuses values that ask for another implementation of what wasgi does itself.
fn own_parts(program: &click::Program, values: &Values) -> Result<(), Failure> {
    const OWN: &[(&str, &[&str], &str)] = &[
        (
            "--loop",
            &["auto", "asyncio", "uvloop", "none"],
            "The event loop is wasgi's own: leave it at auto.",
        ),
        (
            "--http",
            &["auto", "httptools", "h11"],
            "wasgi knows the libraries httptools and h11.",
        ),
        (
            "--ws",
            &["auto", "websockets", "websockets-sansio", "wsproto", "none"],
            "wasgi knows the libraries websockets and wsproto.",
        ),
    ];
    for (name, accepted, reason) in OWN {
        if !accepted.contains(&values.text(name)) {
            return Err(refuse(program, name, reason));
        }
    }
    Ok(())
}

/// How WebSocket connections are served. `--ws-max-queue` has an effect with the legacy
/// library alone, as there.
fn websocket(values: &Values) -> Option<websocket::Settings> {
    let milliseconds = |name: &str| {
        let seconds: f64 = values.text(name).parse().ok()?;
        Some(seconds * 1000.0)
    };
    let serves = values.text("--ws") != "none" && values.text("--interface") != "wsgi";
    serves.then(|| websocket::Settings {
        imitates: match values.text("--ws") {
            "websockets" => websocket::Library::Legacy,
            "wsproto" => websocket::Library::Wsproto,
            _ => websocket::Library::Websockets,
        },
        max_size: values
            .count("--ws-max-size")
            .map_or(websocket::Settings::default().max_size, |size| {
                size as usize
            }),
        max_queue: values.count("--ws-max-queue").unwrap_or(0) as usize,
        ping_interval: milliseconds("--ws-ping-interval"),
        ping_timeout: milliseconds("--ws-ping-timeout"),
        compression: click::boolean(values.text("--ws-per-message-deflate")) == Some(true),
        ..websocket::Settings::default()
    })
}

/// A usage error that refuses an option's value.
fn refuse(program: &click::Program, name: &str, reason: &str) -> Failure {
    match program.table.named(name) {
        Some(option) => program.invalid(option, reason).into(),
        None => program.error(reason).into(),
    }
}

/// `--workers` before `WEB_CONCURRENCY`; what is less than one is one.
fn workers(values: &Values, call: &Call) -> Result<u32, Failure> {
    let number = match (values.int("--workers"), call.env.get("WEB_CONCURRENCY")) {
        (Some(workers), _) => workers,
        (None, Some(value)) => match python::int(value) {
            Some(workers) => workers,
            None => {
                return Err(Failure::Crash(format!(
                    "ValueError: {}",
                    python::int_error(value.as_bytes())
                )));
            }
        },
        (None, None) => 1,
    };
    Ok(python::clamp(number).max(1))
}

fn headers(values: &Values) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = Vec::new();
    for header in values.all("--header") {
        let Some((name, value)) = header.split_once(':') else {
            return Err(Failure::Crash(
                "ValueError: not enough values to unpack (expected 2, got 1)".to_owned(),
            ));
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    Ok(headers)
}
