#![allow(clippy::unwrap_used)]

use super::*;
use crate::asgi::event_error::EventError;
use crate::asgi::http::{Cycle, Part, Progress};
use crate::gateway::fixture::{encoded, request};
use crate::http1::{RequestHead, Version};
use crate::servers::{self, Command, Launch};
use crate::testing::test;

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn launch() -> Launch {
    let line = "uvicorn --http h11 --no-date-header --no-server-header app:app";
    match servers::parse(line, &servers::Surroundings::new(&[], "/")) {
        Command::Serve(launch) => *launch,
        Command::Print { .. } => unreachable!("the line is right"),
    }
}

/// A response, and what was raised in the app.
struct Answer {
    cycle: Cycle,
    sent: Vec<u8>,
}

impl Answer {
    fn of(head: &RequestHead) -> Self {
        Self {
            cycle: Cycle::new(head, &launch(), DATE),
            sent: Vec::new(),
        }
    }

    fn get() -> Self {
        Self::of(&request("GET", "/", &[("Host", "a")]))
    }

    fn start(&mut self, status: u16, headers: &[(&str, &str)]) -> Result<(), EventError> {
        let strings: Vec<&[u8]> = headers
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
            .collect();
        self.cycle.start(status, &encoded(&strings), &mut self.sent)
    }

    fn body(&mut self, data: &str, more: bool) -> Result<Progress, EventError> {
        let part = Part {
            more,
            ..Part::whole(data.as_bytes())
        };
        self.cycle.body(part, &mut self.sent)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.sent).into_owned()
    }
}

/// The bytes of a response with these fields and the body `hello`.
fn response(head: &RequestHead, headers: &[(&str, &str)]) -> String {
    let mut answer = Answer::of(head);
    answer.start(200, headers).unwrap();
    answer.body("hello", false).unwrap();
    answer.text()
}

/// What the start of a response with these fields raises.
fn raised(headers: &[(&str, &str)]) -> String {
    Answer::get().start(200, headers).unwrap_err().to_string()
}

#[test]
fn names_go_out_as_the_app_writes_them() {
    let text = response(
        &request("GET", "/", &[]),
        &[("X-One", "1"), ("Content-LENGTH", "5")],
    );
    assert_eq!(
        text,
        "HTTP/1.1 200 OK\r\nX-One: 1\r\nContent-LENGTH: 5\r\n\r\nhello"
    );
}

#[test]
fn a_body_of_unknown_length_is_chunked_for_http_1_1_and_ends_the_connection_of_http_1_0() {
    let mut head = request("GET", "/", &[]);
    assert_eq!(
        response(&head, &[]),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    );
    head.version = Version::Http10;
    head.protocol = Version::Http10.as_bytes().into();
    head.keep_alive = false;
    assert_eq!(
        response(&head, &[("transfer-encoding", "chunked"), ("x-a", "1")]),
        "HTTP/1.1 200 OK\r\nx-a: 1\r\nConnection: close\r\n\r\nhello"
    );
}

#[test]
fn a_client_that_closes_is_told_that_the_connection_does() {
    let mut head = request("GET", "/", &[("Connection", "close")]);
    head.keep_alive = false;
    let mut answer = Answer::of(&head);
    answer.start(200, &[("content-length", "5")]).unwrap();
    assert_eq!(
        answer.body("hello", false),
        Ok(Progress::Complete { keep_alive: false })
    );
    assert!(
        answer
            .text()
            .contains("content-length: 5\r\nConnection: close\r\n\r\n")
    );
}

#[test]
fn an_app_that_closes_is_left_its_own_field() {
    let mut answer = Answer::get();
    let headers = [("connection", "close"), ("content-length", "5")];
    answer.start(200, &headers).unwrap();
    assert_eq!(
        answer.body("hello", false),
        Ok(Progress::Complete { keep_alive: false })
    );
    assert!(
        answer
            .text()
            .contains("OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\n")
    );
}

#[test]
fn options_of_a_connection_that_closes_become_fields_in_the_order_of_the_alphabet() {
    let mut head = request("GET", "/", &[("Connection", "x, close")]);
    head.keep_alive = false;
    let text = response(
        &head,
        &[("connection", "Zed, keep-alive"), ("content-length", "5")],
    );
    assert!(text.contains("content-length: 5\r\nConnection: close\r\nConnection: zed\r\n\r\n"));
}

#[test]
fn lengths_that_agree_become_one_and_others_raise() {
    let text = response(
        &request("GET", "/", &[]),
        &[("content-length", "5, 5"), ("Content-Length", "5")],
    );
    assert!(text.contains("OK\r\ncontent-length: 5\r\n\r\nhello"));
    for (value, message) in [
        ("5, 6", "conflicting Content-Length headers"),
        ("5, 05", "conflicting Content-Length headers"),
        ("x", "bad Content-Length"),
        ("-5", "bad Content-Length"),
        ("", "bad Content-Length"),
        ("000000000000000000005", "bad Content-Length"),
    ] {
        assert_eq!(raised(&[("content-length", value)]), message, "{value}");
    }
}

#[test]
fn a_transfer_coding_beats_a_length_and_is_chunked_alone() {
    let head = request("GET", "/", &[]);
    let both = [("content-length", "9"), ("TRANSFER-encoding", "Chunked")];
    assert!(response(&head, &both).contains("OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"));
    assert_eq!(
        raised(&[("transfer-encoding", "gzip")]),
        "Only Transfer-Encoding: chunked is supported"
    );
    assert_eq!(
        raised(&[
            ("transfer-encoding", "chunked"),
            ("transfer-encoding", "chunked")
        ]),
        "multiple Transfer-Encoding headers"
    );
}

