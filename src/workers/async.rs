//! uvicorn's worker: all connections at once on one asyncio loop.
//!
//! The loop reads, writes and accepts only where Python's `select()` stands: frames that come while
//! the loop is blocked in the app wait in the inbox, as bytes wait in a kernel's buffers. So a
//! blocked worker accepts nothing, reads nothing and lets no timer fire.

mod app_calls;
mod connection;
mod websocket;

use std::collections::{BTreeMap, VecDeque};

use crate::asgi::http::{self, Cycle};
use crate::asgi::refusal;
use crate::asgi::scope::Scope;
use crate::gateway::{Exception, Peer};
use crate::http1::server::{Connection, Event};
use crate::http1::{RequestError, RequestHead};
use crate::net::frame::{Accepted, Frame, FromProcess, ToProcess, push_number};
use crate::os::{Millis, Signal};
use crate::servers::{Level, Server};
use crate::trace::Name;

use super::Process;
use super::wire::Wire;
use connection::{AsgiConnection, AsgiRequest, append_trailers, log_access, upgrade, wake};
use websocket::Socket;

/// Bytes that wait to be sent beyond which `send()` waits (asyncio's high-water mark).
const HIGH_WATER: usize = 65_536;
/// Bytes below which it goes on (asyncio's low-water mark).
const LOW_WATER: usize = HIGH_WATER / 4;

/// What happens to the app, for Python's `select()` to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A request begins; its scope as a run of strings.
    Request(u32, Vec<u8>),
    /// A WebSocket connection begins; its scope as a list of strings.
    Socket(u32, Vec<u8>),
    /// The connection under a WebSocket is gone: in the loop's next round its session is to be told
    /// ([`AsyncWorker::socket_lost`]).
    Lost(u32),
    /// A waiting `receive()` may go on.
    Receivable(u32),
    /// A waiting `send()` may go on.
    Writable(u32),
    /// The server is to stop, because of this signal.
    Stop(Signal),
}

/// What sending an event gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Done,
    /// Too much waits to be sent: nothing was taken; send again after [`Happening::Writable`].
    Blocked,
    /// This is to be raised in the app.
    Raise(Exception),
}

/// The worker.
#[derive(Debug, Default)]
pub struct AsyncWorker {
    connections: BTreeMap<u32, Box<AsgiConnection>>,
    /// The connection of each request that the app has.
    requests: BTreeMap<u32, Box<AsgiRequest>>,
    /// WebSocket connections, by the number of the app's call.
    sockets: BTreeMap<u32, Box<Socket>>,
    next_request: u32,
    inbox: VecDeque<Arrived>,
    happenings: VecDeque<Happening>,
    polling: bool,
    listening: bool,
    /// How many connections the last `accept()` gave.
    accepted: u32,
    stopping: bool,
    /// Responses completed.
    total: u32,
}

#[derive(Debug)]
struct Arrived {
    kind: ToProcess,
    id: u32,
    body: Vec<u8>,
    /// The loop was not waiting when it came.
    late: bool,
}

impl AsyncWorker {
    /// A worker that accepts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // --- the loop's side

