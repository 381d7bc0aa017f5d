//! gunicorn's sync worker and uWSGI's: one connection at a time, one request on each, then an orderly close that waits for the client.
//!
//! While a connection is served, nothing else is accepted: a client that is slow to send, slow to read or silent holds
//! the worker, as it does on the real one.

mod app_calls;
mod conversation;
mod uwsgi;

use crate::Millis;
use crate::gateway::{encoding, python};
use crate::http1::server::Event;
use crate::http1::{CONTINUE, Framing, RequestHead};
use crate::master::Signal;
use crate::master::Stream;
use crate::net::frame::{Accepted, Frame, Kind, push_number};
use crate::servers::{Level, Server};
use crate::trace::Name;
use crate::wsgi::environ;
use crate::wsgi::error_page::Rejection;
use crate::wsgi::outcome::Access;
use crate::wsgi::response::Response;

use super::Process;
use super::wire::Wire;
pub use app_calls::{Raised, RaisedKind};
use conversation::{Conversation, conversation, feed, latin1, log_access};

/// How long an orderly close waits for the client to close (gunicorn's `close_graceful`).
const LINGER: Millis = 2000.0;
/// What gunicorn logs where a client ends the connection inside a request.
const NO_MORE_DATA: &str = "Ignored premature client disconnection. No more data after: ";
/// Bytes that an orderly close reads and throws away before it stops waiting.
const LINGER_BYTES: usize = 65_536;

/// What the worker's thread does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Call the app with this environ, as a run of strings.
    Request {
        /// Keys and values.
        environ: Vec<u8>,
        /// Whether there is a body to read.
        has_body: bool,
    },
    /// Wait.
    Park,
    /// Leave.
    Exit,
}

/// What reading the body gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Bytes, never none.
    Data(Vec<u8>),
    /// The body's end.
    End,
    /// Nothing yet.
    Park,
    /// An exception is to be raised in the app: its class and message, a line end between them. A NUL and a Python literal follow
    /// where the exception is made of something else than its message (a tuple: of several things), or of nothing.
    Raise(String),
}

/// The worker.
#[derive(Debug)]
pub struct SyncWorker {
    state: State,
    alive: bool,
    /// Requests served.
    served: u32,
    /// Retire after so many.
    max_requests: Option<u32>,
    /// Something has changed since the thread last looked.
    ready: bool,
    notify_at: Millis,
    seen: Vec<u32>,
    interrupt: Option<i32>,
    exit_code: i32,
    /// Until when the client is waited for (uWSGI).
    wait_until: Millis,
    /// That time has come.
    expired: bool,
    /// When the worker was first asked for a request.
    born: Millis,
}

#[derive(Debug)]
enum State {
    /// The thread is about to ask for a connection.
    Idle,
    /// `accept()` is on its way to the kernel, for the listener of this index.
    Accepting(usize),
    /// `select()` on all listeners.
    Polling,
    /// A connection whose request is being read.
    Reading(Box<Conversation>),
    /// The app has the request.
    Running(Box<Conversation>),
    /// The answer is sent; the kernel closes the connection in good order and accepts the next.
    Lingering,
}

impl SyncWorker {
    /// A worker that retires after `max_requests`.
    #[must_use]
    pub fn new(max_requests: Option<u32>) -> Self {
        Self {
            state: State::Idle,
            alive: true,
            served: 0,
            max_requests,
            ready: false,
            notify_at: 0.0,
            seen: Vec::new(),
            interrupt: None,
            exit_code: 0,
            wait_until: Millis::INFINITY,
            expired: false,
            born: 0.0,
        }
    }

    /// The number of the request that the app has: its connection's; 0 is none.
    #[must_use]
    pub fn request(&self) -> u32 {
        match &self.state {
            State::Running(c) => c.wire.id,
            _ => 0,
        }
    }

    /// Whether the parked thread should look again.
    pub fn is_ready(&mut self) -> bool {
        std::mem::take(&mut self.ready)
    }

