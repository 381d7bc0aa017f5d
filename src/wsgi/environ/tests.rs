#![allow(clippy::unwrap_used)]

use super::*;
use crate::gateway::fixture::{launch, peer, request};
use crate::http1::Version;
use crate::testing::test;

type Pair = (String, String);

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// What Python would make of a part.
fn decoded(strings: &Strings) -> Vec<Pair> {
    let list = strings.encode();
    let pairs: Vec<_> = crate::wire::strings::pairs(crate::wire::strings::read(&list))
        .map(|(key, value)| (text(key), text(value)))
        .collect();
    assert_eq!(2 * pairs.len(), strings.len());
    pairs
}

fn environ(head: &RequestHead) -> Vec<Pair> {
    let out = strings(head, &peer("127.0.0.1"), &launch(Server::Gunicorn)).unwrap();
    decoded(&out)
}

fn value<'a>(environ: &'a [Pair], key: &str) -> Option<&'a str> {
    let mut values = environ
        .iter()
        .filter(|(other, _)| other == key)
        .map(|(_, value)| value.as_str());
    let value = values.next();
    assert_eq!(values.next(), None, "{key} stands twice");
    value
}

fn get(target: &str) -> Vec<Pair> {
    environ(&request("GET", target, &[]))
}

#[test]
fn the_environ_has_gunicorns_keys_in_gunicorns_order() {
    let head = request(
        "POST",
        "/dump?x=1&y=%20z",
        &[
            ("Host", "lab.test:8000"),
            ("Content-Type", "text/plain"),
            ("Content-Length", "3"),
            ("X-A", "b"),
        ],
    );
    let pairs = environ(&head);
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("REQUEST_METHOD", "POST"),
            ("QUERY_STRING", "x=1&y=%20z"),
            ("RAW_URI", "/dump?x=1&y=%20z"),
            ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("HTTP_HOST", "lab.test:8000"),
            ("CONTENT_TYPE", "text/plain"),
            ("CONTENT_LENGTH", "3"),
            ("HTTP_X_A", "b"),
            ("wsgi.url_scheme", "http"),
            ("REMOTE_ADDR", "127.0.0.1"),
            ("REMOTE_PORT", "50000"),
            ("SERVER_NAME", "127.0.0.1"),
            ("SERVER_PORT", "8000"),
            ("PATH_INFO", "/dump"),
            ("SCRIPT_NAME", ""),
        ]
    );
}

#[test]
fn path_info_is_percent_decoded_and_query_string_is_not() {
    let environ = get("/caf%C3%A9/a%2Fb?q=%C3%A9");
    assert_eq!(value(&environ, "PATH_INFO"), Some("/caf\u{c3}\u{a9}/a/b"));
    assert_eq!(value(&environ, "QUERY_STRING"), Some("q=%C3%A9"));
    assert_eq!(
        value(&environ, "RAW_URI"),
        Some("/caf%C3%A9/a%2Fb?q=%C3%A9")
    );
}

#[test]
fn query_string_is_there_even_if_it_is_empty() {
    assert_eq!(value(&get("/"), "QUERY_STRING"), Some(""));
}

#[test]
fn content_type_and_length_are_not_repeated_as_http_headers() {
    let environ = environ(&request(
        "POST",
        "/",
        &[("content-type", "a/b"), ("content-length", "0")],
    ));
    assert!(
        environ
            .iter()
            .all(|(key, _)| !key.starts_with("HTTP_CONTENT"))
    );
    assert_eq!(value(&environ, "CONTENT_TYPE"), Some("a/b"));
    assert_eq!(value(&environ, "CONTENT_LENGTH"), Some("0"));
}

