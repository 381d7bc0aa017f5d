//! gunicorn's gevent worker: a green thread for each connection, and the hub, which accepts.
//!
//! The hub is the main thread. It accepts as many connections as wait, [`MOST_ACCEPTED`] at once, or one where there are other
//! worker processes, and lets their green threads begin before it looks again: one that computes keeps it from accepting.
//! A green thread waits for a request, calls the app, and waits on the same connection for the next, for as long as
//! `--keep-alive` says; it is given up silently where the whole head has not come by then, the first one's too.

use std::collections::VecDeque;

use litemap::LiteMap;

use crate::Millis;
use crate::event_loop::Key;
use crate::master::Signal;
use crate::net::frame::{Accepted, Frame, Kind, push_number};
use crate::servers::Level;
use crate::trace::Name;

use super::Process;
use super::conversation::{Begun, Body, Conversation, Head, conversation};
use super::threaded::{Next, Taken, key};

/// How often the worker says that it is alive, and looks whether it is to stop.
const BEAT: Millis = 1000.0;
/// What gevent's loop can tell apart.
const MILLISECOND: Millis = 1.0;
/// gevent's `StreamServer.max_accept`.
const MOST_ACCEPTED: usize = 100;

/// The worker.
#[derive(Debug, Default)]
pub struct GreenWorker {
    connections: LiteMap<u32, Box<Seat>>,
    /// Connections whose green threads are to be started.
    accepted: VecDeque<u32>,
    /// Some have been, and have not run yet.
    begun: bool,
    /// Listeners that have a connection, as far as is known.
    listeners: Vec<u32>,
    /// Listeners that will say so.
    polled: Vec<u32>,
    /// Answers to `accept()` that have not come.
    accepts: usize,
    /// When the last connection ended.
    left_at: Millis,
    /// When the next beat is, once the hub runs.
    beat_at: Option<Millis>,
    stopped: bool,
    /// Until when connections may be served, once nothing more is accepted.
    stop_until: Option<Millis>,
    /// Keys of threads that should look again.
    woken: Vec<Key>,
    /// Whether the hub should.
    ready: bool,
    early: Option<Signal>,
}

/// A connection and where its green thread is.
#[derive(Debug)]
struct Seat {
    conversation: Conversation,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// A request is waited for, until then.
    Reading(Millis),
    /// The app has it.
    Running,
    /// The rest of its body is thrown away, until then.
    Draining(Millis),
}

impl GreenWorker {
    /// Whether the hub should look again, and the keys of the threads that should.
    pub fn take_ready(&mut self) -> (bool, Vec<Key>) {
        (std::mem::take(&mut self.ready), std::mem::take(&mut self.woken))
    }

