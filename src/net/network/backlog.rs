//! Listeners, and the connections that wait until one of them is accepted from.

use super::connection::{Connection, Early, Retry, RetryCause};
use super::error::{ConnectError, ListenError};
use super::event::ClientEvent;
use super::listener::Listener;
use super::state::Network;
use crate::bounds::CONNECTIONS;
use crate::net::frame::{ToProcess, push};
use crate::net::ids::{Address, ConnectionId, ListenerGroup, ListenerId};
use crate::net::{Deferral, WINDOW};
use crate::os::Millis;
use std::collections::VecDeque;

/// First retransmission of a SYN that met a full backlog; each further one waits twice as long, as
/// Linux does. Its timer is coarse: 1.01 to 1.02 s were measured.
const SYN_RETRY: Millis = 1020.0;
/// Retransmissions before a connect gives up (Linux: `tcp_syn_retries`).
const SYN_RETRIES: u32 = 6;

impl Network {
    /// Begins to listen; up to `backlog` + 1 connections wait to be accepted, as on Linux.
    ///
    /// # Errors
    /// The port is taken.
    pub fn listen(&mut self, address: Address, backlog: u32) -> Result<ListenerId, ListenError> {
        self.share(address, backlog, None)
    }

    /// Begins to listen. Listeners of the same group share their port: connections
    /// go to each in turn, as a load balancer before them would have it.
    ///
    /// # Errors
    /// The port is taken.
    pub fn share(
        &mut self,
        address: Address,
        backlog: u32,
        group: Option<ListenerGroup>,
    ) -> Result<ListenerId, ListenError> {
        if self.listeners.values().any(|listener| {
            listener.address.1 == address.1 && (group.is_none() || listener.group != group)
        }) {
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
            accepters: Vec::new(),
            taker: None,
            offers: Vec::new(),
            kept_for: None,
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
        self.withdraw(id, None);
        let Some(listener) = self.listeners.remove(&id) else {
            return;
        };
        for connection in listener.waiting {
            self.connections.remove(&connection);
            self.client_events
                .push_back((connection, ClientEvent::Reset));
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

    /// Connects to a port. The client may send at once: bytes wait with the connection until it is
    /// accepted.
    ///
    /// # Errors
    /// Nobody listens there, or too many connections are open.
    pub fn connect(&mut self, port: u16, now: Millis) -> Result<ConnectionId, ConnectError> {
        let mut found = None;
        for (&id, listener) in &self.listeners {
            // The first after that of the connection before, or else the first of all.
            if listener.address.1 == port
                && found.is_none_or(|found| found <= self.turn && id > self.turn)
            {
                found = Some(id);
            }
        }
        let Some(listener) = found else {
            return Err(ConnectError::Refused(port));
        };
        if self.connections.len() >= CONNECTIONS {
            return Err(ConnectError::NoPorts(port));
        }
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
            prompt: false,
            server_closed: false,
            unread: 0,
            credit: WINDOW,
            grant_server: 0,
            grant_client: 0,
        };
        self.connections.insert(id, connection);
        match self.deferral(listener) {
            Deferral::None => self.enqueue(id, listener, now, 0),
            deferral => self.retries.push(Retry {
                connection: id,
                at: now + deferral.limit(),
                because: RetryCause::Deferred,
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
    pub(super) fn undefer(&mut self, id: ConnectionId) -> bool {
        let its = |retry: &Retry| retry.connection == id && retry.because == RetryCause::Deferred;
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
    pub(super) fn came(&mut self, id: ConnectionId) {
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
        if self.is_full(listener_id) {
            self.withdraw(listener_id, None);
        }
        let is_full = self.is_full(listener_id);
        let Some(listener) = self.listeners.get_mut(&listener_id) else {
            return;
        };
        if is_full {
            let at = now + SYN_RETRY * f64::from(1_u32 << attempt);
            self.retries.push(Retry {
                connection: id,
                at,
                because: RetryCause::Full { attempt },
            });
            return;
        }
        listener.waiting.push_back(id);
        for pid in std::mem::take(&mut listener.pollers) {
            push(
                self.outboxes.entry(pid).or_default(),
                ToProcess::Readable,
                listener_id,
                b"",
            );
        }
    }

    fn is_full(&self, id: ListenerId) -> bool {
        let listener = self.listeners.get(&id);
        listener.is_some_and(|listener| listener.waiting.len() >= listener.backlog)
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
        let ids: Vec<_> = self
            .closing
            .iter()
            .filter(|(_, closing)| closing.until <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.closed(id);
        }
        let mut due: Vec<Retry> = self
            .retries
            .extract_if(.., |retry| retry.at <= now)
            .collect();
        due.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.connection.cmp(&b.connection)));
        for retry in due {
            let Some(connection) = self.connections.get(&retry.connection) else {
                continue;
            };
            let listener = connection.listener;
            match retry.because {
                RetryCause::Deferred if self.deferral(listener) == Deferral::Head => {
                    self.give_up(retry.connection);
                }
                RetryCause::Deferred => self.enqueue(retry.connection, listener, now, 0),
                RetryCause::Full { attempt } if attempt >= SYN_RETRIES => {
                    self.connections.remove(&retry.connection);
                    self.client_events
                        .push_back((retry.connection, ClientEvent::TimedOut));
                }
                RetryCause::Full { attempt } => {
                    self.enqueue(retry.connection, listener, now, attempt + 1);
                }
            }
        }
    }
}
