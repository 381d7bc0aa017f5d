//! From uWSGI's values to a [`Launch`].

use crate::http1::{Limits, Rules};
use crate::servers::option::Values;
use crate::servers::{
    Call, Interface, Launch, Program, WorkerClass, absolute, argv, assignment, host, python,
};

use super::{Busyness, Cheaper, CheaperAlgorithm, StaticFiles, UwsgiSettings};

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
    printed: &[String],
    call: &Call,
) -> Result<Box<Launch>, String> {
    let (kind, binds) = sockets(values)?;
    let count = |name: &str, default: u32| values.count(name).unwrap_or(default);
    let workers = count("--processes", 1);
    let (cheaper, warning) = cheaper(values, workers)?;
    let settings = UwsgiSettings {
        printed: printed.to_vec(),
        warning,
        router: kind == "--http",
        cheaper,
        ..settings(values, call)?
    };
    let program = Program::Uwsgi(Box::new(settings));
    let mut launch = Box::new(Launch::base(program, argv("uwsgi", words), call));
    launch.worker_class = WorkerClass::Sync;
    launch.interface = Interface::Wsgi;
    launch.binds = binds;
    launch.keep_alive = if kind == "--http11-socket" {
        4000.0
    } else {
        0.0
    };
    launch.workers = workers;
    launch.threads = count("--threads", 1).max(1);
    launch.max_requests = values.positive("--max-requests");
    launch.backlog = count("--listen", 100);
    launch.rules = Rules::UWSGI;
    launch.limits = Limits::uwsgi(count("--buffer-size", 4096) as usize);
    launch.master =
        values.flag("--master") || MASTERS.iter().any(|name| values.given(name).is_some());
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
    Ok(launch)
}

/// The option that named the sockets, and their addresses.
type Sockets = (&'static str, Vec<(String, u16)>);

fn sockets(values: &Values) -> Result<Sockets, String> {
    let mut found = None;
    let mut binds = Vec::new();
    for name in ["--http-socket", "--http11-socket", "--http"] {
        for address in values.all(name) {
            // Sockets of two kinds would be read by two sets of rules.
            if *found.get_or_insert(name) != name {
                let reason = "wasgi has sockets of one kind only: leave out the others.";
                return Err(refusal(name, reason));
            }
            binds.push(bind(name, address)?);
        }
    }
    let missing = "The -s/--socket option is missing and stdin is not a socket.";
    Ok((found.ok_or(missing)?, binds))
}

/// What only concerns one option; the rest is not set.
fn settings(values: &Values, call: &Call) -> Result<UwsgiSettings, String> {
    let count = |name: &str, default: u32| values.count(name).unwrap_or(default);
    let touch_reload = values.all("--touch-reload");
    Ok(UwsgiSettings {
        printed: Vec::new(),
        warning: None,
        router: false,
        die_on_term: values.flag("--die-on-term"),
        harakiri: values.positive("--harakiri"),
        touch_reload: touch_reload.into_iter().map(str::to_owned).collect(),
        cheap: values.flag("--cheap"),
        cheaper: None,
        cheaper_algorithm: match values.text("--cheaper-algo") {
            "" | "spare" => CheaperAlgorithm::Spare,
            "backlog" => CheaperAlgorithm::Backlog,
            "busyness" => CheaperAlgorithm::Busyness,
            "manual" => CheaperAlgorithm::Manual,
            _ => CheaperAlgorithm::Unknown,
        },
        cheaper_overload: count("--cheaper-overload", 3),
        busyness: (values.text("--cheaper-algo") == "busyness").then(|| busyness(values)),
        idle: values.positive("--idle"),
        die_on_idle: values.flag("--die-on-idle"),
        max_worker_lifetime: values.positive("--max-worker-lifetime"),
        max_worker_lifetime_delta: count("--max-worker-lifetime-delta", 0),
        min_worker_lifetime: count("--min-worker-lifetime", 10),
        worker_reload_mercy: count("--worker-reload-mercy", 60),
        need_app: values.flag("--need-app"),
        wsgi_file: values.set("--wsgi-file"),
        module: values.set("--module"),
        callable: values.set("--callable"),
        mounts: values
            .all("--mount")
            .into_iter()
            .map(str::to_owned)
            .collect(),
        single_interpreter: values.flag("--single-interpreter"),
        manage_script_name: values.flag("--manage-script-name"),
        ignore_script_name: values.flag("--ignore-script-name"),
        default_app: !values.flag("--no-default-app"),
        pyargv: values.text("--pyargv").to_owned(),
        py_auto_reload: values.positive("--py-auto-reload"),
        py_auto_reload_ignore: values.text("--py-auto-reload-ignore").to_owned(),
        post_buffering: values.positive("--post-buffering"),
        static_files: StaticFiles::read(values, call)?,
        logs_requests: !values.flag("--disable-logging"),
        log_format: values.set("--logformat"),
        log_micros: values.flag("--log-micros"),
        log_x_forwarded_for: values.flag("--log-x-forwarded-for"),
        log_4xx: values.flag("--log-4xx"),
        log_5xx: values.flag("--log-5xx"),
        log_zero: values.flag("--log-zero"),
        log_slow: values.positive("--log-slow"),
        log_big: values.positive("--log-big"),
    })
}

/// `--cheaper`, and what is wrong about it.
fn cheaper(values: &Values, workers: u32) -> Result<(Option<Cheaper>, Option<String>), String> {
    let Some(least) = values.positive("--cheaper") else {
        return Ok((None, None));
    };
    if least >= workers {
        return Err("invalid cheaper value: must be lower than processes".to_owned());
    }
    let count = |name: &str, default: u32| values.count(name).unwrap_or(default);
    let given = count("--cheaper-initial", least);
    let initial = given.clamp(least, workers);
    let than = if given < least {
        "equal or higher than cheaper"
    } else {
        "lower or equal than worker count"
    };
    let warning = format!(
        "warning: invalid cheaper-initial value ({given}), must be {than} ({initial}), \
         using {initial} as initial number of workers"
    );
    let cheaper = Cheaper {
        least,
        initial,
        step: count("--cheaper-step", 1),
        overload: count("--cheaper-overload", 3),
    };
    Ok((Some(cheaper), (given != initial).then_some(warning)))
}

/// `--cheaper-busyness-max` and its kin. 0 is the default.
fn busyness(values: &Values) -> Busyness {
    let number = |name: &str, default: u32| {
        let name = format!("--cheaper-busyness-{name}");
        values.positive(&name).unwrap_or(default)
    };
    Busyness {
        max: number("max", 50).into(),
        min: number("min", 25).into(),
        multiplier: number("multiplier", 10).into(),
        penalty: number("penalty", 2).into(),
        verbose: values.flag("--cheaper-busyness-verbose"),
        backlog_alert: number("backlog-alert", 33),
        backlog_multiplier: number("backlog-multiplier", 3).into(),
        backlog_step: number("backlog-step", 1),
        backlog_nonzero: number("backlog-nonzero", 60).into(),
    }
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
