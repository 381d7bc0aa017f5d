//! What processes do with connections: accept, answer, linger, close, end.

use super::connection::granted;
use super::event::ClientEvent;
use super::listener::Listener;
use super::state::Network;
use crate::net::frame::{Accepted, Frame, FromProcess, ToProcess, push};
use crate::net::ids::{ConnectionId, ListenerId};
use crate::net::linger::{AfterClose, Closing, Linger};
use crate::net::poll::{IN_TURN, TAKES_OFFERS};
use crate::os::{Millis, Pid};

/// Bytes that a server takes by its first read of a connection (gunicorn: `recv(8192)`).
pub(super) const FIRST_READ: u32 = 8192;
/// The ephemeral ports that clients get (Linux: `ip_local_port_range`).
const EPHEMERAL: std::ops::Range<u32> = 32_768..61_000;

/// Every server reads as soon as it has accepted: what it reads at once counts as read, which saves
/// a message to say so.
pub(super) fn first_read(length: usize) -> u32 {
    let length = length as u32;
    if length <= FIRST_READ { length } else { 0 }
}

/// What a process is told of a connection that it accepts.
pub(super) fn accepted(
    listener: ListenerId,
    id: ConnectionId,
    connected_at: Millis,
    granted: u32,
) -> Accepted {
    let peer_port = EPHEMERAL.start + id % (EPHEMERAL.end - EPHEMERAL.start);
    Accepted {
        listener,
        peer_port: peer_port as u16,
        connected_at,
        granted,
    }
}

impl Listener {
    /// How many that wait are kept for another process.
    pub(super) fn kept_from(&self, pid: Pid) -> usize {
        usize::from(self.kept_for.is_some_and(|its| its != pid) && !self.waiting.is_empty())
    }

    /// The first connection that waits is that of the process whose turn it is, before all that
    /// poll are woken.
    pub(super) fn wake_in_turn(&mut self) {
        let turn = std::mem::take(&mut self.in_turn);
        if self.waiting.len() == 1 && self.kept_for.is_none() {
            self.kept_for = turn.first().copied().filter(|_| turn.len() > 1);
        }
    }

    /// A process has no more to do with it. Returns whether something was kept for it.
    fn leave(&mut self, pid: Pid) -> bool {
        self.pollers.retain(|poller| *poller != pid);
        self.in_turn.retain(|poller| *poller != pid);
        self.accepters.retain(|its| *its != pid);
        self.kept_for.take_if(|its| *its == pid).is_some()
    }
}

impl Network {
    /// Takes a frame of a process. Frames that are none of the network's business are ignored.
    pub fn from_process(&mut self, pid: Pid, frame: Frame<'_, FromProcess>, now: Millis) {
        self.now = now;
        match frame.kind {
            FromProcess::Poll => self.poll(pid, frame.id, frame.body.first().copied().unwrap_or(0)),
            FromProcess::Unlisten => {
                self.leave(pid, frame.id);
            }
            FromProcess::Took => self.took(pid, frame.id),
            FromProcess::Accept => self.accept(pid, frame.id, frame.number(), false),
            FromProcess::AcceptAndKeepNext => self.accept(pid, frame.id, frame.number(), true),
            FromProcess::Linger => self.linger(pid, frame, now),
            FromProcess::Unlink => {
                let its = self.closing.iter_mut().map(|(_, closing)| closing);
                for closing in its.filter(|closing| closing.pid == pid) {
                    closing.then = AfterClose::Tell;
                }
            }
            FromProcess::Data
            | FromProcess::Eof
            | FromProcess::Reset
            | FromProcess::Credit
            | FromProcess::Close => {
                self.take_from_server(pid, frame);
            }
            _ => {}
        }
    }

    fn poll(&mut self, pid: Pid, id: ListenerId, flags: u8) {
        self.accepts(pid, id, flags & TAKES_OFFERS != 0);
        self.offer(id);
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        // Where all that wait are on offer, the process sees them as it does a listener that is
        // readable.
        if listener.waiting.len() > listener.offers.len() + listener.kept_from(pid)
            || !listener.is_offered_to(pid)
        {
            push(
                self.outboxes.entry(pid).or_default(),
                ToProcess::Readable,
                id,
                b"",
            );
        } else if !listener.pollers.contains(&pid) {
            listener.pollers.push(pid);
            if flags & IN_TURN != 0 {
                listener.in_turn.push(pid);
            }
        }
    }

    /// A process accepts no more from a listener: what was kept for it is the others'.
    fn leave(&mut self, pid: Pid, id: ListenerId) {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        if !listener.leave(pid) {
            return;
        }
        for pid in std::mem::take(&mut listener.pollers) {
            push(
                self.outboxes.entry(pid).or_default(),
                ToProcess::Readable,
                id,
                b"",
            );
        }
    }

    /// A process accepts from this listener: what other listeners have kept for it is for those
    /// that find it.
    fn leave_others(&mut self, pid: Pid, id: ListenerId) {
        let others = self.listeners.iter_mut().filter(|(other, _)| **other != id);
        for (&other, listener) in others {
            if listener.kept_for.take_if(|its| *its == pid).is_some() {
                for pid in std::mem::take(&mut listener.pollers) {
                    let outbox = self.outboxes.entry(pid).or_default();
                    push(outbox, ToProcess::Readable, other, b"");
                }
            }
        }
    }