    /// When the parked thread should look again.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        match &self.state {
            State::Polling => Some(self.notify_at),
            State::Reading(_) | State::Running(_) if !self.expired => Some(self.wait_until),
            _ => None,
        }
    }

    /// [`deadline`](Self::deadline) has come.
    pub fn tick(&mut self) {
        self.ready = true;
        self.expired = self.wait_until < Millis::INFINITY;
    }

    /// A signal: what gunicorn's worker does on it. TERM lets it finish its request; INT, QUIT and ABRT raise `SystemExit` in
    /// whatever the thread is doing: see [`interrupted`](Self::interrupted).
    pub fn signal(&mut self, process: &mut Process, signal: Signal) {
        if process.launch.server == Server::Uwsgi {
            // The others end it at once: its master sees to that.
            if signal == Signal::Hup {
                let number = process.slot & 0xffff;
                let parts = [
                    "Gracefully killing worker ",
                    &number.to_string(),
                    " (pid: ",
                    &process.pid.to_string(),
                    ")...",
                ];
                let line = parts.concat();
                process.line(Stream::Stderr, &line);
                self.alive = false;
                self.ready = true;
                self.exit_code = uwsgi::RELOAD;
            }
            return;
        }
        let code = match signal {
            Signal::Term => None,
            Signal::Int | Signal::Quit => Some(0),
            Signal::Abrt => Some(1),
            _ => return,
        };
        self.alive = false;
        self.ready = true;
        if matches!(self.state, State::Running(_)) {
            self.interrupt = code;
        } else {
            self.exit_code = code.unwrap_or(0);
        }
        if matches!(self.state, State::Lingering) {
            process.tell(Kind::Unlink, 0);
        }
    }

    /// The exit code of the `SystemExit` that is to be raised in the app, once.
    pub fn interrupted(&mut self) -> Option<i32> {
        self.interrupt.take()
    }

    /// Whether the app is to be interrupted.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.is_some()
    }

    /// The code that the worker leaves with.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        self.exit_code
    }

    /// Takes a frame from the kernel.
    pub fn deliver(&mut self, process: &mut Process, frame: Frame<'_>, now: Millis) {
        self.ready = true;
        match frame.kind {
            Kind::Readable => {
                if matches!(self.state, State::Polling) {
                    self.seen.push(frame.id);
                }
            }
            Kind::Accepted => {
                let index = match &self.state {
                    State::Accepting(index) => Some(*index),
                    State::Lingering => Some(0),
                    _ => None,
                };
                if let (Some(index), Some(accepted)) = (index, Accepted::decode(frame.body)) {
                    self.seen.retain(|listener| *listener != accepted.listener);
                    if process.launch.server == Server::Uwsgi {
                        self.wait(now);
                    }
                    let listener = process.listeners.get(index).cloned();
                    self.state =
                        State::Reading(Box::new(conversation(process, frame.id, accepted, listener, now)));
                }
            }
            Kind::AcceptEnd => {
                if matches!(self.state, State::Accepting(_) | State::Lingering) {
                    self.state = State::Idle;
                    self.seen.retain(|listener| *listener != frame.id);
                    if self.seen.is_empty() && self.alive {
                        self.poll(process, now);
                    }
                }
            }
            kind => {
                if self.wait_until < Millis::INFINITY {
                    self.wait(now);
                }
                let Some(wire) = self.wire(frame.id) else { return };
                match kind {
                    Kind::Data => wire.receive(frame.body),
                    Kind::Eof => wire.eof = true,
                    Kind::Reset => wire.reset(),
                    Kind::Credit => wire.grant(frame.number(), &mut process.frames),
                    _ => {}
                }
            }
        }
    }

    fn wire(&mut self, id: u32) -> Option<&mut Wire> {
        let wire = match &mut self.state {
            State::Reading(conversation) | State::Running(conversation) => &mut conversation.wire,
            State::Idle | State::Accepting(_) | State::Lingering | State::Polling => return None,
        };
        (wire.id == id).then_some(wire)
    }

    fn notify(&mut self, process: &mut Process, now: Millis) {
        if process.launch.server == Server::Uwsgi {
            self.notify_at = Millis::INFINITY;
            return;
        }
        process.tell(Kind::Notify, 0);
        // gunicorn's worker selects for half of --timeout, so that the arbiter hears of it in time.
        let timeout = if process.launch.timeout > 0.0 {
            process.launch.timeout / 2.0
        } else {
            500.0
        };
        self.notify_at = now + timeout;
    }

    fn poll(&mut self, process: &mut Process, now: Millis) {
        self.notify(process, now);
        for index in 0..process.listeners.len() {
            let id = process.listeners[index].id;
            process.tell(Kind::Poll, id);
        }
        self.state = State::Polling;
    }

    /// The thread asks what to do.
    pub fn next(&mut self, process: &mut Process, now: Millis) -> Next {
        let uwsgi = process.launch.server == Server::Uwsgi;
        if self.born == 0.0 {
            self.born = now;
        }
        loop {
            match &mut self.state {
                State::Idle if !self.alive => return Next::Exit,
                State::Idle => {
                    // With one listener gunicorn tries accept() first, with several it selects first.
                    if (uwsgi || process.listeners.len() > 1) && self.seen.is_empty() {
                        self.poll(process, now);
                        return Next::Park;
                    }
                    self.notify(process, now);
                    let index = self.first_seen(process);
                    let Some(listener) = process.listeners.get(index) else {
                        return Next::Exit;
                    };
                    push_number(&mut process.frames, Kind::Accept, listener.id, 1);
                    self.state = State::Accepting(index);
                    return Next::Park;
                }
                State::Accepting(_) | State::Lingering => return Next::Park,
                State::Polling => {
                    if self.alive && self.seen.is_empty() && now < self.notify_at {
                        return Next::Park;
                    }
                    self.state = State::Idle;
                }
                State::Reading(_) => match self.read_head(process, now) {
                    Some(next) => return next,
                    None if matches!(self.state, State::Reading(_)) => return Next::Park,
                    None => {}
                },
                // The thread has left the app without telling: nothing is known of its answer.
                State::Running(_) => self.close(process, now),
            }
        }
    }

    fn first_seen(&self, process: &Process) -> usize {
        let seen = self.seen.first();
        process
            .listeners
            .iter()
            .position(|listener| Some(&listener.id) == seen)
            .unwrap_or(0)
    }

    /// Reads on; leaves `Reading` when the request is there or will not come. `None`: go on with the new state, or park.
    fn read_head(&mut self, process: &mut Process, now: Millis) -> Option<Next> {
        let State::Reading(c) = &mut self.state else {
            return None;
        };
        feed(c, process, now);
        match c.http.next_event() {
            Ok(None) if !c.wire.broken && !self.expired => None,
            Ok(Some(Event::Request(head))) => self.begin(process, head, now),
            other if process.launch.server == Server::Uwsgi => {
                uwsgi::refuse(process, &mut c.wire, other.err().as_ref(), now);
                self.close(process, now);
                None
            }
            Ok(_) => {
                let text = if c.wire.broken {
                    "Ignoring connection reset"
                } else {
                    "Closing connection. "
                };
                process.log(Level::Debug, text, now);
                self.close(process, now);
                None
            }
            Err(error) => {
                if let Some(rejection) = Rejection::of(&error) {
                    self.refuse(process, &rejection, now);
                } else {
                    let what = python::repr_bytes(c.http.incomplete());
                    process.log(Level::Debug, &[NO_MORE_DATA, &what].concat(), now);
                    self.close(process, now);
                }
                None
            }
        }
    }

    fn begin(&mut self, process: &mut Process, head: RequestHead, now: Millis) -> Option<Next> {
        let State::Reading(c) = &mut self.state else {
            return None;
        };
        c.head = head;
        c.started_at = now;
        let key = (c.wire.id, c.sequence);
        process.span(key, Name::Parse, c.first_byte_at.unwrap_or(c.accepted_at), now);
        if c.head.expects_continue {
            // Before the app is called, whether it reads the body or not.
            c.wire.send(CONTINUE, &mut process.frames);
        }
        let mut encoded = Vec::new();
        if let Err(error) = environ::encode(&c.head, &c.peer, &process.launch, &mut encoded) {
            let rejection = Rejection::from(error);
            self.refuse(process, &rejection, now);
            return None;
        }
        c.response = Some(Response::new(&c.head, &process.launch, false));
        c.body_ended = c.head.framing == Framing::Empty;
        let mut run = Vec::with_capacity(encoded.len());
        encoding::put_run(&mut run, encoding::Strings::counted_pairs(&encoded));
        c.environ = encoded;
        let has_body = !c.body_ended;
        self.served += 1;
        if process.launch.server == Server::Uwsgi {
            uwsgi::begin(process, c, now);
            self.wait_until = Millis::INFINITY;
        } else if self.max_requests.is_some_and(|most| self.served >= most) && self.alive {
            process.log(Level::Info, "Autorestarting worker after current request.", now);
            self.alive = false;
        }
        if process.logs(Level::Debug) {
            let target = latin1(&c.head.target);
            let path = target.split(['?', '#']).next().unwrap_or_default();
            process.log(Level::Debug, &[&latin1(&c.head.method), " ", path].concat(), now);
        }
        let State::Reading(conversation) = std::mem::replace(&mut self.state, State::Idle) else {
            return None;
        };
        self.state = State::Running(conversation);
        Some(Next::Request {
            environ: run,
            has_body,
        })
    }

    /// Answers with an error page instead of calling the app.
    fn refuse(&mut self, process: &mut Process, rejection: &Rejection, now: Millis) {
        if let State::Reading(c) = &mut self.state {
            process.log(Level::Warning, &rejection.log_line(&c.peer.remote.0), now);
            if rejection.accessed {
                let access = Access {
                    status: rejection.status.to_string(),
                    sent: 0,
                };
                log_access(process, c, &access, now);
            }
            let mut page = Vec::new();
            rejection.write(&mut page);
            c.wire.send(&page, &mut process.frames);
        }
        self.close(process, now);
    }
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
