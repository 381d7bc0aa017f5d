//! gunicorn's gthread worker: the main thread accepts connections and keeps idle ones, a pool of threads serves one request
//! of one connection each.
//!
//! The main thread goes round a loop: a heartbeat, `select()` for a second at most, then what that brought, then the
//! time-outs. It accepts one connection of a listener in each round. What the pool's threads do with a connection is
//! in `serving.rs`; when one is done, the main thread decides what becomes of the connection: see
//! [`finish`](ThreadedWorker::finish). The orderly close of a connection that is not kept blocks the main thread, as on the
//! real one.

mod serving;

use std::collections::VecDeque;

use litemap::LiteMap;

use crate::Millis;
use crate::event_loop::Key;
use crate::master::Signal;
use crate::net::frame::{Accepted, Frame, Kind, push_number};
use crate::trace::Name;

use super::Process;
use super::conversation::{Conversation, conversation};
pub use serving::Taken;

/// How long the main thread waits in `select()`.
const SELECT: Millis = 1000.0;
/// How long a thread of the pool waits for a new connection's first bytes before it gives it back, and for the rest of a body
/// that the app has not read (gunicorn's `DEFAULT_WORKER_DATA_TIMEOUT`).
const PATIENCE: Millis = 5000.0;
/// How long a worker that stops keeps idle connections (gunicorn's `STOP_KEEPALIVE_LINGER`).
const STOPPING: Millis = 2000.0;
/// The master hears no more often than this that the worker is alive.
const NOTIFY_EVERY: Millis = 250.0;

/// What threads wait for that work on a connection.
#[must_use]
pub fn key(connection: u32) -> Key {
    0x8000_0000 | connection
}

/// What the main thread does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Give this connection to the pool.
    Submit(u32),
    /// Wait.
    Park,
    /// Leave.
    Exit,
}

/// The worker.
#[derive(Debug, Default)]
pub struct ThreadedWorker {
    connections: LiteMap<u32, Box<Seat>>,
    /// Connections for the pool, in order.
    submissions: VecDeque<u32>,
    /// Connections that `select()` has found readable.
    readable: VecDeque<u32>,
    /// Idle connections, the longest idle first.
    kept: VecDeque<u32>,
    /// Connections that have sent nothing for as long as a thread of the pool would wait.
    pending: VecDeque<u32>,
    /// Listeners that have a connection, as far as is known.
    listeners: Vec<u32>,
    /// Listeners that will say so.
    polled: Vec<u32>,
    /// Answers to `accept()` that have not come.
    accepts: usize,
    /// Until when the main thread is in `select()`; infinitely long ago once that time has come.
    select_until: Option<Millis>,
    /// Something has been done in the main thread that ends its round.
    dispatched: bool,
    stopped: bool,
    /// Until when the connections of a worker that stops may be served.
    stop_until: Option<Millis>,
    /// Requests served.
    served: u32,
    notified_at: Millis,
    /// Keys of threads that should look again.
    woken: Vec<Key>,
    /// Whether the main thread should.
    ready: bool,
    early: Option<Signal>,
}

/// A connection and where it is.
#[derive(Debug)]
struct Seat {
    conversation: Conversation,
    stage: Stage,
    /// Whether its first bytes have come.
    begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// In the pool's queue, since then.
    Queued(Millis),
    /// A thread waits for its first bytes, until then.
    Silent(Millis),
    /// A thread reads a request's head.
    Reading,
    /// The app has its request.
    Running,
    /// A thread throws away the body's rest: until then, and so many bytes.
    Draining(Millis, usize),
    /// A thread is done with it.
    Done(Verdict),
    /// The kernel carries out an orderly close, for which a thread waits.
    Lingering,
    /// Idle, since and until then.
    Kept(Millis, Millis),
    /// Silent, until then.
    Pending(Millis),
}

/// What a thread of the pool found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Close,
    /// It has not sent anything yet.
    Defer,
    /// It is closed already.
    Closed,
}

impl ThreadedWorker {
    /// A worker that accepts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // --- the event loop's side

    /// Whether the main thread should look again, and the keys of the threads that should.
    pub fn take_ready(&mut self) -> (bool, Vec<Key>) {
        (std::mem::take(&mut self.ready), std::mem::take(&mut self.woken))
    }

