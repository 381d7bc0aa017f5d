#![allow(clippy::unwrap_used)]

use super::bench::{Bench, GET};
use super::{LoopEvent, Sent};
use crate::asgi::http::Received;
use crate::testing::test;

const UVICORN: &str = "uvicorn app:app";
const BAD: &str = "BAD\r\n\r\n";

#[test]
fn httptools_reads_ahead_and_refuses_before_the_response_under_way() {
    let mut bench = Bench::new(UVICORN);
    let client = bench.client(&[GET, BAD].concat());
    let request = bench.request();
    bench.answer(request, b"one");
    assert!(bench.text(client).starts_with("HTTP/1.1 400 "));
    assert_eq!(bench.text(client).matches("HTTP/1.1").count(), 1);
    assert!(
        bench
            .rig
            .lines
            .iter()
            .any(|line| line.contains("\" 200 OK"))
    );
}

#[test]
fn requests_that_were_read_ahead_have_their_turn_in_order() {
    let mut bench = Bench::new(UVICORN);
    let client = bench.client(&GET.repeat(3));
    for body in [b"one", b"two", b"six"] {
        let request = bench.request();
        bench.answer(request, body);
    }
    assert!(bench.text(client).ends_with("six"));
    assert_eq!(bench.worker.deadline(), Some(bench.rig.now + 5000.0));
}

#[test]
fn what_follows_an_upgrade_is_lost_with_httptools() {
    let mut bench = Bench::new(UVICORN);
    let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let client = bench.client(&[head, GET].concat());
    let request = bench.request();
    bench.answer(request, b"one");
    assert!(bench.requests().is_empty());
    bench.send(client, GET);
    let request = bench.request();
    bench.answer(request, b"two");
    assert!(bench.text(client).ends_with("two"));
}

#[test]
fn a_client_that_leaves_at_once_is_answered_by_an_app_that_does_not_wait() {
    let mut bench = Bench::new(UVICORN);
    bench
        .worker
        .set_polling(&mut bench.rig.process, false, bench.rig.now);
    let client = bench.client(GET);
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    bench
        .worker
        .set_polling(&mut bench.rig.process, true, bench.rig.now);
    bench.run_until_idle();
    let request = bench.request();
    assert!(matches!(
        bench.receive(request),
        Received::Request { more: false, .. }
    ));
    bench.answer(request, b"ok");
    assert!(bench.text(client).ends_with("ok"));
    assert_eq!(bench.events(), []);
    assert!(bench.has_ended(client));
}

#[test]
fn a_client_that_leaves_is_not_noticed_while_a_request_waits_behind() {
    let mut bench = Bench::new(UVICORN);
    let client = bench.client(&GET.repeat(2));
    let first = bench.request();
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    assert_eq!(bench.worker.connections(), 1);
    bench.answer(first, b"one");
    assert!(bench.text(client).ends_with("one"));
    let second = bench.request();
    assert_eq!(bench.start(second, &[]), Sent::Done);
    assert_eq!(bench.events(), []);
    assert_eq!(bench.worker.connections(), 0, "now it is read");
}

#[test]
fn an_app_that_waits_hears_of_a_lost_client_after_what_it_was_told_before() {
    let mut bench = Bench::new(UVICORN);
    let client = bench.client(GET);
    let request = bench.request();
    bench.receive(request);
    assert_eq!(bench.receive(request), Received::Wait);
    bench.rig.net.reset(client);
    bench.run_until_idle();
    assert_eq!(bench.events(), [LoopEvent::Receivable(request)]);
    assert_eq!(bench.receive(request), Received::Disconnect);
}
