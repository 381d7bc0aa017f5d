//! From gunicorn's values to a [`Launch`].

use super::{Failure, GunicornSettings, refuse};
use crate::http1::{Expectations, Folding, Limits, Methods, Rules, Underscores};
use crate::servers::option::Values;
use crate::servers::{
    ASYNCIO_READ, AsgiSettings, Call, HttpLibrary, Interface, Launch, Level, Lifespan, Program,
    UVLOOP_READ, WorkerClass, absolute, argv, host, python,
};
use crate::websocket::{self, Library};

/// gunicorn's own worker for ASGI apps.
const ASGI: &[&str] = &["asgi", "gunicorn.workers.gasgi.ASGIWorker"];
/// gevent's WSGI server in the place of gunicorn's.
const PYWSGI: &[&str] = &[
    "gevent_pywsgi",
    "gevent_wsgi",
    "gunicorn.workers.ggevent.GeventPyWSGIWorker",
];

/// uvicorn's worker class.
const UVICORN: &[&str] = &[
    "uvicorn.workers.UvicornWorker",
    "uvicorn_worker.UvicornWorker",
];
/// The one with h11 and asyncio's own loop.
const UVICORN_H11: &[&str] = &[
    "uvicorn.workers.UvicornH11Worker",
    "uvicorn_worker.UvicornH11Worker",
];

/// What is known besides the options.
pub(super) struct From<'a> {
    /// The app, as the user wrote it.
    pub(super) app: &'a str,
    /// How many workers there are where the options do not say it.
    pub(super) workers: i64,
    pub(super) master_has_python: bool,
    pub(super) worker_hooks: Vec<String>,
}

/// Everything that the values say.
pub(super) fn launch(
    words: &[String],
    values: &Values,
    from: From,
    call: &Call,
) -> Result<Launch, Failure> {
    let count = |name: &str| values.count(name).unwrap_or(0);
    let seconds = |name: &str| f64::from(count(name)) * 1000.0;
    let given = |name: &str| values.given(name).map(|text| text.trim_ascii().to_owned());
    let workers = if values.given("--workers").is_some() {
        count("--workers")
    } else {
        python::clamp(from.workers)
    };
    let (worker_class, interface) = worker_class(values)?;
    let class_name = values.text("--worker-class").trim_ascii();
    let own_asgi = ASGI.contains(&class_name);
    let python_responses = own_asgi || PYWSGI.contains(&class_name);
    let binds = binds(values, call)?;
    let env = environment(values, call)?;
    let access_log = log("--access-logfile", values, "/dev/stdout")?;
    log("--error-logfile", values, "/dev/stderr")?;
    let chdir = given("--chdir").map(|directory| absolute(call.cwd, &directory));
    // gunicorn inserts each at the front, so the last one given is searched first.
    let directory = chdir.as_deref().unwrap_or(call.cwd);
    let mut python_path = Vec::new();
    for path in values
        .given("--pythonpath")
        .unwrap_or("")
        .split(',')
        .filter(|path| !path.is_empty())
    {
        python_path.insert(0, absolute(directory, path));
    }
    let uvicorn = interface == Interface::Asgi && !own_asgi;
    let h11 = UVICORN_H11.contains(&class_name);
    let backlog = count("--backlog");
    let trusted = values
        .given("--forwarded-allow-ips")
        .or(call.env.get("FORWARDED_ALLOW_IPS"));
    let settings = GunicornSettings::of(values, from, (worker_class, class_name), access_log);
    Ok(Launch {
        env,
        workers,
        master: true,
        worker_class,
        threads: count("--threads"),
        interface,
        asgi: AsgiSettings {
            lifespan: match values.text("--asgi-lifespan").trim_ascii() {
                "on" if own_asgi => Lifespan::On,
                "off" if own_asgi => Lifespan::Off,
                _ if interface == Interface::Asgi => Lifespan::Auto,
                _ => Lifespan::Off,
            },
            http: if h11 {
                HttpLibrary::H11
            } else {
                HttpLibrary::Httptools
            },
            read_size: if h11 { ASYNCIO_READ } else { UVLOOP_READ },
            websocket: websocket(values, worker_class, own_asgi),
            ..AsgiSettings::default()
        },
        binds,
        backlog,
        // Of the worker classes with an event loop: uvloop accepts one, asyncio's own as many as
        // wait.
        accepts: match values.text("--asgi-loop").trim_ascii() {
            "asyncio" if own_asgi => backlog.max(1),
            _ if h11 => backlog.max(1),
            _ => 1,
        },
        graceful_timeout: Some(seconds("--graceful-timeout")),
        keep_alive: seconds("--keep-alive"),
        rules: if h11 {
            Rules::H11
        } else {
            rules(values, own_asgi, uvicorn)
        },
        limits: if h11 {
            Limits::H11
        } else if uvicorn {
            Limits::HTTPTOOLS
        } else {
            limits(values)
        },
        max_requests: Some(count("--max-requests")).filter(|&requests| requests > 0),
        max_requests_jitter: count("--max-requests-jitter"),
        log_level: log_level(values.text("--log-level").trim_ascii()),
        access_log,
        python_responses,
        proxy_headers: !own_asgi,
        forwarded_allow_ips: trusted
            .unwrap_or(values.text("--forwarded-allow-ips"))
            .to_owned(),
        python_path,
        chdir,
        preload: values.flag("--preload"),
        ..Launch::base(Program::Gunicorn(settings), argv("gunicorn", words), call)
    })
}

