#![allow(clippy::unwrap_used)]

use super::bench::{Bench, GET};
use crate::testing::test;

const H11: &str = "uvicorn --http h11 app:app";
const REFUSED: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n";

#[test]
fn a_bad_first_request_is_refused_without_a_length() {
    let mut bench = Bench::new(H11);
    let client = bench.client("BAD\r\n\r\n");
    let text = "Connection: close\r\n\r\nInvalid HTTP request received.";
    assert_eq!(bench.text(client), [REFUSED, text].concat());
    assert!(bench.has_ended(client));
    assert!(bench.rig.lines[0].ends_with("Invalid HTTP request received."));
}

#[test]
fn a_bad_later_request_is_refused_in_chunks() {
    let mut bench = Bench::new(H11);
    let client = bench.client(GET);
    let request = bench.request();
    bench.answer(request, b"ok");
    bench.send(client, "BAD\r\n\r\n");
    let text = bench.text(client);
    assert!(text.ends_with("1e\r\nInvalid HTTP request received.\r\n0\r\n\r\n"));
}

#[test]
fn what_begins_with_a_control_character_is_refused_at_once() {
    let mut bench = Bench::new(H11);
    let client = bench.client("\x16");
    assert!(bench.has_ended(client));
    let client = bench.client("BAD LINE\r\n");
    assert!(!bench.has_ended(client), "the head is not complete");
}

#[test]
fn a_pipelined_request_waits_for_the_response_before() {
    let mut bench = Bench::new(H11);
    let client = bench.client(&[GET, "BAD\r\n\r\n"].concat());
    let request = bench.request();
    assert!(!bench.has_ended(client));
    bench.answer(request, b"one");
    assert!(bench.text(client).contains("one") && bench.text(client).contains(" 400 "));
    assert!(bench.has_ended(client));
}

#[test]
fn more_bytes_after_a_client_has_said_that_it_closes_are_an_error() {
    let mut bench = Bench::new(H11);
    let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let client = bench.client(&[head, GET].concat());
    let request = bench.request();
    assert!(!bench.has_ended(client), "they were not looked at");
    bench.send(client, "x");
    assert!(bench.text(client).starts_with("HTTP/1.1 400 "));
    assert!(bench.has_ended(client));
    bench.start(request, &[]);
    assert_eq!(bench.text(client).matches("HTTP/1.1").count(), 1);
}

#[test]
fn an_error_inside_a_response_ends_the_connection_without_a_word() {
    let mut bench = Bench::new(H11);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let client = bench.client(head);
    let request = bench.request();
    bench.start(request, &[]);
    bench.body(request, b"part", true);
    bench.send(client, "zz\r\n");
    assert!(bench.has_ended(client));
    assert!(!bench.text(client).contains(" 400 "));
    let line = "h11._util.LocalProtocolError: can't handle event type Response when role=SERVER \
                and state=SEND_BODY";
    assert!(
        bench.rig.lines.iter().any(|its| its == line),
        "{:?}",
        bench.rig.lines
    );
}

#[test]
fn an_incomplete_head_has_a_limit_and_a_complete_one_has_none() {
    let head = |length: usize| format!("GET / HTTP/1.1\r\nHost: {}", "a".repeat(length - 22));
    let mut bench = Bench::new(H11);
    let client = bench.client(&head(16_384));
    assert!(!bench.has_ended(client));
    bench.send(client, "a");
    assert!(bench.has_ended(client));
    bench.client(&[head(40_000), "\r\n\r\n".to_owned()].concat());
    bench.request();
    let mut bench = Bench::new(&H11.replace("app:", "--h11-max-incomplete-event-size 40 app:"));
    let client = bench.client(&head(41));
    assert!(bench.has_ended(client));
}

#[test]
fn an_upgrade_that_is_not_made_is_an_ordinary_request() {
    let mut bench = Bench::new(H11);
    let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let client = bench.client(&[head, GET].concat());
    assert!(bench.rig.lines[0].ends_with("Unsupported upgrade request."));
    for body in [b"one", b"two"] {
        let request = bench.request();
        bench.answer(request, body);
    }
    assert!(bench.text(client).ends_with("two"));
}
