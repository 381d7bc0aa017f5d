#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::gateway::fixture::encoded;
use crate::gateway::{Argument, Exception, ExceptionClass};
use crate::net::ConnectionId;
use crate::testing::test;
use crate::workers::Written;
use crate::workers::rig::Rig;
use crate::workers::wsgi_connection::{Body, Raised, RaisedKind};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

pub(super) struct Bench {
    pub(super) rig: Rig,
    pub(super) worker: SyncWorker,
}

impl Bench {
    pub(super) fn new(line: &str) -> Self {
        let rig = Rig::new(line);
        let worker = SyncWorker::new(0);
        Self { rig, worker }
    }

    /// The thread asks for work until it has some, leaves, or nothing moves any more.
    pub(super) fn turn(&mut self) -> Next {
        loop {
            let next = self.worker.next(&mut self.rig.process, self.rig.now);
            let moved = self.run_until_idle();
            if next != Next::Park || !moved {
                return next;
            }
        }
    }

    pub(super) fn run_until_idle(&mut self) -> bool {
        let mut any = false;
        while self
            .rig
            .exchange(|process, frame, now| self.worker.deliver(process, frame, now))
        {
            any = true;
        }
        any
    }

    pub(super) fn pass(&mut self, milliseconds: Millis) {
        self.rig.now += milliseconds;
        self.rig.net.tick(self.rig.now);
        self.run_until_idle();
    }

    pub(super) fn is_called(&mut self) -> bool {
        matches!(self.turn(), Next::Request { .. })
    }

    /// The app answers with one block.
    pub(super) fn answer(&mut self, body: &[u8]) -> Written {
        let length = body.len().to_string();
        let head = encoded(&[b"200 OK", b"Content-Length", length.as_bytes()]);
        let connection = self.worker.running().unwrap();
        connection.start_response(&head, false).unwrap();
        let written = connection.write(&mut self.rig.process, body, self.rig.now);
        self.run_until_idle();
        written
    }

    pub(super) fn finish(&mut self) {
        let connection = self.worker.running().unwrap();
        connection.finish(&mut self.rig.process, self.rig.now);
        self.worker.close(&mut self.rig.process, self.rig.now);
        self.run_until_idle();
    }

    pub(super) fn serve(&mut self) {
        assert!(self.is_called());
        assert_eq!(self.answer(b"ok"), Written::Done);
        self.finish();
    }

    pub(super) fn text(&self, id: ConnectionId) -> String {
        self.rig.clients[&id].text()
    }

    pub(super) fn read_body(&mut self) -> Body {
        let connection = self.worker.running().unwrap();
        connection.read_body(&mut self.rig.process, 65_536, self.rig.now)
    }
}

#[test]
fn a_request_is_answered_and_the_connection_ends() {
    let mut bench = Bench::new("gunicorn app:app");
    assert_eq!(bench.turn(), Next::Park);
    let client = bench.rig.client(GET);
    bench.run_until_idle();
    bench.serve();
    assert!(
        bench
            .text(client)
            .starts_with("HTTP/1.1 200 OK\r\nServer: gunicorn\r\n")
    );
    assert!(bench.text(client).ends_with("\r\n\r\nok"));
    assert!(bench.rig.clients[&client].eof);
}

#[test]
fn one_connection_is_accepted_at_a_time() {
    let mut bench = Bench::new("gunicorn app:app");
    let first = bench.rig.client(GET);
    let second = bench.rig.client(GET);
    assert!(bench.is_called());
    assert_eq!(bench.rig.waiting(), 1);
    bench.answer(b"ok");
    bench.finish();
    assert_eq!(bench.turn(), Next::Park, "the first client has not closed");
    bench.rig.net.shutdown(first);
    bench.run_until_idle();
    assert!(bench.is_called());
    bench.answer(b"two");
    assert!(bench.text(second).ends_with("two"));
}

#[test]
fn a_silent_client_holds_the_worker() {
    let mut bench = Bench::new("gunicorn app:app");
    bench.rig.client("GET / HT");
    bench.rig.client(GET);
    assert_eq!(bench.turn(), Next::Park);
    bench.pass(60_000.0);
    assert_eq!(bench.turn(), Next::Park);
    assert_eq!(bench.rig.waiting(), 1);
}

