//! What gunicorn 27.0.1 printed for these lines, and what else they mean here.
#![allow(clippy::panic, clippy::unwrap_used)]

use crate::http1::{Expectations, Folding};
use crate::servers::testing::{assert_python_is_told, files, launch, printed};
use crate::servers::{
    Command, Configuration, Interface, Launch, Level, Lifespan, Surroundings, WorkerClass, parse,
};
use crate::testing::test;

use super::GunicornSettings;

/// What only gunicorn is set to.
#[track_caller]
fn own(launch: &Launch) -> GunicornSettings {
    launch.gunicorn().unwrap().clone()
}

#[test]
fn usage_errors_are_those_of_argparse() {
    for (line, message) in [
        ("gunicorn --foo app:app", "unrecognized arguments: --foo"),
        ("gunicorn -Z app:app", "unrecognized arguments: -Z"),
        (
            "gunicorn app:app -w 2 other",
            "unrecognized arguments: other",
        ),
        ("gunicorn --versions", "unrecognized arguments: --versions"),
        ("gunicorn -w -1 --foo", "unrecognized arguments: --foo"),
        (
            "gunicorn -w",
            "argument -w/--workers: expected one argument",
        ),
        (
            "gunicorn -w -- 2",
            "argument -w/--workers: expected one argument",
        ),
        (
            "gunicorn --log-file",
            "argument --error-logfile/--log-file: expected one argument",
        ),
        (
            "gunicorn -w x app:app",
            "argument -w/--workers: invalid int value: 'x'",
        ),
        (
            "gunicorn --timeout 1e3",
            "argument -t/--timeout: invalid int value: '1e3'",
        ),
        (
            "gunicorn --timeout \"it's\"",
            "argument -t/--timeout: invalid int value: \"it's\"",
        ),
        (
            "gunicorn --umask x app:app",
            "argument -m/--umask: invalid auto_int value: 'x'",
        ),
        (
            "gunicorn --reload=1 app:app",
            "argument --reload: ignored explicit argument '1'",
        ),
        (
            "gunicorn -DX app:app",
            "argument -D/--daemon: ignored explicit argument 'X'",
        ),
        (
            "gunicorn -Dw2x app:app",
            "argument -w/--workers: invalid int value: '2x'",
        ),
        (
            "gunicorn --work 2 app:app",
            "ambiguous option: --work could match --workers, --worker-class, --worker-connections, --worker-tmp-dir",
        ),
        (
            "gunicorn --pas x",
            "ambiguous option: --pas could match --paste, --paster, --paste-global",
        ),
        (
            "GUNICORN_CMD_ARGS=--foo gunicorn app:app",
            "unrecognized arguments: --foo",
        ),
        ("python -m gunicorn --foo", "unrecognized arguments: --foo"),
    ] {
        let usage = format!("usage: gunicorn [OPTIONS] [APP_MODULE]\ngunicorn: error: {message}");
        assert_eq!(printed(line), (usage, 2), "{line}");
    }
}

#[test]
fn settings_that_cannot_be_exit_with_1() {
    for (line, message) in [
        ("gunicorn", "No application module specified."),
        (
            "GUNICORN_CMD_ARGS='other:app -w 3' gunicorn",
            "No application module specified.",
        ),
        ("gunicorn -w -1", "Value must be positive: -1"),
        (
            "gunicorn app:app --threads=-3",
            "Value must be positive: -3",
        ),
        (
            "WEB_CONCURRENCY=-1 gunicorn --version",
            "Value must be positive: -1",
        ),
        (
            "gunicorn --header-map nope app:app",
            "Invalid header map behaviour: nope",
        ),
        (
            "gunicorn --forwarded-allow-ips nope app:app",
            "'nope' does not appear to be an IPv4 or IPv6 network",
        ),
        (
            "gunicorn --forwarded-allow-ips 10.0.0.1/8 app:app",
            "10.0.0.1/8 has host bits set",
        ),
        (
            "FORWARDED_ALLOW_IPS=nope gunicorn --version",
            "'nope' does not appear to be an IPv4 or IPv6 network",
        ),
        (
            "gunicorn --reload-engine nope app:app",
            "Invalid reload_engine: 'nope'",
        ),
        (
            "gunicorn --http-parser nope app:app",
            "http_parser must be one of: auto, fast, python",
        ),
        (
            "gunicorn --asgi-loop nope app:app",
            "Invalid ASGI loop: nope",
        ),
        (
            "gunicorn --asgi-lifespan nope app:app",
            "Invalid ASGI lifespan: nope",
        ),
        (
            "GUNICORN_CMD_ARGS='\"' gunicorn app:app",
            "No closing quotation",
        ),
        (
            "gunicorn -b :xx app:app",
            "'xx' is not a valid port number.\n",
        ),
        (
            "gunicorn -b '[::1]:xx' app:app",
            "'xx' is not a valid port number.\n",
        ),
        ("PORT= gunicorn app:app", "'' is not a valid port number.\n"),
        (
            "gunicorn -b fd://x app:app",
            "'x' is not a valid file descriptor.\n",
        ),
        (
            "gunicorn -b :xx -e FOO app:app",
            "'xx' is not a valid port number.\n",
        ),
        (
            "gunicorn -e FOO app:app",
            "environment setting 'FOO' invalid\n",
        ),
    ] {
        assert_eq!(printed(line), (format!("\nError: {message}"), 1), "{line}");
    }
    let (stderr, code) = printed("gunicorn -k nope -b :xx app:app");
    assert!(
        stderr.starts_with("\nError: class uri 'nope' invalid or not found: \n\n[Traceback"),
        "{stderr}"
    );
    assert!(
        stderr.ends_with("ImportError: Entry point ('gunicorn.workers', 'nope') not found\n]\n"),
        "{stderr}"
    );
    assert_eq!(code, 1);
    let (stderr, code) = printed("WEB_CONCURRENCY=x gunicorn app:app");
    assert!(
        stderr.ends_with("\nValueError: invalid literal for int() with base 10: 'x'"),
        "{stderr}"
    );
    assert_eq!(code, 1);
}

