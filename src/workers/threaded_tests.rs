#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::gateway::fixture::encoded;
use crate::gateway::{Exception, ExceptionClass};
use crate::net::ConnectionId;
use crate::testing::test;
use crate::workers::Written;
use crate::workers::rig::Rig;
use crate::workers::wsgi_connection::{Body, Raised, RaisedKind};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe";

struct Bench {
    rig: Rig,
    worker: ThreadedWorker,
    /// Connections that the main thread has given to the pool.
    submitted: Vec<u32>,
    exited: bool,
}

impl Bench {
    fn new(line: &str) -> Self {
        let mut bench = Self {
            rig: Rig::new(line),
            worker: ThreadedWorker::new(),
            submitted: Vec::new(),
            exited: false,
        };
        bench.turn();
        bench
    }

    /// The main thread works until it would wait, and the kernel has nothing more to say.
    fn turn(&mut self) {
        loop {
            match self.worker.next(&mut self.rig.process, self.rig.now) {
                Next::Submit(id) => self.submitted.push(id),
                Next::Exit => self.exited = true,
                Next::Park if self.run_until_idle() => {}
                Next::Park => return,
            }
            if self.exited {
                self.run_until_idle();
                return;
            }
        }
    }

    fn run_until_idle(&mut self) -> bool {
        let mut any = false;
        while self
            .rig
            .exchange(|process, frame, now| self.worker.deliver(process, frame, now))
        {
            any = true;
        }
        any
    }

    /// Time goes by; the main thread looks whenever it has asked to.
    fn pass(&mut self, milliseconds: Millis) {
        let end = self.rig.now + milliseconds;
        loop {
            let kernel = self.rig.net.deadline();
            let due = self.worker.deadline().into_iter().chain(kernel);
            let at = due.fold(end, Millis::min).max(self.rig.now);
            self.rig.now = at;
            self.rig.net.tick(at);
            if self.worker.deadline().is_some_and(|due| due <= at) {
                self.worker.tick();
            }
            self.run_until_idle();
            self.turn();
            if at >= end {
                return;
            }
        }
    }

    fn client(&mut self, bytes: &str) -> ConnectionId {
        let id = self.rig.client(bytes);
        self.run_until_idle();
        self.turn();
        id
    }

    fn send(&mut self, id: ConnectionId, bytes: &str) {
        self.rig.net.send(id, bytes.as_bytes());
        self.run_until_idle();
        self.turn();
    }

    /// A thread of the pool takes a connection from the queue, or looks again.
    fn take(&mut self, id: u32) -> Taken {
        self.submitted.retain(|submitted| *submitted != id);
        self.worker.take(&mut self.rig.process, id, self.rig.now)
    }

    fn is_called(&mut self, id: u32) -> bool {
        matches!(self.take(id), Taken::Request { .. })
    }

    /// The app answers with one block and is done.
    fn answer(&mut self, id: u32, body: &[u8]) {
        let length = body.len().to_string();
        let head = encoded(&[b"200 OK", b"Content-Length", length.as_bytes()]);
        let (c, process) = (self.worker.running(id).unwrap(), &mut self.rig.process);
        c.start_response(&head, false).unwrap();
        c.write(process, body, self.rig.now);
        assert_eq!(c.finish(process, self.rig.now), Written::Done);
        self.run_until_idle();
    }

    fn end(&mut self, id: u32) -> bool {
        self.worker.end(&mut self.rig.process, id, self.rig.now)
    }

    /// The main thread hears that the pool is done; whether it has to wait.
    fn finish(&mut self, id: u32) -> bool {
        let waits = self.worker.finish(&mut self.rig.process, id, self.rig.now);
        self.run_until_idle();
        waits
    }

    fn serve(&mut self, id: u32) {
        assert!(self.is_called(id));
        self.answer(id, b"ok");
        assert!(!self.end(id));
        assert!(!self.finish(id));
        self.turn();
    }

    fn text(&self, id: ConnectionId) -> String {
        self.rig.clients[&id].text()
    }

    fn is_closed(&self, id: ConnectionId) -> bool {
        self.rig.clients[&id].eof
    }
}

fn bench() -> Bench {
    Bench::new("gunicorn --threads 4 app:app")
}

#[test]
fn connections_go_to_the_pool_in_the_order_in_which_they_came() {
    let mut bench = bench();
    let ids: Vec<_> = (0..3).map(|_| bench.rig.client(GET)).collect();
    bench.turn();
    assert_eq!(bench.submitted, ids);
    assert_eq!(bench.rig.waiting(), 0);
}

