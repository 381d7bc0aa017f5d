#![allow(clippy::unwrap_used)]

use super::*;
use crate::gateway::fixture::{encoded, launch, request};
use crate::testing::test;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// A response and what it has sent.
struct Answer {
    request: RequestHead,
    response: Response,
    sent: Vec<u8>,
}

impl Answer {
    /// gunicorn's sync worker.
    fn sync(request: RequestHead) -> Self {
        let response = Response::new(&request, &launch(Server::Gunicorn), true);
        Self {
            request,
            response,
            sent: Vec::new(),
        }
    }

    /// A gunicorn worker that keeps connections.
    fn keeping(request: RequestHead) -> Self {
        let mut launch = launch(Server::Gunicorn);
        launch.worker_class = WorkerClass::Async;
        let response = Response::new(&request, &launch, true);
        Self {
            request,
            response,
            sent: Vec::new(),
        }
    }

    fn start(&mut self, status: &str, headers: &[(&str, &str)]) -> Result<(), StartError> {
        self.response.start(&start(status, headers), false)
    }

    fn write(&mut self, block: &str) -> Result<(), StartError> {
        self.response.write(block.as_bytes(), DATE, &mut self.sent)
    }

    fn finish(&mut self) -> Outcome {
        self.response.finish(DATE, &mut self.sent).unwrap()
    }

    fn raised(&mut self, cause: Cause, iterating: bool) -> Outcome {
        self.response
            .raised(&self.request, "127.0.0.1", cause, iterating, &mut self.sent)
    }

    fn text(&self) -> String {
        self.sent.iter().map(|&byte| char::from(byte)).collect()
    }

    fn body(&self) -> String {
        self.text().split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

fn start(status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut strings = vec![status.as_bytes()];
    strings.extend(
        headers
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]),
    );
    encoded(&strings)
}

fn get() -> RequestHead {
    request("GET", "/", &[])
}

#[test]
fn the_servers_headers_come_before_the_apps() {
    let mut answer = Answer::sync(get());
    answer
        .start(
            "200 OK",
            &[("Content-Type", "text/plain"), ("Content-Length", "2")],
        )
        .unwrap();
    answer.write("ok").unwrap();
    let outcome = answer.finish();
    assert_eq!(
        answer.text(),
        "HTTP/1.1 200 OK\r\nServer: gunicorn\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\
         Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
    );
    let access = Line::Access(Access {
        status: "200".to_owned(),
        sent: 2,
    });
    assert_eq!(
        outcome,
        Outcome {
            keep_alive: false,
            lines: vec![access]
        }
    );
}

#[test]
fn nothing_is_sent_before_the_first_block() {
    let mut answer = Answer::sync(get());
    answer.start("200 OK", &[]).unwrap();
    assert!(!answer.response.head_sent());
    assert_eq!(answer.sent, b"");
}

#[test]
fn gunicorn_sends_the_head_even_with_an_empty_block() {
    let mut answer = Answer::sync(get());
    answer.start("200 OK", &[]).unwrap();
    answer.write("").unwrap();
    assert!(answer.response.head_sent());
    assert_eq!(answer.body(), "", "an empty chunk would end the body");
}

#[test]
fn a_body_of_unknown_length_is_chunked() {
    let mut answer = Answer::sync(get());
    answer
        .start("200 OK", &[("Content-Type", "text/plain")])
        .unwrap();
    for block in ["one,", "", "two, three, four", ""] {
        answer.write(block).unwrap();
    }
    answer.finish();
    assert!(answer.text().contains(
        "Connection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n"
    ));
    assert_eq!(
        answer.body(),
        "4\r\none,\r\n10\r\ntwo, three, four\r\n0\r\n\r\n"
    );
}

#[test]
fn an_http_1_0_client_gets_no_chunks() {
    let mut head = get();
    head.version = Version::Http10;
    head.protocol = b"HTTP/1.0".into();
    head.keep_alive = false;
    let mut answer = Answer::sync(head);
    answer.start("200 OK", &[]).unwrap();
    answer.write("one,").unwrap();
    answer.finish();
    assert!(answer.text().starts_with("HTTP/1.0 200 OK\r\n"));
    assert_eq!(answer.body(), "one,");
}

