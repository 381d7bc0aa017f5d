//! Listeners, and the connections that wait until one of them is accepted from.

use super::connection::{Connection, Early, Retry, RetryCause};
use super::error::{ConnectError, ListenError};
use super::event::ClientEvent;
use super::handshake::{
    DATA_RETRIES, SYN_ACK_RETRIES, SYN_RETRIES, next_data, next_syn, next_syn_ack,
};
use super::listener::Listener;
use super::state::Network;
use crate::bounds::CONNECTIONS;
use crate::net::frame::{ToProcess, push};
use crate::net::ids::{Address, ConnectionId, ListenerGroup, ListenerId};
use crate::net::{Deferral, WINDOW};
use crate::os::Millis;
use std::collections::{BTreeMap, VecDeque};

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
            in_turn: Vec::new(),
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
        self.now = now;
        self.connections.insert(id, connection);
        if self.has_room(listener) {
            self.establish(id, listener);
        } else {
            self.syn_again(id, 0);
        }
        Ok(id)
    }

    /// The handshake is complete: the connection goes into the backlog, or waits until it is ready
    /// for it.
    fn establish(&mut self, id: ConnectionId, listener: ListenerId) {
        match self.deferral(listener) {
            Deferral::None => {
                self.enqueue(id, listener);
            }
            deferral => {
                let at = self.now + deferral.limit();
                self.retry(id, at, RetryCause::Deferred);
                self.came(id);
            }
        }
    }

    fn retry(&mut self, connection: ConnectionId, at: Millis, because: RetryCause) {
        self.retries.push(Retry {
            connection,
            at,
            because,
        });
    }

    /// A SYN was dropped: it is sent again.
    fn syn_again(&mut self, id: ConnectionId, attempt: u32) {
        self.retry(id, next_syn(self.now, attempt), RetryCause::Syn { attempt });
    }

    fn deferral(&self, listener: ListenerId) -> Deferral {
        self.listeners
            .get(&listener)
            .map_or(Deferral::None, |listener| listener.deferral)
    }

    /// Takes a connection off those that are deferred. Returns whether it was one.
    fn undefer(&mut self, id: ConnectionId) -> bool {
        let its = |retry: &Retry| retry.connection == id && retry.because == RetryCause::Deferred;
        let at = self.retries.iter().position(its);
        at.is_some_and(|at| {
            self.retries.remove(at);
            true
        })
    }

    /// Takes a connection off those that are not in a backlog yet. Returns whether it was one.
    pub(super) fn stop_retries(&mut self, id: ConnectionId) -> bool {
        let before = self.retries.len();
        self.retries.retain(|retry| retry.connection != id);
        self.retries.len() < before
    }

    /// The router closes a connection that never came to a request.
    fn give_up(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.client_events.push_back((id, ClientEvent::Eof));
    }

    /// Something came for a connection that is not accepted: it may be now if it was deferred or is
    /// half open.
    pub(super) fn came(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let listener = connection.listener;
        let ended = connection.client_eof;
        let deferral = self.deferral(listener);
        let over = deferral.is_over(&connection.early.data);
        if (ended || over) && self.undefer(id) {
            if !over && deferral != Deferral::Data {
                self.give_up(id);
            } else if !self.enqueue(id, listener) {
                // The ACK of its handshake has come long since.
                self.half_open(id, true);
            }
            return;
        }
        let mut its = self.retries.iter().filter(|retry| retry.connection == id);
        let is_first = its
            .clone()
            .any(|retry| matches!(retry.because, RetryCause::SynAck { .. }))
            && !its.any(|retry| matches!(retry.because, RetryCause::Data { .. }));
        if is_first {
            self.half_open_data(id, 0);
        }
    }

    /// A connection whose handshake has ended for its client alone. `is_known`: the server
    /// remembers it, and sends its SYN-ACK again; otherwise that was a SYN cookie.
    fn half_open(&mut self, id: ConnectionId, is_known: bool) {
        let connection = self.connections.get(&id);
        if connection.is_some_and(|its| its.client_eof || !its.early.data.is_empty()) {
            let at = next_data(self.now, 0);
            self.retry(id, at, RetryCause::Data { attempt: 0 });
        }
        if is_known {
            let at = next_syn_ack(self.now, 0);
            self.retry(id, at, RetryCause::SynAck { attempt: 0 });
        }
    }

    /// Data of a connection that is half open comes (again).
    fn half_open_data(&mut self, id: ConnectionId, attempt: u32) {
        if self.enter(id) {
            return;
        }
        if attempt >= DATA_RETRIES {
            self.time_out(id);
            return;
        }
        let at = next_data(self.now, attempt);
        self.retry(id, at, RetryCause::Data { attempt });
    }

    /// A connection that is half open goes into the backlog, where there is room.
    fn enter(&mut self, id: ConnectionId) -> bool {
        let listener = self.connections.get(&id).map(|its| its.listener);
        let entered = listener.is_some_and(|listener| self.enqueue(id, listener));
        if entered {
            self.stop_retries(id);
        }
        entered
    }

    fn time_out(&mut self, id: ConnectionId) {
        self.stop_retries(id);
        self.connections.remove(&id);
        self.client_events.push_back((id, ClientEvent::TimedOut));
    }

    /// Puts a connection into the backlog. Returns whether there was room.
    fn enqueue(&mut self, id: ConnectionId, listener_id: ListenerId) -> bool {
        if !self.has_room(listener_id) {
            return false;
        }
        let Some(listener) = self.listeners.get_mut(&listener_id) else {
            return false;
        };
        listener.waiting.push_back(id);
        listener.wake_in_turn();
        for pid in std::mem::take(&mut listener.pollers) {
            push(
                self.outboxes.entry(pid).or_default(),
                ToProcess::Readable,
                listener_id,
                b"",
            );
        }
        true
    }

    /// Whether another connection may wait. What was on offer and taken does not.
    fn has_room(&mut self, id: ListenerId) -> bool {
        if self.is_full(id) {
            self.withdraw(id, None);
        }
        !self.is_full(id)
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

    /// Goes on with the handshakes that are due.
    pub fn tick(&mut self, now: Millis) {
        self.now = now;
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
        // Of timers that expire together, the one that was set last comes first.
        due.sort_by(|a, b| a.at.total_cmp(&b.at).then(b.connection.cmp(&a.connection)));
        let (syns, others): (Vec<Retry>, Vec<Retry>) = due
            .into_iter()
            .partition(|retry| matches!(retry.because, RetryCause::Syn { .. }));
        self.syns(&syns);
        for retry in others {
            let id = retry.connection;
            let Some(connection) = self.connections.get(&id) else {
                continue;
            };
            let listener = connection.listener;
            if connection.server.is_some() {
                continue;
            }
            match retry.because {
                RetryCause::Deferred if self.deferral(listener) == Deferral::Head => {
                    self.give_up(id);
                }
                RetryCause::Deferred => {
                    if !self.enqueue(id, listener) {
                        self.half_open(id, true);
                    }
                }
                RetryCause::Data { attempt } => {
                    if !self.is_waiting(id, listener) {
                        self.half_open_data(id, attempt + 1);
                    }
                }
                RetryCause::SynAck { attempt } => {
                    if !self.is_waiting(id, listener)
                        && !self.enter(id)
                        && attempt < SYN_ACK_RETRIES
                    {
                        let attempt = attempt + 1;
                        let at = next_syn_ack(now, attempt);
                        self.retry(id, at, RetryCause::SynAck { attempt });
                    }
                }
                RetryCause::Syn { .. } => {}
            }
        }
    }

    fn is_waiting(&self, id: ConnectionId, listener: ListenerId) -> bool {
        let listener = self.listeners.get(&listener);
        listener.is_some_and(|listener| listener.waiting.contains(&id))
    }

    /// SYNs that are sent at once: all of them are looked at before the first handshake ends.
    fn syns(&mut self, syns: &[Retry]) {
        let mut passed = Vec::new();
        for syn in syns {
            let RetryCause::Syn { attempt } = syn.because else {
                continue;
            };
            let Some(connection) = self.connections.get(&syn.connection) else {
                continue;
            };
            let listener = connection.listener;
            if self.has_room(listener) {
                passed.push((syn.connection, listener));
            } else if attempt + 1 >= SYN_RETRIES {
                self.time_out(syn.connection);
            } else {
                self.syn_again(syn.connection, attempt + 1);
            }
        }
        let mut before: BTreeMap<ListenerId, usize> = BTreeMap::new();
        for (id, listener) in passed {
            // More than the backlog in handshakes: the rest gets SYN cookies.
            let count = before.entry(listener).or_default();
            let backlog = self.listeners.get(&listener).map_or(0, |its| its.backlog);
            let is_known = *count + 1 < backlog;
            *count += 1;
            if self.has_room(listener) {
                self.establish(id, listener);
            } else {
                self.half_open(id, is_known);
            }
        }
    }
}
