//! What processes do with connections: accept, answer, linger, close, end.

use super::{ClientEvent, ConnectionId, ListenerId, Network, granted};
use crate::Millis;
use crate::master::Pid;
use crate::net::frame::{Accepted, Frame, Kind, push, push_number};
use crate::net::linger::{Closing, Linger};

/// Bytes that a server takes by its first read of a connection (gunicorn: `recv(8192)`).
const FIRST_READ: u32 = 8192;
/// The ephemeral ports that clients get (Linux: `ip_local_port_range`).
const EPHEMERAL: std::ops::Range<u32> = 32_768..61_000;

impl Network {
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
    pub(super) fn closed(&mut self, id: ConnectionId) {
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
}