#[test]
fn never_more_is_sent_than_content_length_says() {
    let mut answer = Answer::sync(get());
    answer.start("200 OK", &[("Content-Length", "5")]).unwrap();
    for block in ["123", "4567", "89"] {
        answer.write(block).unwrap();
    }
    answer.finish();
    assert_eq!(answer.body(), "12345");
    assert_eq!(answer.response.sent(), 5);
}

#[test]
fn less_than_content_length_is_sent_as_it_is() {
    let mut answer = Answer::keeping(get());
    answer.start("200 OK", &[("Content-Length", "10")]).unwrap();
    answer.write("12345").unwrap();
    assert!(answer.finish().keep_alive, "gunicorn does not look");
    assert_eq!(answer.body(), "12345");
}

#[test]
fn head_gets_the_headers_and_no_body() {
    let mut answer = Answer::keeping(request("HEAD", "/", &[]));
    answer.start("200 OK", &[("Content-Length", "2")]).unwrap();
    answer.write("ok").unwrap();
    let outcome = answer.finish();
    assert!(answer.text().ends_with("\r\nContent-Length: 2\r\n\r\n"));
    let warning = "WSGI app sent body bytes on a no-body response (method=HEAD status=200); dropping per RFC 9110.";
    assert!(outcome.keep_alive);
    assert_eq!(outcome.lines[0], Line::Bare(warning.to_owned()));
}

#[test]
fn no_content_has_neither_body_nor_content_length() {
    let mut answer = Answer::keeping(get());
    answer
        .start("204 No Content", &[("Content-Length", "0"), ("X-A", "b")])
        .unwrap();
    assert!(answer.finish().keep_alive);
    assert!(
        answer
            .text()
            .ends_with("Connection: keep-alive\r\nX-A: b\r\n\r\n"),
        "{}",
        answer.text()
    );
}

#[test]
fn not_modified_may_say_the_length_of_what_it_does_not_send() {
    let mut answer = Answer::keeping(get());
    answer
        .start("304 Not Modified", &[("Content-Length", "7")])
        .unwrap();
    answer.write("ignored").unwrap();
    answer.finish();
    assert!(answer.text().ends_with("Content-Length: 7\r\n\r\n"));
}

#[test]
fn hop_by_hop_headers_and_the_servers_own_are_dropped() {
    let mut answer = Answer::keeping(get());
    let headers = [
        ("Connection", "close"),
        ("Server", "mine"),
        ("DATE", "never"),
        ("Transfer-Encoding", "gzip"),
        ("X-A", " b\t"),
    ];
    answer.start("200 OK", &headers).unwrap();
    answer.finish();
    assert!(answer.text().ends_with(
        "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n0\r\n\r\n"
    ));
    assert_eq!(
        answer.response.headers().collect::<Vec<_>>(),
        [(&b"X-A"[..], &b"b"[..])]
    );
}

#[test]
fn a_websocket_upgrade_is_passed_on() {
    let mut answer = Answer::sync(get());
    answer
        .start(
            "101 Switching Protocols",
            &[("Upgrade", "WebSocket"), ("Connection", "Upgrade")],
        )
        .unwrap();
    answer.finish();
    assert!(
        answer
            .text()
            .ends_with("Connection: upgrade\r\nUpgrade: WebSocket\r\n\r\n"),
        "{}",
        answer.text()
    );
}

#[test]
fn repeated_headers_stay_apart() {
    let mut answer = Answer::sync(get());
    answer
        .start(
            "200 OK",
            &[
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
                ("Content-Length", "0"),
            ],
        )
        .unwrap();
    answer.finish();
    assert!(
        answer
            .text()
            .contains("\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n")
    );
}

#[test]
fn a_kept_connection_says_so() {
    let mut answer = Answer::keeping(get());
    answer.start("200 OK", &[("Content-Length", "0")]).unwrap();
    assert!(answer.finish().keep_alive);
    assert!(answer.text().contains("\r\nConnection: keep-alive\r\n"));
}

