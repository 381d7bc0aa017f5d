#![allow(clippy::unwrap_used)]

use super::*;
use crate::asgi::event_error::EventError;
use crate::asgi::refusal;
use crate::gateway::fixture::{encoded, launch, request};
use crate::http1::{RequestHead, Version};
use crate::servers::{Launch, Server};
use crate::testing::test;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const DEFAULTS: &str = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nserver: uvicorn\r\n";

/// A cycle and what it has sent.
struct Answer {
    cycle: Cycle,
    sent: Vec<u8>,
}

impl Answer {
    fn of(request: &RequestHead) -> Self {
        Self {
            cycle: Cycle::new(request, &launch(Server::Uvicorn), DATE),
            sent: Vec::new(),
        }
    }

    fn get() -> Self {
        Self::of(&request("GET", "/", &[]))
    }

    fn start(&mut self, status: u16, headers: &[(&str, &str)]) -> Result<(), EventError> {
        let strings: Vec<&[u8]> = headers
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
            .collect();
        self.cycle.start(status, &encoded(&strings), &mut self.sent)
    }

    fn body(&mut self, data: &str, more: bool) -> Result<Progress, EventError> {
        self.cycle.body(
            Part {
                data: data.as_bytes(),
                rest: 0,
                more,
            },
            &mut self.sent,
        )
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.sent).into_owned()
    }

    fn after_head(&self) -> String {
        self.text().split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

fn message(error: &EventError) -> (&'static str, String) {
    (error.exception().class.path(), error.to_string())
}

const KEPT: Result<Progress, EventError> = Ok(Progress::Complete { keep_alive: true });
const CLOSED: Result<Progress, EventError> = Ok(Progress::Complete { keep_alive: false });

#[test]
fn uvicorns_headers_come_before_the_apps() {
    let mut answer = Answer::get();
    answer
        .start(
            200,
            &[("Content-Type", "text/plain"), ("content-length", "2")],
        )
        .unwrap();
    assert_eq!(answer.body("ok", false), KEPT);
    let text = [
        "HTTP/1.1 200 OK\r\n",
        DEFAULTS,
        "content-type: text/plain\r\ncontent-length: 2\r\n\r\nok",
    ]
    .concat();
    assert_eq!(answer.text(), text);
}

#[test]
fn the_head_goes_out_with_the_start_event() {
    let mut answer = Answer::get();
    answer.start(404, &[]).unwrap();
    assert!(answer.text().starts_with("HTTP/1.1 404 Not Found\r\n"));
}

#[test]
fn headers_of_the_command_line_follow_the_server_header_or_replace_it() {
    let mut launch = launch(Server::Uvicorn);
    launch
        .asgi
        .headers
        .push(("X-Added".to_owned(), "1".to_owned()));
    let head = |launch: &Launch| {
        let mut sent = Vec::new();
        Cycle::new(&request("GET", "/", &[]), launch, DATE)
            .start(204, &encoded(&[]), &mut sent)
            .unwrap();
        String::from_utf8(sent).unwrap()
    };
    assert!(head(&launch).ends_with("server: uvicorn\r\nx-added: 1\r\n\r\n"));
    launch
        .asgi
        .headers
        .push(("Server".to_owned(), "mine".to_owned()));
    assert!(head(&launch).ends_with("GMT\r\nx-added: 1\r\nserver: mine\r\n\r\n"));
    launch.asgi.headers.clear();
    launch.asgi.server_header = false;
    launch.asgi.date_header = false;
    assert_eq!(head(&launch), "HTTP/1.1 204 No Content\r\n\r\n");
}

#[test]
fn a_body_of_unknown_length_is_chunked() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    assert!(
        answer
            .text()
            .ends_with("transfer-encoding: chunked\r\n\r\n")
    );
    assert_eq!(answer.body("one,", true), Ok(Progress::Continues));
    assert_eq!(answer.body("", true), Ok(Progress::Continues));
    assert_eq!(answer.body("twenty-eight bytes of text.", false), KEPT);
    assert_eq!(
        answer.after_head(),
        "4\r\none,\r\n1b\r\ntwenty-eight bytes of text.\r\n0\r\n\r\n"
    );
}

