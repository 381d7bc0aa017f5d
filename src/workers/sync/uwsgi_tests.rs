#![allow(clippy::unwrap_used)]

use super::super::Next;
use super::super::tests::Bench;
use crate::os::Signal;
use crate::testing::test;
use crate::workers::wsgi_connection::{Body, Lost};

const UWSGI: &str = "uwsgi --http-socket :8000 --master";
const GET: &str = "GET / HTTP/1.1\r\n\r\n";

#[test]
fn a_connection_is_closed_at_once_after_the_answer_and_the_next_is_taken() {
    let mut bench = Bench::new(UWSGI);
    let first = bench.rig.client(GET);
    let second = bench.rig.client(GET);
    bench.serve();
    assert!(bench.rig.clients[&first].eof);
    bench.serve();
    assert_eq!(
        bench.text(second),
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    );
}

#[test]
fn a_silent_client_is_given_up_after_four_seconds_without_a_word() {
    let mut bench = Bench::new(UWSGI);
    let client = bench.rig.client("GET / HT");
    assert_eq!(bench.turn(), Next::Park);
    let deadline = bench.worker.deadline().unwrap();
    assert!((deadline - bench.rig.now - 4000.0).abs() < 1.0);
    bench.pass(4000.0);
    bench.worker.tick();
    assert_eq!(bench.turn(), Next::Park);
    assert!(bench.rig.clients[&client].eof);
    assert_eq!(bench.text(client), "");
}

#[test]
fn a_body_that_stays_away_raises_after_four_seconds_and_one_that_ends_at_once() {
    let post = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab";
    let mut bench = Bench::new(UWSGI);
    let client = bench.rig.client(post);
    assert!(bench.is_called());
    assert_eq!(bench.read_body(), Body::Data(b"ab".to_vec()));
    assert_eq!(bench.read_body(), Body::Park);
    bench.worker.tick();
    assert_eq!(bench.read_body(), Body::Lost(Lost::TimedOut));
    bench.finish();
    assert!(bench.rig.clients[&client].eof);
    let client = bench.rig.client(post);
    assert!(bench.is_called());
    bench.read_body();
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    assert_eq!(bench.read_body(), Body::Lost(Lost::CutShort));
}

#[test]
fn a_head_beyond_the_buffer_is_reset() {
    let mut bench = Bench::new(UWSGI);
    let client = bench
        .rig
        .client(&["GET /", &"a".repeat(5000), " HTTP/1.1\r\n\r\n"].concat());
    assert_eq!(bench.turn(), Next::Park);
    assert!(bench.rig.clients[&client].reset);
    assert_eq!(
        bench.rig.lines,
        ["invalid HTTP request size (max 4096)...skip"]
    );
}

#[test]
fn an_http11_socket_waits_on_the_same_connection_before_it_takes_another() {
    let mut bench = Bench::new("uwsgi --http11-socket :8000 --master");
    let first = bench.rig.client(GET);
    bench.rig.client(GET);
    bench.serve();
    assert!(!bench.rig.clients[&first].eof);
    assert_eq!(bench.turn(), Next::Park);
    assert_eq!(bench.rig.waiting(), 1);
    bench.rig.net.send(first, GET.as_bytes());
    bench.run_until_idle();
    bench.serve();
    assert_eq!(bench.text(first).matches("200 OK").count(), 2);
    bench.worker.tick();
    assert!(bench.is_called());
    assert!(bench.rig.clients[&first].eof);
}

#[test]
fn a_worker_is_not_replaced_for_its_number_of_requests_before_it_is_ten_seconds_old() {
    let mut bench = Bench::new("uwsgi --http-socket :8000 --max-requests 2");
    for _ in 0..5 {
        bench.rig.client(GET);
        bench.serve();
    }
    bench.rig.now += 10_000.0;
    bench.rig.client(GET);
    bench.serve();
    assert_eq!(bench.turn(), Next::Exit);
    assert_eq!(bench.worker.exit_code(), super::RELOAD);
    let last = bench.rig.lines.last().cloned().unwrap_or_default();
    assert_eq!(last, "...The work of process 20 is done. Seeya!");
}

#[test]
fn hup_lets_the_worker_finish_its_request() {
    let mut bench = Bench::new(UWSGI);
    let client = bench.rig.client(GET);
    assert!(bench.is_called());
    bench.worker.signal(&mut bench.rig.process, Signal::Hup);
    bench.answer(b"late");
    bench.finish();
    assert!(bench.text(client).ends_with("late"));
    assert_eq!(bench.turn(), Next::Exit);
    assert_eq!(bench.worker.exit_code(), super::RELOAD);
    assert_eq!(
        bench.rig.lines,
        ["Gracefully killing worker 1 (pid: 20)..."]
    );
}
