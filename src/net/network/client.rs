//! The client's end of connections.

use crate::net::frame::{ToProcess, push, push_number};
use crate::net::ids::ConnectionId;
use crate::os::Pid;

use super::connection::granted;
use super::event::ClientEvent;
use super::listener::Listener;
use super::state::Network;

impl Network {
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
            connection.credit = connection.credit.saturating_add(bytes);
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
                // One that is in no backlog is forgotten.
                if self.stop_retries(id) {
                    self.connections.remove(&id);
                }
            }
        }
    }

    /// Whether a process may tell of a connection: it has or had it, or it is offered to it.
    #[must_use]
    pub fn is_or_was_of(&self, id: ConnectionId, pid: Pid) -> bool {
        if self.owners.of(id) == Some(pid) {
            return true;
        }
        let Some(connection) = self.connections.get(&id) else {
            return false;
        };
        let is_offered = |listener: &Listener| {
            let mut offers = listener.offers.iter();
            offers.any(|offer| offer.connection == id && offer.pid == pid)
        };
        match connection.server {
            Some(server) => server == pid,
            None => self
                .listeners
                .get(&connection.listener)
                .is_some_and(is_offered),
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
}
