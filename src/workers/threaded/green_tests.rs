#![allow(clippy::unwrap_used)]

use super::super::{ThreadedWorker, key};
use super::*;
use crate::gateway::fixture::encoded;
use crate::net::ConnectionId;
use crate::testing::test;
use crate::workers::rig::Rig;
use crate::workers::wsgi_connection::{Raised, RaisedKind};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GEVENT: &str = "gunicorn -k gevent app:app";

struct Bench {
    rig: Rig,
    worker: ThreadedWorker,
}

impl Bench {
    fn new(line: &str) -> Self {
        let mut bench = Self {
            rig: Rig::new(line),
            worker: ThreadedWorker::default(),
        };
        assert_eq!(bench.hub(), Some(Vec::new()));
        bench
    }

    /// The hub looks until it has nothing to do: the connections that it hands to threads; `None`:
    /// it leaves.
    fn hub(&mut self) -> Option<Vec<u32>> {
        let mut begun = Vec::new();
        loop {
            match self.worker.next(&mut self.rig.process, self.rig.now) {
                Next::Submit(id) => begun.push(id),
                Next::Exit => return None,
                Next::Park => {
                    if !begun.is_empty() {
                        // The green threads go first.
                        return Some(begun);
                    }
                    let mut any = false;
                    while self
                        .rig
                        .exchange(|process, frame, now| self.worker.deliver(process, frame, now))
                    {
                        any = true;
                    }
                    if !any {
                        return Some(begun);
                    }
                }
            }
        }
    }

    fn take(&mut self, id: u32) -> Taken {
        let taken = self.worker.take(&mut self.rig.process, id, self.rig.now);
        while self
            .rig
            .exchange(|process, frame, now| self.worker.deliver(process, frame, now))
        {}
        taken
    }

    fn serve(&mut self, id: u32) -> Taken {
        assert!(matches!(self.take(id), Taken::Request { .. }));
        self.answer(id);
        self.take(id)
    }

    fn answer(&mut self, id: u32) {
        let connection = self.worker.running(id).unwrap();
        let head = encoded(&[b"200 OK", b"Content-Length", b"2"]);
        connection.start_response(&head, false).unwrap();
        connection.write(&mut self.rig.process, b"ok", self.rig.now);
        connection.finish(&mut self.rig.process, self.rig.now);
    }

    fn clients(&mut self, count: usize) -> Vec<ConnectionId> {
        (0..count).map(|_| self.rig.client(GET)).collect()
    }
}

#[test]
fn the_hub_of_a_single_worker_accepts_all_that_wait_and_those_of_several_one_at_a_time() {
    let mut bench = Bench::new(GEVENT);
    bench.clients(5);
    assert_eq!(bench.hub().unwrap().len(), 5);
    let mut bench = Bench::new("gunicorn -k gevent -w 2 app:app");
    bench.clients(5);
    assert_eq!(bench.hub().unwrap().len(), 1);
    assert_eq!(bench.rig.waiting(), 4);
}

#[test]
fn no_more_connections_are_accepted_than_worker_connections() {
    let mut bench = Bench::new("gunicorn -k gevent --worker-connections 2 --keep-alive 0 app:app");
    let clients = bench.clients(3);
    let begun = bench.hub().unwrap();
    assert_eq!(begun, clients[..2]);
    assert_eq!(bench.hub(), Some(Vec::new()));
    assert_eq!(bench.serve(begun[0]), Taken::Done);
    assert!(bench.worker.take_ready().0);
    assert_eq!(bench.hub().unwrap(), clients[2..]);
}

#[test]
fn a_connection_is_kept_for_its_time_and_then_closed_without_a_word() {
    let mut bench = Bench::new("gunicorn -k gevent --worker-connections 1 app:app");
    let client = bench.rig.client(GET);
    bench.hub();
    assert_eq!(bench.serve(client), Taken::ParkFor(2000.0));
    bench.rig.now += 1500.0;
    bench.rig.net.send(client, GET.as_bytes());
    assert_eq!(bench.hub(), Some(Vec::new()));
    assert!(bench.worker.take_ready().1.contains(&key(client)));
    assert_eq!(bench.serve(client), Taken::ParkFor(2000.0));
    bench.rig.now += 2000.0;
    assert_eq!(bench.take(client), Taken::Done);
    assert!(bench.rig.clients[&client].eof);
    assert_eq!(
        bench.rig.clients[&client].text().matches("200 OK").count(),
        2
    );
}