#[test]
fn one_connection_is_accepted_each_time_the_main_thread_looks() {
    let mut bench = bench();
    let first = bench.rig.client(GET);
    bench.rig.client(GET);
    bench.run_until_idle();
    let mut next = || bench.worker.next(&mut bench.rig.process, bench.rig.now);
    assert_eq!(next(), Next::Park);
    bench.run_until_idle();
    assert_eq!(bench.rig.waiting(), 1);
    let mut next = || bench.worker.next(&mut bench.rig.process, bench.rig.now);
    assert_eq!(next(), Next::Submit(first));
}

#[test]
fn requests_are_served_at_once_and_answered_in_any_order() {
    let mut bench = bench();
    let (first, second) = (bench.client(GET), bench.client(GET));
    assert!(bench.is_called(first));
    assert!(bench.is_called(second));
    bench.answer(second, b"two");
    assert!(bench.text(second).ends_with("two"));
    bench.answer(first, b"one");
    assert!(bench.text(first).ends_with("one"));
}

#[test]
fn a_slow_body_holds_only_the_thread_that_reads_it() {
    let mut bench = bench();
    let (slow, fast) = (bench.client(POST), bench.client(GET));
    assert!(bench.is_called(slow));
    let read = |bench: &mut Bench| {
        let c = bench.worker.running(slow).unwrap();
        c.read_body(&mut bench.rig.process, 100, bench.rig.now)
    };
    assert_eq!(read(&mut bench), Body::Data(b"he".to_vec()));
    assert_eq!(read(&mut bench), Body::Park);
    bench.serve(fast);
    bench.worker.take_ready();
    bench.send(slow, "llo");
    assert_eq!(bench.worker.take_ready().1, [key(slow)]);
    assert_eq!(read(&mut bench), Body::Data(b"llo".to_vec()));
}

#[test]
fn slow_headers_hold_only_the_thread_that_reads_them() {
    let mut bench = bench();
    let (slow, fast) = (bench.client("GET / HT"), bench.client(GET));
    assert_eq!(bench.take(slow), Taken::Park);
    bench.serve(fast);
    bench.send(slow, "TP/1.1\r\nHost: a\r\n\r\n");
    assert!(bench.is_called(slow));
}

#[test]
fn a_silent_connection_goes_back_after_five_seconds_and_is_closed_two_seconds_later() {
    let mut bench = bench();
    let silent = bench.client("");
    assert_eq!(bench.take(silent), Taken::ParkFor(PATIENCE));
    bench.pass(4999.0);
    assert_eq!(bench.take(silent), Taken::ParkFor(1.0));
    bench.pass(1.0);
    assert_eq!(bench.take(silent), Taken::Done);
    assert!(!bench.finish(silent));
    bench.turn();
    bench.pass(1999.0);
    assert!(!bench.is_closed(silent));
    bench.pass(1000.0);
    assert!(bench.is_closed(silent));
}

#[test]
fn a_connection_that_went_back_is_served_when_it_speaks() {
    let mut bench = bench();
    let silent = bench.client("");
    bench.take(silent);
    bench.pass(5000.0);
    bench.take(silent);
    bench.finish(silent);
    bench.turn();
    bench.send(silent, GET);
    assert_eq!(bench.submitted, [silent]);
    bench.serve(silent);
}

#[test]
fn a_kept_connection_carries_the_next_request() {
    let mut bench = bench();
    let client = bench.client(GET);
    bench.serve(client);
    assert!(
        bench
            .text(client)
            .contains("\r\nConnection: keep-alive\r\n")
    );
    bench.send(client, GET);
    assert_eq!(bench.submitted, [client]);
    bench.serve(client);
    assert_eq!(bench.text(client).matches("HTTP/1.1 200 OK").count(), 2);
}

#[test]
fn an_idle_connection_is_closed_after_keep_alive() {
    let mut bench = bench();
    let client = bench.client(GET);
    bench.serve(client);
    bench.pass(1999.0);
    assert!(!bench.is_closed(client));
    // The main thread looks once a second.
    bench.pass(1000.0);
    assert!(bench.is_closed(client));
}

#[test]
fn pipelined_requests_are_served_one_after_the_other() {
    let mut bench = bench();
    let client = bench.client(&GET.repeat(2));
    bench.serve(client);
    assert_eq!(bench.submitted, [client]);
    bench.serve(client);
    assert_eq!(bench.text(client).matches("HTTP/1.1 200 OK").count(), 2);
    assert!(bench.submitted.is_empty());
}

#[test]
fn without_keep_alive_the_main_thread_waits_for_the_client_to_close() {
    let mut bench = Bench::new("gunicorn --threads 4 --keep-alive 0 app:app");
    let (client, other) = (bench.client(GET), bench.client(GET));
    assert!(bench.is_called(client));
    bench.answer(client, b"ok");
    assert!(bench.text(client).contains("\r\nConnection: close\r\n"));
    assert!(!bench.end(client));
    assert!(bench.finish(client));
    assert!(bench.is_closed(client));
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    assert!(!bench.finish(client));
    assert!(bench.is_called(other));
}