#[test]
fn names_are_tokens_and_values_have_no_white_space_around_them() {
    assert_eq!(raised(&[("x a", "1")]), "Illegal header name b'x a'");
    assert_eq!(raised(&[("", "1")]), "Illegal header name b''");
    for value in [" 1", "1 ", "a\nb", "a\rb", "a\0b", "a\x0bb", "a\x0cb"] {
        let message = raised(&[("x", value)]);
        assert!(message.starts_with("Illegal header value b'"), "{message}");
    }
    for value in ["", "1 2", "1\t2", "\x01", "\x7f", "é"] {
        Answer::get().start(200, &[("x", value)]).unwrap();
    }
}

#[test]
fn a_status_is_one_of_a_final_response_that_has_a_phrase_or_none() {
    for status in [100, 101, 199] {
        assert_eq!(
            Answer::get().start(status, &[]).unwrap_err().to_string(),
            format!("Response status_code should be in range [200, 1000), not {status}")
        );
    }
    for status in [0, 99, 600] {
        let error = Answer::get().start(status, &[]).unwrap_err();
        assert_eq!(error, EventError::Status(status));
    }
}

#[test]
fn a_refused_head_leaves_the_connection_where_it_was() {
    let mut answer = Answer::get();
    answer.start(200, &[("x a", "1")]).unwrap_err();
    assert_eq!(
        answer.body("x", true).unwrap_err().to_string(),
        "can't handle event type Data when role=SERVER and state=SEND_RESPONSE"
    );
    assert_eq!(
        answer.body("x", true).unwrap_err().to_string(),
        "Can't send data when our state is ERROR"
    );
    assert!(answer.sent.is_empty());
}

#[test]
fn a_body_is_as_long_as_its_length() {
    let mut answer = Answer::get();
    answer.start(200, &[("content-length", "3")]).unwrap();
    assert_eq!(
        answer.body("hello", false).unwrap_err().to_string(),
        "Too much data for declared Content-Length"
    );
    let mut answer = Answer::get();
    answer.start(200, &[("content-length", "9")]).unwrap();
    assert_eq!(
        answer.body("hello", false).unwrap_err().to_string(),
        "Too little data for declared Content-Length"
    );
    assert!(answer.text().ends_with("\r\n\r\nhello"));
    assert!(
        answer.cycle.is_complete(),
        "uvicorn says so before h11 does"
    );
}

#[test]
fn head_is_told_what_get_would_be_and_204_has_no_body() {
    let head = request("HEAD", "/", &[]);
    let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(response(&head, &[]), text);
    for status in [204, 304] {
        let mut answer = Answer::get();
        answer.start(status, &[("content-length", "5")]).unwrap();
        assert!(answer.text().contains("content-length: 5"));
        assert_eq!(
            answer.body("x", true).unwrap_err().to_string(),
            "Too much data for declared Content-Length"
        );
    }
}

#[test]
fn connect_that_is_accepted_is_no_longer_http() {
    let mut answer = Answer::of(&request("CONNECT", "a:80", &[]));
    answer.start(200, &[]).unwrap();
    assert_eq!(answer.text(), "HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(
        answer.body("x", false).unwrap_err().to_string(),
        "can't handle event type Data when role=SERVER and state=SWITCHED_PROTOCOL"
    );
    let mut answer = Answer::of(&request("CONNECT", "a:80", &[]));
    answer.start(404, &[]).unwrap();
    assert_eq!(
        answer.body("x", false),
        Ok(Progress::Complete { keep_alive: true })
    );
}

#[test]
fn an_app_that_raises_gets_a_500_whose_length_is_not_said() {
    let mut answer = Answer::get();
    assert!(answer.cycle.raised(&mut answer.sent).close);
    assert_eq!(
        answer.text(),
        "HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n\
         connection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         15\r\nInternal Server Error\r\n0\r\n\r\n"
    );
}

#[test]
fn a_refusal_is_chunked_where_the_client_has_shown_that_it_knows_chunks() {
    let refused = |knows_chunks: bool| {
        let mut out = Vec::new();
        Exchange::idle(knows_chunks)
            .refuse(b"no", &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n";
    assert_eq!(refused(false), format!("{head}Connection: close\r\n\r\nno"));
    let fields = "connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(refused(true), format!("{head}{fields}2\r\nno\r\n0\r\n\r\n"));
}

#[test]
fn nothing_is_refused_inside_a_response() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    let exchange = answer.cycle.exchange().unwrap();
    assert_eq!(
        exchange
            .refuse(b"no", &mut Vec::new())
            .unwrap_err()
            .to_string(),
        "can't handle event type Response when role=SERVER and state=SEND_BODY"
    );
}

#[test]
fn a_large_body_in_parts_is_one_chunk() {
    let mut answer = Answer::get();
    answer.start(200, &[]).unwrap();
    for (data, rest) in [(&b"abc"[..], 7), (b"defg", 3), (b"hij", 0)] {
        let part = Part {
            data,
            rest,
            more: false,
        };
        answer.cycle.body(part, &mut answer.sent).unwrap();
    }
    assert!(
        answer
            .text()
            .ends_with("\r\n\r\na\r\nabcdefghij\r\n0\r\n\r\n")
    );
}
