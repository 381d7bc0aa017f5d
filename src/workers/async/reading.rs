//! What comes on a connection: bytes, of which requests are made, credit, and its end.

use crate::asgi::http::h11::knows_chunks;
use crate::asgi::http::{Cycle, Exchange, LocalError};
use crate::asgi::refusal;
use crate::asgi::scope::Scope;
use crate::asgi::websocket;
use crate::http1::server::{Event, State};
use crate::http1::{Framing, RequestError, RequestHead};
use crate::net::frame::ToProcess;
use crate::os::{Millis, Stream};
use crate::servers::{HttpLibrary, Level, Server};
use crate::trace::Name;
use crate::websocket::Settings;
use crate::workers::ProcessContext;

use super::connection::{AsgiRequest, Handshake, Past, append_trailers, log_access, wake};
use super::event::{End, LoopEvent, Pending};
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
                        self.events.emit(LoopEvent::Writable(number));
                    }
                }
                self.all_sent(process, id, now);
            }
            kind => {
                let how = if kind == ToProcess::Reset {
                    End::Reset
                } else {
                    End::Closed
                };
                if how == End::Reset {
                    c.wire.reset();
                }
                if let Some(number) = socket {
                    self.socket_ended(process, number, now);
                } else if self.has_turned || !self.events.is_empty() {
                    let connection = id;
                    self.events.push(Pending::Ended { connection, how });
                } else {
                    self.ended(process, id, how, now);
                }
            }
        }
    }

    /// The loop sees that the client has ended the connection: where it reads. An end of file
    /// closes the whole connection, as asyncio's transports do: who half-closes gets no answer but
    /// what was sent before.
    pub(super) fn ended(&mut self, process: &mut ProcessContext, id: u32, how: End, now: Millis) {
        if how == End::Closed {
            self.read(process, id, now);
        }
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        if c.paused && !c.close_when_sent {
            c.ended = Some(how);
        } else {
            self.client_gone(process, id, now);
        }
    }

    /// The app receives, or has answered: what was held back is read.
    pub(super) fn resume(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        if !std::mem::take(&mut c.paused) {
            return;
        }
        if let Some(how) = c.ended.take() {
            let connection = id;
            self.events.push(Pending::Ended { connection, how });
        }
        self.read(process, id, now);
    }

    /// Reads what has come, as long as nothing holds the reading up.
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
            if c.paused || !c.wire.is_readable() {
                return;
            }
            if c.reading.is_none() && c.first_byte_at.is_none() {
                c.first_byte_at = Some(now);
            }
            if let Some(since) = c.idle_since.take() {
                process.span((id, c.requests), Name::KeepAlive, since, now);
            }
            c.idle_until = None;
            let most = process.launch.asgi.read_size;
            let bytes = c.wire.read_at_most(most, &mut process.lazy);
            if c.http.state() == State::Closed {
                continue;
            }
            c.http.receive(&bytes);
            if self.has_come_too_late(process, id) {
                let error = RequestError::RequestLine(bytes);
                self.refuse(process, id, Some(&error), now);
                return;
            }
            self.parse(process, id, now);
        }
    }

    /// Whether what has come for a connection with h11 can be no further request: one of both sides
    /// has said that it closes.
    fn has_come_too_late(&mut self, process: &ProcessContext, id: u32) -> bool {
        if process.launch.asgi.http != HttpLibrary::H11 {
            return false;
        }
        let Some(c) = self.connections.get(&id) else {
            return false;
        };
        let request = c.reading.and_then(|number| self.requests.get_mut(&number));
        let exchange = request.and_then(|request| request.cycle.exchange());
        c.http.state() == State::Complete && exchange.is_some_and(|its| !its.allows_more())
    }

    /// Makes requests of what has been read.
    pub(super) fn parse(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        let reads_ahead = process.launch.reads_ahead();
        loop {
            let Some(c) = self.connections.get_mut(&id) else {
                return;
            };
            if c.close_when_sent || c.socket.is_some() {
                return;
            }
            let number = c.reading;
            let request = number.and_then(|number| self.requests.get_mut(&number));
            match c.http.next_event() {
                Ok(None) => {
                    if process.launch.asgi.http == HttpLibrary::H11
                        && c.http.state() == State::Complete
                        && let Some(exchange) = request.and_then(|its| its.cycle.exchange())
                    {
                        // What follows waits for the end of the response.
                        let waits = exchange.allows_more() && !c.http.incomplete().is_empty();
                        c.paused |= waits || exchange.proposes_switch();
                    }
                    return;
                }
                Ok(Some(Event::Head(head))) => self.begin(process, id, &head, now),
                Ok(Some(Event::Body(data))) => {
                    if let Some(handshake) = &mut c.handshake {
                        handshake.body.extend_from_slice(data);
                        if handshake.body.len() > Handshake::MOST {
                            self.refuse(process, id, None, now);
                            return;
                        }
                    } else if let Some(request) = request {
                        if process.launch.is_gunicorns_asgi() {
                            request.cycle.no_continue();
                        }
                        request.cycle.request_body(data);
                        c.paused |= request.cycle.is_full();
                        self.events.emit_all(wake(request, number));
                    }
                }
                Ok(Some(Event::End)) => {
                    if let Some(handshake) = c.handshake.take() {
                        self.end_handshake(process, id, &handshake, now);
                        continue;
                    }
                    let Some(request) = request.filter(|request| !request.cycle.is_complete())
                    else {
                        // The response was complete before the request was.
                        c.past.is_answered = false;
                        c.http.end_response(true);
                        continue;
                    };
                    if process.launch.is_gunicorns_asgi() {
                        request.cycle.no_continue();
                    }
                    request.cycle.request_end();
                    self.events.emit_all(wake(request, number));
                    if reads_ahead {
                        self.read_ahead(process, id, now);
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

    /// httptools goes on to the next request while the app has this one.
    fn read_ahead(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        // uvicorn adds trailers to the list in the scope, where an app that began before may or may
        // not look.
        let number = c.reading.unwrap_or_default();
        let mut queued = c.pipeline.iter_mut();
        let scope = match queued.find(|(queued, _)| *queued == number) {
            Some((_, scope)) => Some(scope),
            None => self.events.scope_mut(number),
        };
        if let Some(scope) = scope {
            append_trailers(scope, c.http.trailers());
        }
        // llhttp throws away what comes after a request that closes.
        let upgrades = std::mem::take(&mut c.drops_rest);
        let keeps = c.http.can_keep(Framing::Empty);
        c.http.end_response(keeps);
        if upgrades || !keeps {
            c.http.discard();
        }
        if upgrades {
            socket::warn_unsupported(process, now);
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
            error if process.launch.server() == Server::Daphne => refusal::daphne(error, &mut out),
            _ => {
                process.log(Level::Warning, refusal::INVALID, now);
                if process.launch.asgi.http == HttpLibrary::H11 {
                    if let Err(error) = self.refuse_by_h11(id, &mut out) {
                        process.line(Stream::Stderr, &refusal::fatal(&error));
                        self.force_close(process, id);
                        return;
                    }
                } else {
                    let date = process.date(now).to_owned();
                    refusal::uvicorn(&process.launch, &date, &mut out);
                }
            }
        }
        if let Some(c) = self.connections.get_mut(&id) {
            c.wire.send(&out, &mut process.frames);
        }
        self.close(process, id, now);
    }

    /// h11 answers where the response under way lets it.
    fn refuse_by_h11(&mut self, id: u32, out: &mut Vec<u8>) -> Result<(), LocalError> {
        let Some(c) = self.connections.get(&id) else {
            return Ok(());
        };
        let request = c.reading.and_then(|number| self.requests.get_mut(&number));
        let mut idle = if c.past.is_answered {
            Exchange::answered()
        } else {
            Exchange::idle(c.past.knows_chunks)
        };
        let exchange = request.and_then(|request| request.cycle.exchange());
        exchange
            .unwrap_or(&mut idle)
            .refuse(refusal::INVALID.as_bytes(), out)
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
        c.idle_until = None;
        c.idle_since = None;
        c.past = Past {
            knows_chunks: knows_chunks(head),
            is_answered: false,
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
            c.paused = false;
            if process.launch.server() == Server::Daphne && head.framing != Framing::Empty {
                c.handshake = Some(Box::new(Handshake {
                    number,
                    sequence,
                    head: head.clone(),
                    body: Vec::new(),
                }));
                return;
            }
            self.begin_socket(process, (id, sequence), number, head, now);
            return;
        }
        let protocol = websocket::upgrade(head);
        let upgrades = protocol.is_some();
        if process.launch.reads_ahead() {
            // What follows is of another protocol for httptools, and lost.
            c.drops_rest =
                protocol.is_some_and(|name| !name.is_empty()) || head.method == b"CONNECT";
        } else if upgrades && !process.launch.python_responses {
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
            self.close(process, id, now);
            return;
        }
        self.requests.insert(number, Box::new(request));
        c.reading = Some(number);
        if c.request.is_some() {
            c.paused = true;
            c.pipeline.push_back((number, strings));
        } else {
            c.request = Some(number);
            self.events.emit(LoopEvent::Request(number, strings));
        }
    }

    pub(super) fn next_number(&mut self) -> u32 {
        self.next_request = (self.next_request + 1) & 0x1fff_ffff;
        self.next_request
    }
}
