//! How connections end: by the server once everything is sent, or by the client.

use crate::os::Millis;
use crate::trace::Name;
use crate::workers::ProcessContext;

use super::connection::wake;
use super::event::LoopEvent;
use super::worker::AsyncWorker;

impl AsyncWorker {
    /// Everything that was to be sent may be sent now.
    pub(super) fn all_sent(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        if c.wire.unsent() > 0 {
            return;
        }
        if let Some(written_at) = c.written_at.take() {
            process.span(
                (id, c.requests.saturating_sub(1)),
                Name::Write,
                written_at,
                now,
            );
        }
        if c.close_when_sent {
            c.wire.close(&mut process.frames);
            let socket = c.socket;
            self.connections.remove(&id);
            if let Some(number) = socket {
                self.socket_gone(number);
            }
        }
    }

    /// The server closes a connection: once everything is sent.
    pub(super) fn close(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        c.close_when_sent = true;
        c.idle_until = None;
        if let Some(since) = c.idle_since.take() {
            process.span(
                (id, c.requests.saturating_sub(1)),
                Name::KeepAlive,
                since,
                now,
            );
        }
        // What the client still sends is thrown away.
        c.wire.read(&mut process.lazy);
        self.disconnect_request(id);
        self.all_sent(process, id, now);
    }

    /// The server resets a connection.
    pub(super) fn abort(&mut self, process: &mut ProcessContext, id: u32) {
        let Some(mut c) = self.connections.remove(&id) else {
            return;
        };
        c.wire.abort(&mut process.frames);
        if let Some(number) = c.socket {
            self.socket_gone(number);
        }
    }

    /// The client has gone.
    pub(super) fn client_gone(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        self.close(process, id, now);
        if let Some(c) = self.connections.get(&id)
            && c.wire.broken
        {
            let socket = c.socket;
            self.connections.remove(&id);
            if let Some(number) = socket {
                self.socket_gone(number);
            }
        }
    }

    pub(super) fn disconnect_request(&mut self, id: u32) {
        let Some(c) = self.connections.get(&id) else {
            return;
        };
        let Some(number) = c.request else { return };
        if let Some(request) = self.requests.get_mut(&number) {
            request.cycle.disconnected();
            self.events.extend(wake(request, Some(number)));
            if c.blocked {
                self.events.push_back(LoopEvent::Writable(number));
            }
        }
    }
}
