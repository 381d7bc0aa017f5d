//! From gunicorn's values to a [`Launch`].

use super::options::ACCESS_LOG_FORMAT;
use super::{Failure, environment_int, refuse};
use crate::http1::{Limits, Methods, Rules, Underscores};
use crate::servers::option::Values;
use crate::servers::{Call, Interface, Launch, Level, Lifespan, Server, Target, WorkerClass, host, python};

/// `WEB_CONCURRENCY`, which gunicorn reads before its command line.
pub(super) fn default_workers(call: &Call) -> Result<u32, Failure> {
    let workers = call.env.get("WEB_CONCURRENCY").map_or(Ok(1), environment_int)?;
    u32::try_from(workers).map_err(|_| Failure::Config(format!("Value must be positive: {workers}")))
}

/// Everything that the values say.
pub(super) fn launch(
    words: &[String],
    values: &Values,
    app: &str,
    default_workers: u32,
    call: &Call,
) -> Result<Launch, Failure> {
    let count = |name: &str, default: u32| values.count(name).unwrap_or(default);
    let seconds = |name: &str, default: u32| f64::from(count(name, default)) * 1000.0;
    let threads = count("--threads", 1);
    let name = values.text("--worker-class").unwrap_or("sync").trim();
    let (worker_class, interface) = worker_class(name, threads)?;
    let binds = binds(values, call)?;
    let env = environment(values, call)?;
    let access_log = access_log(values)?;
    error_log(values)?;
    let chdir = values
        .text("--chdir")
        .map(|directory| absolute(call.cwd, directory.trim()));
    // gunicorn inserts each at the front, so the last one given is searched first.
    let directory = chdir.as_deref().unwrap_or(call.cwd);
    let pythonpath = values.text("--pythonpath").map(list).unwrap_or_default();
    let python_path = pythonpath
        .iter()
        .rev()
        .map(|path| absolute(directory, path))
        .collect();
    let uvicorn = interface == Interface::Asgi;
    Ok(Launch {
        server: Server::Gunicorn,
        argv: std::iter::once("gunicorn")
            .map(str::to_owned)
            .chain(words.iter().cloned())
            .collect(),
        env,
        workers: count("--workers", default_workers),
        master: true,
        worker_class,
        worker_class_name: name.to_owned(),
        threads,
        worker_connections: count("--worker-connections", 1000),
        name: values.text("--name").map(|name| name.trim().to_owned()),
        interface,
        target: target(app),
        binds,
        backlog: count("--backlog", 2048),
        timeout: seconds("--timeout", 30),
        graceful_timeout: Some(seconds("--graceful-timeout", 30)),
        worker_healthcheck: 0.0,
        keep_alive: seconds("--keep-alive", 2),
        rules: if uvicorn { Rules::HTTPTOOLS } else { rules(values) },
        limits: if uvicorn {
            Limits::HTTPTOOLS
        } else {
            limits(values)
        },
        limit_concurrency: None,
        max_requests: Some(count("--max-requests", 0)).filter(|&requests| requests > 0),
        max_requests_jitter: count("--max-requests-jitter", 0),
        log_level: level(values.text("--log-level").unwrap_or("info")),
        access_log,
        access_log_format: values
            .text("--access-logformat")
            .unwrap_or(ACCESS_LOG_FORMAT)
            .trim()
            .to_owned(),
        use_colors: false,
        server_header: true,
        date_header: true,
        headers: Vec::new(),
        root_path: String::new(),
        proxy_headers: true,
        forwarded_allow_ips: values
            .text("--forwarded-allow-ips")
            .or(call.env.get("FORWARDED_ALLOW_IPS"))
            .unwrap_or("127.0.0.1,::1")
            .to_owned(),
        lifespan: if uvicorn { Lifespan::Auto } else { Lifespan::Off },
        python_path,
        chdir,
    })
}

/// What gunicorn's parser accepts.
fn rules(values: &Values) -> Rules {
    const EXCEPT: &[&str] = &["SCRIPT_NAME", "PATH_INFO"];
    Rules {
        folding: values.flag("--permit-obsolete-folding", false),
        space_before_colon: values.flag("--strip-header-spaces", false),
        methods: if values.flag("--permit-unconventional-http-method", false) {
            Methods::Token
        } else {
            Methods::Conventional
        },
        uppercase_methods: values.flag("--casefold-http-method", false),
        underscores: match values
            .text("--header-map")
            .map(|text| text.trim().to_lowercase())
            .as_deref()
        {
            Some("refuse") => Underscores::Refuse { except: EXCEPT },
            Some("dangerous") => Underscores::Keep,
            _ => Underscores::Drop { except: EXCEPT },
        },
        ..Rules::GUNICORN
    }
}

fn limits(values: &Values) -> Limits {
    let size = |name: &str, default: u32| values.count(name).unwrap_or(default) as usize;
    Limits::gunicorn(
        size("--limit-request-line", 4094),
        size("--limit-request-fields", 100),
        size("--limit-request-field_size", 8190),
    )
}

/// `module:attribute`; the attribute is `application` if there is none.
fn target(app: &str) -> Target {
    let (module, attribute) = app.split_once(':').unwrap_or((app, "application"));
    Target {
        module: module.to_owned(),
        attribute: attribute.to_owned(),
        import_string: app.to_owned(),
        factory: false,
    }
}

