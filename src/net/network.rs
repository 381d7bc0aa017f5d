//! The kernel's side of the network: who listens, who waits in which backlog, which bytes go to
//! whom.

mod backlog;
mod offers;
mod processes;

use std::collections::{BTreeMap, VecDeque};

use thiserror::Error;

use super::claims::Claims;
use super::deferral::Deferral;
use super::frame::{ToProcess, push, push_number};
use super::linger::Closing;
use crate::os::{Millis, Pid};

/// A listening socket.
pub type ListenerId = u32;
/// A connection.
pub type ConnectionId = u32;
/// Listeners that share their port.
pub type ListenerGroup = u32;
/// A host as the command line wrote it, and a port. The machine has one loopback interface: hosts
/// are not told apart.
pub type Address = (String, u16);

/// Why an address could not be listened on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListenError {
    /// Another listener has the port.
    #[error(
        "port {0} is in use by another server of this machine: stop that one or choose another port"
    )]
    AddressInUse(u16),
}

/// Why a connection could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// Nobody listens there.
    #[error("connection refused: nothing listens on port {0}")]
    Refused(u16),
}

/// Grants are passed on in pieces of at least so many bytes, as TCP's receivers do (RFC 9293,
/// section 3.8.6.2.2): the sender would answer each grant of a few bytes by as few, and soon every
/// frame would carry next to nothing.
const LEAST_GRANT: u32 = super::WINDOW / 4;

/// What a client sees of its connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// A process has accepted it.
    Accepted(Pid),
    /// Bytes from the server.
    Data(Vec<u8>),
    /// So many more bytes may be sent.
    Credit(u32),
    /// The server will send nothing more.
    Eof,
    /// The connection is gone.
    Reset,
    /// The backlog stayed full until the connect timed out.
    TimedOut,
}

#[derive(Debug)]
struct Listener {
    address: Address,
    group: Option<ListenerGroup>,
    backlog: usize,
    deferral: Deferral,
    waiting: VecDeque<ConnectionId>,
    /// Processes to wake at the next connection, in the order in which they began to wait.
    pollers: Vec<Pid>,
    /// Processes that have polled or accepted.
    accepters: Vec<Pid>,
    /// The last of them that has said that connections may be offered to it.
    taker: Option<Pid>,
    /// The first of those that wait, as far as they are on offer.
    offers: Vec<offers::OnOffer>,
    /// The process that accepts the first that waits, whoever asks before.
    kept_for: Option<Pid>,
}

/// Bytes and ends of the client that wait in the backlog with their connection.
#[derive(Debug, Default)]
struct Early {
    data: Vec<u8>,
    reset: bool,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // Independent facts, each established at its own moment.
struct Connection {
    listener: ListenerId,
    connected_at: Millis,
    /// The process that accepted it.
    server: Option<Pid>,
    early: Early,
    client_eof: bool,
    server_eof: bool,
    /// The client ends its side as soon as the server has ended its own.
    prompt: bool,
    /// The server's end is closed: whatever the client still sends is answered by a reset.
    server_closed: bool,
    /// Bytes given to the server that it has not consumed.
    unread: u64,
    /// Bytes that the server may send anew, and has not been told of.
    grant_server: u32,
    /// Bytes that the client may send anew, and has not been told of.
    grant_client: u32,
}

/// Adds to a grant; returns it where it is large enough to be passed on.
fn granted(grant: &mut u32, bytes: u32) -> Option<u32> {
    *grant += bytes;
    (*grant >= LEAST_GRANT).then(|| std::mem::take(grant))
}

/// A connection that is not in a backlog yet, and when it is looked at again.
#[derive(Debug)]
struct Retry {
    connection: ConnectionId,
    at: Millis,
    because: RetryCause,
}

/// Why a connection is not in a backlog yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RetryCause {
    /// It was full, for this many retransmissions of the SYN.
    Full { attempt: u32 },
    /// The listener defers it.
    Deferred,
}