#[test]
fn repeated_headers_are_joined_where_the_first_of_them_stands() {
    let head = request(
        "GET",
        "/",
        &[
            ("Cookie", "a=1"),
            ("X-B", "x"),
            ("cookie", "b=2"),
            ("COOKIE", ""),
        ],
    );
    let environ = environ(&head);
    assert_eq!(value(&environ, "HTTP_COOKIE"), Some("a=1,b=2,"));
    let keys: Vec<_> = environ
        .iter()
        .map(|(key, _)| key.as_str())
        .filter(|key| key.starts_with("HTTP_"))
        .collect();
    assert_eq!(keys, ["HTTP_COOKIE", "HTTP_X_B"]);
}

#[test]
fn headers_of_the_same_shape_are_told_apart() {
    let environ = environ(&request(
        "GET",
        "/",
        &[("X-One", "1"), ("Y-One", "2"), ("x-one", "3")],
    ));
    assert_eq!(value(&environ, "HTTP_X_ONE"), Some("1,3"));
    assert_eq!(value(&environ, "HTTP_Y_ONE"), Some("2"));
}

#[test]
fn a_name_with_an_underscore_cannot_pass_itself_off_as_another() {
    let environ = environ(&request(
        "GET",
        "/",
        &[("X_Under", "1"), ("X-Under", "2"), ("X_Under", "3")],
    ));
    assert_eq!(value(&environ, "HTTP_X_UNDER"), Some("2"));
}

#[test]
fn header_map_dangerous_passes_on_names_with_underscores() {
    let mut launch = launch(Server::Gunicorn);
    launch.rules.underscores = Underscores::Keep;
    let head = request("GET", "/", &[("X_Under", "1"), ("X-Under", "2")]);
    let out = strings(&head, &peer("127.0.0.1"), &launch).unwrap();
    assert_eq!(value(&decoded(&out), "HTTP_X_UNDER"), Some("1,2"));
}

#[test]
fn header_map_refuse_answers_names_with_underscores_with_400() {
    let mut launch = launch(Server::Gunicorn);
    launch.rules.underscores = Underscores::Refuse {
        except: &["SCRIPT_NAME"],
    };
    let head = request("GET", "/", &[("X_Under", "1")]);
    let problem = strings(&head, &peer("127.0.0.1"), &launch).unwrap_err();
    let rejection = Rejection::from(problem);
    assert_eq!(
        (rejection.status, rejection.message.as_str()),
        (400, "Invalid HTTP header name: 'X_UNDER'")
    );
}

#[test]
fn a_script_name_header_of_a_peer_that_is_no_proxy_is_dropped() {
    let head = request("GET", "/x", &[("SCRIPT_NAME", "/app")]);
    let out = strings(&head, &peer("10.0.0.1"), &launch(Server::Gunicorn)).unwrap();
    let environ = decoded(&out);
    assert_eq!(value(&environ, "SCRIPT_NAME"), Some(""));
    assert_eq!(value(&environ, "HTTP_SCRIPT_NAME"), None);
}

#[test]
fn values_are_the_latin_1_characters_of_the_bytes() {
    let mut head = request("GET", "/", &[("X-U", "")]);
    head.headers[0].1 = b"caf\xc3\xa9".to_vec();
    assert_eq!(value(&environ(&head), "HTTP_X_U"), Some("caf\u{c3}\u{a9}"));
}

#[test]
fn absolute_form_keeps_its_path_and_the_host_header_counts() {
    let environ = environ(&request(
        "GET",
        "http://other.test:81/p?q=1",
        &[("Host", "lab.test")],
    ));
    assert_eq!(value(&environ, "PATH_INFO"), Some("/p"));
    assert_eq!(value(&environ, "HTTP_HOST"), Some("lab.test"));
    assert_eq!(
        value(&environ, "RAW_URI"),
        Some("http://other.test:81/p?q=1")
    );
}

