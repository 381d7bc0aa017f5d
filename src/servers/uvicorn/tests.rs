//! What uvicorn 0.54.0 printed for these lines, and what else they mean here.
#![allow(clippy::panic, clippy::unwrap_used)]

use crate::servers::testing::{assert_python_is_told, files, launch, printed};
use crate::servers::{
    Command, HttpLibrary, Interface, Level, Lifespan, Surroundings, WorkerClass, parse,
};
use crate::testing::test;

const STATES: &str = "Recognized values: , 0, 1, f, false, n, no, off, on, t, true, y, yes";

#[test]
fn usage_errors_are_those_of_click() {
    for (line, message) in [
        ("uvicorn", "Missing argument 'APP'."),
        ("UVICORN_PORT=x uvicorn", "Missing argument 'APP'."),
        (
            "uvicorn app:asgi other",
            "Got unexpected extra argument (other)",
        ),
        (
            "uvicorn app:asgi other more",
            "Got unexpected extra arguments (other more)",
        ),
        (
            "uvicorn --foo app:asgi",
            "No such option '--foo'. (Did you mean one of: '--fd', '--loop'?)",
        ),
        (
            "uvicorn --work 2",
            "No such option '--work'. (Did you mean one of: '--port', '--workers', '--ws'?)",
        ),
        (
            "uvicorn --hsot x",
            "No such option '--hsot'. (Did you mean one of: '--host', '--http', '--port'?)",
        ),
        (
            "uvicorn --por=1",
            "No such option '--por'. Did you mean '--port'?",
        ),
        (
            "uvicorn --no-acces-log app:asgi",
            "No such option '--no-acces-log'. (Did you mean one of: '--access-log', '--no-access-log', '--no-use-colors'?)",
        ),
        (
            "uvicorn --version --foo",
            "No such option '--foo'. (Did you mean one of: '--fd', '--loop'?)",
        ),
        ("uvicorn -w 2 app:asgi", "No such option '-w'."),
        ("uvicorn -port 2", "No such option '-p'."),
        (
            "uvicorn --port x app:asgi",
            "Invalid value for '--port': 'x' is not a valid integer.",
        ),
        (
            "uvicorn --port '' app:asgi",
            "Invalid value for '--port': '' is not a valid integer.",
        ),
        (
            "uvicorn --reload-delay x app:asgi",
            "Invalid value for '--reload-delay': 'x' is not a valid float.",
        ),
        (
            "uvicorn --workers y --port x",
            "Invalid value for '--workers': 'y' is not a valid integer.",
        ),
        (
            "UVICORN_PORT=x uvicorn --workers y",
            "Invalid value for '--workers': 'y' is not a valid integer.",
        ),
        (
            "UVICORN_PORT=x uvicorn app:asgi",
            "Invalid value for '--port': 'x' is not a valid integer.",
        ),
        (
            "uvicorn --log-level INFO app:asgi",
            "Invalid value for '--log-level': 'INFO' is not one of 'critical', 'error', 'warning', 'info', 'debug', 'trace'.",
        ),
        (
            "uvicorn --lifespan nope a:b",
            "Invalid value for '--lifespan': 'nope' is not one of 'auto', 'on', 'off'.",
        ),
    ] {
        let usage = format!(
            "Usage: uvicorn [OPTIONS] APP\nTry 'uvicorn --help' for help.\n\nError: {message}"
        );
        assert_eq!(printed(line), (usage, 2), "{line}");
    }
    for line in [
        "UVICORN_ACCESS_LOG=x uvicorn app:asgi",
        "UVICORN_VERSION=x uvicorn --port y",
    ] {
        let (stderr, code) = printed(line);
        assert!(
            stderr.ends_with(&format!(": 'x' is not a valid boolean. {STATES}")),
            "{stderr}"
        );
        assert_eq!(code, 2);
    }
}

#[test]
fn misused_options_are_reported_without_the_usage() {
    for (line, message) in [
        ("uvicorn --port", "Option '--port' requires an argument."),
        (
            "uvicorn --reload=1 app:asgi",
            "Option '--reload' does not take a value.",
        ),
        (
            "uvicorn --no-access-log=1 app:asgi",
            "Option '--no-access-log' does not take a value.",
        ),
    ] {
        assert_eq!(printed(line), (format!("Error: {message}"), 2), "{line}");
    }
}

