//! What each server reads and refuses: request lines.

use super::harness::{DAPHNE, GUNICORN, H11, HTTPTOOLS, UWSGI, keeps, reads, refusal, serve};
use crate::testing::test;
use wasgi::http1::server::Connection;
use wasgi::http1::{RequestError, Rules, Version};

#[test]
fn empty_lines_before_a_request() {
    let after = |lines: &str| format!("{lines}GET / HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
    assert!(reads(GUNICORN, &after("\r\n")));
    assert_eq!(
        refusal(GUNICORN, &after("\r\n\r\n")),
        RequestError::RequestLine(Vec::new())
    );
    assert!(reads(HTTPTOOLS, &after("\n\r\n\r\n")));
    assert_eq!(
        refusal(H11, &after("\r\n")),
        RequestError::RequestLine(Vec::new())
    );
}

#[test]
fn lines_that_end_with_lf_alone() {
    let bytes = b"GET / HTTP/1.1\nHost: a\n\n";
    assert_eq!(refusal(GUNICORN, bytes), RequestError::BareLfInRequestLine);
    assert_eq!(refusal(HTTPTOOLS, bytes), RequestError::BareLfInRequestLine);
    assert!(reads(H11, bytes));
    assert!(serve(DAPHNE, bytes).0.is_empty(), "the line goes on");
    let first = b"GET / HTTP/1.1\r\n\nHost: a\r\n\r\n";
    assert_eq!(
        refusal(DAPHNE, first),
        RequestError::FieldName(b"\nHost".to_vec())
    );
    let fields = b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n";
    assert_eq!(refusal(GUNICORN, fields), RequestError::BareLfInFields);
    assert_eq!(serve(H11, fields).request(0).headers.len(), 2);
    assert_eq!(
        refusal(DAPHNE, fields),
        RequestError::FieldValue(b"Host".to_vec())
    );
}

#[test]
fn a_bad_request_line_is_refused_at_once_or_with_the_head() {
    assert_eq!(
        refusal(GUNICORN, b"GET /\r\n"),
        RequestError::RequestLine(b"GET /".to_vec())
    );
    assert_eq!(
        refusal(DAPHNE, b"GET /\r\n"),
        RequestError::RequestLine(b"GET /".to_vec())
    );
    assert!(serve(H11, b"GET /\r\n").0.is_empty());
    assert_eq!(
        refusal(H11, b"GET /\r\n\r\n"),
        RequestError::RequestLine(b"GET /".to_vec())
    );
}

#[test]
fn methods() {
    let request = |method: &str| format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
    let bad = |method: &str| RequestError::Method(method.into());
    for method in ["get", "A#BC", "GO", "AAAAAAAAAAAAAAAAAAAAA", "G(T"] {
        assert_eq!(refusal(GUNICORN, &request(method)), bad(method));
    }
    assert!(reads(GUNICORN, &request("BREW")));
    // No method begins so: the rest is not waited for.
    assert_eq!(refusal(HTTPTOOLS, &request("BREW")), bad("BR"));
    assert_eq!(refusal(HTTPTOOLS, b"\x16\x03\x01"), bad("\x16"));
    assert_eq!(refusal(HTTPTOOLS, &request("GETS")), bad("GETS"));
    assert!(reads(HTTPTOOLS, &request("M-SEARCH")));
    assert!(reads(H11, &request("get")));
    assert_eq!(refusal(H11, &request("G(T")), bad("G(T"));
    assert!(reads(UWSGI, &request("G(T")));
    assert!(reads(UWSGI, &request("")));
    let folded = (
        Rules {
            uppercase_methods: true,
            methods: Rules::H11.methods,
            ..Rules::GUNICORN
        },
        GUNICORN.1,
    );
    assert_eq!(serve(folded, &request("get")).request(0).method, b"GET");
}

#[test]
fn request_targets() {
    let line = |method: &str, target: &str| format!("{method} {target} HTTP/1.1");
    let request = |method: &str, target: &str| {
        [line(method, target), "\r\nHost: a\r\n\r\n".into()]
            .concat()
            .into_bytes()
    };
    let refuses = |server, method: &str, target: &str| {
        refusal(server, &request(method, target))
            == RequestError::RequestLine(line(method, target).into())
    };
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert!(refuses(server, "GET", "/caf\u{e9}"));
        assert!(refuses(server, "GET", "/\u{1}"));
        assert!(reads(server, &request("GET", "/caf%C3%A9?x=\"1\"")));
        assert!(reads(server, &request("GET", "http://other.test:81/p")));
        assert!(reads(server, &request("OPTIONS", "*")));
        assert!(reads(server, &request("CONNECT", "a:1")));
    }
    assert!(refuses(GUNICORN, "GET", "*"));
    assert!(refuses(GUNICORN, "GET", "a:1"));
    assert!(reads(HTTPTOOLS, &request("GET", "*")));
    assert!(refuses(HTTPTOOLS, "GET", "a:1"));
    assert!(reads(H11, &request("GET", "a:1")));
    assert!(reads(UWSGI, &request("GET", "/caf\u{e9}")));
}

