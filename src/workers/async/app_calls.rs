//! What Python calls for an app: `receive()`, `send()`, and how its call ended.

use crate::asgi::http::{self, Cycle, Part, Progress, Received};
use crate::gateway::Exception;
use crate::http1::server::State;
use crate::os::Millis;
use crate::servers::{Level, Server, log};
use crate::trace::Name;
use crate::workers::ProcessContext;

use super::connection::{log_access, wake};
use super::event::LoopEvent;
use super::watermarks::HIGH_WATER;
use super::worker::AsyncWorker;

/// What sending an event gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Done,
    /// Too much waits to be sent: nothing was taken; send again after
    /// [`LoopEvent::Writable`](super::LoopEvent::Writable).
    Blocked,
    /// This is to be raised in the app.
    Raise(Exception),
}

impl AsyncWorker {
    /// `receive()`; on [`Received::Wait`] the app waits for
    /// [`LoopEvent::Receivable`](super::LoopEvent::Receivable).
    pub fn receive(&mut self, process: &mut ProcessContext, id: u32, now: Millis) -> Received {
        let Some(request) = self.requests.get_mut(&id) else {
            return Received::Disconnect;
        };
        let mut out = Vec::new();
        let received = request.cycle.receive(&mut out);
        request.waiting = received == Received::Wait;
        let connection = request.connection;
        if let Some(c) = self.connections.get_mut(&connection) {
            c.wire.send(&out, &mut process.frames);
        }
        if received != Received::Disconnect {
            self.resume(process, connection, now);
        }
        received
    }

    /// `http.response.start`; headers as strings behind their count.
    pub fn start(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        status: u16,
        headers: &[u8],
    ) -> Sent {
        let Some(request) = self.requests.get_mut(&id) else {
            return Sent::Done;
        };
        let mut out = Vec::new();
        let first = !request.cycle.is_started();
        let started = request.cycle.start(status, headers, &mut out);
        if first && request.cycle.is_started() {
            log_access(process, request, status);
        }
        if let Some(c) = self.connections.get_mut(&request.connection) {
            c.wire.send(&out, &mut process.frames);
        }
        started.map_or_else(|error| Sent::Raise(error.exception()), |()| Sent::Done)
    }

