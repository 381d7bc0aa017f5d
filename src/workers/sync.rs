//! gunicorn's sync worker and uWSGI's: one connection at a time, one request on each, then an
//! orderly close that waits for the client.
//!
//! While a connection is served, nothing else is accepted: a client that is slow to send, slow to
//! read or silent holds the worker, as it does on the real one.

mod uwsgi;

use crate::net::frame::{Accepted, Frame, FromProcess, ToProcess, push, push_number};
use crate::net::{AfterClose, ConnectionId, Offer, poll};
use crate::os::{Millis, Signal};
use crate::servers::{Level, Server};
use crate::trace::Name;
use std::collections::VecDeque;

use super::ProcessContext;
use super::wsgi_connection::{Begun, Head, WsgiConnection, connection};

/// What the worker's thread does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Call the app with this environ, as a run of strings.
    Request {
        /// The request's number: its connection's.
        id: u32,
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

/// The worker.
#[derive(Debug)]
pub struct SyncWorker {
    state: State,
    /// Its number among the threads that do the same.
    number: u32,
    alive: bool,
    /// Something has changed since the thread last looked.
    ready: bool,
    /// When the master is to hear from the worker next, if it expects to.
    notify_at: Option<Millis>,
    seen: Vec<u32>,
    /// Connections that can be taken, each with its encoded [`Offer`].
    offers: VecDeque<(ConnectionId, Vec<u8>)>,
    interrupt: Option<i32>,
    /// The exit code of the `SystemExit` that ends the reading of a head.
    aborted: Option<i32>,
    exit_code: i32,
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
    Reading(Box<WsgiConnection>),
    /// The app has the request.
    Running(Box<WsgiConnection>),
    /// The answer is sent; the kernel closes the connection in good order and accepts the next.
    Lingering,
}

impl SyncWorker {
    /// The worker's thread of this number.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self {
            state: State::Idle,
            number,
            alive: true,
            ready: false,
            notify_at: None,
            seen: Vec::new(),
            offers: VecDeque::new(),
            interrupt: None,
            aborted: None,
            exit_code: 0,
        }
    }

    /// The connection that is served.
    pub(super) fn connection(&self) -> Option<u32> {
        match &self.state {
            State::Reading(c) | State::Running(c) => Some(c.wire.id),
            _ => None,
        }
    }

    /// Whether the thread is, or would be, where connections are accepted.
    pub(super) fn accepts(&self) -> bool {
        match &self.state {
            State::Idle | State::Polling => self.alive,
            State::Accepting(_) | State::Lingering => true,
            _ => false,
        }
    }

    /// The code with which the worker leaves, once it is to.
    pub(super) fn leaves_with(&self) -> Option<i32> {
        (!self.alive).then_some(self.exit_code)
    }

    /// The worker leaves, with this code.
    pub(super) fn leave(&mut self, code: i32) {
        if std::mem::replace(&mut self.alive, false) {
            self.exit_code = code;
            self.ready = true;
        }
    }

    /// The parked thread should look again.
    pub(super) fn wake(&mut self) {
        self.ready = true;
    }

    /// Whether the parked thread should look again.
    pub fn is_ready(&mut self) -> bool {
        std::mem::take(&mut self.ready)
    }

    /// When the parked thread should look again.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        match &self.state {
            State::Polling => self.notify_at,
            State::Reading(c) | State::Running(c) if !c.expired => c.wait_until,
            _ => None,
        }
    }

    /// [`deadline`](Self::deadline) has come.
    pub fn tick(&mut self) {
        self.ready = true;
        if let State::Reading(c) | State::Running(c) = &mut self.state {
            c.expired = c.wait_until.is_some();
        }
    }

    /// A signal: what gunicorn's worker does on it. TERM lets it finish its request; INT, QUIT and
    /// ABRT raise `SystemExit` in whatever the thread is doing: see
    /// [`interrupted`](Self::interrupted). Where it reads a head, its client gets an error page.
    pub fn signal(&mut self, process: &mut ProcessContext, signal: Signal) {
        if process.launch.server() == Server::Uwsgi {
            self.signal_uwsgi(process, signal);
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
        match self.state {
            State::Running(_) => self.interrupt = code,
            State::Reading(_) => self.aborted = code,
            _ => self.exit_code = code.unwrap_or(0),
        }
        if matches!(self.state, State::Lingering) {
            process.send(FromProcess::Unlink, 0);
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
    pub fn deliver(
        &mut self,
        process: &mut ProcessContext,
        frame: Frame<'_, ToProcess>,
        now: Millis,
    ) {
        self.ready = true;
        match frame.kind {
            ToProcess::Readable => {
                if matches!(self.state, State::Polling) {
                    self.seen.push(frame.id);
                }
            }
            ToProcess::Offer => {
                self.offers.push_back((frame.id, frame.body.to_vec()));
            }
            ToProcess::Accepted => {
                let index = match &self.state {
                    State::Accepting(index) => Some(*index),
                    State::Lingering => Some(0),
                    _ => None,
                };
                if let (Some(index), Some(accepted)) = (index, Accepted::decode(frame.body)) {
                    self.seen.retain(|listener| *listener != accepted.listener);
                    let listener = process.listeners.get(index).cloned();
                    let mut c = Box::new(connection(process, frame.id, accepted, listener, now));
                    if process.launch.server() == Server::Uwsgi {
                        c.wait(now);
                    }
                    self.state = State::Reading(c);
                }
            }
            kind @ (ToProcess::AcceptEnd | ToProcess::Closed) => {
                if matches!(self.state, State::Accepting(_) | State::Lingering) {
                    self.state = State::Idle;
                    if kind == ToProcess::AcceptEnd {
                        self.seen.retain(|listener| *listener != frame.id);
                    }
                    if self.seen.is_empty() && self.offers.is_empty() && self.alive {
                        self.poll(process, now);
                    }
                }
            }
            kind => {
                let (State::Reading(c) | State::Running(c)) = &mut self.state else {
                    return;
                };
                if c.wire.id != frame.id {
                    return;
                }
                if c.wait_until.is_some() {
                    c.wait(now);
                }
                c.wire.deliver(kind, &frame, &mut process.frames);
            }
        }
    }

    fn notify(&mut self, process: &mut ProcessContext, now: Millis) {
        if process.launch.server() == Server::Uwsgi {
            self.notify_at = None;
            return;
        }
        process.send(FromProcess::Notify, 0);
        // gunicorn's worker selects for half of --timeout, so that the arbiter hears of it in time.
        let timeout = process.launch.gunicorn().and_then(|own| own.timeout);
        self.notify_at = Some(now + timeout.map_or(500.0, |timeout| timeout / 2.0));
    }

    fn poll(&mut self, process: &mut ProcessContext, now: Millis) {
        self.notify(process, now);
        for index in 0..process.listeners.len() {
            let id = process.listeners[index].id;
            let mut flags = 0;
            if takes_offers(process) {
                flags |= poll::TAKES_OFFERS;
            }
            if process.launch.server() == Server::Gunicorn {
                flags |= poll::IN_TURN;
            }
            push(&mut process.frames, FromProcess::Poll, id, &[flags]);
        }
        self.state = State::Polling;
    }

    /// The thread asks what to do.
    pub fn next(&mut self, process: &mut ProcessContext, now: Millis) -> Next {
        let uwsgi = process.launch.server() == Server::Uwsgi;
        process.began_at.get_or_insert(now);
        loop {
            match &mut self.state {
                State::Idle if !self.alive => return Next::Exit,
                State::Idle => {
                    if let Some(connection) = self.take_offer(process, now) {
                        self.notify(process, now);
                        self.state = State::Reading(connection);
                        continue;
                    }
                    // With one listener gunicorn tries accept() first, with several it selects
                    // first. What is on offer is what accept() would give.
                    let selects = uwsgi || process.listeners.len() > 1 || takes_offers(process);
                    if selects && self.seen.is_empty() {
                        self.poll(process, now);
                        return Next::Park;
                    }
                    self.notify(process, now);
                    let index = self.first_seen(process);
                    let Some(listener) = process.listeners.get(index) else {
                        return Next::Exit;
                    };
                    push_number(&mut process.frames, FromProcess::Accept, listener.id, 1);
                    self.state = State::Accepting(index);
                    return Next::Park;
                }
                State::Accepting(_) | State::Lingering => return Next::Park,
                State::Polling => {
                    let nothing = self.seen.is_empty() && self.offers.is_empty();
                    if self.alive && nothing && self.notify_at.is_none_or(|at| now < at) {
                        return Next::Park;
                    }
                    self.state = State::Idle;
                }
                State::Reading(_) => match self.read_head(process, now) {
                    Some(next) => return next,
                    None if matches!(self.state, State::Reading(_)) => return Next::Park,
                    None => {}
                },
                State::Running(_) => self.end_request(process, now),
            }
        }
    }

    /// `accept()`, of what is on offer.
    fn take_offer(
        &mut self,
        process: &mut ProcessContext,
        now: Millis,
    ) -> Option<Box<WsgiConnection>> {
        while let Some((id, body)) = self.offers.pop_front() {
            let offer = Offer::decode(&body)?;
            let claims = process.claims.as_ref();
            if !claims.is_some_and(|claims| claims.claim(offer.slot, id)) {
                // Another process was faster.
                continue;
            }
            process.send(FromProcess::Took, id);
            self.seen
                .retain(|listener| *listener != offer.accepted.listener);
            let listener = process.listeners.first().cloned();
            let mut c = Box::new(connection(process, id, offer.accepted, listener, now));
            c.wire.receive(offer.data);
            c.prompt = offer.prompt;
            return Some(c);
        }
        None
    }

    /// The thread has left the app.
    pub(super) fn end_request(&mut self, process: &mut ProcessContext, now: Millis) {
        if let State::Running(_) = self.state {
            self.close(process, now);
        }
    }

    fn first_seen(&self, process: &ProcessContext) -> usize {
        let seen = self.seen.first();
        process
            .listeners
            .iter()
            .position(|listener| Some(&listener.id) == seen)
            .unwrap_or(0)
    }

    /// Reads on; leaves `Reading` when the request is there or will not come. `None`: go on with
    /// the new state, or park.
    fn read_head(&mut self, process: &mut ProcessContext, now: Millis) -> Option<Next> {
        let State::Reading(c) = &mut self.state else {
            return None;
        };
        if let Some(code) = self.aborted.take() {
            c.abort(process, code, now);
            self.close(process, now);
            return None;
        }
        let begun = match c.read_head(process, now) {
            Head::Partial => return None,
            Head::Complete(head) => c.begin(process, *head, now),
            Head::Over => None,
        };
        let Some(Begun { environ, has_body }) = begun else {
            self.close(process, now);
            return None;
        };
        process.served += 1;
        let most = process.launch.max_requests;
        if process.launch.server() == Server::Uwsgi {
            c.announce(process, self.number, now);
        } else if most.is_some_and(|most| process.served >= most) && self.alive {
            process.log(
                Level::Info,
                "Autorestarting worker after current request.",
                now,
            );
            self.alive = false;
        }
        c.respond(process, false, now);
        let State::Reading(connection) = std::mem::replace(&mut self.state, State::Idle) else {
            return None;
        };
        let id = connection.wire.id;
        self.state = State::Running(connection);
        Some(Next::Request {
            id,
            environ,
            has_body,
        })
    }

    /// The connection whose request the app has, to be read.
    pub(super) fn served(&self) -> Option<&WsgiConnection> {
        match &self.state {
            State::Running(c) => Some(c),
            _ => None,
        }
    }

    /// The connection whose request the app has.
    pub fn running(&mut self) -> Option<&mut WsgiConnection> {
        match &mut self.state {
            State::Running(c) => Some(c),
            _ => None,
        }
    }

    /// The thread is done with the request: the orderly close begins.
    pub fn close(&mut self, process: &mut ProcessContext, now: Millis) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Running(c) | State::Reading(c) if process.launch.server() == Server::Uwsgi => {
                self.close_uwsgi(process, c, now);
            }
            State::Running(c) => {
                process.span(c.key(), Name::App, c.started_at, now);
                self.linger(process, c);
            }
            State::Reading(c) => {
                self.linger(process, c);
            }
            other => self.state = other,
        }
    }

    /// Sends the rest of the answer; the kernel does what follows: see [`crate::net::Linger`].
    fn linger(&mut self, process: &mut ProcessContext, mut c: Box<WsgiConnection>) {
        if c.wire.broken {
            c.wire.close(&mut process.frames);
            return;
        }
        if c.prompt {
            c.linger(process, AfterClose::Nothing);
            return;
        }
        let single = process.listeners.len() == 1;
        let listener = process.listeners.first().filter(|_| single && self.alive);
        let then = listener.map_or(AfterClose::Tell, |listener| AfterClose::Accept(listener.id));
        c.linger(process, then);
        self.state = State::Lingering;
    }
}

/// Whether connections may be offered to the worker: it then need not ask for each.
fn takes_offers(process: &ProcessContext) -> bool {
    process.claims.is_some()
        && process.listeners.len() == 1
        && process.launch.server() == Server::Gunicorn
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