#[test]
fn a_client_that_asks_to_close_is_obeyed() {
    let mut head = get();
    head.keep_alive = false;
    let mut answer = Answer::keeping(head);
    answer.start("200 OK", &[("Content-Length", "0")]).unwrap();
    assert!(!answer.finish().keep_alive);
    assert!(answer.text().contains("\r\nConnection: close\r\n"));
}

#[test]
fn a_second_start_response_needs_exc_info() {
    let mut answer = Answer::sync(get());
    answer.start("200 OK", &[]).unwrap();
    let error = answer.start("500 Oops", &[]).unwrap_err();
    assert_eq!(
        (error.exception().class.path(), error.to_string().as_str()),
        ("AssertionError", "Response headers already set!")
    );
}

#[test]
fn exc_info_replaces_the_status_before_the_head_is_sent() {
    let mut answer = Answer::sync(get());
    answer.start("200 OK", &[("Content-Length", "0")]).unwrap();
    answer
        .response
        .start(&start("500 Oops", &[]), true)
        .unwrap();
    answer.finish();
    assert!(answer.text().starts_with("HTTP/1.1 500 Oops\r\n"));
    assert!(
        answer.text().contains("Content-Length: 0"),
        "gunicorn keeps the earlier headers"
    );
}

#[test]
fn exc_info_is_raised_again_after_the_head_was_sent() {
    let mut answer = Answer::sync(get());
    answer.start("200 OK", &[]).unwrap();
    answer.write("x").unwrap();
    assert_eq!(
        answer.response.start(&start("500 Oops", &[]), true),
        Err(StartError::Reraise)
    );
}

#[test]
fn a_status_is_three_digits_and_a_reason() {
    for status in [
        "", "20 OK", "2000 OK", "200\tOK", "200 a\nb", " 200 OK", "abc",
    ] {
        let error = Answer::sync(get()).start(status, &[]).unwrap_err();
        assert_eq!(error.exception().class.path(), "ValueError", "{status:?}");
    }
    for status in ["200", "200 ", "299 Strange", "999 \u{e9}"] {
        assert_eq!(Answer::sync(get()).start(status, &[]), Ok(()), "{status:?}");
    }
    let error = Answer::sync(get()).start("it's", &[]).unwrap_err();
    assert_eq!(error.to_string(), "Invalid status \"it's\"");
}

#[test]
fn a_header_cannot_inject_another() {
    let error = Answer::sync(get())
        .start("200 OK", &[("X-Bad", "a\r\nInjected: 1")])
        .unwrap_err();
    assert_eq!(
        error.exception().class.path(),
        "gunicorn.http.errors.InvalidResponseHeader"
    );
    assert_eq!(
        error.to_string(),
        "Invalid response header from the application: 'X-Bad'"
    );
    let error = Answer::sync(get())
        .start("200 OK", &[("X Bad", "a")])
        .unwrap_err();
    assert_eq!(
        error.exception().class.path(),
        "gunicorn.http.errors.InvalidResponseHeaderName"
    );
    assert_eq!(
        error.to_string(),
        "Invalid response header name from the application: 'X Bad'"
    );
}

#[test]
fn a_content_length_must_be_a_number() {
    let error = Answer::sync(get())
        .start("200 OK", &[("Content-Length", "many")])
        .unwrap_err();
    assert_eq!(
        (error.exception().class.path(), error.to_string().as_str()),
        (
            "ValueError",
            "invalid literal for int() with base 10: 'many'"
        )
    );
}

#[test]
fn without_start_response_the_sync_worker_sends_the_status_none() {
    let mut answer = Answer::sync(get());
    answer.write("x").unwrap();
    let outcome = answer.finish();
    assert!(
        answer
            .text()
            .starts_with("HTTP/1.1 None\r\nServer: gunicorn\r\n")
    );
    assert_eq!(answer.body(), "x");
    assert_eq!(
        outcome.lines,
        [Line::Access(Access {
            status: "None".to_owned(),
            sent: 1
        })]
    );
}