#[test]
fn the_wait_for_a_client_that_does_not_close_ends_after_two_seconds() {
    let mut bench = Bench::new("gunicorn --threads 4 --keep-alive 0 app:app");
    let client = bench.client(GET);
    assert!(bench.is_called(client));
    bench.answer(client, b"ok");
    bench.end(client);
    assert!(bench.finish(client));
    bench.rig.now += 1999.0;
    bench.rig.net.tick(bench.rig.now);
    assert!(bench.run_until_idle() || bench.finish(client));
    bench.rig.now += 1.0;
    bench.rig.net.tick(bench.rig.now);
    bench.run_until_idle();
    assert!(!bench.finish(client));
}

#[test]
fn a_body_that_the_app_has_not_read_is_thrown_away() {
    let mut bench = bench();
    let client = bench.client(POST);
    assert!(bench.is_called(client));
    bench.answer(client, b"ok");
    assert!(bench.end(client), "the rest of the body has not come");
    bench.send(client, "llo");
    assert!(!bench.end(client));
    assert!(!bench.finish(client));
    bench.turn();
    bench.send(client, GET);
    bench.serve(client);
}

#[test]
fn a_body_that_does_not_end_costs_its_connection() {
    let mut bench = bench();
    let client = bench.client(POST);
    assert!(bench.is_called(client));
    bench.answer(client, b"ok");
    assert!(bench.end(client));
    bench.pass(5000.0);
    assert!(!bench.end(client));
    assert!(bench.finish(client));
    assert!(bench.is_closed(client));
}

#[test]
fn a_large_body_that_nobody_reads_costs_its_connection() {
    let mut bench = bench();
    let client = bench.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    assert!(bench.is_called(client));
    bench.answer(client, b"ok");
    bench.send(client, &"x".repeat(65_535));
    assert!(bench.end(client));
    bench.send(client, "x");
    assert!(!bench.end(client));
    assert!(bench.finish(client));
}

#[test]
fn a_request_that_is_refused_never_reaches_the_app() {
    let mut bench = bench();
    let client = bench.client("garbage\r\n\r\n");
    assert_eq!(bench.take(client), Taken::Done);
    assert!(bench.finish(client));
    assert!(
        bench
            .text(client)
            .starts_with("HTTP/1.1 400 Bad Request\r\n")
    );
}

#[test]
fn an_answer_without_start_response_is_a_500() {
    let mut bench = bench();
    let client = bench.client(GET);
    assert!(bench.is_called(client));
    let (c, process) = (
        bench.worker.running(client).unwrap(),
        &mut bench.rig.process,
    );
    let Written::Raise(error) = c.write(process, b"x", 0.0) else {
        panic!("the head was sent");
    };
    assert_eq!(
        error,
        Exception::new(
            ExceptionClass::AttributeError,
            "'Response' object has no attribute 'status_code'"
        )
    );
}

fn raise(bench: &mut Bench, id: u32, kind: RaisedKind) -> bool {
    let iterating = true;
    let (c, process) = (bench.worker.running(id).unwrap(), &mut bench.rig.process);
    let ends = c.raised(process, Raised { kind, iterating }, "Traceback", 0.0);
    bench.run_until_idle();
    ends
}

#[test]
fn an_exception_before_the_head_is_a_500_and_the_connection_is_closed() {
    let mut bench = bench();
    let client = bench.client(GET);
    assert!(bench.is_called(client));
    assert!(!raise(&mut bench, client, RaisedKind::Exception));
    assert!(!bench.end(client));
    assert!(bench.finish(client));
    assert!(
        bench
            .text(client)
            .starts_with("HTTP/1.1 500 Internal Server Error\r\n")
    );
}

#[test]
fn after_an_exception_behind_the_head_the_thread_waits_for_the_client_and_not_the_main_thread() {
    let mut bench = bench();
    let client = bench.client(GET);
    assert!(bench.is_called(client));
    let (c, process) = (
        bench.worker.running(client).unwrap(),
        &mut bench.rig.process,
    );
    c.start_response(&encoded(&[b"200 OK"]), false).unwrap();
    c.write(process, b"half", 0.0);
    assert!(!raise(&mut bench, client, RaisedKind::Exception));
    assert!(bench.end(client));
    bench.run_until_idle();
    assert!(bench.is_closed(client));
    let other = bench.client(GET);
    bench.serve(other);
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    assert!(!bench.end(client));
    assert!(!bench.finish(client));
    assert!(bench.text(client).ends_with("4\r\nhalf\r\n"));
}

