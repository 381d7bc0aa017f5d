//! The kernel's side of the network: who listens, who waits in which backlog, which bytes go to whom.

use std::collections::VecDeque;

use litemap::LiteMap;

use thiserror::Error;

use super::deferral::Deferral;
use super::frame::{Accepted, Frame, Kind, push, push_number};
use super::linger::{Closing, Linger};
use crate::Millis;
use crate::master::Pid;

/// A listening socket.
pub type ListenerId = u32;
/// A connection.
pub type ConnectionId = u32;
/// A host as the command line wrote it, and a port. The machine has one loopback interface: hosts are not told apart.
pub type Address = (String, u16);

/// First retransmission of a SYN that met a full backlog; each further one waits twice as long, as Linux does.
const SYN_RETRY: Millis = 1000.0;
/// Retransmissions before a connect gives up (Linux: `tcp_syn_retries`).
const SYN_RETRIES: u32 = 6;
/// Bytes that a server takes by its first read of a connection (gunicorn: `recv(8192)`).
const FIRST_READ: u32 = 8192;
/// The attempt of a connection that its listener defers.
const DEFERRED: u32 = u32::MAX;
/// The ephemeral ports that clients get (Linux: `ip_local_port_range`).
const EPHEMERAL: std::ops::Range<u32> = 32_768..61_000;

/// Why an address could not be listened on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListenError {
    /// Another listener has the port.
    #[error("port {0} is in use by another server of this machine: stop that one or choose another port")]
    AddressInUse(u16),
}

/// Why a connection could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// Nobody listens there.
    #[error("connection refused: nothing listens on port {0}")]
    Refused(u16),
}

/// Grants are passed on in pieces of at least so many bytes, as TCP's receivers do (RFC 9293, section 3.8.6.2.2): the sender
/// would answer each grant of a few bytes by as few, and soon every frame would carry next to nothing.
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
    group: u32,
    backlog: usize,
    deferral: Deferral,
    waiting: VecDeque<ConnectionId>,
    /// Processes to wake at the next connection, in the order in which they began to wait.
    pollers: Vec<Pid>,
}

/// Bytes and ends of the client that wait in the backlog with their connection.
#[derive(Debug, Default)]
struct Early {
    data: Vec<u8>,
    reset: bool,
}

#[derive(Debug)]
struct Connection {
    listener: ListenerId,
    connected_at: Millis,
    /// The process that accepted it.
    server: Option<Pid>,
    early: Early,
    client_eof: bool,
    server_eof: bool,
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

#[derive(Debug)]
struct Retry {
    connection: ConnectionId,
    at: Millis,
    attempt: u32,
}

/// All listeners and connections of the machine. Frames for processes gather in outboxes, what clients see in a queue.
#[derive(Debug, Default)]
pub struct Network {
    listeners: LiteMap<ListenerId, Listener>,
    connections: LiteMap<ConnectionId, Box<Connection>>,
    retries: Vec<Retry>,
    closing: LiteMap<ConnectionId, Closing>,
    /// Processes that have closed a connection and gone on to the next: their loop has turned.
    turned: Vec<Pid>,
    next_listener: ListenerId,
    /// The listener of the last connection.
    turn: ListenerId,
    next_connection: ConnectionId,
    outboxes: LiteMap<Pid, Vec<u8>>,
    client_events: VecDeque<(ConnectionId, ClientEvent)>,
}

impl Network {
    /// An empty network.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // --- listeners

    /// Whether there is no connection.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.connections.is_empty()
    }

    /// Begins to listen; up to `backlog` + 1 connections wait to be accepted, as on Linux.
    ///
    /// # Errors
    /// The port is taken.
    pub fn listen(&mut self, address: Address, backlog: u32) -> Result<ListenerId, ListenError> {
        self.share(address, backlog, 0)
    }

    /// Begins to listen. Listeners of the same group, which is not 0, share their port: connections go to each in turn, as a
    /// load balancer before them would have it.
    ///
    /// # Errors
    /// The port is taken.
    pub fn share(&mut self, address: Address, backlog: u32, group: u32) -> Result<ListenerId, ListenError> {
        if self
            .listeners
            .values()
            .any(|listener| listener.address.1 == address.1 && (group == 0 || listener.group != group))
        {
            return Err(ListenError::AddressInUse(address.1));
        }
        self.next_listener += 1;
        let listener = Listener {
            address,
            group,
            backlog: backlog as usize + 1,
            deferral: Deferral::None,
            waiting: VecDeque::new(),
            pollers: Vec::new(),
        };
        self.listeners.insert(self.next_listener, listener);
        Ok(self.next_listener)
    }