#[test]
fn an_http_1_0_client_gets_chunks_and_the_connection_closes() {
    let mut head = request("GET", "/", &[]);
    head.version = Version::Http10;
    head.protocol = Version::Http10.as_bytes().into();
    let mut answer = Answer::of(&head);
    answer.start(200, &[]).unwrap();
    assert!(answer.text().starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(
        answer
            .text()
            .ends_with("connection: close\r\ntransfer-encoding: chunked\r\n\r\n")
    );
    assert_eq!(answer.body("", false), CLOSED);
}

#[test]
fn an_app_that_chunks_itself_is_not_chunked_twice() {
    let mut answer = Answer::get();
    answer
        .start(200, &[("Transfer-Encoding", "chunked")])
        .unwrap();
    answer.body("a", false).unwrap();
    assert_eq!(answer.text().matches("chunked").count(), 1);
    assert_eq!(answer.after_head(), "1\r\na\r\n0\r\n\r\n");
}

#[test]
fn head_gets_the_headers_and_no_body() {
    let mut answer = Answer::of(&request("HEAD", "/", &[]));
    answer.start(200, &[("content-length", "2")]).unwrap();
    assert_eq!(answer.body("ok", false), KEPT);
    assert!(answer.text().ends_with("content-length: 2\r\n\r\n"));
}

#[test]
fn no_content_and_not_modified_have_no_body() {
    for status in [204, 304] {
        let mut answer = Answer::get();
        answer.start(status, &[]).unwrap();
        assert!(!answer.text().contains("chunked"), "{status}");
        assert_eq!(answer.body("x", true), Err(EventError::Longer));
        assert_eq!(answer.body("", false), KEPT);
    }
}

#[test]
fn an_app_that_closes_is_obeyed() {
    let mut answer = Answer::get();
    answer
        .start(200, &[("Connection", "x, Close"), ("content-length", "0")])
        .unwrap();
    assert_eq!(answer.text().matches("connection: ").count(), 1);
    assert_eq!(answer.body("", false), CLOSED);
}

#[test]
fn a_client_that_asks_to_close_is_obeyed() {
    let mut head = request("GET", "/", &[]);
    head.keep_alive = false;
    let mut answer = Answer::of(&head);
    answer.start(200, &[("content-length", "0")]).unwrap();
    assert!(
        answer
            .text()
            .ends_with("content-length: 0\r\nconnection: close\r\n\r\n")
    );
    assert_eq!(answer.body("", false), CLOSED);
}

#[test]
fn a_server_that_shuts_down_closes_after_the_response() {
    let mut answer = Answer::get();
    answer.start(200, &[("content-length", "0")]).unwrap();
    answer.cycle.close_after();
    assert_eq!(answer.body("", false), CLOSED);
}

#[test]
fn more_than_content_length_is_not_sent() {
    let mut answer = Answer::get();
    answer.start(200, &[("content-length", "5")]).unwrap();
    let error = answer.body("1234567890", false).unwrap_err();
    assert_eq!(
        message(&error),
        (
            "RuntimeError",
            "Response content longer than Content-Length".to_owned()
        )
    );
    assert_eq!(answer.after_head(), "");
}

#[test]
fn less_than_content_length_is_an_error_and_closes() {
    let mut answer = Answer::get();
    answer.start(200, &[("content-length", "10")]).unwrap();
    let error = answer.body("12345", false).unwrap_err();
    assert_eq!(
        message(&error),
        (
            "RuntimeError",
            "Response content shorter than Content-Length".to_owned()
        )
    );
    assert_eq!(answer.after_head(), "12345");
    assert!(answer.cycle.raised(&mut answer.sent).close);
}

#[test]
fn the_response_begins_with_its_start() {
    let mut answer = Answer::get();
    let error = answer.body("x", false).unwrap_err();
    let text = "Expected ASGI message 'http.response.start', but got 'http.response.body'.";
    assert_eq!(message(&error), ("RuntimeError", text.to_owned()));
    let error = answer.cycle.other("websocket.send").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Expected ASGI message 'http.response.start', but got 'websocket.send'."
    );
}

#[test]
fn the_start_is_followed_by_the_body() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    let error = answer.start(200, &[]).unwrap_err();
    let text = "Expected ASGI message 'http.response.body', but got 'http.response.start'.";
    assert_eq!(message(&error), ("RuntimeError", text.to_owned()));
}

#[test]
fn nothing_follows_the_end_of_the_body() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    answer.body("", false).unwrap();
    let error = answer.body("", false).unwrap_err();
    let text =
        "Unexpected ASGI message 'http.response.body' sent, after response already completed.";
    assert_eq!(message(&error), ("RuntimeError", text.to_owned()));
}