#[test]
fn a_client_that_keeps_its_connection_holds_the_worker_for_two_seconds() {
    let mut bench = Bench::new("gunicorn app:app");
    bench.rig.client(GET);
    bench.rig.client(GET);
    bench.serve();
    bench.pass(1999.0);
    assert_eq!(bench.turn(), Next::Park);
    bench.pass(2.0);
    assert!(bench.is_called());
}

#[test]
fn a_write_waits_for_a_client_that_does_not_read() {
    let mut bench = Bench::new("gunicorn app:app");
    let client = bench.rig.client(GET);
    assert!(bench.is_called());
    bench.rig.clients.get_mut(&client).unwrap().holds_back = true;
    let body = vec![b'x'; 2 * crate::net::WINDOW as usize];
    assert_eq!(bench.answer(&body), Written::Park);
    assert_eq!(bench.worker.running().unwrap().flushed(), Written::Park);
    assert_eq!(
        bench.rig.clients[&client].bytes.len(),
        crate::net::WINDOW as usize
    );
    bench.rig.clients.get_mut(&client).unwrap().holds_back = false;
    bench.rig.net.grant(client, crate::net::WINDOW);
    bench.run_until_idle();
    assert_eq!(bench.worker.running().unwrap().flushed(), Written::Done);
    assert!(bench.rig.clients[&client].bytes.ends_with(&body));
}

#[test]
fn a_write_to_a_client_that_is_gone_fails() {
    let mut bench = Bench::new("gunicorn app:app");
    let client = bench.rig.client(GET);
    assert!(bench.is_called());
    bench.rig.net.reset(client);
    bench.run_until_idle();
    assert_eq!(bench.answer(b"ok"), Written::Broken);
}

#[test]
fn the_body_is_read_as_it_comes_and_ends_with_the_request() {
    let mut bench = Bench::new("gunicorn app:app");
    let client = bench
        .rig
        .client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert!(matches!(bench.turn(), Next::Request { has_body: true, .. }));
    let read = |bench: &mut Bench| {
        bench
            .worker
            .running()
            .unwrap()
            .read_body(&mut bench.rig.process, 100, 0.0)
    };
    assert_eq!(read(&mut bench), Body::Data(b"he".to_vec()));
    assert_eq!(read(&mut bench), Body::Park);
    bench.rig.net.send(client, b"llo");
    bench.run_until_idle();
    assert_eq!(read(&mut bench), Body::Data(b"llo".to_vec()));
    assert_eq!(read(&mut bench), Body::End);
}

