//! What comes on a connection: bytes, of which requests are made, credit, and its end.

use crate::asgi::http::Cycle;
use crate::asgi::refusal;
use crate::asgi::scope::Scope;
use crate::asgi::websocket;
use crate::http1::server::Event;
use crate::http1::{RequestError, RequestHead};
use crate::net::frame::ToProcess;
use crate::os::Millis;
use crate::servers::Level;
use crate::trace::Name;
use crate::websocket::Settings;
use crate::workers::ProcessContext;

use super::connection::{AsgiRequest, append_trailers, log_access, wake};
use super::event::LoopEvent;
use super::socket;
use super::watermarks::LOW_WATER;
use super::worker::{Arrived, AsyncWorker};

impl AsyncWorker {
    pub(super) fn connection_frame(
        &mut self,
        process: &mut ProcessContext,
        arrived: &Arrived,
        now: Millis,
    ) {
        let id = arrived.id;
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        let socket = c.socket;
        match arrived.kind {
            ToProcess::Data => {
                c.wire.receive(&arrived.body);
                self.read(process, id, now);
            }
            ToProcess::Credit => {
                let number = arrived
                    .body
                    .as_slice()
                    .try_into()
                    .map_or(0, u32::from_le_bytes);
                c.wire.grant(number, &mut process.frames);
                if c.blocked && c.wire.unsent() <= LOW_WATER {
                    c.blocked = false;
                    if let Some(number) = c.request.or(socket) {
                        self.events.push_back(LoopEvent::Writable(number));
                    }
                }
                self.all_sent(process, id, now);
            }
            // An end of file closes the whole connection, as asyncio's transports do: who
            // half-closes gets no answer.
            _ => {
                if arrived.kind == ToProcess::Reset {
                    c.wire.reset();
                }
                if let Some(number) = socket {
                    self.socket_ended(process, number, now);
                    return;
                }
                if arrived.kind != ToProcess::Reset {
                    self.read(process, id, now);
                }
                self.client_gone(process, id, now);
            }
        }
    }

    pub(super) fn read(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        loop {
            let Some(c) = self.connections.get_mut(&id) else {
                return;
            };
            if c.close_when_sent {
                return;
            }
            if let Some(number) = c.socket {
                self.read_socket(process, number, now);
                return;
            }
            let request = c.request.and_then(|id| self.requests.get_mut(&id));
            if request
                .as_ref()
                .is_some_and(|request| request.cycle.is_full())
            {
                return;
            }
            if c.wire.is_readable() {
                if c.request.is_none() && c.first_byte_at.is_none() {
                    c.first_byte_at = Some(now);
                }
                if let Some(since) = c.idle_since.take() {
                    process.span((id, c.requests), Name::KeepAlive, since, now);
                }
                c.idle_until = None;
                let bytes = c.wire.read(&mut process.lazy);
                c.http.receive(&bytes);
            }
            match c.http.next_event() {
                Ok(None) => {
                    if !c.wire.is_readable() {
                        return;
                    }
                }
                Ok(Some(Event::Head(head))) => self.begin(process, id, &head, now),
                Ok(Some(Event::Body(data))) => {
                    if let Some(request) = request {
                        if process.launch.is_gunicorns_asgi() {
                            request.cycle.no_continue();
                        }
                        request.cycle.request_body(data);
                        self.events.extend(wake(request, c.request));
                    }
                }
                Ok(Some(Event::End)) => {
                    if let Some(request) = request {
                        let waiting = self.events.iter_mut().find_map(|event| match event {
                            LoopEvent::Request(id, run) if Some(*id) == c.request => Some(run),
                            _ => None,
                        });
                        // uvicorn adds them to the list in the scope, where an app that began
                        // before may or may not look.
                        if process.launch.is_gunicorns_asgi() {
                            request.cycle.no_continue();
                        } else if let Some(run) = waiting {
                            append_trailers(run, c.http.trailers());
                        }
                        request.cycle.request_end();
                        self.events.extend(wake(request, c.request));
                    } else {
                        // The response was complete before the request was.
                        c.http.end_response(true);
                    }
                }
                Ok(Some(Event::Closed)) => return,
                Err(error) => {
                    self.refuse(process, id, Some(&error), now);
                    return;
                }
            }
        }
    }

    pub(super) fn refuse(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        error: Option<&RequestError>,
        now: Millis,
    ) {
        let mut out = Vec::new();
        match error {
            Some(error) if process.launch.is_gunicorns_asgi() => refusal::gunicorn(error, &mut out),
            _ => {
                process.log(Level::Warning, "Invalid HTTP request received.", now);
                let date = process.date(now).to_owned();
                refusal::uvicorn(&process.launch, &date, &mut out);
            }
        }
        if let Some(c) = self.connections.get_mut(&id) {
            c.wire.send(&out, &mut process.frames);
        }
        self.close(process, id, now);
    }

    pub(super) fn begin(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        head: &RequestHead,
        now: Millis,
    ) {
        let date = process.date(now).to_owned();
        let number = self.next_number();
        let open = self.connections.len();
        let running = self.requests.len() + self.sockets.len();
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        let sequence = c.requests;
        c.requests += 1;
        process.span(
            (id, sequence),
            Name::Parse,
            c.first_byte_at.take().unwrap_or(c.accepted_at),
            now,
        );
        let asks = |settings: &Settings| websocket::asks(head, settings);
        if process.launch.asgi.websocket.as_ref().is_some_and(asks) {
            self.begin_socket(process, (id, sequence), number, head, now);
            return;
        }
        if !process.launch.python_responses && websocket::upgrade(head).is_some() {
            socket::warn_unsupported(process, now);
        }
        let Ok(scope) = Scope::new(head, &c.peer, &process.launch) else {
            self.refuse(process, id, None, now);
            return;
        };
        let strings = scope.strings().encode();
        let (client, line) = (scope.client_text(), scope.request_line());
        let mut cycle = Cycle::new(head, &process.launch, &date);
        if self.stopping {
            cycle.close_after();
        }
        let full = process.launch.asgi.limit_concurrency.is_some_and(|limit| {
            // uvicorn counts this connection, but not yet this task.
            open >= limit as usize || running >= limit as usize
        });
        c.request = Some(number);
        let mut request = AsgiRequest {
            connection: id,
            sequence,
            cycle,
            client,
            line,
            begun_at: now,
            called_at: None,
            waiting: false,
        };
        if full {
            process.log(Level::Warning, "Exceeded concurrency limit.", now);
            let mut out = Vec::new();
            let outcome = request.cycle.unavailable(&mut out);
            if let Some(status) = outcome.status {
                log_access(process, &request, status);
            }
            c.wire.send(&out, &mut process.frames);
            c.request = None;
            self.close(process, id, now);
            return;
        }
        self.requests.insert(number, Box::new(request));
        self.events.push_back(LoopEvent::Request(number, strings));
    }

    pub(super) fn next_number(&mut self) -> u32 {
        self.next_request = (self.next_request + 1) & 0x1fff_ffff;
        self.next_request
    }
}