#[test]
fn a_header_cannot_inject_another() {
    let mut answer = Answer::get();
    let error = answer
        .start(200, &[("x-bad", "a\r\nInjected: 1")])
        .unwrap_err();
    assert_eq!(
        message(&error),
        ("RuntimeError", "Invalid HTTP header value.".to_owned())
    );
    assert_eq!(answer.text(), "");
    assert!(answer.cycle.is_started(), "so that no 500 follows");
    let error = Answer::get().start(200, &[("x bad", "a")]).unwrap_err();
    assert_eq!(
        message(&error),
        ("RuntimeError", "Invalid HTTP header name.".to_owned())
    );
}

#[test]
fn a_status_has_three_digits_below_600() {
    for status in [0, 99, 600] {
        let error = Answer::get().start(status, &[]).unwrap_err();
        assert_eq!(message(&error), ("KeyError", status.to_string()));
    }
    let mut answer = Answer::get();
    answer.start(299, &[]).unwrap();
    assert!(answer.text().starts_with("HTTP/1.1 299 \r\n"));
}

#[test]
fn an_app_that_raises_before_the_start_is_answered_with_500() {
    let mut answer = Answer::get();
    let outcome = answer.cycle.raised(&mut answer.sent);
    let text = [
        "HTTP/1.1 500 Internal Server Error\r\n",
        DEFAULTS,
        "content-type: text/plain; charset=utf-8\r\ncontent-length: 21\r\nconnection: close\r\n\r\nInternal Server Error",
    ];
    assert_eq!(answer.text(), text.concat());
    let log = Some("Exception in ASGI application".to_owned());
    assert_eq!(
        outcome,
        Outcome {
            close: true,
            log,
            traceback: true,
            status: Some(500)
        }
    );
}

#[test]
fn an_app_that_raises_after_the_start_closes_the_connection() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    answer.body("part1", true).unwrap();
    let outcome = answer.cycle.raised(&mut answer.sent);
    assert_eq!(answer.after_head(), "5\r\npart1\r\n");
    assert_eq!((outcome.close, outcome.status), (true, None));
}

#[test]
fn an_app_that_returns_without_a_response_is_answered_with_500() {
    let mut answer = Answer::get();
    let outcome = answer.cycle.returned(None, &mut answer.sent);
    assert!(
        answer
            .text()
            .starts_with("HTTP/1.1 500 Internal Server Error\r\n")
    );
    assert_eq!(
        outcome.log.as_deref(),
        Some("ASGI callable returned without starting response.")
    );
    assert!(outcome.close && !outcome.traceback);
}

#[test]
fn an_app_that_returns_inside_a_response_closes_the_connection() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    let outcome = answer.cycle.returned(None, &mut answer.sent);
    assert_eq!(
        outcome.log.as_deref(),
        Some("ASGI callable returned without completing response.")
    );
    assert!(outcome.close);
}

#[test]
fn an_app_that_returns_something_closes_the_connection() {
    let mut answer = Answer::get();
    let outcome = answer.cycle.returned(Some("42"), &mut answer.sent);
    assert_eq!(
        outcome.log.as_deref(),
        Some("ASGI callable should return None, but returned '42'.")
    );
    assert_eq!((outcome.close, answer.text().as_str()), (true, ""));
}

#[test]
fn an_app_that_returns_after_its_response_leaves_the_connection_alone() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    answer.body("", false).unwrap();
    let outcome = answer.cycle.returned(None, &mut answer.sent);
    assert_eq!(
        outcome,
        Outcome {
            close: false,
            log: None,
            traceback: false,
            status: None
        }
    );
}

#[test]
fn send_says_nothing_about_a_client_that_has_gone() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    answer.cycle.disconnected();
    let before = answer.sent.len();
    assert_eq!(answer.body("x", false), Ok(Progress::Continues));
    assert_eq!(answer.cycle.other("nonsense"), Ok(()));
    assert_eq!(answer.sent.len(), before);
    assert_eq!(answer.cycle.returned(None, &mut answer.sent).log, None);
}

