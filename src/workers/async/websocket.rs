//! WebSocket connections of the loop: what HTTP hands over after a request for one, and what the
//! app that has it calls.

use crate::asgi::http::default_headers;
use crate::asgi::scope as http;
use crate::asgi::websocket::{self, Context, End, Ending, Message, Progress, Received, Scope};
use crate::http1::RequestHead;
use crate::os::Millis;
use crate::servers::{Server, log};
use crate::trace::Name;
use crate::workers::ProcessContext;

use super::app_calls::Sent;
use super::connection::Handshake;
use super::event::LoopEvent;
use super::socket::{Client, Socket, Times};
use super::watermarks::HIGH_WATER;
use super::worker::AsyncWorker;

impl AsyncWorker {
    /// A request asks for a WebSocket: from here on the connection is one.
    pub(super) fn begin_socket(
        &mut self,
        process: &mut ProcessContext,
        (id, sequence): (u32, u32),
        number: u32,
        head: &RequestHead,
        now: Millis,
    ) {
        let settings = process.launch.asgi.websocket.unwrap_or_default();
        let date = process.date(now).to_owned();
        let Some(c) = self.connections.get_mut(&id) else {
            return;
        };
        let seen = websocket::seen(head, &settings);
        let scope = Scope::new(&seen, &c.peer, &process.launch);
        let context = Context {
            client: scope.client_text(),
            target: scope.target_text(),
            defaults: default_headers(&process.launch, &date),
        };
        let session = websocket::begin(head, &settings, context, now, &date);
        let has_app = session.calls_app();
        let strings = has_app.then(|| match http::Scope::new(head, &c.peer, &process.launch) {
            // What gunicorn and daphne make of the head, they make in Python.
            Ok(scope) if process.launch.python_responses => scope.strings().encode(),
            _ => scope.strings(session.subprotocols()).encode(),
        });
        if let Some(strings) = strings {
            self.events.emit(LoopEvent::Socket(number, strings));
        }
        if let Some(c) = self.connections.get_mut(&id) {
            c.socket = Some(number);
        }
        let socket = Socket {
            connection: id,
            sequence,
            session,
            begun_at: now,
            called_at: None,
            has_app,
            waiting: false,
            times: Times::default(),
            client: Client::Here,
        };
        self.sockets.insert(number, Box::new(socket));
        self.apply_socket_output(process, number, now);
    }

    /// The body of a handshake has come whole.
    pub(super) fn end_handshake(
        &mut self,
        process: &mut ProcessContext,
        connection: u32,
        handshake: &Handshake,
        now: Millis,
    ) {
        let Handshake {
            number,
            sequence,
            head,
            body,
        } = handshake;
        self.begin_socket(process, (connection, *sequence), *number, head, now);
        if let Some(socket) = self.sockets.get_mut(number) {
            socket.session.receive_bytes(body, now);
        }
        self.apply_socket_output(process, *number, now);
    }

