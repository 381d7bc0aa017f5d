//! How connections end: by the server once everything is sent, or by the client.

use crate::os::Millis;
use crate::trace::Name;
use crate::workers::ProcessContext;

use super::connection::wake;
use super::event::{LoopEvent, Pending};
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
            self.forget(id);
        }
    }

    /// The connection is no more. Whoever it concerns is told in the loop's next iteration.
    fn forget(&mut self, id: u32) {
        let Some(c) = self.connections.remove(&id) else {
            return;
        };
        for (number, _) in c.pipeline {
            self.requests.remove(&number);
        }
        if let Some(number) = c.socket {
            self.socket_gone(number);
        }
        if let Some(number) = c.reading {
            self.events.push(Pending::Gone(number));
        }
        if let Some(number) = c.request.filter(|_| c.blocked) {
            self.events.emit(LoopEvent::Writable(number));
        }
    }

    /// What a loop does after an error of its protocol: nothing more is sent.
    pub(super) fn force_close(&mut self, process: &mut ProcessContext, id: u32) {
        if let Some(c) = self.connections.get_mut(&id) {
            c.wire.drop_unsent();
            c.wire.close(&mut process.frames);
            self.forget(id);
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
        self.all_sent(process, id, now);
    }

    /// The server resets a connection.
    pub(super) fn abort(&mut self, process: &mut ProcessContext, id: u32) {
        if let Some(c) = self.connections.get_mut(&id) {
            c.wire.abort(&mut process.frames);
            self.forget(id);
        }
    }

    /// The client has gone.
    pub(super) fn client_gone(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        self.close(process, id, now);
        if self.connections.get(&id).is_some_and(|c| c.wire.broken) {
            self.forget(id);
        }
    }

    /// The app of a request gets to know that its client is gone.
    pub(super) fn request_lost(&mut self, number: u32) {
        if let Some(request) = self.requests.get_mut(&number) {
            request.cycle.disconnected();
            self.events.emit_all(wake(request, Some(number)));
        }
    }
}
