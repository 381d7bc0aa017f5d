//! A worker and clients for tests.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::{AsyncWorker, LoopEvent, Sent};
use crate::asgi::http::{Part, Received};
use crate::gateway::fixture::encoded;
use crate::net::ConnectionId;
use crate::os::Millis;
use crate::workers::rig::Rig;

pub(super) const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

pub(super) struct Bench {
    pub(super) rig: Rig,
    pub(super) worker: AsyncWorker,
}

impl Bench {
    /// A worker whose loop stands in `select()`.
    pub(super) fn new(line: &str) -> Self {
        let mut rig = Rig::new(line);
        let mut worker = AsyncWorker::new();
        worker.listen(&mut rig.process);
        worker.set_polling(&mut rig.process, true, rig.now);
        let mut bench = Self { rig, worker };
        bench.run_until_idle();
        bench
    }

    pub(super) fn run_until_idle(&mut self) {
        while self
            .rig
            .exchange(|process, frame, now| self.worker.deliver(process, frame, now))
        {}
    }

    pub(super) fn client(&mut self, bytes: &str) -> ConnectionId {
        let id = self.rig.client(bytes);
        self.run_until_idle();
        id
    }

    pub(super) fn send(&mut self, id: ConnectionId, bytes: &str) {
        self.rig.net.send(id, bytes.as_bytes());
        self.run_until_idle();
    }

    pub(super) fn pass(&mut self, milliseconds: Millis) {
        self.rig.now += milliseconds;
        self.worker.tick(&mut self.rig.process, self.rig.now);
        self.run_until_idle();
    }

    /// What happens to the app, all of it.
    pub(super) fn events(&mut self) -> Vec<LoopEvent> {
        let next = || self.worker.next(&mut self.rig.process, self.rig.now);
        let all = std::iter::from_fn(next).collect();
        self.worker.end_turn();
        self.run_until_idle();
        all
    }

    /// The requests that begin.
    pub(super) fn requests(&mut self) -> Vec<u32> {
        let all = self.events();
        let request = |event| match event {
            LoopEvent::Request(id, _) => Some(id),
            _ => None,
        };
        all.into_iter().filter_map(request).collect()
    }

    pub(super) fn request(&mut self) -> u32 {
        match self.requests()[..] {
            [id] => id,
            ref other => panic!("{other:?} are the requests"),
        }
    }

    pub(super) fn start(&mut self, id: u32, headers: &[&[u8]]) -> Sent {
        self.worker
            .start(&mut self.rig.process, id, 200, &encoded(headers))
    }

    pub(super) fn body(&mut self, id: u32, data: &[u8], more: bool) -> Sent {
        let part = Part {
            data,
            rest: 0,
            more,
        };
        let sent = self
            .worker
            .body(&mut self.rig.process, id, part, self.rig.now);
        self.run_until_idle();
        sent
    }

    pub(super) fn returned(&mut self, id: u32) {
        self.worker
            .returned(&mut self.rig.process, id, None, self.rig.now);
        self.run_until_idle();
    }

    pub(super) fn answer(&mut self, id: u32, body: &[u8]) {
        let length = body.len().to_string();
        assert_eq!(
            self.start(id, &[b"content-length", length.as_bytes()]),
            Sent::Done
        );
        assert_eq!(self.body(id, body, false), Sent::Done);
        self.returned(id);
    }

    pub(super) fn receive(&mut self, id: u32) -> Received {
        let received = self.worker.receive(&mut self.rig.process, id, self.rig.now);
        self.run_until_idle();
        received
    }

    pub(super) fn text(&self, id: ConnectionId) -> String {
        self.rig.clients[&id].text()
    }

    pub(super) fn has_ended(&self, id: ConnectionId) -> bool {
        self.rig.clients[&id].eof || self.rig.clients[&id].reset
    }
}