    /// The app of a WebSocket is about to be called.
    pub(super) fn socket_called(&mut self, process: &mut ProcessContext, number: u32, now: Millis) {
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.called_at = Some(now);
            let request = (socket.connection, socket.sequence);
            process.span(request, Name::Queue, socket.begun_at, now);
        }
    }

    /// Reads what has come for a WebSocket, where its session reads.
    pub(super) fn read_socket(&mut self, process: &mut ProcessContext, number: u32, now: Millis) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        let Some(c) = self.connections.get_mut(&socket.connection) else {
            return;
        };
        if c.close_when_sent || !socket.session.is_reading() {
            return;
        }
        if c.wire.is_readable() {
            let bytes = c.wire.read(&mut process.lazy);
            socket.session.receive_bytes(&bytes, now);
        }
        // An end of file is seen by who reads.
        let ends =
            socket.client == Client::Ended && socket.session.is_reading() && !c.wire.is_readable();
        let connection = socket.connection;
        self.apply_socket_output(process, number, now);
        if ends {
            self.client_gone(process, connection, now);
        }
    }

    /// The client has ended its side, or reset the connection.
    pub(super) fn socket_ended(&mut self, process: &mut ProcessContext, number: u32, now: Millis) {
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.client = Client::Ended;
            self.read_socket(process, number, now);
        }
    }

    /// Timers of WebSocket connections.
    pub(super) fn tick_sockets(&mut self, process: &mut ProcessContext, now: Millis) {
        let due = |socket: &Socket| socket.deadline().is_some_and(|at| at <= now);
        let numbers: Vec<u32> = self
            .sockets
            .iter()
            .filter(|(_, socket)| due(socket))
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            if let Some(socket) = self.sockets.get_mut(&number) {
                socket.session.tick(now);
            }
            self.apply_socket_output(process, number, now);
        }
    }

    /// The server stops: every WebSocket is closed.
    pub(super) fn shut_sockets(&mut self, process: &mut ProcessContext, now: Millis) {
        let date = process.date(now).to_owned();
        let numbers: Vec<u32> = self.sockets.keys().copied().collect();
        for number in numbers {
            if let Some(socket) = self.sockets.get_mut(&number) {
                socket.session.shutdown(&date);
            }
            self.apply_socket_output(process, number, now);
        }
    }

    /// The connection under a WebSocket is gone. The app gets to know after it has gone on with
    /// what it was told before, as asyncio calls `connection_lost` in its next round.
    pub(super) fn socket_gone(&mut self, number: u32) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        if socket.has_app || socket.session.outlives_app() {
            if socket.client != Client::Lost {
                self.events.emit(LoopEvent::Lost(number));
            }
        } else {
            self.sockets.remove(&number);
        }
    }

    /// The connection is lost, and asyncio says so.
    pub fn socket_lost(&mut self, process: &mut ProcessContext, number: u32, now: Millis) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        socket.client = Client::Lost;
        socket.session.lost();
        self.apply_socket_output(process, number, now);
        // A send that waits goes on, and raises.
        self.events.emit(LoopEvent::Writable(number));
    }

    /// `receive()`; `None`: the app waits for [`LoopEvent::Receivable`].
    pub fn socket_receive(
        &mut self,
        process: &mut ProcessContext,
        number: u32,
        now: Millis,
    ) -> Option<Received> {
        let socket = self.sockets.get_mut(&number)?;
        let received = socket.session.receive();
        socket.waiting = received.is_none();
        match &received {
            // daphne's Python takes messages before the app does.
            _ if process.launch.server() == Server::Daphne => {}
            None => socket.times.receiving = Some(now),
            Some(event) => {
                if let Some(since) = socket.times.receiving.take() {
                    process.span(socket.request(), Name::Receive, since, now);
                }
                let arrived = socket.times.arrived.pop_front();
                if let (Received::Text(_) | Received::Bytes(_), Some(since)) = (event, arrived) {
                    process.span(socket.request(), Name::Message, since, now);
                }
            }
        }
        socket.note_arrivals(now);
        self.read_socket(process, number, now);
        received
    }

    /// `send()`.
    pub fn socket_send(
        &mut self,
        process: &mut ProcessContext,
        number: u32,
        message: Message<'_>,
        now: Millis,
    ) -> Sent {
        let date = process.date(now).to_owned();
        let Some(socket) = self.sockets.get_mut(&number) else {
            return Sent::Done;
        };
        if let Some(c) = self.connections.get_mut(&socket.connection)
            && c.wire.unsent() > HIGH_WATER
            && !c.close_when_sent
            && socket.session.waits_for_client(&message)
        {
            c.blocked = true;
            socket.times.sending.get_or_insert(now);
            return Sent::Blocked;
        }
        let sent = socket.session.send(message, now, &date);
        if sent == Ok(Progress::Waits) {
            socket.times.sending.get_or_insert(now);
        } else if let Some(since) = socket.times.sending.take() {
            process.span(socket.request(), Name::Send, since, now);
        }
        self.apply_socket_output(process, number, now);
        // Where the app has closed, what the client still sends is read again.
        self.read_socket(process, number, now);
        match sent {
            Ok(Progress::Done) => Sent::Done,
            Ok(Progress::Waits) => Sent::Blocked,
            Err(error) => Sent::Raise(error.exception()),
        }
    }

    /// The app has returned; `result` is `str()` of what it returned unless that is None. Where the
    /// session outlives its app, this is said once more when the connection is over.
    pub fn socket_returned(
        &mut self,
        process: &mut ProcessContext,
        number: u32,
        result: Option<&str>,
        now: Millis,
    ) {
        self.socket_app_ended(process, number, "", now, Ending::Returned(result));
    }

    /// The app has raised. `traceback` is `None` where it was told by the exception that the
    /// client is gone.
    pub fn socket_raised(
        &mut self,
        process: &mut ProcessContext,
        number: u32,
        traceback: Option<&str>,
        now: Millis,
    ) {
        let ending = traceback.map_or(Ending::Left, |_| Ending::Raised);
        self.socket_app_ended(process, number, traceback.unwrap_or_default(), now, ending);
    }

    pub(super) fn socket_app_ended(
        &mut self,
        process: &mut ProcessContext,
        number: u32,
        traceback: &str,
        now: Millis,
        ending: Ending<'_>,
    ) {
        let date = process.date(now).to_owned();
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        if std::mem::take(&mut socket.has_app) {
            let from = socket.called_at.unwrap_or(socket.begun_at);
            process.span((socket.connection, socket.sequence), Name::App, from, now);
            socket.session.ended(ending, now, &date);
        }
        let is_lost = socket.client == Client::Lost;
        self.apply_socket_output_with(process, number, traceback, now);
        if is_lost {
            self.sockets.remove(&number);
        }
    }

    pub(super) fn apply_socket_output(
        &mut self,
        process: &mut ProcessContext,
        number: u32,
        now: Millis,
    ) {
        self.apply_socket_output_with(process, number, "", now);
    }

    /// Does what a session has to be done.
    pub(super) fn apply_socket_output_with(
        &mut self,
        process: &mut ProcessContext,
        number: u32,
        traceback: &str,
        now: Millis,
    ) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        let websocket::Output {
            bytes,
            log: lines,
            end,
            wake,
            writable,
        } = socket.session.take_output();
        socket.note_arrivals(now);
        if wake && std::mem::take(&mut socket.waiting) {
            self.events.emit(LoopEvent::Receivable(number));
        }
        if writable {
            self.events.emit(LoopEvent::Writable(number));
        }
        let connection = socket.connection;
        for line in lines {
            let text = if line.traceback {
                log::with_traceback(&line.text, traceback)
            } else {
                line.text
            };
            process.log(line.level, &text, now);
        }
        if let Some(c) = self.connections.get_mut(&connection) {
            c.wire.send(&bytes, &mut process.frames);
        }
        match end {
            None => {}
            Some(End::Close) => self.close(process, connection, now),
            Some(End::Reset) => self.abort(process, connection),
        }
    }
}