/// How WebSocket connections are served: by uvicorn's worker class with uvicorn's defaults.
fn websocket(
    values: &Values,
    worker_class: WorkerClass,
    own_asgi: bool,
) -> Option<websocket::Settings> {
    let limit = values.count("--websocket-max-message-size");
    (worker_class == WorkerClass::Async).then(|| {
        if !own_asgi {
            return websocket::Settings::default();
        }
        websocket::Settings {
            imitates: Library::Gunicorn,
            max_size: limit.unwrap_or_default() as usize,
            ping_interval: None,
            ping_timeout: None,
            compression: false,
            ..websocket::Settings::default()
        }
    })
}

/// What the parser accepts: gunicorn's, or that of uvicorn's worker class.
fn rules(values: &Values, own_asgi: bool, uvicorn: bool) -> Rules {
    const EXCEPT: &[&str] = &["SCRIPT_NAME", "PATH_INFO"];
    if uvicorn {
        return Rules::HTTPTOOLS;
    }
    let mut rules = Rules::GUNICORN;
    if own_asgi {
        // It leaves expectations to whoever reads the body.
        rules.expectations = Expectations::Continue;
    }
    if values.flag("--permit-obsolete-folding") {
        rules.folding = Folding::Join;
    }
    rules.space_before_colon = values.flag("--strip-header-spaces");
    rules.uppercase_methods = values.flag("--casefold-http-method");
    if values.flag("--permit-unconventional-http-method") {
        rules.methods = Methods::Token;
    }
    let map = values.text("--header-map").trim_ascii();
    if map.eq_ignore_ascii_case("refuse") {
        rules.underscores = Underscores::Refuse { except: EXCEPT };
    } else if map.eq_ignore_ascii_case("dangerous") {
        rules.underscores = Underscores::Keep;
    }
    rules
}

fn limits(values: &Values) -> Limits {
    let size = |name: &str| values.count(name).unwrap_or(0) as usize;
    Limits::gunicorn(
        size("--limit-request-line"),
        size("--limit-request-fields"),
        size("--limit-request-field_size"),
    )
}

/// What a worker class is here. gunicorn takes the sync worker with more than one thread for
/// gthread.
fn worker_class(values: &Values) -> Result<(WorkerClass, Interface), Failure> {
    const SYNC: &[&str] = &["sync", "gunicorn.workers.sync.SyncWorker"];
    const THREADED: &[&str] = &["gthread", "gunicorn.workers.gthread.ThreadWorker"];
    const GREEN: &[&str] = &["gevent", "gunicorn.workers.ggevent.GeventWorker"];
    let name = values.text("--worker-class").trim_ascii();
    let is_uvicorn = UVICORN.contains(&name) || UVICORN_H11.contains(&name);
    let (option, reason) = if is_uvicorn || ASGI.contains(&name) {
        return Ok((WorkerClass::Async, Interface::Asgi));
    } else if THREADED.contains(&name) {
        return Ok((WorkerClass::Threaded, Interface::Wsgi));
    } else if GREEN.contains(&name) || PYWSGI.contains(&name) {
        return Ok((WorkerClass::Green, Interface::Wsgi));
    } else if name == "tornado" {
        ("--worker-class", "wasgi does not have this worker yet.")
    } else if !SYNC.contains(&name) {
        if !name.contains(['.', ':', '#']) {
            let name = python::repr(name);
            return Err(Failure::Setup(format!(
                "class uri {name} invalid or not found: \n\n[Traceback (most recent call last):\nImportError: Entry point ('gunicorn.workers', {name}) not found\n]"
            )));
        }
        (
            "--worker-class",
            "workers are wasgi's own, so a worker class cannot be imported from Python.",
        )
    } else if values.count("--threads") > Some(1) {
        return Ok((WorkerClass::Threaded, Interface::Wsgi));
    } else {
        return Ok((WorkerClass::Sync, Interface::Wsgi));
    };
    Err(refuse(option, reason))
}