    /// The app has changed its scope: the request is what the scope now says, in the access log and
    /// for the framing of the response. `line` is `GET /path HTTP/1.1`.
    pub fn changed(&mut self, id: u32, client: String, line: String, is_head: bool) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.client = client;
            request.line = line;
            request.cycle.is_head(is_head);
        }
    }

    /// An `http.response.start` that Python refuses, for want of a status or for its headers.
    /// `None`: the client is gone, and nothing is raised.
    pub fn start_failed(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        status: Option<u16>,
    ) -> Option<Sent> {
        let request = self.requests.get_mut(&id)?;
        match request.cycle.start_failed() {
            Ok(true) => {
                if let Some(status) = status {
                    log_access(process, request, status);
                }
                Some(Sent::Done)
            }
            Ok(false) => None,
            Err(error) => Some(Sent::Raise(error.exception())),
        }
    }

    /// `http.response.body`, or a part of one. Only the first part waits: the transport takes a
    /// body as a whole.
    ///
    /// Where Python writes the bytes of the whole response, `rest` says whether the connection is
    /// kept afterwards, and what it waits for are the bytes that this call has sent.
    pub fn body(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        part: Part<'_>,
        now: Millis,
    ) -> Sent {
        if process.launch.python_responses {
            return self.write(process, id, part, now);
        }
        let Some(request) = self.requests.get_mut(&id) else {
            return Sent::Done;
        };
        if let Some(c) = self.connections.get_mut(&request.connection)
            && c.wire.unsent() > HIGH_WATER
            && !c.close_when_sent
            && !request.cycle.is_in_body()
        {
            c.blocked = true;
            return Sent::Blocked;
        }
        let mut out = Vec::with_capacity(part.data.len() + 16);
        let progress = request.cycle.body(part, &mut out);
        if let Some(c) = self.connections.get_mut(&request.connection) {
            c.wire.send(&out, &mut process.frames);
        }
        match progress {
            Ok(Progress::Complete { keep_alive }) => {
                self.complete(process, id, keep_alive, now);
                Sent::Done
            }
            Ok(Progress::Continues) => Sent::Done,
            Err(error) => Sent::Raise(error.exception()),
        }
    }

    pub(super) fn write(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        part: Part<'_>,
        now: Millis,
    ) -> Sent {
        let Some(request) = self.requests.get_mut(&id) else {
            return Sent::Done;
        };
        let mut sent = Sent::Done;
        if let Some(c) = self.connections.get_mut(&request.connection)
            && !c.close_when_sent
        {
            c.wire.send(part.data, &mut process.frames);
            // daphne waits for no client.
            if part.more
                && c.wire.unsent() > HIGH_WATER
                && process.launch.server() != Server::Daphne
            {
                c.blocked = true;
                sent = Sent::Blocked;
            }
        }
        if !part.more && !request.cycle.is_complete() {
            request.cycle.finish();
            self.complete(process, id, part.rest > 0, now);
        }
        sent
    }

    /// An event of another type.
    pub fn other(&mut self, id: u32, kind: &str) -> Sent {
        let Some(request) = self.requests.get_mut(&id) else {
            return Sent::Done;
        };
        request
            .cycle
            .other(kind)
            .map_or_else(|error| Sent::Raise(error.exception()), |()| Sent::Done)
    }

    /// The response is complete; the app may still run.
    pub(super) fn complete(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        keep_alive: bool,
        now: Millis,
    ) {
        let Some(request) = self.requests.get_mut(&id) else {
            return;
        };
        let connection = request.connection;
        self.total += 1;
        let from = request.called_at.unwrap_or(request.begun_at);
        process.span((connection, request.sequence), Name::App, from, now);
        self.events.emit_all(wake(request, Some(id)));
        let Some(c) = self.connections.get_mut(&connection) else {
            return;
        };
        c.request = None;
        c.reading.take_if(|reading| *reading == id);
        c.past.is_answered = c.http.state() == State::Body;
        if c.wire.unsent() > 0 {
            c.written_at = Some(now);
        }
        if c.close_when_sent {
            return;
        }
        if !keep_alive {
            self.close(process, connection, now);
            return;
        }
        if let Some((number, scope)) = c.pipeline.pop_front() {
            c.request = Some(number);
            self.events.emit(LoopEvent::Request(number, scope));
        } else {
            c.idle_since = Some(now);
            c.idle_until = Some(now + process.launch.keep_alive);
        }
        if !process.launch.reads_ahead() {
            c.http.end_response(true);
            self.parse(process, connection, now);
        }
        self.resume(process, connection, now);
    }

    /// The app has returned; `result` is `str()` of what it returned unless that is None.
    pub fn returned(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        result: Option<&str>,
        now: Millis,
    ) {
        self.app_ended(process, id, now, "", |cycle, out| {
            cycle.returned(result, out)
        });
    }

    /// The app has raised.
    pub fn raised(&mut self, process: &mut ProcessContext, id: u32, traceback: &str, now: Millis) {
        self.app_ended(process, id, now, traceback, Cycle::raised);
    }

    pub(super) fn app_ended(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        now: Millis,
        traceback: &str,
        end: impl FnOnce(&mut Cycle, &mut Vec<u8>) -> http::Outcome,
    ) {
        let Some(mut request) = self.requests.remove(&id) else {
            return;
        };
        let complete = request.cycle.is_complete();
        let mut out = Vec::new();
        let outcome = end(&mut request.cycle, &mut out);
        if let Some(text) = outcome.log {
            let text = if outcome.traceback {
                log::with_traceback(&text, traceback)
            } else {
                text
            };
            process.log(Level::Error, &text, now);
        }
        if let Some(status) = outcome.status {
            log_access(process, &request, status);
        }
        let Some(c) = self.connections.get_mut(&request.connection) else {
            return;
        };
        c.wire.send(&out, &mut process.frames);
        if !complete {
            self.total += u32::from(request.cycle.is_complete());
            let from = request.called_at.unwrap_or(request.begun_at);
            process.span((request.connection, request.sequence), Name::App, from, now);
        }
        c.request.take_if(|request| *request == id);
        c.reading.take_if(|reading| *reading == id);
        if outcome.close {
            self.close(process, request.connection, now);
        }
    }
}
