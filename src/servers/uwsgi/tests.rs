//! What uWSGI 2.0.31 printed for these lines.

#![allow(clippy::unwrap_used)]

use crate::servers::testing::{assert_python_is_told, help, launch, printed};
use crate::servers::{Command, Surroundings, parse};
use crate::testing::test;

#[test]
fn usage_errors_are_those_of_getopt() {
    for (line, message) in [
        ("uwsgi --foo", "unrecognized option '--foo'"),
        ("uwsgi --foo=1", "unrecognized option '--foo=1'"),
        ("uwsgi --version --foo", "unrecognized option '--foo'"),
        ("uwsgi --version -Z", "invalid option -- 'Z'"),
        ("uwsgi -M=1", "invalid option -- '='"),
        ("uwsgi --http", "option '--http' requires an argument"),
        (
            "uwsgi --version --processes",
            "option '--processes' requires an argument",
        ),
        ("uwsgi -Mp", "option requires an argument -- 'p'"),
        (
            "uwsgi --master=1 -w app:app",
            "option '--master' doesn't allow an argument",
        ),
    ] {
        assert_eq!(
            printed(line),
            (format!("uwsgi: {message}\ngetopt_long() error"), 1),
            "{line}"
        );
    }
}

#[test]
fn other_words_are_configuration_files() {
    for (line, file) in [
        ("uwsgi --http :8000 --version extra", "extra"),
        ("uwsgi -- --version", "--version"),
        ("uwsgi app.py", "app.py"),
    ] {
        assert_eq!(
            printed(line),
            (format!("unable to load configuration from {file}"), 1),
            "{line}"
        );
    }
}

#[test]
fn the_version_needs_a_right_command_line_and_the_help_does_not() {
    for line in [
        "uwsgi -p2 --version",
        "uwsgi --env A=B --need-app --version -Mp 3",
    ] {
        let Command::Print { stdout, code, .. } = parse(line, &Surroundings::new(&[], "/")) else {
            return;
        };
        assert!(
            stdout.concat().starts_with("2.0.31, imitated by wasgi "),
            "{stdout:?}"
        );
        assert_eq!(code, 0);
    }
    let text = help("uwsgi --help --foo", &[]);
    assert!(
        text.contains("\n    -p|--workers                            "),
        "{text}"
    );
}

#[test]
fn what_wasgi_does_not_have_is_refused_in_a_sentence() {
    for line in [
        "uwsgi --emperor /etc/uwsgi",
        "uwsgi --static-cache-paths 3",
        "uwsgi -s :3031",
        "uwsgi -Q x",
        "uwsgi --mast",
        "uwsgi --http-socket /tmp/socket",
        "uwsgi --http-socket 10.0.0.1:80",
        "uwsgi --http-socket :8000 --http :8001",
    ] {
        let (stderr, code) = printed(line);
        assert!(
            stderr.starts_with("uwsgi: ") && stderr.ends_with('.'),
            "{line}: {stderr}"
        );
        assert_eq!(code, 1);
    }
}

#[test]
fn a_right_command_line_starts_a_server() {
    let launch = launch(
        "uwsgi --http-socket 127.0.0.1:8000 -Mp 3 --threads 2 --harakiri=2 --wsgi-file a/f.py --callable app --pp x --pp y \
         --need-app --die-on-term --env A=B --max-requests 7 -b 8192 -L",
    );
    assert_eq!(launch.binds, [("127.0.0.1".to_owned(), 8000)]);
    let own = launch.uwsgi().unwrap();
    assert!(launch.master && own.need_app && own.die_on_term && launch.preload && !own.router);
    assert_eq!(
        (launch.workers, launch.threads, launch.max_requests),
        (3, 2, Some(7))
    );
    assert_eq!(own.harakiri, Some(2));
    assert_eq!(launch.limits.head, 8192);
    assert_eq!(launch.env, [("A".to_owned(), "B".to_owned())]);
    assert_eq!(launch.python_path, ["/home/web/y", "/home/web/x"]);
    assert_eq!(own.wsgi_file.as_deref(), Some("a/f.py"));
    assert!(!own.logs_requests);
}

#[test]
fn there_is_no_server_without_a_socket() {
    let missing = "The -s/--socket option is missing and stdin is not a socket.";
    assert_eq!(
        printed("uwsgi --master -w app:app"),
        (missing.to_owned(), 1)
    );
}

#[test]
fn cheaper_asks_for_a_master_and_for_fewer_workers_than_there_may_be() {
    let wrong = "invalid cheaper value: must be lower than processes";
    assert_eq!(
        printed("uwsgi --http :8000 --cheaper 2 -p 2"),
        (wrong.to_owned(), 1)
    );
    let launch = launch("uwsgi --http :8000 --cheaper 1 -p 2");
    assert!(launch.master && launch.uwsgi().unwrap().watches_requests());
}

#[test]
fn apps_are_mounted_by_the_line() {
    let launch = launch(
        "uwsgi --http-socket :80 --mount /a=a.py --mount=/b=b:app --manage-script-name \
         --no-default-app -i",
    );
    let own = launch.uwsgi().unwrap();
    assert_eq!(own.mounts, ["/a=a.py", "/b=b:app"]);
    assert!(own.manage_script_name && own.single_interpreter && !own.default_app);
}

#[test]
fn the_algorithm_busyness_has_its_own_options() {
    let own = |line: &str| launch(line).uwsgi().unwrap().busyness;
    let line = "uwsgi --http :80 -p 3 --cheaper 1 --cheaper-algo busyness";
    let defaults = own(line).unwrap();
    assert_eq!(
        (defaults.min, defaults.max, defaults.multiplier),
        (25, 50, 10)
    );
    let set = own(&format!(
        "{line} --cheaper-busyness-max 70 --cheaper-busyness-verbose"
    ));
    assert_eq!(set.map(|set| (set.max, set.verbose)), Some((70, true)));
    assert_eq!(own("uwsgi --http :80 --cheaper-busyness-max 70"), None);
}

#[test]
fn numbers_are_read_as_c_reads_them() {
    let negative = "invalid value for option \"processes\": must be > 0";
    assert_eq!(
        printed("uwsgi --http :8000 -p -1"),
        (negative.to_owned(), 1)
    );
    for (number, workers) in [("0", 0), ("x", 0), ("3x", 3)] {
        assert_eq!(
            launch(&format!("uwsgi --http :8000 --master -p {number}")).workers,
            workers
        );
    }
}

#[test]
fn python_is_told_what_its_options_describe() {
    let options = include_str!("../../python/servers/uwsgi/options.py");
    assert_python_is_told(&launch("uwsgi --http-socket :8000"), options);
}