/// All listeners and connections of the machine. Frames for processes gather in outboxes, what
/// clients see in a queue.
#[derive(Debug, Default)]
pub struct Network {
    listeners: BTreeMap<ListenerId, Listener>,
    connections: BTreeMap<ConnectionId, Connection>,
    retries: Vec<Retry>,
    closing: BTreeMap<ConnectionId, Closing>,
    /// Processes that have closed a connection and gone on to the next: their loop has turned.
    turned: Vec<Pid>,
    next_listener: ListenerId,
    /// The listener of the last connection.
    turn: ListenerId,
    next_connection: ConnectionId,
    outboxes: BTreeMap<Pid, Vec<u8>>,
    /// What connections are claimed by, and its slots that are not in use; none where memory cannot
    /// be shared.
    claims: Option<Box<dyn Claims>>,
    slots: Vec<u32>,
    client_events: VecDeque<(ConnectionId, ClientEvent)>,
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

    // --- the client's end

    /// The client sends bytes. It keeps to its credit: [`super::WINDOW`] at first, then what
    /// `Credit` events add.
    pub fn send(&mut self, id: ConnectionId, data: &[u8]) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.client_eof || data.is_empty() {
            return;
        }
        if connection.server_closed {
            self.connections.remove(&id);
            self.client_events.push_back((id, ClientEvent::Reset));
            return;
        }
        if let Some(closing) = self.closing.get_mut(&id) {
            let length = data.len() as u32;
            closing.left = closing.left.saturating_sub(length);
            self.client_events
                .push_back((id, ClientEvent::Credit(length)));
            if closing.left == 0 {
                self.closed(id);
            }
            return;
        }
        if let Some(pid) = connection.server {
            connection.unread += data.len() as u64;
            push(
                self.outboxes.entry(pid).or_default(),
                ToProcess::Data,
                id,
                data,
            );
        } else {
            connection.early.data.extend_from_slice(data);
            self.came(id);
        }
    }

    /// The client grants the server `bytes` more.
    pub fn grant(&mut self, id: ConnectionId, bytes: u32) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let (Some(pid), false) = (connection.server, connection.server_closed) else {
            return;
        };
        if let Some(bytes) = granted(&mut connection.grant_server, bytes) {
            push_number(
                self.outboxes.entry(pid).or_default(),
                ToProcess::Credit,
                id,
                bytes,
            );
        }
    }

    /// The client sends nothing more (FIN).
    pub fn shutdown(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut connection.client_eof, true) {
            return;
        }
        if self.closing.contains_key(&id) {
            self.closed(id);
            return;
        }
        let (server, closed, done) = (
            connection.server,
            connection.server_closed,
            connection.server_eof,
        );
        if let (Some(pid), false) = (server, closed) {
            push(
                self.outboxes.entry(pid).or_default(),
                ToProcess::Eof,
                id,
                b"",
            );
        }
        if server.is_none() {
            self.came(id);
        }
        if closed && done {
            self.connections.remove(&id);
        }
    }

    /// The client breaks the connection (RST). One that still waits in the backlog stays there:
    /// `accept()` returns it.
    pub fn reset(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        match connection.server {
            Some(_) if self.closing.contains_key(&id) => {
                self.closed(id);
                self.connections.remove(&id);
            }
            Some(pid) => {
                if !connection.server_closed {
                    push(
                        self.outboxes.entry(pid).or_default(),
                        ToProcess::Reset,
                        id,
                        b"",
                    );
                }
                self.connections.remove(&id);
            }
            None => {
                connection.early.reset = true;
                // One that nobody was offered is forgotten.
                if self.undefer(id) {
                    self.connections.remove(&id);
                }
            }
        }
    }

    /// The process that has the connection.
    #[must_use]
    pub fn server_of(&self, id: ConnectionId) -> Option<Pid> {
        self.connections.get(&id)?.server
    }

    /// The next thing that a client sees.
    pub fn next_client_event(&mut self) -> Option<(ConnectionId, ClientEvent)> {
        self.client_events.pop_front()
    }

    // --- what goes to processes

    /// A frame of the kernel's own for a process, in order with those of its connections.
    pub fn tell_process(&mut self, pid: Pid, kind: ToProcess, id: u32, body: &[u8]) {
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

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "offers_tests.rs"]
mod offers_tests;

#[cfg(test)]
#[path = "deferral_tests.rs"]
mod deferral_tests;