/// What a worker class is here. gunicorn takes the sync worker with more than one thread for gthread.
fn worker_class(name: &str, threads: u32) -> Result<(WorkerClass, Interface), Failure> {
    let refused = |reason: &str| Err(refuse("--worker-class", reason));
    match name {
        "sync" | "gunicorn.workers.sync.SyncWorker" if threads > 1 => {
            Err(refuse("--threads", "more than one thread makes sync gthread, which wasgi cannot do yet."))
        }
        "sync" | "gunicorn.workers.sync.SyncWorker" => Ok((WorkerClass::Sync, Interface::Wsgi)),
        "uvicorn.workers.UvicornWorker" | "uvicorn_worker.UvicornWorker" => {
            Ok((WorkerClass::Async, Interface::Asgi))
        }
        "gthread" | "gevent" | "gevent_wsgi" | "gevent_pywsgi" | "asgi" => {
            refused(&["wasgi has no ", name, " worker yet."].concat())
        }
        "tornado" => refused("wasgi has no tornado worker."),
        _ if name.contains(['.', ':', '#']) => {
            refused("workers are wasgi's own, so a worker class cannot be imported from Python.")
        }
        _ => Err(Failure::Setup(
            [
                "class uri ",
                &python::repr(name),
                " invalid or not found: \n\n[Traceback (most recent call last):\nImportError: Entry point ('gunicorn.workers', ",
                &python::repr(name),
                ") not found\n]",
            ]
            .concat(),
        )),
    }
}

fn binds(values: &Values, call: &Call) -> Result<Vec<(String, u16)>, Failure> {
    let mut given: Vec<String> = values.all("--bind").map(str::to_owned).collect();
    if given.is_empty() {
        given.push(match call.env.get("PORT") {
            Some(port) => ["0.0.0.0:", port].concat(),
            None => "127.0.0.1:8000".to_owned(),
        });
    }
    given.iter().map(|address| bind(address.trim())).collect()
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
            None => Failure::Setup([&python::repr(descriptor), " is not a valid file descriptor."].concat()),
        });
    }
    let address = address.strip_prefix("tcp://").unwrap_or(address);
    let (name, port) = if address.contains('[') && address.contains(']') {
        let (before, after) = address.split_once(']').unwrap_or((address, ""));
        (
            before.get(1..).unwrap_or(""),
            after.strip_prefix(':').unwrap_or("8000"),
        )
    } else if let Some((name, rest)) = address.split_once(':') {
        (name, rest.split(':').next().unwrap_or(""))
    } else if address.is_empty() {
        ("0.0.0.0", "8000")
    } else {
        (address, "8000")
    };
    let number = python::int(port)
        .ok_or_else(|| Failure::Setup([&python::repr(port), " is not a valid port number."].concat()))?;
    let port = u16::try_from(number)
        .map_err(|_| Failure::Crash("OverflowError: bind(): port must be 0-65535.".to_owned()))?;
    let name = name.to_lowercase();
    if !host::is_local(&name) {
        let reason = [
            &python::repr(&name),
            " is not an address of this tab: use 127.0.0.1, 0.0.0.0 or localhost.",
        ];
        return Err(refuse("--bind", &reason.concat()));
    }
    // gunicorn logs what the socket says it is bound to.
    let bound = match name.as_str() {
        "" => "0.0.0.0",
        "localhost" => "127.0.0.1",
        name => name,
    };
    Ok((bound.to_owned(), port))
}

fn environment(values: &Values, call: &Call) -> Result<Vec<(String, String)>, Failure> {
    let mut env = call.env.own.to_vec();
    for text in values.all("--env") {
        let text = text.trim();
        match text.split_once('=') {
            Some((name, value)) => env.push((name.to_owned(), value.to_owned())),
            None => {
                return Err(Failure::Setup(format!(
                    "environment setting {} invalid",
                    python::repr(text)
                )));
            }
        }
    }
    Ok(env)
}

fn access_log(values: &Values) -> Result<bool, Failure> {
    match values.text("--access-logfile").map(str::trim) {
        None | Some("" | "None") => Ok(false),
        Some("-" | "/dev/stdout") => Ok(true),
        Some(_) => Err(refuse(
            "--access-logfile",
            "the log goes to the page: use `-` for standard output.",
        )),
    }
}

fn error_log(values: &Values) -> Result<(), Failure> {
    match values.text("--error-logfile").map(str::trim) {
        None | Some("-" | "/dev/stderr") => Ok(()),
        Some(_) => Err(refuse(
            "--error-logfile",
            "the log goes to the page: use `-` for standard error.",
        )),
    }
}

/// gunicorn takes a level that it does not know for `info`.
fn level(text: &str) -> Level {
    match text.trim().to_lowercase().as_str() {
        "critical" => Level::Critical,
        "error" => Level::Error,
        "warning" => Level::Warning,
        "debug" => Level::Debug,
        _ => Level::Info,
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',')
        .filter(|item| !item.is_empty())
        .map(|item| item.trim().to_owned())
        .collect()
}

/// `path` as an absolute path without `.` and `..`, seen from `directory`.
fn absolute(directory: &str, path: &str) -> String {
    let full = if path.starts_with('/') {
        path.to_owned()
    } else {
        [directory, "/", path].concat()
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in full.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    ["/", &parts.join("/")].concat()
}
