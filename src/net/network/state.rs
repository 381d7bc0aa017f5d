//! All listeners and connections, and the messages that wait for processes.

use std::collections::{BTreeMap, VecDeque};

use crate::net::claims::Claims;
use crate::net::frame::{ToProcess, push};
use crate::net::ids::{ConnectionId, ListenerId};
use crate::net::linger::Closing;
use crate::os::{Millis, Pid};

use super::connection::{Connection, Retry};
use super::event::ClientEvent;
use super::listener::Listener;
use super::owners::Owners;

/// All listeners and connections of the machine. Frames for processes gather in outboxes, what
/// clients see in a queue.
#[derive(Debug, Default)]
pub struct Network {
    pub(super) listeners: BTreeMap<ListenerId, Listener>,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    pub(super) retries: Vec<Retry>,
    /// When something happened last.
    pub(super) now: Millis,
    pub(super) closing: BTreeMap<ConnectionId, Closing>,
    /// Processes that have closed a connection and gone on to the next: their loop has turned.
    pub(super) turned: Vec<Pid>,
    pub(super) next_listener: ListenerId,
    /// The listener of the last connection.
    pub(super) turn: ListenerId,
    pub(super) next_connection: ConnectionId,
    pub(super) outboxes: BTreeMap<Pid, Vec<u8>>,
    /// What connections are claimed by, and its slots that are not in use; none where memory cannot
    /// be shared.
    pub(super) claims: Option<Box<dyn Claims>>,
    pub(super) slots: Vec<u32>,
    pub(super) client_events: VecDeque<(ConnectionId, ClientEvent)>,
    pub(super) owners: Owners,
    /// Processes that have sent more than a connection takes.
    pub(super) overrun: Vec<Pid>,
}

impl Network {
    /// An empty network.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no connection.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.connections.is_empty()
    }

    /// A frame of the kernel's own for a process, in order with those of its connections.
    pub fn send_to_process(&mut self, pid: Pid, kind: ToProcess, id: u32, body: &[u8]) {
        push(self.outboxes.entry(pid).or_default(), kind, id, body);
    }

    /// Takes the messages that wait for processes.
    pub fn take_outboxes(&mut self) -> Vec<(Pid, Vec<u8>)> {
        // Not as they come: what a client sends comes after its connection.
        self.offer_all();
        let full = self
            .outboxes
            .iter_mut()
            .filter(|(_, outbox)| !outbox.is_empty());
        full.map(|(pid, outbox)| (*pid, std::mem::take(outbox)))
            .collect()
    }
}