#[test]
fn what_is_no_exception_ends_the_worker_without_an_answer() {
    for kind in [RaisedKind::SystemExit, RaisedKind::BaseException] {
        let mut bench = bench();
        let client = bench.client(GET);
        assert!(bench.is_called(client));
        assert!(raise(&mut bench, client, kind));
        assert_eq!(bench.text(client), "");
    }
}

#[test]
fn no_more_connections_are_accepted_than_worker_connections() {
    let mut bench = Bench::new("gunicorn --threads 2 --worker-connections 3 app:app");
    let ids: Vec<_> = (0..4).map(|_| bench.rig.client(GET)).collect();
    bench.run_until_idle();
    bench.turn();
    assert_eq!(bench.submitted, ids[..3]);
    assert_eq!(bench.rig.waiting(), 1);
    bench.serve(ids[0]);
    // Kept connections count.
    assert_eq!(bench.rig.waiting(), 1);
    bench.pass(3000.0);
    assert_eq!(bench.rig.waiting(), 0);
}

#[test]
fn only_so_many_connections_are_kept_as_leave_room_for_the_threads() {
    let mut bench = Bench::new("gunicorn --threads 2 --worker-connections 3 app:app");
    let (first, second) = (bench.client(GET), bench.client(GET));
    bench.serve(first);
    assert!(bench.is_called(second));
    bench.answer(second, b"ok");
    assert!(bench.text(second).contains("\r\nConnection: close\r\n"));
}

#[test]
fn the_heartbeat_goes_on_while_all_threads_are_busy() {
    let mut bench = Bench::new("gunicorn --threads 1 --timeout 2 app:app");
    let client = bench.client(GET);
    assert!(bench.is_called(client));
    let before = bench.rig.notified;
    bench.pass(4000.0);
    assert_eq!(bench.rig.notified - before, 4);
}

#[test]
fn a_worker_retires_after_max_requests() {
    let mut bench = Bench::new("gunicorn --threads 2 --max-requests 2 app:app");
    let (first, second) = (bench.client(GET), bench.client(GET));
    bench.serve(first);
    assert!(!bench.exited);
    assert!(bench.is_called(second));
    bench.answer(second, b"ok");
    assert!(bench.text(second).contains("\r\nConnection: close\r\n"));
    let said = "Autorestarting worker after current request.";
    assert!(bench.rig.lines.iter().any(|line| line.ends_with(said)));
    bench.end(second);
    bench.finish(second);
    bench.rig.net.shutdown(second);
    bench.run_until_idle();
    bench.finish(second);
    // The kept connection may be about to bring a request.
    bench.pass(1000.0);
    assert!(!bench.exited);
    bench.pass(1000.0);
    assert!(bench.exited);
    assert!(bench.is_closed(first));
}

#[test]
fn a_worker_that_stops_serves_what_it_has_and_accepts_nothing() {
    let mut bench = bench();
    let client = bench.client(GET);
    assert!(bench.is_called(client));
    bench.worker.stop();
    bench.turn();
    bench.rig.client(GET);
    bench.run_until_idle();
    bench.turn();
    assert_eq!(bench.rig.waiting(), 1);
    assert!(!bench.exited);
    bench.answer(client, b"ok");
    bench.end(client);
    assert!(!bench.finish(client));
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    bench.turn();
    bench.take(client);
    bench.finish(client);
    bench.turn();
    assert!(bench.exited);
}

#[test]
fn an_idle_worker_leaves_at_once() {
    let mut bench = bench();
    bench.worker.stop();
    assert!(bench.worker.take_ready().0);
    bench.turn();
    assert!(bench.exited);
}

#[test]
fn a_worker_that_stops_waits_for_its_requests_for_the_graceful_timeout() {
    let mut bench = Bench::new("gunicorn --threads 2 --graceful-timeout 3 app:app");
    let client = bench.client(GET);
    assert!(bench.is_called(client));
    bench.worker.stop();
    bench.turn();
    bench.pass(3000.0);
    assert!(!bench.exited);
    bench.pass(1000.0);
    assert!(bench.exited);
}

#[test]
fn a_connection_counts_its_requests_for_the_trace() {
    let mut bench = bench();
    let client = bench.client(GET);
    assert_eq!(bench.worker.request(client), Some((client, 0)));
    bench.serve(client);
    assert_eq!(bench.worker.request(client), Some((client, 1)));
}

#[test]
fn a_signal_that_comes_too_early_is_not_lost() {
    let mut worker = ThreadedWorker::new();
    worker.signal(Signal::Term);
    assert_eq!(worker.early(), Some(Signal::Term));
    assert_eq!(worker.early(), None);
}