#[test]
fn the_protocol_is_that_of_the_request() {
    let mut head = request("GET", "/", &[]);
    head.version = Version::Http10;
    head.protocol = b"HTTP/1.0".into();
    assert_eq!(value(&environ(&head), "SERVER_PROTOCOL"), Some("HTTP/1.0"));
    // gunicorn and uWSGI give back what they read as 1.1 and 1.0.
    head.protocol = b"HTTP/1.2".into();
    assert_eq!(value(&environ(&head), "SERVER_PROTOCOL"), Some("HTTP/1.2"));
    let uwsgi = strings(&head, &peer("127.0.0.1"), &launch(Server::Uwsgi)).unwrap();
    let protocol = value(&decoded(&uwsgi), "SERVER_PROTOCOL").map(str::to_owned);
    assert_eq!(protocol.as_deref(), Some("HTTP/1.2"));
}

#[test]
fn uwsgi_names_no_script_where_it_finds_the_app_by_the_path() {
    let names = |line: &str| {
        let head = request("GET", "/", &[]);
        let out = strings(
            &head,
            &peer("127.0.0.1"),
            &crate::servers::testing::launch(line),
        )
        .unwrap();
        value(&decoded(&out), "SCRIPT_NAME").map(str::to_owned)
    };
    assert_eq!(names("uwsgi --http-socket :80").as_deref(), Some(""));
    assert_eq!(names("uwsgi --http-socket :80 --manage-script-name"), None);
    // The router always names one.
    let routed = names("uwsgi --http :80 --manage-script-name");
    assert_eq!(routed.as_deref(), Some(""));
}

#[test]
fn a_trusted_proxy_says_which_scheme_it_was() {
    for (header, means_https) in [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Protocol", "ssl"),
        ("X-Forwarded-Ssl", "on"),
    ] {
        let scheme = |value_sent: &str| {
            let environ = environ(&request("GET", "/", &[(header, value_sent)]));
            value(&environ, "wsgi.url_scheme").map(str::to_owned)
        };
        assert_eq!(scheme(means_https).as_deref(), Some("https"), "{header}");
        assert_eq!(scheme("other").as_deref(), Some("http"), "{header}");
    }
}

#[test]
fn a_peer_that_is_no_proxy_is_not_believed() {
    let head = request(
        "GET",
        "/",
        &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "off")],
    );
    let out = strings(&head, &peer("10.0.0.1"), &launch(Server::Gunicorn)).unwrap();
    let environ = decoded(&out);
    assert_eq!(value(&environ, "wsgi.url_scheme"), Some("http"));
    assert_eq!(
        value(&environ, "HTTP_X_FORWARDED_PROTO"),
        Some("https"),
        "the header itself is passed on"
    );
}

#[test]
fn contradictory_scheme_headers_are_refused_with_400() {
    let head = request(
        "GET",
        "/",
        &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "off")],
    );
    let problem = strings(&head, &peer("127.0.0.1"), &launch(Server::Gunicorn)).unwrap_err();
    let rejection = Rejection::from(problem);
    assert_eq!(
        (rejection.status, rejection.message.as_str()),
        (400, "Contradictory scheme headers")
    );
}

#[test]
fn script_name_is_taken_off_the_path() {
    let mut launch = launch(Server::Gunicorn);
    launch
        .env
        .push(("SCRIPT_NAME".to_owned(), "/app".to_owned()));
    let out = strings(
        &request("GET", "/app/x%20y", &[]),
        &peer("127.0.0.1"),
        &launch,
    )
    .unwrap();
    let environ = decoded(&out);
    assert_eq!(value(&environ, "SCRIPT_NAME"), Some("/app"));
    assert_eq!(value(&environ, "PATH_INFO"), Some("/x y"));
}

#[test]
fn a_script_name_header_replaces_that_of_the_environment() {
    let mut launch = launch(Server::Gunicorn);
    launch
        .env
        .push(("SCRIPT_NAME".to_owned(), "/other".to_owned()));
    let out = strings(
        &request("GET", "/app/x", &[("SCRIPT_NAME", "/app")]),
        &peer("127.0.0.1"),
        &launch,
    )
    .unwrap();
    let environ = decoded(&out);
    assert_eq!(value(&environ, "SCRIPT_NAME"), Some("/app"));
    assert_eq!(value(&environ, "HTTP_SCRIPT_NAME"), Some("/app"));
}