    /// What the connections of a listener wait for before they are accepted.
    pub fn defer(&mut self, id: ListenerId, deferral: Deferral) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            listener.deferral = deferral;
        }
    }

    /// Closes a listener; connections that wait in its backlog are reset.
    pub fn close_listener(&mut self, id: ListenerId) {
        let Some(listener) = self.listeners.remove(&id) else {
            return;
        };
        for connection in listener.waiting {
            self.connections.remove(&connection);
            self.client_events.push_back((connection, ClientEvent::Reset));
        }
        let retries = std::mem::take(&mut self.retries);
        for retry in retries {
            if self
                .connections
                .get(&retry.connection)
                .is_some_and(|c| c.listener == id)
            {
                self.connections.remove(&retry.connection);
                self.client_events
                    .push_back((retry.connection, ClientEvent::Reset));
            } else {
                self.retries.push(retry);
            }
        }
    }

    /// Connections that wait to be accepted.
    #[must_use]
    pub fn waiting(&self, id: ListenerId) -> usize {
        self.listeners
            .get(&id)
            .map_or(0, |listener| listener.waiting.len())
    }

    // --- the client's end

    /// Connects to a port. The client may send at once: bytes wait with the connection until it is accepted.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn connect(&mut self, port: u16, now: Millis) -> Result<ConnectionId, ConnectError> {
        let mut found = None;
        for (&id, listener) in &self.listeners {
            // The first after that of the connection before, or else the first of all.
            if listener.address.1 == port && found.is_none_or(|found| found <= self.turn && id > self.turn) {
                found = Some(id);
            }
        }
        let Some(listener) = found else {
            return Err(ConnectError::Refused(port));
        };
        self.turn = listener;
        self.next_connection = self.next_connection.wrapping_add(1).max(1);
        let id = self.next_connection;
        let connection = Connection {
            listener,
            connected_at: now,
            server: None,
            early: Early::default(),
            client_eof: false,
            server_eof: false,
            server_closed: false,
            unread: 0,
            grant_server: 0,
            grant_client: 0,
        };
        self.connections.insert(id, Box::new(connection));
        match self.deferral(listener) {
            Deferral::None => self.enqueue(id, listener, now, 0),
            deferral => self.retries.push(Retry {
                connection: id,
                at: now + deferral.limit(),
                attempt: DEFERRED,
            }),
        }
        Ok(id)
    }

    fn deferral(&self, listener: ListenerId) -> Deferral {
        self.listeners
            .get(&listener)
            .map_or(Deferral::None, |listener| listener.deferral)
    }

    /// Takes a connection off those that are deferred. Returns whether it was one.
    fn undefer(&mut self, id: ConnectionId) -> bool {
        let its = |retry: &Retry| retry.connection == id && retry.attempt == DEFERRED;
        let at = self.retries.iter().position(its);
        at.is_some_and(|at| {
            self.retries.remove(at);
            true
        })
    }

    /// The router closes a connection that never came to a request.
    fn give_up(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.client_events.push_back((id, ClientEvent::Eof));
    }

    /// Something came for a connection that is not accepted: it may be now if it was deferred.
    fn came(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let (listener, now) = (connection.listener, connection.connected_at);
        let ended = connection.client_eof;
        let deferral = self.deferral(listener);
        let over = deferral.is_over(&connection.early.data);
        if (ended || over) && self.undefer(id) {
            if over || deferral == Deferral::Data {
                self.enqueue(id, listener, now, 0);
            } else {
                self.give_up(id);
            }
        }
    }

    fn enqueue(&mut self, id: ConnectionId, listener_id: ListenerId, now: Millis, attempt: u32) {
        let Some(listener) = self.listeners.get_mut(&listener_id) else {
            return;
        };
        if listener.waiting.len() >= listener.backlog {
            let at = now + SYN_RETRY * f64::from(1_u32 << attempt);
            self.retries.push(Retry {
                connection: id,
                at,
                attempt,
            });
            return;
        }
        listener.waiting.push_back(id);
        for pid in std::mem::take(&mut listener.pollers) {
            push(
                self.outboxes.entry(pid).or_default(),
                Kind::Readable,
                listener_id,
                b"",
            );
        }
    }

    /// When [`Network::tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let retries = self.retries.iter().map(|retry| retry.at);
        let closing = self.closing.values().map(|closing| closing.until);
        retries.chain(closing).min_by(f64::total_cmp)
    }

    /// Retries the connects that met a full backlog and are due.
    pub fn tick(&mut self, now: Millis) {
        let over = |closing: &Closing| closing.until <= now;
        let ids: Vec<_> = self
            .closing
            .iter()
            .filter(|(_, c)| over(c))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.closed(id);
        }
        let mut due: Vec<Retry> = Vec::new();
        // They are few: the library's sort is larger than all else here.
        for retry in self.retries.extract_if(.., |retry| retry.at <= now) {
            let place = (retry.at, retry.connection);
            let at = due.partition_point(|other| (other.at, other.connection) < place);
            due.insert(at, retry);
        }
        for retry in due {
            let Some(connection) = self.connections.get(&retry.connection) else {
                continue;
            };
            let listener = connection.listener;
            if retry.attempt == DEFERRED {
                if self.deferral(listener) == Deferral::Head {
                    self.give_up(retry.connection);
                } else {
                    self.enqueue(retry.connection, listener, now, 0);
                }
            } else if retry.attempt + 1 > SYN_RETRIES {
                self.connections.remove(&retry.connection);
                self.client_events
                    .push_back((retry.connection, ClientEvent::TimedOut));
            } else {
                self.enqueue(retry.connection, listener, now, retry.attempt + 1);
            }
        }
    }

    /// The client sends bytes. It keeps to its credit: [`super::WINDOW`] at first, then what `Credit` events add.
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
            self.client_events.push_back((id, ClientEvent::Credit(length)));
            if closing.left == 0 {
                self.closed(id);
            }
            return;
        }
        if let Some(pid) = connection.server {
            connection.unread += data.len() as u64;
            push(self.outboxes.entry(pid).or_default(), Kind::Data, id, data);
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
            push_number(self.outboxes.entry(pid).or_default(), Kind::Credit, id, bytes);
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
        let (server, closed, done) = (connection.server, connection.server_closed, connection.server_eof);
        if let (Some(pid), false) = (server, closed) {
            push(self.outboxes.entry(pid).or_default(), Kind::Eof, id, b"");
        }
        if server.is_none() {
            self.came(id);
        }
        if closed && done {
            self.connections.remove(&id);
        }
    }

    /// The client breaks the connection (RST). One that still waits in the backlog stays there: `accept()` returns it.
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
                    push(self.outboxes.entry(pid).or_default(), Kind::Reset, id, b"");
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

    // --- the processes' end

    /// Takes a frame of a process. Frames that are none of the network's business are ignored.
    pub fn from_process(&mut self, pid: Pid, frame: Frame<'_>, now: Millis) {
        match frame.kind {
            Kind::Poll => self.poll(pid, frame.id),
            Kind::Unlisten => {
                if let Some(listener) = self.listeners.get_mut(&frame.id) {
                    listener.pollers.retain(|poller| *poller != pid);
                }
            }
            Kind::Accept => self.accept(pid, frame.id, frame.number()),
            Kind::Linger => self.linger(pid, frame, now),
            Kind::Unlink => {
                let its = self.closing.iter_mut().map(|(_, closing)| closing);
                for closing in its.filter(|closing| closing.pid == pid) {
                    closing.listener = 0;
                }
            }
            Kind::Data | Kind::Eof | Kind::Reset | Kind::Credit | Kind::Close => {
                self.take_from_server(pid, frame);
            }
            _ => {}
        }
    }

    fn poll(&mut self, pid: Pid, id: ListenerId) {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        if !listener.waiting.is_empty() {
            push(self.outboxes.entry(pid).or_default(), Kind::Readable, id, b"");
        } else if !listener.pollers.contains(&pid) {
            listener.pollers.push(pid);
        }
    }

    fn linger(&mut self, pid: Pid, frame: Frame<'_>, now: Millis) {
        let Some(linger) = Linger::decode(frame.body) else {
            return;
        };
        let closing = Closing {
            pid,
            listener: linger.listener,
            until: now + linger.timeout,
            left: linger.most,
        };
        self.closing.insert(frame.id, closing);
        match self.connections.get_mut(&frame.id) {
            Some(connection) if connection.server == Some(pid) => {
                connection.unread = 0;
                if !std::mem::replace(&mut connection.server_eof, true) {
                    self.client_events.push_back((frame.id, ClientEvent::Eof));
                }
                if connection.client_eof {
                    self.closed(frame.id);
                }
            }
            // The client has gone already.
            _ => self.closed(frame.id),
        }
    }

    /// A lingering connection is closed, and its process goes on.
    fn closed(&mut self, id: ConnectionId) {
        let Some(closing) = self.closing.remove(&id) else {
            return;
        };
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.server_closed = true;
            if connection.client_eof {
                self.connections.remove(&id);
            }
        }
        self.turned.push(closing.pid);
        if closing.listener == 0 {
            let outbox = self.outboxes.entry(closing.pid).or_default();
            push_number(outbox, Kind::AcceptEnd, 0, id);
        } else {
            self.accept(closing.pid, closing.listener, 1);
        }
    }

    /// A process whose loop has turned: its heartbeat.
    pub fn next_turned(&mut self) -> Option<Pid> {
        self.turned.pop()
    }

    fn accept(&mut self, pid: Pid, id: ListenerId, most: u32) {
        let outbox = self.outboxes.entry(pid).or_default();
        if let Some(listener) = self.listeners.get_mut(&id) {
            for _ in 0..most {
                let Some(connection_id) = listener.waiting.pop_front() else {
                    break;
                };
                let Some(connection) = self.connections.get_mut(&connection_id) else {
                    continue;
                };
                connection.server = Some(pid);
                let early = std::mem::take(&mut connection.early);
                // Every server reads as soon as it has accepted: what it reads at once counts as read here, which
                // saves a message to say so.
                let length = early.data.len() as u32;
                let granted = if length <= FIRST_READ { length } else { 0 };
                connection.unread = u64::from(length - granted);
                let peer_port = EPHEMERAL.start + connection_id % (EPHEMERAL.end - EPHEMERAL.start);
                let accepted = Accepted {
                    listener: id,
                    peer_port: peer_port as u16,
                    connected_at: connection.connected_at,
                    granted,
                };
                push(outbox, Kind::Accepted, connection_id, &accepted.encode());
                self.client_events
                    .push_back((connection_id, ClientEvent::Accepted(pid)));
                if granted > 0 {
                    self.client_events
                        .push_back((connection_id, ClientEvent::Credit(granted)));
                }
                if !early.data.is_empty() {
                    push(outbox, Kind::Data, connection_id, &early.data);
                }
                if early.reset {
                    push(outbox, Kind::Reset, connection_id, b"");
                    self.connections.remove(&connection_id);
                } else if connection.client_eof {
                    push(outbox, Kind::Eof, connection_id, b"");
                }
            }
        }
        push(outbox, Kind::AcceptEnd, id, b"");
    }

    fn take_from_server(&mut self, pid: Pid, frame: Frame<'_>) {
        let id = frame.id;
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.server != Some(pid) || connection.server_closed {
            return;
        }
        let mut tell = |event| self.client_events.push_back((id, event));
        match frame.kind {
            Kind::Data if !connection.server_eof => tell(ClientEvent::Data(frame.body.to_vec())),
            Kind::Credit => {
                connection.unread = connection.unread.saturating_sub(u64::from(frame.number()));
                if let Some(bytes) = granted(&mut connection.grant_client, frame.number()) {
                    tell(ClientEvent::Credit(bytes));
                }
            }
            Kind::Eof | Kind::Close => {
                if !std::mem::replace(&mut connection.server_eof, true) {
                    tell(ClientEvent::Eof);
                }
                connection.server_closed |= frame.kind == Kind::Close;
                if connection.server_closed && connection.client_eof {
                    self.connections.remove(&id);
                }
            }
            Kind::Reset => {
                tell(ClientEvent::Reset);
                self.connections.remove(&id);
            }
            _ => {}
        }
    }

    /// A process has ended: its connections end as the kernel ends those of a killed process, by FIN, or by RST where
    /// it left bytes unread.
    pub fn process_ended(&mut self, pid: Pid) {
        self.outboxes.remove(&pid);
        self.closing.retain(|_, closing| closing.pid != pid);
        for (_, listener) in &mut self.listeners {
            listener.pollers.retain(|poller| *poller != pid);
        }
        let its: Vec<ConnectionId> = self
            .connections
            .iter()
            .filter(|(_, c)| c.server == Some(pid))
            .map(|(id, _)| *id)
            .collect();
        for id in its {
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            if connection.unread > 0 && !connection.server_closed {
                self.client_events.push_back((id, ClientEvent::Reset));
                self.connections.remove(&id);
                continue;
            }
            connection.server_closed = true;
            if !std::mem::replace(&mut connection.server_eof, true) {
                self.client_events.push_back((id, ClientEvent::Eof));
            }
            if connection.client_eof {
                self.connections.remove(&id);
            }
        }
    }

    /// A frame of the kernel's own for a process, in order with those of its connections.
    pub fn tell_process(&mut self, pid: Pid, kind: Kind, id: u32, body: &[u8]) {
        push(self.outboxes.entry(pid).or_default(), kind, id, body);
    }

    /// Takes the messages that wait for processes.
    pub fn take_outboxes(&mut self) -> Vec<(Pid, Vec<u8>)> {
        let full = self.outboxes.iter_mut().filter(|(_, outbox)| !outbox.is_empty());
        full.map(|(pid, outbox)| (*pid, std::mem::take(outbox))).collect()
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "deferral_tests.rs"]
mod deferral_tests;