#[test]
fn version_is_printed_as_soon_as_it_is_read() {
    for line in [
        "gunicorn -v",
        "gunicorn -w2 --version -w x",
        "gunicorn --version --foo",
        "GUNICORN_CMD_ARGS=-v gunicorn a",
    ] {
        let Command::Print {
            stdout,
            stderr,
            code,
        } = parse(line, &Surroundings::new(&[], "/"))
        else {
            panic!("{line} starts a server")
        };
        assert_eq!((stdout.len(), stderr.len(), code), (1, 0, 0), "{line}");
        assert!(
            stdout[0].starts_with("gunicorn (version 27.0.1), imitated by wasgi "),
            "{stdout:?}"
        );
    }
}

#[test]
fn defaults_are_those_of_gunicorn() {
    let launch = launch("gunicorn app:app");
    assert_eq!(
        (launch.workers, launch.worker_class, launch.interface),
        (1, WorkerClass::Sync, Interface::Wsgi)
    );
    assert_eq!(launch.binds, [("127.0.0.1".to_owned(), 8000)]);
    assert_eq!(
        (
            launch.backlog,
            own(&launch).timeout,
            launch.graceful_timeout
        ),
        (2048, Some(30_000.0), Some(30_000.0))
    );
    assert_eq!(
        (
            launch.limits.request_line,
            launch.limits.fields,
            launch.limits.field_size
        ),
        (4094, 100, 8190)
    );
    assert_eq!(
        (launch.log_level, launch.access_log, launch.max_requests),
        (Level::Info, false, None)
    );
}

#[test]
fn every_way_of_writing_an_option_is_understood() {
    for line in [
        "gunicorn -w 2 app:app",
        "gunicorn -w2 app:app",
        "gunicorn -w=2 app:app",
        "gunicorn --workers=2 app:app",
        "gunicorn app:app --workers 2",
        "gunicorn --workers 5 app:app -w 2",
        "gunicorn --workers ' +2' -- app:app",
        "WEB_CONCURRENCY=2 gunicorn app:app ignored",
        "GUNICORN_CMD_ARGS='-w 2' WEB_CONCURRENCY=3 gunicorn app:app",
        "GUNICORN_CMD_ARGS='-w 5' gunicorn app:app -w2",
        "python3 -m gunicorn -w 2 app:app",
        "exec gunicorn --keep-a 2 -w 2 app:app",
    ] {
        let launch = launch(line);
        assert_eq!(
            (launch.workers, own(&launch).target.module.as_str()),
            (2, "app"),
            "{line}"
        );
    }
}

