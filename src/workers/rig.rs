//! A process and the kernel's network, joined, for the tests of workers: clients on one side, the
//! worker's thread on the other.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use crate::net::frame::{Frame, FromProcess, ToProcess, frames};
use crate::net::{ClientEvent, ConnectionId, ListenerId, Network, Table};
use crate::os::{Millis, Pid};
use crate::servers::testing::launch;

use super::ProcessContext;

pub(super) const PID: Pid = 20;

/// What a client has seen of its connection.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) bytes: Vec<u8>,
    pub(super) eof: bool,
    pub(super) reset: bool,
    /// Whether what comes is consumed, and so may be followed by more.
    pub(super) holds_back: bool,
}

impl Seen {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The network, a process that listens on port 8000, and its clients.
pub(super) struct Rig {
    pub(super) net: Network,
    pub(super) process: ProcessContext,
    pub(super) now: Millis,
    pub(super) listener: ListenerId,
    pub(super) clients: BTreeMap<ConnectionId, Seen>,
    /// Lines of the log.
    pub(super) lines: Vec<String>,
    /// Frames of the process that are none of the network's business, by kind.
    pub(super) notified: usize,
}

impl Rig {
    pub(super) fn new(line: &str) -> Self {
        let mut net = Network::new();
        let launch = launch(line);
        let listener = net
            .listen(("127.0.0.1".to_owned(), 8000), launch.backlog)
            .unwrap();
        let mut process = ProcessContext::new(launch, PID, 10);
        let mut body = 8000_u16.to_le_bytes().to_vec();
        body.extend_from_slice(b"127.0.0.1");
        process.receive(Frame {
            kind: ToProcess::Listening,
            id: listener,
            body: &body,
        });
        Self {
            net,
            process,
            now: 1000.0,
            listener,
            clients: BTreeMap::new(),
            lines: Vec::new(),
            notified: 0,
        }
    }

    /// Kernel and process share memory: connections can be offered.
    pub(super) fn share_claims(&mut self) {
        let claims = Table::new();
        self.net.share_claims(Box::new(claims.clone()));
        self.process.claims = Some(Box::new(claims));
    }

    /// A client that ends its side as soon as the server has ended its own connects, and sends.
    pub(super) fn prompt_client(&mut self, bytes: &str) -> ConnectionId {
        let id = self.client(bytes);
        self.net.ends_promptly(id);
        id
    }

    /// A client connects and sends.
    pub(super) fn client(&mut self, bytes: &str) -> ConnectionId {
        let id = self.net.connect(8000, self.now).unwrap();
        self.clients.insert(id, Seen::default());
        self.net.send(id, bytes.as_bytes());
        id
    }

    /// What the process has to say goes to the kernel; the kernel's answers are handed out. Returns
    /// whether there was anything.
    pub(super) fn exchange(
        &mut self,
        mut deliver: impl FnMut(&mut ProcessContext, Frame<'_, ToProcess>, Millis),
    ) -> bool {
        let message = self.process.take_message(true);
        self.lines.extend(ProcessContext::lines(&message));
        for frame in frames(&message) {
            self.notified += usize::from(frame.kind == FromProcess::Notify);
            self.net.from_process(PID, frame, self.now);
        }
        while let Some((id, event)) = self.net.next_client_event() {
            let seen = self.clients.entry(id).or_default();
            match event {
                ClientEvent::Data(data) => {
                    seen.bytes.extend_from_slice(&data);
                    if !seen.holds_back {
                        self.net.grant(id, data.len() as u32);
                    }
                }
                ClientEvent::Eof => seen.eof = true,
                ClientEvent::Reset | ClientEvent::TimedOut => seen.reset = true,
                ClientEvent::Accepted(_) | ClientEvent::Credit(_) => {}
            }
        }
        let mut any = !message.is_empty();
        for (pid, message) in self.net.take_outboxes() {
            assert_eq!(pid, PID);
            any = true;
            for frame in frames(&message) {
                if !self.process.receive(frame) {
                    deliver(&mut self.process, frame, self.now);
                }
            }
        }
        any
    }

    /// Connections that nobody has accepted.
    pub(super) fn waiting(&self) -> usize {
        self.net.waiting(self.listener)
    }
}