#[test]
fn an_upload_that_is_cut_short_is_short_with_a_length_and_raises_in_chunks() {
    let cut = |head: &str| {
        let mut bench = Bench::new("gunicorn app:app");
        let client = bench.rig.client(head);
        bench.rig.net.shutdown(client);
        assert!(bench.is_called());
        let mut all = Vec::new();
        loop {
            match bench
                .worker
                .running()
                .unwrap()
                .read_body(&mut bench.rig.process, 100, 0.0)
            {
                Body::Data(data) => all.extend(data),
                end => return (all, end),
            }
        }
    };
    let raise = |class, message: &str, arguments| {
        Body::Raise(Exception {
            class,
            message: message.to_owned(),
            arguments,
        })
    };
    let (data, end) = cut("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_eq!((&data[..], end), (&b"he"[..], Body::End));
    let chunked = |rest: &str| {
        cut(&[
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            rest,
        ]
        .concat())
        .1
    };
    assert_eq!(
        chunked("5\r\nhe"),
        raise(
            ExceptionClass::NoMoreData,
            "No more data after: None",
            vec![]
        )
    );
    let missing = raise(
        ExceptionClass::ChunkMissingTerminator,
        "Invalid chunk terminator is not '\\r\\n': b''",
        vec![Argument::Bytes(Vec::new())],
    );
    assert_eq!(chunked("5\r\nhello\r\n0\r\n"), missing);
    assert_eq!(
        chunked("zz\r\n"),
        raise(
            ExceptionClass::InvalidChunkSize,
            "Invalid chunk size: b'zz'",
            vec![Argument::Bytes(b"zz".to_vec())]
        )
    );
}

#[test]
fn a_client_that_expects_it_is_told_to_continue_before_the_app_is_called() {
    let mut bench = Bench::new("gunicorn app:app");
    let client = bench
        .rig
        .client("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert!(bench.is_called());
    assert_eq!(bench.text(client), "HTTP/1.1 100 Continue\r\n\r\n");
}

#[test]
fn a_request_that_is_refused_never_reaches_the_app() {
    let mut bench = Bench::new("gunicorn app:app");
    let client = bench.rig.client("garbage\r\n\r\n");
    assert_eq!(bench.turn(), Next::Park);
    assert!(
        bench
            .text(client)
            .starts_with("HTTP/1.1 400 Bad Request\r\n")
    );
    assert!(
        bench.rig.lines[0]
            .ends_with("Invalid request from ip=127.0.0.1: Invalid HTTP request line: 'garbage'")
    );
}

#[test]
fn a_request_that_is_refused_for_its_fields_is_in_the_access_log() {
    let mut bench = Bench::new("gunicorn --access-logfile - app:app");
    bench
        .rig
        .client("GET /a?b HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(bench.turn(), Next::Park);
    let line = bench.rig.lines.last().unwrap();
    assert!(line.contains("\"GET /a?b HTTP/1.0\" 400 0 "), "{line}");
}

#[test]
fn an_exception_before_the_head_is_a_500() {
    let mut bench = Bench::new("gunicorn app:app");
    let client = bench.rig.client("GET /boom HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(bench.is_called());
    let raised = Raised {
        kind: RaisedKind::Exception,
        iterating: false,
    };
    let connection = bench.worker.running().unwrap();
    connection.raised(&mut bench.rig.process, raised, "Traceback", 0.0);
    bench.worker.close(&mut bench.rig.process, 0.0);
    bench.run_until_idle();
    assert!(
        bench
            .text(client)
            .starts_with("HTTP/1.1 500 Internal Server Error\r\n")
    );
    assert!(bench.rig.lines[0].ends_with("Error handling request GET /boom"));
    assert_eq!(bench.rig.lines[1], "Traceback");
}

#[test]
fn term_lets_the_request_finish_and_takes_no_other() {
    let mut bench = Bench::new("gunicorn app:app");
    let client = bench.rig.client(GET);
    bench.rig.client(GET);
    assert!(bench.is_called());
    bench.worker.signal(&mut bench.rig.process, Signal::Term);
    assert!(!bench.worker.is_interrupted());
    bench.answer(b"ok");
    bench.finish();
    assert!(bench.text(client).ends_with("ok"));
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    assert_eq!(bench.turn(), Next::Exit);
    assert_eq!(bench.worker.exit_code(), 0);
}

#[test]
fn an_idle_worker_leaves_at_once_on_term() {
    let mut bench = Bench::new("gunicorn app:app");
    assert_eq!(bench.turn(), Next::Park);
    bench.worker.signal(&mut bench.rig.process, Signal::Term);
    assert!(bench.worker.is_ready());
    assert_eq!(bench.turn(), Next::Exit);
}

#[test]
fn quit_interrupts_the_request() {
    let mut bench = Bench::new("gunicorn app:app");
    bench.rig.client(GET);
    assert!(bench.is_called());
    bench.worker.signal(&mut bench.rig.process, Signal::Quit);
    assert_eq!(bench.worker.interrupted(), Some(0));
    assert_eq!(bench.worker.interrupted(), None);
}

#[test]
fn who_is_still_sending_a_head_gets_an_error_page_when_the_worker_is_stopped() {
    for (signal, last) in [
        (Signal::Quit, "SystemExit: 0"),
        (Signal::Abrt, "SystemExit: 1"),
    ] {
        let mut bench = Bench::new("gunicorn app:app");
        let client = bench.rig.client("GET / HT");
        bench.run_until_idle();
        assert_eq!(bench.turn(), Next::Park);
        bench.worker.signal(&mut bench.rig.process, signal);
        assert!(!bench.worker.is_interrupted());
        bench.turn();
        bench.run_until_idle();
        assert!(
            bench
                .text(client)
                .starts_with("HTTP/1.1 500 Internal Server Error")
        );
        let lines = &bench.rig.lines;
        assert!(
            lines[0].ends_with("[ERROR] Error handling request (no URI read)"),
            "{lines:?}"
        );
        assert_eq!(lines[2], last);
        bench.rig.net.shutdown(client);
        bench.run_until_idle();
        assert_eq!(bench.turn(), Next::Exit);
        assert_eq!(bench.worker.exit_code(), 0);
    }
}

#[test]
fn a_worker_retires_after_max_requests() {
    let mut bench = Bench::new("gunicorn --max-requests 2 app:app");
    for _ in 0..2 {
        let client = bench.rig.client(GET);
        bench.run_until_idle();
        bench.serve();
        bench.rig.net.shutdown(client);
        bench.run_until_idle();
    }
    assert_eq!(bench.turn(), Next::Exit);
    let last = bench.rig.lines.last().unwrap();
    assert!(last.ends_with("Autorestarting worker after current request."));
}

#[test]
fn an_idle_worker_gives_its_heartbeat_every_half_timeout() {
    let mut bench = Bench::new("gunicorn --timeout 10 app:app");
    assert_eq!(bench.turn(), Next::Park);
    let before = bench.rig.notified;
    bench.pass(4999.0);
    bench.turn();
    assert_eq!(bench.rig.notified, before);
    assert_eq!(bench.worker.deadline(), Some(6000.0));
    bench.pass(1.0);
    bench.worker.tick();
    bench.turn();
    assert!(bench.rig.notified > before);
}

// --- connections on offer

fn offering() -> Bench {
    let mut bench = Bench::new("gunicorn app:app");
    bench.rig.share_claims();
    assert_eq!(bench.turn(), Next::Park);
    bench
}

#[test]
fn what_is_on_offer_is_served_in_its_order_without_a_word_from_the_kernel() {
    let mut bench = offering();
    let clients = [0, 1, 2].map(|_| bench.rig.prompt_client(GET));
    bench.run_until_idle();
    for id in clients {
        let next = bench.worker.next(&mut bench.rig.process, bench.rig.now);
        assert!(matches!(next, Next::Request { id: its, .. } if its == id));
        let connection = bench.worker.running().unwrap();
        let head = encoded(&[b"200 OK", b"Content-Length", b"0"]);
        connection.start_response(&head, false).unwrap();
        connection.finish(&mut bench.rig.process, bench.rig.now);
    }
    assert_eq!(bench.turn(), Next::Park);
    for id in clients {
        assert!(bench.rig.clients[&id].eof);
    }
    assert_eq!(bench.rig.waiting(), 0);
}

#[test]
fn a_client_that_may_not_end_its_side_is_waited_for_though_others_are_on_offer() {
    let mut bench = offering();
    let first = bench.rig.client(GET);
    bench.rig.prompt_client(GET);
    bench.run_until_idle();
    bench.serve();
    assert_eq!(bench.turn(), Next::Park, "the first client has not closed");
    bench.rig.net.shutdown(first);
    bench.run_until_idle();
    assert!(bench.is_called());
}

#[test]
fn a_worker_that_is_told_to_leave_takes_nothing_that_is_on_offer() {
    let mut bench = offering();
    bench.rig.prompt_client(GET);
    bench.rig.prompt_client(GET);
    bench.run_until_idle();
    assert!(bench.is_called());
    bench.worker.signal(&mut bench.rig.process, Signal::Term);
    bench.answer(b"ok");
    bench.finish();
    assert_eq!(bench.turn(), Next::Exit);
    assert_eq!(bench.rig.waiting(), 1, "it waits for another worker");
}

#[test]
fn each_connection_on_offer_is_a_heartbeat() {
    let mut bench = offering();
    bench.rig.prompt_client(GET);
    bench.rig.prompt_client(GET);
    bench.run_until_idle();
    let before = bench.rig.notified;
    bench.serve();
    bench.serve();
    assert!(bench.rig.notified >= before + 2);
}

#[test]
fn a_body_that_comes_after_its_connection_was_taken_is_read() {
    let mut bench = offering();
    let id = bench
        .rig
        .prompt_client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    bench.run_until_idle();
    assert!(bench.is_called());
    assert_eq!(bench.read_body(), Body::Data(b"ab".to_vec()));
    assert_eq!(bench.read_body(), Body::Park);
    bench.run_until_idle();
    bench.rig.net.send(id, b"cd");
    bench.run_until_idle();
    assert_eq!(bench.read_body(), Body::Data(b"cd".to_vec()));
}