    /// When the main thread should look again.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.select_until.filter(|until| until.is_finite())
    }

    /// [`deadline`](Self::deadline) has come.
    pub fn tick(&mut self) {
        self.select_until = Some(Millis::NEG_INFINITY);
        self.ready = true;
    }

    /// A signal that came before Python had its handlers.
    pub fn signal(&mut self, signal: Signal) {
        if matches!(signal, Signal::Term | Signal::Int | Signal::Quit | Signal::Abrt) {
            self.early = Some(signal);
        }
    }

    /// That signal, once.
    pub fn early(&mut self) -> Option<Signal> {
        self.early.take()
    }

    /// The worker is to stop: nothing more is accepted, and no connection kept after its request.
    pub fn stop(&mut self) {
        self.stopped = true;
        self.dispatched = true;
        self.ready = true;
    }

    /// The connection of a request that the app has, and its place on it.
    #[must_use]
    pub fn request(&self, id: u32) -> Option<(u32, u32)> {
        self.connections.get(&id).map(|seat| seat.conversation.key())
    }

    /// Takes a frame from the kernel.
    pub fn deliver(&mut self, process: &mut Process, frame: Frame<'_>, now: Millis) {
        match frame.kind {
            Kind::Readable => {
                self.polled.retain(|id| *id != frame.id);
                if !self.listeners.contains(&frame.id) {
                    self.listeners.push(frame.id);
                }
                self.ready = true;
            }
            Kind::Accepted => self.accepted(process, frame, now),
            // The end of an orderly close: of the connection that the body names.
            Kind::AcceptEnd if frame.id == 0 => {
                let id = frame.number();
                if let Some(seat) = self.connections.get_mut(&id) {
                    seat.stage = Stage::Done(Verdict::Closed);
                    self.woken.push(key(id));
                    self.ready = true;
                }
            }
            Kind::AcceptEnd => {
                self.accepts = self.accepts.saturating_sub(1);
                self.ready = true;
            }
            kind => {
                let Some(seat) = self.connections.get_mut(&frame.id) else {
                    return;
                };
                let wire = &mut seat.conversation.wire;
                match kind {
                    Kind::Data => wire.receive(frame.body),
                    Kind::Eof => wire.eof = true,
                    Kind::Reset => wire.reset(),
                    Kind::Credit => wire.grant(frame.number(), &mut process.frames),
                    _ => {}
                }
                if matches!(seat.stage, Stage::Kept(..) | Stage::Pending(_)) {
                    self.look(frame.id);
                } else {
                    self.woken.push(key(frame.id));
                }
            }
        }
    }

    fn accepted(&mut self, process: &mut Process, frame: Frame<'_>, now: Millis) {
        let Some(accepted) = Accepted::decode(frame.body) else {
            return;
        };
        let mut listeners = process.listeners.iter();
        let listener = listeners.find(|listener| listener.id == accepted.listener);
        let listener = listener.cloned();
        let seat = Seat {
            conversation: conversation(process, frame.id, accepted, listener, now),
            stage: Stage::Queued(now),
            begun: false,
        };
        self.connections.insert(frame.id, Box::new(seat));
        self.submissions.push_back(frame.id);
    }

    /// Whether `select()` finds a polled connection readable.
    fn look(&mut self, id: u32) {
        let Some(seat) = self.connections.get(&id) else {
            return;
        };
        let wire = &seat.conversation.wire;
        if (wire.is_readable() || wire.eof || wire.broken) && !self.readable.contains(&id) {
            self.readable.push_back(id);
            self.ready = true;
        }
    }

    // --- the main thread

    /// The main thread asks what to do.
    pub fn next(&mut self, process: &mut Process, now: Millis) -> Next {
        loop {
            if let Some(id) = self.submissions.pop_front() {
                return Next::Submit(id);
            }
            if self.accepts > 0 {
                return Next::Park;
            }
            if let Some(until) = self.select_until {
                let quiet = !self.dispatched
                    && self.readable.is_empty()
                    && (self.listeners.is_empty() || !self.accepts_more(process));
                if quiet && now < until {
                    return Next::Park;
                }
                self.select_until = None;
                self.dispatch(process, now);
            } else {
                self.expire(process, now);
                if self.stopped && self.stops(process, now) {
                    return Next::Exit;
                }
                self.begin_round(process, now);
            }
        }
    }

    fn accepts_more(&self, process: &Process) -> bool {
        !self.stopped && self.connections.len() < process.launch.worker_connections as usize
    }

    fn begin_round(&mut self, process: &mut Process, now: Millis) {
        if now - self.notified_at >= NOTIFY_EVERY {
            self.notified_at = now;
            process.tell(Kind::Notify, 0);
        }
        if self.accepts_more(process) {
            for index in 0..process.listeners.len() {
                self.poll(process, process.listeners[index].id);
            }
        }
        self.dispatched = false;
        let mut timeout = SELECT;
        if self.stopped
            && let Some(Stage::Kept(_, until)) = self.kept.front().and_then(|id| self.stage(*id))
        {
            timeout = timeout.min((until - now).max(0.0));
        }
        self.select_until = Some(now + timeout);
    }

    fn poll(&mut self, process: &mut Process, listener: u32) {
        if !self.polled.contains(&listener) && !self.listeners.contains(&listener) {
            process.tell(Kind::Poll, listener);
            self.polled.push(listener);
        }
    }

    /// What `select()` has returned.
    fn dispatch(&mut self, process: &mut Process, now: Millis) {
        if self.accepts_more(process) {
            for listener in std::mem::take(&mut self.listeners) {
                push_number(&mut process.frames, Kind::Accept, listener, 1);
                self.accepts += 1;
                // The next round begins by this anyway; so it costs no message of its own.
                self.poll(process, listener);
            }
        }
        while let Some(id) = self.readable.pop_front() {
            let Some(seat) = self.connections.get_mut(&id) else {
                continue;
            };
            match seat.stage {
                Stage::Kept(since, _) => {
                    process.span(seat.conversation.key(), Name::KeepAlive, since, now);
                    self.kept.retain(|kept| *kept != id);
                }
                Stage::Pending(_) => self.pending.retain(|pending| *pending != id),
                _ => continue,
            }
            seat.begun = true;
            seat.stage = Stage::Queued(now);
            self.submissions.push_back(id);
        }
    }

    fn stage(&self, id: u32) -> Option<Stage> {
        self.connections.get(&id).map(|seat| seat.stage)
    }

    /// Closes connections that have been idle, or silent, for too long.
    fn expire(&mut self, process: &mut Process, now: Millis) {
        while let Some(&id) = self.kept.front()
            && let Some(Stage::Kept(_, until)) = self.stage(id)
            && until <= now
        {
            self.drop_kept(process, now);
        }
        while let Some(&id) = self.pending.front()
            && let Some(Stage::Pending(until)) = self.stage(id)
            && until <= now
        {
            self.pending.pop_front();
            self.drop(process, id);
        }
    }

    fn drop_kept(&mut self, process: &mut Process, now: Millis) {
        let Some(id) = self.kept.pop_front() else {
            return;
        };
        if let Some(seat) = self.connections.get(&id)
            && let Stage::Kept(since, _) = seat.stage
        {
            let (id, sequence) = seat.conversation.key();
            process.span((id, sequence.saturating_sub(1)), Name::KeepAlive, since, now);
        }
        self.drop(process, id);
    }

    /// Closes a connection at once.
    fn drop(&mut self, process: &mut Process, id: u32) {
        if let Some(mut seat) = self.connections.remove(&id) {
            seat.conversation.wire.close(&mut process.frames);
        }
    }

    /// A worker that stops: whether it leaves now.
    fn stops(&mut self, process: &mut Process, now: Millis) -> bool {
        let until = *self.stop_until.get_or_insert_with(|| {
            // Idle connections have little time left.
            for id in &self.kept {
                if let Some(seat) = self.connections.get_mut(id)
                    && let Stage::Kept(_, until) = &mut seat.stage
                {
                    *until = until.min(now + STOPPING);
                }
            }
            now + process.launch.graceful_timeout.unwrap_or(Millis::INFINITY)
        });
        if !self.connections.is_empty() && now <= until {
            return false;
        }
        while !self.kept.is_empty() {
            self.drop_kept(process, now);
        }
        true
    }

    /// The main thread hears that a thread of the pool is done with a connection. Whether it has to wait, and ask again.
    pub fn finish(&mut self, process: &mut Process, id: u32, now: Millis) -> bool {
        self.dispatched = true;
        let Some(seat) = self.connections.get_mut(&id) else {
            return false;
        };
        match seat.stage {
            Stage::Lingering => return true,
            Stage::Done(Verdict::Keep) => {
                if seat.conversation.http.unread() > 0 {
                    // What the thread has read beyond its request is not for `select()` to find.
                    seat.stage = Stage::Queued(now);
                    self.submissions.push_back(id);
                    return false;
                }
                let keep = process.launch.keep_alive;
                let keep = if self.stopped { keep.min(STOPPING) } else { keep };
                seat.stage = Stage::Kept(now, now + keep);
                self.kept.push_back(id);
                self.look(id);
            }
            Stage::Done(Verdict::Defer) if !self.stopped => {
                seat.stage = Stage::Pending(now + process.launch.keep_alive);
                self.pending.push_back(id);
                self.look(id);
            }
            Stage::Done(Verdict::Close) => {
                let c = &mut seat.conversation;
                if !c.wire.broken && !c.wire.eof {
                    c.linger(process, 0);
                    seat.stage = Stage::Lingering;
                    return true;
                }
                // The client has closed: there is nothing to wait for.
                c.wire.read(&mut process.lazy);
                self.drop(process, id);
            }
            Stage::Done(Verdict::Closed) => {
                self.connections.remove(&id);
            }
            _ => self.drop(process, id),
        }
        false
    }
}

#[cfg(test)]
#[path = "threaded_tests.rs"]
mod tests;