#[test]
fn spaces_in_the_request_line() {
    let bytes = b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(reads(HTTPTOOLS, bytes));
    assert_eq!(
        refusal(GUNICORN, bytes),
        RequestError::RequestLine(b"GET  /  HTTP/1.1".to_vec())
    );
    let trailing = b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n";
    assert_eq!(
        refusal(GUNICORN, trailing),
        RequestError::Version(b"HTTP/1.1 ".to_vec())
    );
    assert_eq!(
        refusal(HTTPTOOLS, trailing),
        RequestError::Version(b"HTTP/1.1 ".to_vec())
    );
}

#[test]
fn the_protocol_is_kept_as_it_was_sent() {
    let protocol = |server, version: &str| {
        let request = format!("GET / {version}\r\nHost: a\r\n\r\n");
        serve(server, request.as_bytes())
            .request(0)
            .protocol
            .clone()
    };
    for version in ["HTTP/1.0", "HTTP/1.1", "HTTP/1.2"] {
        assert_eq!(&*protocol(GUNICORN, version), version.as_bytes());
    }
    for version in ["HTTP/2.0", "FOO/1.1", "X", "/more HTTP/1.1"] {
        assert_eq!(&*protocol(UWSGI, version), version.as_bytes());
    }
}

#[test]
fn versions() {
    let request = |version: &str| format!("GET / {version}\r\nHost: a\r\n\r\n").into_bytes();
    let bad = |version: &str| RequestError::Version(version.into());
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert_eq!(
            serve(server, &request("HTTP/1.0")).request(0).version,
            Version::Http10
        );
        assert_eq!(refusal(server, &request("http/1.1")), bad("http/1.1"));
        assert_eq!(refusal(server, &request("HTTP/1.10")), bad("HTTP/1.10"));
    }
    assert_eq!(
        serve(GUNICORN, &request("HTTP/1.7")).request(0).version,
        Version::Http11
    );
    assert_eq!(refusal(GUNICORN, &request("HTTP/2.0")), bad("HTTP/2.0"));
    assert_eq!(refusal(HTTPTOOLS, &request("HTTP/1.7")), bad("HTTP/1.7"));
    assert!(!keeps(HTTPTOOLS, &request("HTTP/2.0")));
    assert!(reads(HTTPTOOLS, b"GET /\r\n\r\n"), "HTTP/0.9");
    assert_eq!(
        serve(H11, &request("HTTP/0.9")).request(0).version,
        Version::Http10
    );
    assert_eq!(refusal(DAPHNE, &request("HTTP/1.2")), bad("HTTP/1.2"));
}

#[test]
fn uwsgi_looks_for_two_spaces_wherever_lines_end() {
    let parts = |bytes: &str| {
        let served = serve(UWSGI, bytes.as_bytes());
        let head = served.request(0);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        [text(&head.method), text(&head.target), text(&head.protocol)]
    };
    assert_eq!(
        parts("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        ["\r\nGET", "/", "HTTP/1.1"]
    );
    assert_eq!(
        parts("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"),
        ["GET\t/", "HTTP/1.1\r\nHost:", "h"]
    );
    // The head ends first.
    for line in ["GET /", "GET", "GET /\r\nHost:h"] {
        assert_eq!(
            refusal(UWSGI, format!("{line}\r\n\r\n").as_bytes()),
            RequestError::RequestLine(line.into())
        );
    }
}

#[test]
fn a_head_that_is_refused_for_its_fields_is_known() {
    let refused = |text: &str| {
        let (rules, limits) = GUNICORN;
        let mut connection = Connection::new(rules, limits);
        connection.receive(text.as_bytes());
        assert!(connection.next_event().is_err());
        connection.refused().map(|head| head.target.clone())
    };
    let lengths =
        "POST /twice HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n";
    assert_eq!(refused(lengths), Some(b"/twice".to_vec()));
    assert_eq!(refused("get / HTTP/1.1\r\nHost: h\r\n\r\n"), None);
    assert_eq!(
        refused("GET / HTTP/1.1\r\nHost: h\r\nBad line\r\n\r\n"),
        None
    );
}