#[test]
fn addresses_are_read_as_gunicorn_reads_them() {
    for (line, binds) in [
        ("gunicorn -b :1 app:app", &[("0.0.0.0", 1)][..]),
        ("gunicorn -b '' app:app", &[("0.0.0.0", 8000)]),
        ("gunicorn -b localhost app:app", &[("127.0.0.1", 8000)]),
        ("gunicorn -b tcp://LOCALHOST:2 app:app", &[("127.0.0.1", 2)]),
        (
            "gunicorn -b [::1]:80 --bind=127.0.0.1:81 app:app",
            &[("::1", 80), ("127.0.0.1", 81)],
        ),
        ("gunicorn -b [::] app:app", &[("::", 8000)]),
        ("PORT=8005 gunicorn app:app", &[("0.0.0.0", 8005)]),
        ("PORT=8005 gunicorn -b :1 app:app", &[("0.0.0.0", 1)]),
    ] {
        let expected: Vec<(String, u16)> = binds
            .iter()
            .map(|(host, port)| ((*host).to_owned(), *port))
            .collect();
        assert_eq!(launch(line).binds, expected, "{line}");
    }
    for line in [
        "gunicorn -b 8000 app:app",
        "gunicorn -b 192.0.2.1:80 app:app",
        "gunicorn -b unix:/x app:app",
    ] {
        let (stderr, code) = printed(line);
        assert!(
            stderr.contains("\ngunicorn: error: argument -b/--bind: ") && stderr.ends_with('.'),
            "{stderr}"
        );
        assert_eq!(code, 2);
    }
}

#[test]
fn the_app_has_a_default_attribute_and_may_be_a_call() {
    for (line, module, attribute) in [
        ("gunicorn shop.wsgi", "shop.wsgi", "application"),
        (
            "gunicorn 'app:create(debug=True)'",
            "app",
            "create(debug=True)",
        ),
        ("gunicorn -1", "-1", "application"),
    ] {
        let target = &own(&launch(line)).target;
        assert_eq!(
            (target.module.as_str(), target.attribute.as_str()),
            (module, attribute),
            "{line}"
        );
    }
}

#[test]
fn what_cannot_be_honoured_is_refused_with_a_reason() {
    for option in [
        "--certfile x",
        "-u web",
        "-D",
        "--log-syslog",
        "--statsd-host x:1",
        "-p x",
        "-k tornado",
    ] {
        let (stderr, code) = printed(&format!("gunicorn {option} app:app"));
        let reason = stderr
            .strip_prefix("usage: gunicorn [OPTIONS] [APP_MODULE]\ngunicorn: error: argument ")
            .unwrap();
        assert!(reason.ends_with('.') && reason.len() > 30, "{reason}");
        assert_eq!(code, 2, "{option}");
    }
    // These ask for what happens anyway.
    launch(
        "gunicorn --no-control-socket --no-sendfile --protocol http --threads 1 --dirty-workers 0 app:app",
    );
}

#[test]
fn the_parser_is_as_lenient_as_asked() {
    use crate::http1::{Methods, Rules, Underscores};
    assert_eq!(launch("gunicorn app:app").rules, Rules::GUNICORN);
    let rules =
        launch("gunicorn --header-map Dangerous --permit-obs --strip --casefold app:app").rules;
    assert!(rules.folding == Folding::Join && rules.space_before_colon && rules.uppercase_methods);
    assert_eq!(
        (rules.methods, rules.underscores),
        (Methods::Conventional, Underscores::Keep)
    );
    let limits = launch("gunicorn --limit-request-line 0 --limit-request-fields 0 app:app").limits;
    assert_eq!((limits.request_line, limits.fields), (0, 32768));
}

#[test]
fn threads_make_sync_gthread() {
    for (options, threads) in [
        ("--threads 2", 2),
        ("-k gthread", 1),
        ("-k gunicorn.workers.sync.SyncWorker --threads 3", 3),
    ] {
        let launch = launch(&format!("gunicorn {options} app:app"));
        assert_eq!(launch.worker_class, WorkerClass::Threaded, "{options}");
        assert_eq!(
            (launch.threads, own(&launch).worker_class_name.as_str()),
            (threads, "gthread")
        );
    }
    assert_eq!(
        launch("gunicorn --threads 1 app:app").worker_class,
        WorkerClass::Sync
    );
}

#[test]
fn asgi_apps_run_in_uvicorns_worker() {
    for class in [
        "uvicorn.workers.UvicornWorker",
        "uvicorn_worker.UvicornWorker",
    ] {
        let launch = launch(&format!("gunicorn -k {class} app:app"));
        assert_eq!(
            (launch.worker_class, launch.interface),
            (WorkerClass::Async, Interface::Asgi)
        );
        assert_eq!(own(&launch).worker_class_name, class);
    }
}

