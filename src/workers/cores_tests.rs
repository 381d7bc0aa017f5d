#![allow(clippy::unwrap_used)]

use super::*;
use crate::gateway::fixture::encoded;
use crate::net::ConnectionId;
use crate::testing::test;
use crate::workers::rig::Rig;

const GET: &str = "GET / HTTP/1.1\r\n\r\n";

struct Bench {
    rig: Rig,
    worker: Cores,
}

impl Bench {
    fn new(line: &str) -> Self {
        let rig = Rig::new(line);
        let worker = Cores::new(&rig.process);
        Self { rig, worker }
    }

    fn run_until_idle(&mut self) {
        while self
            .rig
            .exchange(|process, frame, now| self.worker.deliver(process, frame, now))
        {}
    }

    /// All threads that should look do so, until none has anything to do; those whose app is
    /// called.
    fn called(&mut self) -> Vec<u32> {
        let mut called = Vec::new();
        self.worker.wake();
        loop {
            let ready = self.worker.take_ready();
            if ready.is_empty() {
                called.sort_unstable();
                return called;
            }
            for core in ready {
                if self.worker.running(core).is_none()
                    && let Next::Request { .. } =
                        self.worker.next(&mut self.rig.process, core, self.rig.now)
                {
                    called.push(core);
                }
                self.run_until_idle();
            }
        }
    }

    fn answer(&mut self, core: u32) {
        let connection = self.worker.running(core).unwrap();
        connection
            .start_response(&encoded(&[b"200 OK"]), false)
            .unwrap();
        connection.write(&mut self.rig.process, b"ok", self.rig.now);
        connection.finish(&mut self.rig.process, self.rig.now);
    }

    fn clients(&mut self, count: usize) -> Vec<ConnectionId> {
        let clients = (0..count).map(|_| self.rig.client(GET)).collect();
        self.run_until_idle();
        clients
    }
}

#[test]
fn each_thread_accepts_one_connection_and_no_other_while_it_serves_it() {
    let mut bench = Bench::new("uwsgi --http-socket :8000 --threads 3");
    assert!(bench.called().is_empty());
    bench.clients(5);
    assert_eq!(bench.called(), [0, 1, 2]);
    assert_eq!(bench.rig.waiting(), 2);
    bench.answer(1);
    assert_eq!(
        bench.worker.next(&mut bench.rig.process, 1, 0.0),
        Next::Park
    );
    bench.run_until_idle();
    assert_eq!(bench.called(), [1]);
    assert_eq!(bench.rig.waiting(), 1);
}

#[test]
fn one_thread_at_a_time_stands_at_the_listeners() {
    let mut bench = Bench::new("uwsgi --http-socket :8000 --threads 2");
    bench.called();
    assert_eq!(bench.worker.turn, [0, 1]);
    bench.clients(1);
    assert_eq!(bench.called(), [0]);
    assert_eq!(bench.worker.turn, [1]);
}

#[test]
fn a_client_that_says_nothing_more_holds_its_thread_alone_and_is_given_up_after_four_seconds() {
    let mut bench = Bench::new("uwsgi --http-socket :8000 --threads 2");
    bench.called();
    let silent = bench.rig.client("GET / HT");
    bench.run_until_idle();
    bench.called();
    bench.clients(1);
    assert_eq!(bench.called(), [1]);
    let deadline = bench.worker.deadline().unwrap();
    assert!((deadline - bench.rig.now - 4000.0).abs() < 1.0);
    bench.rig.now = deadline;
    bench.worker.tick(deadline);
    bench.called();
    assert!(bench.rig.clients[&silent].eof);
}

#[test]
fn hup_lets_every_thread_finish_its_request_and_leave() {
    let mut bench = Bench::new("uwsgi --http-socket :8000 --threads 3");
    bench.called();
    let clients = bench.clients(2);
    assert_eq!(bench.called(), [0, 1]);
    bench.worker.signal(&mut bench.rig.process, Signal::Hup);
    assert_eq!(
        bench.worker.next(&mut bench.rig.process, 2, 0.0),
        Next::Exit
    );
    for core in [0, 1] {
        bench.answer(core);
        assert_eq!(
            bench.worker.next(&mut bench.rig.process, core, 0.0),
            Next::Exit
        );
    }
    bench.run_until_idle();
    assert!(
        clients
            .iter()
            .all(|id| bench.rig.clients[id].text().ends_with("ok"))
    );
    assert_eq!(
        bench.rig.lines,
        ["Gracefully killing worker 1 (pid: 20)..."]
    );
    assert_eq!(bench.worker.core(0).unwrap().exit_code(), 17);
}

#[test]
fn a_worker_retires_after_the_requests_of_all_its_threads() {
    let mut bench = Bench::new("uwsgi --http-socket :8000 --threads 2 --max-requests 2");
    bench.called();
    bench.clients(2);
    assert_eq!(bench.called(), [0, 1]);
    bench.rig.now += 61_000.0;
    bench.answer(0);
    let now = bench.rig.now;
    assert_eq!(
        bench.worker.next(&mut bench.rig.process, 0, now),
        Next::Exit
    );
    bench.answer(1);
    assert_eq!(
        bench.worker.next(&mut bench.rig.process, 1, now),
        Next::Exit
    );
    bench.run_until_idle();
    assert_eq!(
        bench.rig.lines,
        ["...The work of process 20 is done. Seeya!"]
    );
}