#[test]
fn messages_name_the_program_as_it_was_called() {
    let (stderr, _) = printed("python3 -m uvicorn");
    assert!(
        stderr
            .starts_with("Usage: python -m uvicorn [OPTIONS] APP\nTry 'python -m uvicorn --help' "),
        "{stderr}"
    );
}

#[test]
fn exceptions_that_uvicorn_does_not_catch_exit_with_1() {
    for (line, exception) in [
        (
            "WEB_CONCURRENCY=x uvicorn app:asgi",
            "ValueError: invalid literal for int() with base 10: 'x'",
        ),
        (
            "WEB_CONCURRENCY= uvicorn app:asgi",
            "ValueError: invalid literal for int() with base 10: ''",
        ),
        (
            "uvicorn --header foo app:asgi",
            "ValueError: not enough values to unpack (expected 2, got 1)",
        ),
    ] {
        assert_eq!(
            printed(line),
            (
                format!("Traceback (most recent call last):\n{exception}"),
                1
            ),
            "{line}"
        );
    }
}

#[test]
fn version_comes_before_any_value_is_checked() {
    for line in [
        "uvicorn --version",
        "uvicorn --port x --version",
        "UVICORN_VERSION=1 uvicorn --port x",
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
            stdout[0].starts_with("Running uvicorn 0.54.0 with CPython "),
            "{stdout:?}"
        );
        assert!(stdout[0].contains(", imitated by wasgi "), "{stdout:?}");
    }
}

#[test]
fn defaults_are_those_of_uvicorn() {
    let launch = launch("uvicorn app:asgi");
    assert_eq!((launch.workers, launch.master), (1, false));
    assert_eq!(
        (launch.worker_class, launch.interface),
        (WorkerClass::Async, Interface::Asgi)
    );
    assert_eq!(launch.binds, [("127.0.0.1".to_owned(), 8000)]);
    assert_eq!(
        (launch.backlog, launch.keep_alive, launch.graceful_timeout),
        (2048, 5_000.0, None)
    );
    assert_eq!(
        (launch.log_level, launch.access_log, launch.uses_colors()),
        (Level::Info, true, false)
    );
    assert_eq!(
        (
            launch.asgi.lifespan,
            launch.max_requests,
            launch.asgi.limit_concurrency
        ),
        (Lifespan::Auto, None, None)
    );
    assert!(launch.asgi.server_header && launch.asgi.date_header && launch.proxy_headers);
}

#[test]
fn options_come_from_the_line_and_then_from_the_environment() {
    for (line, workers, port) in [
        ("uvicorn --workers 2 --port=81 app:asgi", 2, 81),
        (
            "WEB_CONCURRENCY=3 uvicorn app:asgi --port 1 --port 81",
            3,
            81,
        ),
        (
            "WEB_CONCURRENCY=3 UVICORN_WORKERS=2 UVICORN_PORT=81 UVICORN_APP=app:asgi uvicorn",
            2,
            81,
        ),
        (
            "UVICORN_PORT=1 uvicorn --port 81 --workers 0 -- app:asgi",
            1,
            81,
        ),
        ("uvicorn --workers -1 --port ' 8_1' app:asgi", 1, 81),
    ] {
        let launch = launch(line);
        assert_eq!(
            (launch.workers, launch.master, launch.binds[0].1),
            (workers, workers > 1, port),
            "{line}"
        );
    }
    let launch = launch(
        "UVICORN_ACCESS_LOG=off UVICORN_HEADERS='A:1 b:2' uvicorn --date-header --no-date-header a:b",
    );
    assert!(!launch.access_log && !launch.asgi.date_header);
    assert_eq!(
        launch.asgi.headers,
        [
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), "2".to_owned())
        ]
    );
}

