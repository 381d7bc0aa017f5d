//! What uWSGI 2.0.31 printed for these lines.

use crate::servers::testing::printed;
use crate::servers::{Command, parse};

#[test]
fn usage_errors_are_those_of_getopt() {
    for (line, message) in [
        ("uwsgi --foo", "unrecognized option '--foo'"),
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
        let Command::Print { stdout, code, .. } = parse(line, &[], "/") else {
            return;
        };
        assert!(
            stdout.concat().starts_with("2.0.31, imitated by wasgi "),
            "{stdout:?}"
        );
        assert_eq!(code, 0);
    }
    let Command::Print { stdout, code, .. } = parse("uwsgi --help --foo", &[], "/") else {
        return;
    };
    assert!(
        stdout
            .iter()
            .any(|line| line.starts_with("    -p|--workers                            ")),
        "{stdout:?}"
    );
    assert_eq!(code, 0);
}

#[test]
fn what_wasgi_does_not_have_is_refused_in_a_sentence() {
    for line in [
        "uwsgi --http :8000 --wsgi-file app.py --callable app -p 2 --threads 2 --master",
        "uwsgi --emperor /etc/uwsgi",
        "uwsgi --cheaper-busyness-max 3",
        "uwsgi -s :3031",
        "uwsgi -Q x",
        "uwsgi --mast",
        "uwsgi server.ini",
    ] {
        let (stderr, code) = printed(line);
        assert!(
            stderr.starts_with("uwsgi: ") && stderr.ends_with('.'),
            "{line}: {stderr}"
        );
        assert_eq!(code, 1);
    }
}
