//! What daphne 4.2.3 printed for these lines.

#![allow(clippy::panic)]

use crate::servers::Program;
use crate::servers::testing::{assert_python_is_told, help, launch, printed};
use crate::testing::test;

const USAGE: &str = "\
usage: daphne [-h] [-p PORT] [-b HOST] [--websocket_timeout WEBSOCKET_TIMEOUT]
              [--websocket_connect_timeout WEBSOCKET_CONNECT_TIMEOUT]
              [-u UNIX_SOCKET] [--fd FILE_DESCRIPTOR] [-e SOCKET_STRINGS]
              [-v VERBOSITY] [-t HTTP_TIMEOUT] [--access-log ACCESS_LOG]
              [--log-fmt LOG_FMT] [--ping-interval PING_INTERVAL]
              [--ping-timeout PING_TIMEOUT]
              [--websocket-max-message-size WEBSOCKET_MAX_MESSAGE_SIZE]
              [--websocket-max-frame-size WEBSOCKET_MAX_FRAME_SIZE]
              [--application-close-timeout APPLICATION_CLOSE_TIMEOUT]
              [--root-path ROOT_PATH] [--proxy-headers]
              [--proxy-headers-host PROXY_HEADERS_HOST]
              [--proxy-headers-port PROXY_HEADERS_PORT] [-s SERVER_NAME]
              [--no-server-name]
              application";

#[test]
fn usage_errors_are_those_of_argparse() {
    for (line, message) in [
        (
            "daphne",
            "the following arguments are required: application",
        ),
        (
            "daphne --foo",
            "the following arguments are required: application",
        ),
        (
            "daphne --version",
            "the following arguments are required: application",
        ),
        (
            "daphne --server x",
            "the following arguments are required: application",
        ),
        ("daphne --foo app:asgi", "unrecognized arguments: --foo"),
        ("daphne app:asgi other", "unrecognized arguments: other"),
        ("daphne -- app:asgi -p 3", "unrecognized arguments: -p 3"),
        (
            "daphne --no-server-name --server-name y app:asgi --foo",
            "unrecognized arguments: --foo",
        ),
        (
            "daphne -p x app:asgi",
            "argument -p/--port: invalid int value: 'x'",
        ),
        (
            "daphne -t 1.5 app:asgi",
            "argument -t/--http-timeout: invalid int value: '1.5'",
        ),
        ("daphne -p", "argument -p/--port: expected one argument"),
        (
            "daphne --proxy-headers=1 app:asgi",
            "argument --proxy-headers: ignored explicit argument '1'",
        ),
        (
            "daphne --proxy app:asgi",
            "ambiguous option: --proxy could match --proxy-headers, --proxy-headers-host, --proxy-headers-port",
        ),
    ] {
        assert_eq!(
            printed(line),
            (format!("{USAGE}\ndaphne: error: {message}"), 2),
            "{line}"
        );
    }
}

#[test]
fn as_a_module_it_has_another_name() {
    let (stderr, code) = printed("python -m daphne");
    assert!(stderr.starts_with(
        "usage: __main__.py [-h] [-p PORT] [-b HOST]\n                   [--websocket_timeout"
    ));
    assert!(
        stderr.ends_with("\n__main__.py: error: the following arguments are required: application"),
        "{stderr}"
    );
    assert_eq!(code, 2);
}

#[test]
fn the_help_lists_all_options() {
    let text = help("daphne app:asgi -h", &[]);
    assert!(
        text.starts_with(USAGE) && text.contains("\n  -s SERVER_NAME, --server-name SERVER_NAME\n"),
        "{text}"
    );
}

#[test]
fn a_right_command_line_starts_a_server_and_others_are_refused_in_a_sentence() {
    let launch = launch("daphne -b 0.0.0.0 -p 8001 -t 5 --server-name x --no-server-name app:asgi");
    assert_eq!(launch.binds, [("0.0.0.0".to_owned(), 8001)]);
    let Program::Daphne(own) = launch.program else {
        panic!("{:?}", launch.program);
    };
    assert_eq!(own.http_timeout, 5);
    assert_eq!(own.server_name, None);
    for (line, reason) in [
        (
            "daphne -u /tmp/socket app:asgi",
            "argument -u/--unix-socket: a browser tab has no Unix sockets",
        ),
        (
            "daphne -b 10.0.0.1 app:asgi",
            "is not an address of this tab",
        ),
        (
            "daphne --access-log log.txt app:asgi",
            "the log goes to the page: use `-`.",
        ),
        (
            "daphne --proxy-headers-port X app:asgi",
            "--proxy-headers has to be passed for this parameter.",
        ),
    ] {
        let (stderr, code) = printed(line);
        assert!(stderr.contains(reason), "{line}: {stderr}");
        assert_eq!(code, 2);
    }
}

#[test]
fn python_is_told_what_its_options_describe() {
    let options = include_str!("../../python/servers/daphne/options.py");
    assert_python_is_told(&launch("daphne app:app"), options);
}