#[test]
fn a_script_name_that_is_no_prefix_of_the_path_is_a_configuration_problem() {
    let head = request("GET", "/x", &[("SCRIPT_NAME", "/app")]);
    let problem = strings(&head, &peer("127.0.0.1"), &launch(Server::Gunicorn)).unwrap_err();
    let rejection = Rejection::from(problem);
    let text = "Configuration problem: Request path '/x' does not start with SCRIPT_NAME '/app'";
    assert_eq!(
        (
            rejection.status,
            rejection.reason,
            rejection.message.as_str()
        ),
        (500, "Bad Request", text)
    );
    assert_eq!(
        rejection.log_line("127.0.0.1"),
        ["Invalid request from ip=127.0.0.1: ", text].concat()
    );
}

#[test]
fn a_target_that_is_no_url_is_a_bad_request_line() {
    let head = request("GET", "http://[::1/", &[]);
    let problem = strings(&head, &peer("127.0.0.1"), &launch(Server::Gunicorn)).unwrap_err();
    assert_eq!(
        Rejection::from(problem).message,
        "Invalid Request Line 'Invalid HTTP request line: 'GET http://[::1/ HTTP/1.1''"
    );
}

#[test]
fn the_constants_tell_the_truth_about_the_command_line() {
    let mut launch = launch(Server::Gunicorn);
    let flag = |launch: &Launch, key: &str| {
        constants(launch)
            .into_iter()
            .find(|(other, _)| *other == key)
            .map(|(_, flag)| flag)
    };
    assert_eq!(
        flag(&launch, "wsgi.multiprocess"),
        Some(Constant::Bool(false))
    );
    assert_eq!(
        flag(&launch, "wsgi.multithread"),
        Some(Constant::Bool(false))
    );
    assert_eq!(flag(&launch, "wsgi.run_once"), Some(Constant::Bool(false)));
    assert_eq!(
        flag(&launch, "wsgi.input_terminated"),
        Some(Constant::Bool(true))
    );
    launch.workers = 2;
    assert_eq!(
        flag(&launch, "wsgi.multiprocess"),
        Some(Constant::Bool(true))
    );
    launch.worker_class = WorkerClass::Async;
    assert_eq!(
        flag(&launch, "wsgi.multithread"),
        Some(Constant::Bool(true))
    );
}

#[test]
fn encoded_constants_say_what_kind_each_value_is() {
    let constants = decoded(&constant_strings(&launch(Server::Gunicorn)));
    assert_eq!(
        value(&constants, "SERVER_SOFTWARE"),
        Some("sgunicorn/27.0.1")
    );
    assert_eq!(value(&constants, "wsgi.run_once"), Some("f"));
    assert_eq!(value(&constants, "wsgi.input_terminated"), Some("t"));
    assert_eq!(value(&constants, "wsgi.errors"), Some("o"));
}

#[test]
fn uwsgi_has_its_own_keys_and_joins_with_a_space() {
    let head = request(
        "GET",
        "/a%20b?q",
        &[
            ("Host", "lab.test"),
            ("Cookie", "a=1"),
            ("Content-Type", "x"),
            ("Cookie", "b=2"),
        ],
    );
    let out = strings(&head, &peer("127.0.0.1"), &launch(Server::Uwsgi)).unwrap();
    let pairs = decoded(&out);
    let keys: Vec<_> = pairs.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "REQUEST_METHOD",
            "PATH_INFO",
            "REQUEST_URI",
            "QUERY_STRING",
            "SERVER_PROTOCOL",
            "SCRIPT_NAME",
            "SERVER_NAME",
            "SERVER_PORT",
            "REMOTE_ADDR",
            "HTTP_HOST",
            "HTTP_COOKIE",
            "CONTENT_TYPE"
        ]
    );
    assert_eq!(value(&pairs, "HTTP_COOKIE"), Some("a=1, b=2"));
    assert_eq!(value(&pairs, "PATH_INFO"), Some("/a b"));
}