#[test]
fn receive_gives_the_body_as_it_comes() {
    let mut answer = Answer::get();
    let receive = |cycle: &mut Cycle| cycle.receive(&mut Vec::new());
    assert_eq!(receive(&mut answer.cycle), Received::Wait);
    answer.cycle.request_body(b"a");
    answer.cycle.request_body(b"b");
    assert_eq!(
        receive(&mut answer.cycle),
        Received::Request {
            body: b"ab".to_vec(),
            more: true
        }
    );
    assert_eq!(receive(&mut answer.cycle), Received::Wait);
    answer.cycle.request_end();
    assert_eq!(
        receive(&mut answer.cycle),
        Received::Request {
            body: Vec::new(),
            more: false
        }
    );
}

#[test]
fn after_the_body_receive_waits_for_the_disconnect() {
    let mut answer = Answer::get();
    answer.cycle.request_end();
    assert_eq!(
        answer.cycle.receive(&mut answer.sent),
        Received::Request {
            body: Vec::new(),
            more: false
        }
    );
    assert_eq!(answer.cycle.receive(&mut answer.sent), Received::Wait);
    answer.cycle.disconnected();
    assert_eq!(answer.cycle.receive(&mut answer.sent), Received::Disconnect);
    assert_eq!(answer.cycle.receive(&mut answer.sent), Received::Disconnect);
}

#[test]
fn daphne_is_told_of_a_whole_request_whose_client_has_gone_meanwhile() {
    let whole = |server| {
        let mut cycle = Cycle::new(&request("GET", "/", &[]), &launch(server), DATE);
        cycle.request_end();
        cycle.disconnected();
        let mut sent = Vec::new();
        [cycle.receive(&mut sent), cycle.receive(&mut sent)]
    };
    let request = Received::Request {
        body: Vec::new(),
        more: false,
    };
    assert_eq!(whole(Server::Daphne), [request, Received::Disconnect]);
    assert_eq!(
        whole(Server::Uvicorn),
        [Received::Disconnect, Received::Disconnect]
    );
}

#[test]
fn after_the_response_receive_gives_the_disconnect() {
    let mut answer = Answer::get();
    answer.start(204, &[]).unwrap();
    answer.body("", false).unwrap();
    assert_eq!(answer.cycle.receive(&mut answer.sent), Received::Disconnect);
}

#[test]
fn continue_is_sent_when_the_app_first_receives() {
    let mut head = request("POST", "/", &[("Expect", "100-continue")]);
    head.expects_continue = true;
    let mut answer = Answer::of(&head);
    assert_eq!(answer.cycle.receive(&mut answer.sent), Received::Wait);
    assert_eq!(answer.text(), "HTTP/1.1 100 Continue\r\n\r\n");
    answer.cycle.receive(&mut answer.sent);
    assert_eq!(answer.text(), "HTTP/1.1 100 Continue\r\n\r\n", "once");
}

#[test]
fn continue_is_not_sent_after_the_response_started() {
    let mut head = request("POST", "/", &[("Expect", "100-continue")]);
    head.expects_continue = true;
    let mut answer = Answer::of(&head);
    answer.start(200, &[]).unwrap();
    answer.cycle.receive(&mut answer.sent);
    assert!(!answer.text().contains("100 Continue"));
}

#[test]
fn a_body_that_nobody_receives_stops_the_reading() {
    let mut answer = Answer::get();
    answer.cycle.request_body(&vec![b'x'; HIGH_WATER]);
    assert!(!answer.cycle.is_full());
    answer.cycle.request_body(b"x");
    assert!(answer.cycle.is_full());
    answer.cycle.receive(&mut answer.sent);
    assert!(!answer.cycle.is_full());
}

#[test]
fn what_cannot_be_parsed_is_answered_with_400() {
    let mut sent = Vec::new();
    refusal::uvicorn(&launch(Server::Uvicorn), DATE, &mut sent);
    let text = [
        "HTTP/1.1 400 Bad Request\r\n",
        DEFAULTS,
        "content-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\nconnection: close\r\n\r\n",
        "Invalid HTTP request received.",
    ];
    assert_eq!(String::from_utf8(sent).unwrap(), text.concat());
}

#[test]
fn beyond_the_concurrency_limit_the_answer_is_503() {
    let mut answer = Answer::get();
    let outcome = answer.cycle.unavailable(&mut answer.sent);
    let text = [
        "HTTP/1.1 503 Service Unavailable\r\n",
        DEFAULTS,
        "content-type: text/plain; charset=utf-8\r\ncontent-length: 19\r\nconnection: close\r\n\r\nService Unavailable",
    ];
    assert_eq!(answer.text(), text.concat());
    assert_eq!((outcome.close, outcome.status), (true, Some(503)));
}