    fn linger(&mut self, pid: Pid, frame: Frame<'_, FromProcess>, now: Millis) {
        let Some(linger) = Linger::decode(frame.body) else {
            return;
        };
        let connection = self.connections.get(&frame.id);
        if connection.is_some_and(|connection| connection.server != Some(pid)) {
            return;
        }
        let closing = Closing {
            pid,
            then: linger.then,
            until: now + linger.timeout,
            left: linger.most,
        };
        self.closing.insert(frame.id, closing);
        match self.connections.get_mut(&frame.id) {
            Some(connection) => {
                connection.unread = 0;
                if !std::mem::replace(&mut connection.server_eof, true) {
                    self.client_events.push_back((frame.id, ClientEvent::Eof));
                }
                if connection.client_eof {
                    self.closed(frame.id);
                }
            }
            // The client has gone already.
            None => self.closed(frame.id),
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
        match closing.then {
            AfterClose::Nothing => return,
            AfterClose::Tell => {
                let outbox = self.outboxes.entry(closing.pid).or_default();
                push(outbox, ToProcess::Closed, id, b"");
            }
            AfterClose::Accept(listener) => self.accept(closing.pid, listener, 1, false),
        }
        self.turned.push(closing.pid);
    }

    /// A process that has sent more than a connection takes: the connection is reset.
    pub fn next_overrun(&mut self) -> Option<Pid> {
        self.overrun.pop()
    }

    /// A process whose loop has turned: its heartbeat.
    pub fn next_turned(&mut self) -> Option<Pid> {
        self.turned.pop()
    }

    /// Gives a process at most so many connections. `keep_next`: one more is kept for it.
    fn accept(&mut self, pid: Pid, id: ListenerId, most: u32, keep_next: bool) {
        self.accepts(pid, id, false);
        self.leave_others(pid, id);
        if let Some(listener) = self.listeners.get_mut(&id)
            && listener.kept_from(pid) == 0
        {
            listener.kept_for = keep_next.then_some(pid);
        }
        for _ in 0..most {
            let Some(connection) = self.next_waiting(pid, id) else {
                break;
            };
            self.give(pid, id, connection, None);
        }
        push(
            self.outboxes.entry(pid).or_default(),
            ToProcess::AcceptEnd,
            id,
            b"",
        );
    }

    /// A process has the connection: by an accept, or because it took an offer, which had so many
    /// bytes with it.
    pub(super) fn give(
        &mut self,
        pid: Pid,
        listener: ListenerId,
        id: ConnectionId,
        offered: Option<usize>,
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.server = Some(pid);
        self.owners.note(id, pid);
        let early = std::mem::take(&mut connection.early);
        let outbox = self.outboxes.entry(pid).or_default();
        let length = early.data.len() as u32;
        let granted = first_read(offered.unwrap_or(early.data.len()));
        connection.unread = u64::from(length - granted);
        if offered.is_none() {
            let accepted = accepted(listener, id, connection.connected_at, granted);
            push(outbox, ToProcess::Accepted, id, &accepted.encode());
        }
        self.client_events
            .push_back((id, ClientEvent::Accepted(pid)));
        if granted > 0 {
            self.client_events
                .push_back((id, ClientEvent::Credit(granted)));
        }
        let rest = early.data.split_at_checked(offered.unwrap_or(0));
        if let Some((_, rest)) = rest.filter(|(_, rest)| !rest.is_empty()) {
            push(outbox, ToProcess::Data, id, rest);
        }
        if early.reset {
            push(outbox, ToProcess::Reset, id, b"");
            self.connections.remove(&id);
        } else if connection.client_eof {
            push(outbox, ToProcess::Eof, id, b"");
        }
    }

    fn take_from_server(&mut self, pid: Pid, frame: Frame<'_, FromProcess>) {
        let id = frame.id;
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.server != Some(pid) || connection.server_closed {
            return;
        }
        let mut tell = |event| self.client_events.push_back((id, event));
        match frame.kind {
            FromProcess::Data if !connection.server_eof => {
                // A kernel's buffer takes no more: whoever says that it did is not ours.
                let Some(credit) = connection.credit.checked_sub(frame.body.len() as u32) else {
                    tell(ClientEvent::Reset);
                    self.connections.remove(&id);
                    self.overrun.push(pid);
                    return;
                };
                connection.credit = credit;
                tell(ClientEvent::Data(frame.body.to_vec()));
            }
            FromProcess::Credit => {
                connection.unread = connection.unread.saturating_sub(u64::from(frame.number()));
                if let Some(bytes) = granted(&mut connection.grant_client, frame.number()) {
                    tell(ClientEvent::Credit(bytes));
                }
            }
            FromProcess::Eof | FromProcess::Close => {
                if !std::mem::replace(&mut connection.server_eof, true) {
                    tell(ClientEvent::Eof);
                }
                connection.server_closed |= frame.kind == FromProcess::Close;
                if connection.server_closed && connection.client_eof {
                    self.connections.remove(&id);
                }
            }
            FromProcess::Reset => {
                tell(ClientEvent::Reset);
                self.connections.remove(&id);
            }
            _ => {}
        }
    }

    /// A process has ended: its connections end as the kernel ends those of a killed process, by
    /// FIN, or by RST where it left bytes unread.
    pub fn process_ended(&mut self, pid: Pid) {
        self.closing.retain(|_, closing| closing.pid != pid);
        let listeners: Vec<ListenerId> = self.listeners.keys().copied().collect();
        for id in listeners {
            self.withdraw(id, Some(pid));
            self.leave(pid, id);
        }
        // What it would have been told of those that it had taken.
        self.outboxes.remove(&pid);
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