#[test]
fn gunicorns_own_worker_for_asgi_apps_has_its_own_options() {
    let line = "gunicorn -k asgi --asgi-loop asyncio --asgi-lifespan on --root-path /x --backlog 9 app:app";
    let launch = launch(line);
    assert_eq!(
        (launch.worker_class, launch.interface, launch.asgi.lifespan),
        (WorkerClass::Async, Interface::Asgi, Lifespan::On)
    );
    assert!(launch.python_responses && !launch.proxy_headers && launch.asgi.root_path.is_empty());
    assert_eq!(
        (launch.accepts, launch.rules.expectations),
        (9, Expectations::Continue)
    );
    assert_eq!(own(&launch).root_path, "/x");
    assert_eq!(
        self::launch("gunicorn -k asgi app:app").accepts,
        1,
        "uvloop"
    );
}

#[test]
fn gevent_is_a_class_of_green_threads() {
    let launch = launch("gunicorn -k gevent --threads 4 -w 2 app:app");
    assert_eq!(
        (launch.worker_class, own(&launch).worker_class_name.as_str()),
        (WorkerClass::Green, "gevent")
    );
}

#[test]
fn a_directory_to_change_to_has_to_be_there() {
    let files = files(&["/home/web/shop"]);
    let surroundings = Surroundings {
        files: Some(&files),
        ..Surroundings::new(&[], "/home/web")
    };
    for line in [
        "gunicorn --chdir missing app:app",
        "gunicorn --check-config --chdir missing app:app",
        "GUNICORN_CMD_ARGS='--chdir missing' gunicorn app:app",
    ] {
        let Command::Print {
            stderr, code: 1, ..
        } = parse(line, &surroundings)
        else {
            panic!("{line}");
        };
        assert_eq!(stderr, ["", "Error: can't chdir to 'missing'"], "{line}");
    }
    for line in [
        "gunicorn --chdir shop app:app",
        "gunicorn --chdir '' app:app",
    ] {
        assert!(
            matches!(parse(line, &surroundings), Command::Serve(_)),
            "{line}"
        );
    }
}

#[test]
fn directories_are_absolute_and_the_last_is_searched_first() {
    let launch = launch("gunicorn --chdir ../shop --pythonpath lib,/opt/x app:app");
    assert_eq!(launch.chdir.as_deref(), Some("/home/shop"));
    assert_eq!(launch.python_path, ["/opt/x", "/home/shop/lib"]);
}

#[test]
fn what_was_read_takes_the_place_of_the_words_and_of_the_environment() {
    let env = [
        ("WEB_CONCURRENCY", "9"),
        ("GUNICORN_CMD_ARGS", "--threads 5"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let read = |configuration: &Configuration| {
        let surroundings = Surroundings {
            configuration,
            ..Surroundings::new(&env, "/home/web")
        };
        match parse("gunicorn -w 3", &surroundings) {
            Command::Serve(launch) => *launch,
            printed @ Command::Print { .. } => panic!("{printed:?}"),
        }
    };
    let unread = read(&Configuration::Unread);
    assert!(own(&unread).master_has_python);
    let words = [
        "--workers=4",
        "--",
        "app:create(\"x\")",
        "pre_fork,worker_exit",
    ];
    let launch = read(&Configuration::Read(words.map(str::to_owned).to_vec()));
    assert_eq!(
        (
            launch.workers,
            launch.threads,
            own(&launch).master_has_python
        ),
        (4, 1, true)
    );
    assert_eq!(own(&launch).target.attribute, "create(\"x\")");
    assert_eq!(own(&launch).worker_hooks, ["pre_fork", "worker_exit"]);
    assert_eq!(launch.argv, ["gunicorn", "-w", "3"]);
}

#[test]
fn jitter_adds_up_to_so_many_requests() {
    let mut launch = launch("gunicorn --max-requests 10 --max-requests-jitter 5 app:app");
    for (random, expected) in [(0.0, 10), (0.99, 15), (0.5, 13)] {
        let mut worker = launch.clone();
        worker.jitter(random);
        assert_eq!(worker.max_requests, Some(expected));
    }
    launch.max_requests = None;
    launch.jitter(0.9);
    assert_eq!(launch.max_requests, None);
}

#[test]
fn where_debug_is_logged_the_masters_python_prints_the_configuration() {
    for line in [
        "gunicorn --log-level debug app:app",
        "gunicorn --log-level=DEBUG app:app",
    ] {
        assert!(launch(line).master_has_python(), "{line}");
    }
    assert!(!launch("gunicorn --log-level info app:app").master_has_python());
}

#[test]
fn python_is_told_what_its_options_describe() {
    let options = include_str!("../../python/servers/gunicorn/options.py");
    assert_python_is_told(&launch("gunicorn app:app"), options);
}