fn binds(values: &Values, call: &Call) -> Result<Vec<(String, u16)>, Failure> {
    let mut binds = Vec::new();
    for address in values.all("--bind") {
        binds.push(bind(address.trim_ascii())?);
    }
    if binds.is_empty() {
        binds.push(match call.env.get("PORT") {
            Some(port) => bind(&format!("0.0.0.0:{port}"))?,
            None => ("127.0.0.1".to_owned(), 8000),
        });
    }
    Ok(binds)
}

/// One address to listen on, read as gunicorn reads it: `8000` is a host.
fn bind(address: &str) -> Result<(String, u16), Failure> {
    if address.starts_with("unix:") {
        return Err(refuse(
            "--bind",
            "a browser tab has no Unix sockets: bind a port.",
        ));
    }
    if let Some(descriptor) = address.strip_prefix("fd://") {
        return Err(match python::int(descriptor) {
            Some(_) => refuse(
                "--bind",
                "a browser tab has no file descriptors to inherit: bind a port.",
            ),
            None => Failure::Setup(format!(
                "{} is not a valid file descriptor.",
                python::repr(descriptor)
            )),
        });
    }
    let address = address.strip_prefix("tcp://").unwrap_or(address);
    let (name, port) = match (address.split_once(']'), address.split_once(':')) {
        (Some((before, after)), _) if before.contains('[') => (
            before.get(1..).unwrap_or(""),
            after.strip_prefix(':').unwrap_or("8000"),
        ),
        (_, Some((name, rest))) => (name, rest.split(':').next().unwrap_or("")),
        _ => (address, "8000"),
    };
    let Some(number) = python::int(port) else {
        return Err(Failure::Setup(format!(
            "{} is not a valid port number.",
            python::repr(port)
        )));
    };
    let Ok(port) = u16::try_from(number) else {
        return Err(Failure::Crash(
            "OverflowError: bind(): port must be 0-65535.".to_owned(),
        ));
    };
    // gunicorn logs what the socket says it is bound to.
    let name = match name.to_ascii_lowercase().as_str() {
        "" => "0.0.0.0".to_owned(),
        "localhost" => "127.0.0.1".to_owned(),
        name => name.to_owned(),
    };
    match host::foreign(&name) {
        Some(reason) => Err(refuse("--bind", &reason)),
        None => Ok((name, port)),
    }
}

fn environment(values: &Values, call: &Call) -> Result<Vec<(String, String)>, Failure> {
    let mut env = call.env.own.to_vec();
    for setting in values.all("--env") {
        let setting = setting.trim_ascii();
        let Some((name, value)) = setting.split_once('=') else {
            return Err(Failure::Setup(format!(
                "environment setting {} invalid",
                python::repr(setting)
            )));
        };
        env.push((name.to_owned(), value.to_owned()));
    }
    Ok(env)
}

/// Whether a log is written. It can only go to the standard stream, whose path is `device`.
fn log(name: &str, values: &Values, device: &str) -> Result<bool, Failure> {
    match values.text(name).trim_ascii() {
        "" | "None" => Ok(false),
        file if file == "-" || file == device => Ok(true),
        _ => Err(refuse(name, "the log goes to the page: use `-`.")),
    }
}

/// gunicorn takes a level that it does not know for `info`.
fn log_level(name: &str) -> Level {
    match Level::named(name) {
        None | Some(Level::Trace) => Level::Info,
        Some(level) => level,
    }
}