    /// Whether the thread that is parked in `select()` should look.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.happenings.is_empty()
    }

    /// When [`tick`](Self::tick) is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.connections
            .values()
            .filter_map(|c| c.idle_until)
            .chain(self.sockets.values().filter_map(|socket| socket.deadline()))
            .min_by(f64::total_cmp)
    }

    /// Timers of idle connections.
    pub fn tick(&mut self, process: &mut Process, now: Millis) {
        if self.polling {
            self.expire(process, now);
        }
    }

    /// Takes a frame from the kernel: at once if the loop stands in `select()`.
    pub fn deliver(&mut self, process: &mut Process, frame: Frame<'_, ToProcess>, now: Millis) {
        self.inbox.push_back(Arrived {
            kind: frame.kind,
            id: frame.id,
            body: frame.body.to_vec(),
            late: !self.polling,
        });
        if self.polling {
            self.pump(process, now);
        }
    }

    /// Python's thread enters `select()` and waits, or leaves it.
    pub fn set_polling(&mut self, process: &mut Process, polling: bool, now: Millis) {
        self.polling = polling;
        self.pump(process, now);
    }

    /// What `select()` returns next.
    pub fn next(&mut self, process: &mut Process, now: Millis) -> Option<Happening> {
        if self.happenings.is_empty() {
            self.pump(process, now);
        }
        let happening = self.happenings.pop_front()?;
        if let Happening::Request(id, _) = &happening
            && let Some(request) = self.requests.get_mut(id)
        {
            request.taken_at = Some(now);
            process.span(
                (request.connection, request.sequence),
                Name::Queue,
                request.begun_at,
                now,
            );
        }
        if let Happening::Socket(number, _) = &happening {
            self.socket_taken(process, *number, now);
        }
        Some(happening)
    }

    /// The connection of a request that the app has, and its place on it.
    #[must_use]
    pub fn request(&self, id: u32) -> Option<(u32, u32)> {
        if let Some(socket) = self.sockets.get(&id) {
            return Some((socket.connection, socket.sequence));
        }
        let request = self.requests.get(&id)?;
        Some((request.connection, request.sequence))
    }

    fn pump(&mut self, process: &mut Process, now: Millis) {
        while let Some(arrived) = self.inbox.pop_front() {
            self.take(process, &arrived, now);
        }
        self.expire(process, now);
    }

    fn expire(&mut self, process: &mut Process, now: Millis) {
        let due = |c: &AsgiConnection| c.idle_until.is_some_and(|at| at <= now);
        let ids: Vec<u32> = self
            .connections
            .iter()
            .filter(|(_, c)| due(c))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.close(process, id, now);
        }
        self.tick_sockets(process, now);
    }

    /// The app is started: the loop accepts.
    pub fn listen(&mut self, process: &mut Process) {
        self.listening = true;
        for index in 0..process.listeners.len() {
            let id = process.listeners[index].id;
            process.tell(FromProcess::Poll, id);
        }
    }

    /// The server stops accepting; idle connections close, busy ones after their response.
    pub fn close_listeners(&mut self, process: &mut Process, now: Millis) {
        self.listening = false;
        self.stopping = true;
        for listener in std::mem::take(&mut process.listeners) {
            process.tell(FromProcess::Unlisten, listener.id);
        }
        self.shut_sockets(process, now);
        let ids: Vec<u32> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(c) = self.connections.get(&id) else {
                continue;
            };
            if c.socket.is_some() {
                continue;
            }
            match c
                .request
                .and_then(|request| self.requests.get_mut(&request))
            {
                Some(request) if !request.cycle.is_complete() => request.cycle.close_after(),
                // gunicorn waits for kept connections.
                _ if process.launch.python_responses => {}
                _ => self.close(process, id, now),
            }
        }
    }

    /// Open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Responses completed so far.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.total
    }

    /// A signal for the process. It dies of those that nobody handles: gunicorn has no handler for
    /// the SIGABRT of uvicorn's worker class either.
    pub fn signal(&mut self, process: &mut Process, signal: Signal) {
        match signal {
            Signal::Term | Signal::Int => self.happenings.push_back(Happening::Stop(signal)),
            Signal::Abrt | Signal::Hup | Signal::Quit | Signal::Usr1 | Signal::Usr2
                if process.launch.server() != Server::Gunicorn
                    || signal == Signal::Abrt && !process.launch.python_responses =>
            {
                let number = signal.number() as u32;
                push_number(&mut process.frames, FromProcess::Die, 0, number);
            }
            _ => {}
        }
    }

    // --- the kernel's side

    fn take(&mut self, process: &mut Process, arrived: &Arrived, now: Millis) {
        match arrived.kind {
            // A loop that was blocked has accepted two before it calls the app, of which its rivals
            // see neither.
            ToProcess::Readable if self.listening && arrived.late => {
                self.accept(process, FromProcess::AcceptAndKeepNext, arrived.id);
            }
            ToProcess::Readable if self.listening => {
                self.accept(process, FromProcess::Accept, arrived.id);
            }
            // While it reads the request of the connection that it has accepted, the loop sees that
            // another waits.
            ToProcess::AcceptEnd if self.listening && std::mem::take(&mut self.accepted) > 0 => {
                self.accept(process, FromProcess::Accept, arrived.id);
            }
            ToProcess::AcceptEnd if self.listening => process.tell(FromProcess::Poll, arrived.id),
            ToProcess::Accepted => self.accepted(process, arrived, now),
            ToProcess::Data | ToProcess::Eof | ToProcess::Reset | ToProcess::Credit => {
                self.moved(process, arrived, now);
            }
            _ => {}
        }
    }

    /// Asks for as many connections as this server takes per wake.
    fn accept(&mut self, process: &mut Process, how: FromProcess, listener: u32) {
        self.accepted = 0;
        let most = process.launch.accepts;
        push_number(&mut process.frames, how, listener, most);
    }

    fn accepted(&mut self, process: &mut Process, arrived: &Arrived, now: Millis) {
        let Some(accepted) = Accepted::decode(&arrived.body) else {
            return;
        };
        self.accepted += 1;
        process.span((arrived.id, 0), Name::Backlog, accepted.connected_at, now);
        let listener = process
            .listeners
            .iter()
            .find(|listener| listener.id == accepted.listener);
        let local =
            listener.map_or_else(|| ("127.0.0.1".to_owned(), 0), |l| (l.host.clone(), l.port));
        let connection = AsgiConnection {
            wire: Wire::new(arrived.id, accepted.granted),
            http: Connection::new(process.launch.rules, process.launch.limits),
            peer: Peer {
                remote: ("127.0.0.1".to_owned(), accepted.peer_port),
                local,
            },
            accepted_at: now,
            first_byte_at: None,
            requests: 0,
            request: None,
            socket: None,
            idle_since: None,
            idle_until: (process.launch.server() == Server::Daphne)
                .then_some(now + process.launch.keep_alive),
            close_when_sent: false,
            blocked: false,
            written_at: None,
        };
        self.connections.insert(arrived.id, Box::new(connection));
    }

    fn moved(&mut self, process: &mut Process, arrived: &Arrived, now: Millis) {
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
                        self.happenings.push_back(Happening::Writable(number));
                    }
                }
                self.sent(process, id, now);
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
                self.disconnect(process, id, now);
            }
        }
    }

    /// Everything that was to be sent may be sent now.
    fn sent(&mut self, process: &mut Process, id: u32, now: Millis) {
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

    fn read(&mut self, process: &mut Process, id: u32, now: Millis) {
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
                        self.happenings.extend(wake(request, c.request));
                    }
                }
                Ok(Some(Event::End)) => {
                    if let Some(request) = request {
                        let waiting =
                            self.happenings
                                .iter_mut()
                                .find_map(|happening| match happening {
                                    Happening::Request(id, run) if Some(*id) == c.request => {
                                        Some(run)
                                    }
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
                        self.happenings.extend(wake(request, c.request));
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

    fn refuse(
        &mut self,
        process: &mut Process,
        id: u32,
        error: Option<&RequestError>,
        now: Millis,
    ) {
        let mut out = Vec::new();
        match error {
            Some(error) if process.launch.is_gunicorns_asgi() => refusal::refuse(error, &mut out),
            _ => {
                process.log(Level::Warning, "Invalid HTTP request received.", now);
                let date = process.date(now).to_owned();
                http::reject(&process.launch, &date, &mut out);
            }
        }
        if let Some(c) = self.connections.get_mut(&id) {
            c.wire.send(&out, &mut process.frames);
        }
        self.close(process, id, now);
    }

    fn begin(&mut self, process: &mut Process, id: u32, head: &RequestHead, now: Millis) {
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
        if process.launch.asgi.websocket.is_some() && websocket::asks(head) {
            self.begin_socket(process, (id, sequence), number, head, now);
            return;
        }
        if !process.launch.python_responses && upgrade(head).is_some() {
            websocket::warn_unsupported(process, now);
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
            taken_at: None,
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
        self.happenings
            .push_back(Happening::Request(number, strings));
    }

    fn next_number(&mut self) -> u32 {
        self.next_request = (self.next_request + 1) & 0x1fff_ffff;
        self.next_request
    }

    /// The server closes a connection: once everything is sent.
    fn close(&mut self, process: &mut Process, id: u32, now: Millis) {
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
        self.lost(id);
        self.sent(process, id, now);
    }

    /// The client has gone.
    fn disconnect(&mut self, process: &mut Process, id: u32, now: Millis) {
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

    fn lost(&mut self, id: u32) {
        let Some(c) = self.connections.get(&id) else {
            return;
        };
        let Some(number) = c.request else { return };
        if let Some(request) = self.requests.get_mut(&number) {
            request.cycle.disconnected();
            self.happenings.extend(wake(request, Some(number)));
            if c.blocked {
                self.happenings.push_back(Happening::Writable(number));
            }
        }
    }
}

#[cfg(test)]
#[path = "async_tests.rs"]
mod tests;
#[cfg(test)]
mod websocket_tests;
