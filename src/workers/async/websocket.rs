//! WebSocket connections of the loop: what HTTP hands over after a request for one, and what the
//! app that has it calls.

use crate::asgi::http::default_headers;
use crate::asgi::websocket::{self, Context, Message, Received, Scope, Session};
use crate::http1::RequestHead;
use crate::os::Millis;
use crate::servers::{Level, log};
use crate::trace::Name;
use crate::workers::Process;

use super::connection::upgrade;
use super::{AsyncWorker, HIGH_WATER, Happening, Sent};

/// A connection that has become a WebSocket, or was refused as one.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) connection: u32,
    pub(super) sequence: u32,
    session: Session,
    begun_at: Millis,
    taken_at: Option<Millis>,
    /// The app has been called and has not ended.
    has_app: bool,
    /// The app waits in `receive()`.
    waiting: bool,
    client: Client,
}

/// Whether the client is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// As far as anybody knows.
    Here,
    /// It has gone; that is seen once everything that it sent was read.
    Ended,
    /// It has gone, and the session knows.
    Lost,
}

impl Socket {
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.session.deadline()
    }
}

/// Whether a request asks for a WebSocket, by what uvicorn looks at.
pub(super) fn asks(head: &RequestHead) -> bool {
    upgrade(head).is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

/// What uvicorn says of an upgrade that it does not make.
pub(super) fn warn_unsupported(process: &mut Process, now: Millis) {
    process.log(Level::Warning, "Unsupported upgrade request.", now);
    if process.launch.asgi.websocket.is_none() {
        process.log(
            Level::Warning,
            "No supported WebSocket library detected. Please use \"pip install \
             'uvicorn[standard]'\", or install 'websockets' or 'wsproto' manually.",
            now,
        );
    }
}

impl AsyncWorker {
    /// A request asks for a WebSocket: from here on the connection is one.
    pub(super) fn begin_socket(
        &mut self,
        process: &mut Process,
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
        let scope = Scope::new(head, &c.peer, &process.launch);
        let context = Context {
            client: scope.client_text(),
            target: scope.target_text(),
            defaults: default_headers(&process.launch, &date),
        };
        let session = Session::new(head, &settings, context, &date);
        let has_app = session.calls_app();
        let strings = has_app.then(|| scope.strings(session.subprotocols()).encode());
        if let Some(strings) = strings {
            self.happenings
                .push_back(Happening::Socket(number, strings));
        }
        if let Some(c) = self.connections.get_mut(&id) {
            c.socket = Some(number);
        }
        let socket = Socket {
            connection: id,
            sequence,
            session,
            begun_at: now,
            taken_at: None,
            has_app,
            waiting: false,
            client: Client::Here,
        };
        self.sockets.insert(number, Box::new(socket));
        self.settle_socket(process, number, now);
    }

    /// The app of a WebSocket is about to be called.
    pub(super) fn socket_taken(&mut self, process: &mut Process, number: u32, now: Millis) {
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.taken_at = Some(now);
            let request = (socket.connection, socket.sequence);
            process.span(request, Name::Queue, socket.begun_at, now);
        }
    }

    /// Reads what has come for a WebSocket, where its session reads.
    pub(super) fn read_socket(&mut self, process: &mut Process, number: u32, now: Millis) {
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
        self.settle_socket(process, number, now);
        if ends {
            self.disconnect(process, connection, now);
        }
    }

    /// The client has ended its side, or reset the connection.
    pub(super) fn socket_ended(&mut self, process: &mut Process, number: u32, now: Millis) {
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.client = Client::Ended;
            self.read_socket(process, number, now);
        }
    }

    /// Timers of WebSocket connections.
    pub(super) fn tick_sockets(&mut self, process: &mut Process, now: Millis) {
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
            self.settle_socket(process, number, now);
        }
    }

    /// The server stops: every WebSocket is closed.
    pub(super) fn shut_sockets(&mut self, process: &mut Process, now: Millis) {
        let date = process.date(now).to_owned();
        let numbers: Vec<u32> = self.sockets.keys().copied().collect();
        for number in numbers {
            if let Some(socket) = self.sockets.get_mut(&number) {
                socket.session.shutdown(&date);
            }
            self.settle_socket(process, number, now);
        }
    }

    /// The connection under a WebSocket is gone. The app gets to know after it has gone on with
    /// what it was told before, as asyncio calls `connection_lost` in its next round.
    pub(super) fn socket_gone(&mut self, number: u32) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        if socket.has_app {
            if socket.client != Client::Lost {
                self.happenings.push_back(Happening::Lost(number));
            }
        } else {
            self.sockets.remove(&number);
        }
    }

    /// The connection is lost, and asyncio says so.
    pub fn socket_lost(&mut self, process: &mut Process, number: u32, now: Millis) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        socket.client = Client::Lost;
        socket.session.lost();
        self.settle_socket(process, number, now);
        // A send that waits goes on, and raises.
        self.happenings.push_back(Happening::Writable(number));
    }

    /// `receive()`; `None`: the app waits for [`Happening::Receivable`].
    pub fn socket_receive(
        &mut self,
        process: &mut Process,
        number: u32,
        now: Millis,
    ) -> Option<Received> {
        let socket = self.sockets.get_mut(&number)?;
        let received = socket.session.receive();
        socket.waiting = received.is_none();
        self.read_socket(process, number, now);
        received
    }

    /// `send()`.
    pub fn socket_send(
        &mut self,
        process: &mut Process,
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
        {
            c.blocked = true;
            return Sent::Blocked;
        }
        let sent = socket.session.send(message, now, &date);
        self.settle_socket(process, number, now);
        // Where the app has closed, what the client still sends is read again.
        self.read_socket(process, number, now);
        sent.map_or_else(|error| Sent::Raise(error.exception()), |()| Sent::Done)
    }

    /// The app has returned; `result` is `str()` of what it returned unless that is None.
    pub fn socket_returned(
        &mut self,
        process: &mut Process,
        number: u32,
        result: Option<&str>,
        now: Millis,
    ) {
        let date = process.date(now).to_owned();
        self.socket_app_ended(process, number, "", now, |session| {
            session.returned(result, &date);
        });
    }

    /// The app has raised. `traceback` is `None` where it was told by the exception that the
    /// client is gone.
    pub fn socket_raised(
        &mut self,
        process: &mut Process,
        number: u32,
        traceback: Option<&str>,
        now: Millis,
    ) {
        let date = process.date(now).to_owned();
        let text = traceback.unwrap_or_default();
        self.socket_app_ended(process, number, text, now, |session| match traceback {
            Some(_) => session.raised(&date),
            None => session.left(),
        });
    }

    fn socket_app_ended(
        &mut self,
        process: &mut Process,
        number: u32,
        traceback: &str,
        now: Millis,
        end: impl FnOnce(&mut Session),
    ) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        socket.has_app = false;
        let from = socket.taken_at.unwrap_or(socket.begun_at);
        process.span((socket.connection, socket.sequence), Name::App, from, now);
        end(&mut socket.session);
        let is_lost = socket.client == Client::Lost;
        self.settle_with(process, number, traceback, now);
        if is_lost {
            self.sockets.remove(&number);
        }
    }

    fn settle_socket(&mut self, process: &mut Process, number: u32, now: Millis) {
        self.settle_with(process, number, "", now);
    }

    /// Does what a session has to be done.
    fn settle_with(&mut self, process: &mut Process, number: u32, traceback: &str, now: Millis) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        let websocket::Output {
            bytes,
            log: lines,
            close,
            wake,
        } = socket.session.take_output();
        if wake && std::mem::take(&mut socket.waiting) {
            self.happenings.push_back(Happening::Receivable(number));
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
        if close {
            self.close(process, connection, now);
        }
    }
}