    /// When the hub should look again.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.beat_at
    }

    /// [`deadline`](Self::deadline) has come.
    pub fn tick(&mut self) {
        self.beat_at = None;
        self.ready = true;
    }

    /// A signal that came before Python had its handlers.
    pub fn signal(&mut self, signal: Signal) {
        self.early = Some(signal);
    }

    /// That signal, once.
    pub fn early(&mut self) -> Option<Signal> {
        self.early.take()
    }

    /// The worker is to stop, as it will see at its next beat.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// The connection of a request that the app has, and its place on it.
    #[must_use]
    pub fn request(&self, id: u32) -> Option<(u32, u32)> {
        self.connections.get(&id).map(|seat| seat.conversation.key())
    }

    /// The conversation whose request the app has.
    pub fn running(&mut self, id: u32) -> Option<&mut Conversation> {
        let seat = self.connections.get_mut(&id)?;
        matches!(seat.stage, Stage::Running).then_some(&mut seat.conversation)
    }

    /// Takes a frame from the kernel.
    pub fn deliver(&mut self, process: &mut Process, frame: Frame<'_>, now: Millis) {
        match frame.kind {
            Kind::Readable => {
                self.polled.retain(|id| *id != frame.id);
                self.listeners.push(frame.id);
                self.ready = true;
            }
            Kind::Accepted => {
                let Some(accepted) = Accepted::decode(frame.body) else {
                    return;
                };
                let mut listeners = process.listeners.iter();
                let listener = listeners.find(|listener| listener.id == accepted.listener);
                let listener = listener.cloned();
                let seat = Seat {
                    conversation: conversation(process, frame.id, accepted, listener, now),
                    stage: Stage::Reading(now + patience(process)),
                };
                self.connections.insert(frame.id, Box::new(seat));
                self.accepted.push_back(frame.id);
            }
            Kind::AcceptEnd => {
                self.accepts = self.accepts.saturating_sub(1);
                self.ready = true;
            }
            kind => {
                if let Some(seat) = self.connections.get_mut(&frame.id) {
                    seat.conversation.wire.deliver(kind, &frame, &mut process.frames);
                    self.woken.push(key(frame.id));
                }
            }
        }
    }

    /// The hub asks what to do. The first time that it is to wait after it has been given connections, it only lets their threads
    /// begin.
    pub fn next(&mut self, process: &mut Process, now: Millis) -> Next {
        if let Some(id) = self.accepted.pop_front() {
            self.begun = true;
            return Next::Submit(id);
        }
        if std::mem::take(&mut self.begun) || self.accepts > 0 {
            return Next::Park;
        }
        if self.beat_at.is_none_or(|at| at <= now) {
            self.beat_at = Some(now + BEAT);
            if self.stopped {
                let grace = process.launch.graceful_timeout.unwrap_or(Millis::INFINITY);
                let first = self.stop_until.is_none();
                let until = *self.stop_until.get_or_insert(now + grace);
                if first {
                    for index in 0..process.listeners.len() {
                        let listener = process.listeners[index].id;
                        process.tell(Kind::Unlisten, listener);
                    }
                }
                // Timers of one millisecond fire together in gevent, and what a green thread's has ended is taken note of after them.
                let over = self.connections.is_empty() && now - self.left_at > MILLISECOND;
                if over || now > until {
                    if !self.connections.is_empty() {
                        let line = ["Worker graceful timeout (pid:", &process.pid.to_string(), ")"];
                        process.log(Level::Warning, &line.concat(), now);
                    }
                    return Next::Exit;
                }
            }
            process.tell(Kind::Notify, 0);
        }
        let room = (process.launch.worker_connections as usize).saturating_sub(self.connections.len());
        if room > 0 && self.stop_until.is_none() {
            let most = if process.launch.workers > 1 {
                1
            } else {
                MOST_ACCEPTED
            };
            for listener in std::mem::take(&mut self.listeners) {
                push_number(&mut process.frames, Kind::Accept, listener, most.min(room) as u32);
                self.accepts += 1;
            }
            for index in 0..process.listeners.len() {
                let listener = process.listeners[index].id;
                if !self.polled.contains(&listener) {
                    process.tell(Kind::Poll, listener);
                    self.polled.push(listener);
                }
            }
        }
        Next::Park
    }

    /// A green thread asks what to do with its connection: it begins, has waited, or is done with a request.
    pub fn take(&mut self, process: &mut Process, id: u32, now: Millis) -> Taken {
        let Some(seat) = self.connections.get_mut(&id) else {
            return Taken::Done;
        };
        let c = &mut seat.conversation;
        loop {
            match seat.stage {
                Stage::Reading(until) => match c.read_head(process, now) {
                    Head::Partial if now < until => return Taken::ParkFor(until - now),
                    Head::Partial | Head::Over => break,
                    Head::Complete(head) => {
                        let Some(Begun { environ, has_body }) = c.begin(process, *head, now) else {
                            break;
                        };
                        seat.stage = Stage::Running;
                        process.served += 1;
                        let most = process.launch.max_requests;
                        if most.is_some_and(|most| process.served >= most) && !self.stopped {
                            process.log(Level::Info, "Autorestarting worker after current request.", now);
                            self.stopped = true;
                        }
                        c.respond(process, !self.stopped && process.launch.keep_alive > 0.0, now);
                        return Taken::Request { environ, has_body };
                    }
                },
                Stage::Running => {
                    if c.keeps.is_none() {
                        process.span(c.key(), Name::App, c.started_at, now);
                    }
                    if c.keeps != Some(true) || process.launch.keep_alive <= 0.0 {
                        break;
                    }
                    seat.stage = Stage::Draining(now + patience(process));
                }
                Stage::Draining(until) => match c.read_body(process, usize::MAX, now) {
                    Body::Data(_) => {}
                    Body::End => {
                        c.next_request(now);
                        seat.stage = Stage::Reading(until);
                    }
                    Body::Park if now < until => return Taken::ParkFor(until - now),
                    Body::Park | Body::Raise(_) => break,
                },
            }
        }
        if let Some(mut seat) = self.connections.remove(&id) {
            seat.conversation.wire.close(&mut process.frames);
        }
        self.left_at = now;
        // There is room for another.
        self.ready = true;
        Taken::Done
    }
}

/// How long a request is waited for.
fn patience(process: &Process) -> Millis {
    match process.launch.keep_alive {
        keep if keep > 0.0 => keep,
        _ => Millis::INFINITY,
    }
}

#[cfg(test)]
#[path = "green_tests.rs"]
mod tests;