#[test]
fn the_app_is_taken_as_it_is_and_judged_when_it_is_loaded() {
    for (line, module, attribute, text) in [
        ("uvicorn app:asgi", "app", "asgi", "app:asgi"),
        ("uvicorn app:a.b --factory", "app", "a.b", "app:a.b"),
        ("uvicorn app", "app", "", "app"),
        ("uvicorn -- --foo", "--foo", "", "--foo"),
    ] {
        let settings = launch(line).uvicorn().unwrap().clone();
        let target = settings.target;
        let expected = (module.to_owned(), attribute.to_owned(), text.to_owned());
        assert_eq!(
            (target.module, target.attribute, target.import_string),
            expected,
            "{line}"
        );
        assert_eq!(settings.factory, line.contains("--factory"));
    }
}

#[test]
fn what_cannot_be_honoured_is_refused_with_a_reason() {
    for option in [
        "--uds x",
        "--fd 3",
        "--ssl-keyfile x",
        "--http2",
        "--http my.Protocol",
        "--port 99999",
        "--host x.org",
    ] {
        let (stderr, code) = printed(&format!("uvicorn {option} app:asgi"));
        let reason = stderr
            .split("\n\nError: Invalid value for '--")
            .nth(1)
            .unwrap();
        assert!(reason.ends_with('.') && reason.len() > 30, "{reason}");
        assert_eq!(code, 2, "{option}");
    }
    assert_eq!(
        launch("uvicorn --http h11 app:asgi").asgi.http,
        HttpLibrary::H11
    );
    // These ask for what happens anyway.
    launch(
        "uvicorn --loop uvloop --http httptools --ws auto --ws-max-queue 32 --interface asgi3 app:asgi",
    );
}

#[test]
fn files_that_have_to_be_there_are_looked_for_before_anything_starts() {
    let files = files(&["/home/web/.env", "/home/web/shop/app.py"]);
    let surroundings = Surroundings {
        files: Some(&files),
        ..Surroundings::new(&[], "/home/web")
    };
    let missing = |line: &str| match parse(line, &surroundings) {
        Command::Print {
            stderr, code: 2, ..
        } => stderr.last().cloned(),
        Command::Serve(_) => None,
        other @ Command::Print { .. } => panic!("{line}: {other:?}"),
    };
    let error = |option: &str, path: &str| {
        Some(format!(
            "Error: Invalid value for '{option}': Path '{path}' does not exist."
        ))
    };
    for rest in ["", " --workers 2", " --reload", " --workers x"] {
        let line = format!("uvicorn --env-file missing{rest} app:asgi");
        assert_eq!(missing(&line), error("--env-file", "missing"), "{line}");
    }
    for (line, option, path) in [
        ("uvicorn --env-file '' app:asgi", "--env-file", ""),
        ("uvicorn --env-file .en app:asgi", "--env-file", ".en"),
        (
            "UVICORN_ENV_FILE=none uvicorn app:asgi",
            "--env-file",
            "none",
        ),
        (
            "uvicorn --reload --reload-dir shop --reload-dir src app:asgi",
            "--reload-dir",
            "src",
        ),
        (
            "UVICORN_RELOAD_DIRS=shop:src uvicorn --reload app:asgi",
            "--reload-dir",
            "src",
        ),
    ] {
        assert_eq!(missing(line), error(option, path), "{line}");
    }
    for line in [
        "uvicorn --env-file missing --env-file .env app:asgi",
        "uvicorn --env-file shop/../.env app:asgi",
        "uvicorn --env-file shop/app.py app:asgi",
        "uvicorn --env-file /home/web/shop app:asgi",
        "uvicorn --reload --reload-dir . --reload-dir .. --reload-dir / app:asgi",
    ] {
        assert_eq!(missing(line), None, "{line}");
    }
    assert!(
        matches!(
            parse(
                "uvicorn --env-file missing app:asgi",
                &Surroundings::new(&[], "/home/web")
            ),
            Command::Serve(_)
        ),
        "a process does not know"
    );
}

#[test]
fn python_is_told_what_its_options_describe() {
    let options = include_str!("../../python/servers/uvicorn/options.py");
    assert_python_is_told(&launch("uvicorn app:app"), options);
}