#[test]
fn without_start_response_a_keeping_worker_fails() {
    let mut answer = Answer::keeping(get());
    let error = answer.write("x").unwrap_err();
    assert_eq!(
        (error.exception().class.path(), error.to_string().as_str()),
        (
            "AttributeError",
            "'Response' object has no attribute 'status_code'"
        )
    );
    answer.raised(Cause::Exception, true);
    assert!(
        answer
            .text()
            .starts_with("HTTP/1.1 500 Internal Server Error\r\n")
    );
}

#[test]
fn an_app_that_raises_before_the_head_gets_the_error_page() {
    let mut answer = Answer::keeping(request("GET", "/boom", &[]));
    answer
        .start("200 OK", &[("Content-Length", "100")])
        .unwrap();
    let outcome = answer.raised(Cause::Exception, false);
    assert!(
        answer
            .text()
            .starts_with("HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n")
    );
    assert!(!outcome.keep_alive);
    let text = "Error handling request GET /boom".to_owned();
    assert_eq!(
        outcome.lines,
        [
            Line::Log {
                level: Level::Error,
                text,
                traceback: true
            },
            Line::Access(Access {
                status: "500".to_owned(),
                sent: 0
            })
        ]
    );
}

#[test]
fn an_app_that_raises_after_the_head_truncates_the_body() {
    let mut answer = Answer::keeping(get());
    answer.start("200 OK", &[]).unwrap();
    answer.write("part1").unwrap();
    let outcome = answer.raised(Cause::Exception, true);
    assert_eq!(answer.body(), "5\r\npart1\r\n", "no last chunk");
    assert!(!outcome.keep_alive);
    assert_eq!(
        outcome.lines,
        [
            Line::Access(Access {
                status: "200".to_owned(),
                sent: 5
            }),
            Line::Log {
                level: Level::Error,
                text: "Error handling request".to_owned(),
                traceback: true
            },
            Line::Log {
                level: Level::Debug,
                text: "Closing connection. ".to_owned(),
                traceback: false
            }
        ]
    );
}

#[test]
fn an_oserror_of_the_app_is_taken_for_one_of_the_connection() {
    let mut answer = Answer::sync(get());
    let outcome = answer.raised(Cause::OsError(Some(2)), false);
    assert_eq!(answer.sent, b"", "no error page");
    let text = "Socket error processing request.".to_owned();
    assert_eq!(
        outcome.lines,
        [Line::Log {
            level: Level::Error,
            text,
            traceback: true
        }]
    );
}

#[test]
fn a_client_that_has_gone_is_no_error() {
    let outcome = Answer::sync(get()).raised(Cause::OsError(Some(32)), true);
    let debug = Line::Log {
        level: Level::Debug,
        text: "Ignoring EPIPE".to_owned(),
        traceback: false,
    };
    assert_eq!(outcome.lines.last(), Some(&debug));
}

#[test]
fn uwsgi_passes_on_what_the_app_says() {
    let head = get();
    let mut response = Response::new(&head, &launch(Server::Uwsgi), true);
    let mut sent = Vec::new();
    response
        .start(
            &start("200 OK", &[("X-Bad", "a\r\nInjected: 1"), ("", "no name")]),
            false,
        )
        .unwrap();
    response.write(b"", DATE, &mut sent).unwrap();
    assert_eq!(sent, b"");
    response.write(b"one", DATE, &mut sent).unwrap();
    assert!(!response.finish(DATE, &mut sent).unwrap().keep_alive);
    assert_eq!(
        String::from_utf8_lossy(&sent),
        "HTTP/1.1 200 OK\r\nX-Bad: a\r\nInjected: 1\r\nno name\r\n\r\none"
    );
}

#[test]
fn uwsgi_closes_without_a_byte_if_the_app_raises() {
    let head = get();
    let mut response = Response::new(&head, &launch(Server::Uwsgi), true);
    let mut sent = Vec::new();
    let outcome = response.raised(&head, "127.0.0.1", Cause::Exception, false, &mut sent);
    assert_eq!((outcome.keep_alive, sent.as_slice()), (false, &b""[..]));
}