#[test]
fn a_head_that_is_not_there_in_time_is_not_waited_for() {
    for beginning in ["", "GET / HT"] {
        let mut bench = Bench::new(GEVENT);
        let client = bench.rig.client(beginning);
        bench.hub();
        assert_eq!(bench.take(client), Taken::ParkFor(2000.0));
        bench.rig.now += 1999.0;
        assert_eq!(bench.take(client), Taken::ParkFor(1.0));
        bench.rig.now += 1.0;
        assert_eq!(bench.take(client), Taken::Done);
        assert!(bench.rig.clients[&client].eof);
        assert_eq!(bench.rig.clients[&client].text(), "");
    }
}

#[test]
fn an_app_that_exits_answers_nothing_and_the_next_request_is_waited_for() {
    let mut bench = Bench::new(GEVENT);
    let client = bench.rig.client(GET);
    bench.hub();
    bench.take(client);
    let raised = Raised {
        kind: RaisedKind::SystemExit,
        iterating: false,
    };
    let connection = bench.worker.running(client).unwrap();
    assert!(!connection.raised(&mut bench.rig.process, raised, "", bench.rig.now));
    assert_eq!(bench.take(client), Taken::ParkFor(2000.0));
    assert_eq!(bench.rig.clients[&client].text(), "");
    assert!(!bench.rig.clients[&client].eof);
}

#[test]
fn a_worker_that_stops_sees_it_at_its_next_beat_and_leaves_at_one_without_connections() {
    let mut bench = Bench::new(GEVENT);
    let client = bench.rig.client(GET);
    bench.hub();
    bench.take(client);
    bench.worker.stop();
    bench.rig.client(GET);
    assert_eq!(bench.hub().unwrap().len(), 1, "it accepts until then");
    for _ in 0..3 {
        bench.rig.now += SELECT;
        bench.worker.tick();
        assert_eq!(bench.hub(), Some(Vec::new()));
    }
    bench.answer(client);
    assert_eq!(
        bench.take(client),
        Taken::ParkFor(2000.0),
        "it was to be kept"
    );
    bench.rig.net.shutdown(client);
    bench.hub();
    assert_eq!(bench.take(client), Taken::Done);
    let other = *bench.rig.clients.keys().next_back().unwrap();
    assert_eq!(bench.serve(other), Taken::Done);
    bench.rig.now += SELECT;
    assert_eq!(bench.hub(), None);
}

#[test]
fn of_gevents_own_server_the_thread_gets_the_bytes_and_the_connection_lives_until_it_asks_again() {
    let mut bench = Bench::new("gunicorn -k gevent_pywsgi app:app");
    let client = bench.rig.client("no ");
    bench.hub();
    let taken = bench.take(client);
    let is_raw = |environ: &[u8]| crate::wire::strings::read(environ).count() == 3;
    assert!(matches!(taken, Taken::Request { environ, .. } if is_raw(&environ)));
    let connection = bench.worker.running(client).unwrap();
    let process = &mut bench.rig.process;
    assert_eq!(
        connection.receive(process, 0.0),
        Body::Data(b"no ".to_vec())
    );
    assert_eq!(connection.receive(process, 0.0), Body::Park);
    connection.send(process, b"any bytes");
    bench.rig.net.send(client, b"HTTP");
    bench.rig.net.shutdown(client);
    bench.rig.now += 60_000.0;
    bench.hub();
    let connection = bench.worker.running(client).unwrap();
    let process = &mut bench.rig.process;
    assert_eq!(
        connection.receive(process, 0.0),
        Body::Data(b"HTTP".to_vec())
    );
    assert_eq!(connection.receive(process, 0.0), Body::End);
    assert!(!bench.rig.clients[&client].eof);
    assert_eq!(bench.take(client), Taken::Done);
    assert_eq!(bench.rig.clients[&client].text(), "any bytes");
    assert!(bench.rig.clients[&client].eof);
}
