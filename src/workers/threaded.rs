//! gunicorn's gthread worker: the main thread accepts connections and keeps idle ones, a pool of
//! threads serves one request of one connection each. And its gevent worker (`green.rs`), which has
//! a green thread for each connection.
//!
//! The main thread's rounds are in `main_thread.rs`, what a thread of the pool does with a
//! connection in `serving.rs`; here is what both have in common, and what the kernel brings.

mod green;
mod main_thread;
mod serving;

use std::collections::{BTreeMap, VecDeque};

use crate::event_loop::Key;
use crate::net::frame::{Accepted, Frame, ToProcess};
use crate::os::{Millis, Signal};
use crate::servers::Launch;

use super::ProcessContext;
use super::wsgi_connection::{WsgiConnection, connection};

/// How long the main thread waits in `select()`.
const SELECT: Millis = 1000.0;
/// How long a thread of the pool waits for a new connection's first bytes before it gives it back,
/// and for the rest of a body that the app has not read (gunicorn's `DEFAULT_WORKER_DATA_TIMEOUT`).
const PATIENCE: Millis = 5000.0;
/// How long a worker that stops keeps idle connections (gunicorn's `STOP_KEEPALIVE_LINGER`).
const STOPPING: Millis = 2000.0;
/// The master hears no more often than this that the worker is alive.
const NOTIFY_EVERY: Millis = 250.0;

/// What threads wait for that work on a connection.
#[must_use]
pub fn key(connection: u32) -> Key {
    Key::Client(connection)
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

/// What a thread does with the connection that it has taken from the queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// Call the app with this environ, as a run of strings.
    Request {
        /// Keys and values.
        environ: Vec<u8>,
        /// Whether there is a body to read.
        has_body: bool,
    },
    /// Wait for the connection's key, and ask again.
    Park,
    /// The same, for at most so long.
    ParkFor(Millis),
    /// Nothing more: tell the main thread.
    Done,
}

/// The worker.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // Independent facts, each established at its own moment.
pub struct ThreadedWorker {
    connections: BTreeMap<u32, Box<Seat>>,
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
    select: Select,
    /// Something has been done in the main thread that ends its round.
    dispatched: bool,
    stopped: bool,
    /// Green threads are to be begun, and have not run yet.
    begun: bool,
    /// When the last green thread's connection ended.
    left_at: Millis,
    /// Until when the connections of a worker that stops may be served.
    stop_until: Option<Millis>,
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
    connection: WsgiConnection,
    stage: Stage,
    /// Whether its first bytes have come.
    begun: bool,
}

/// The main thread's `select()`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Select {
    /// It is not called.
    #[default]
    NotCalled,
    /// It returns at this time, if nothing comes before.
    Until(Millis),
    /// That time has come, and the main thread has not looked.
    Over,
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
    /// A thread throws away the body's rest: until then, and so many bytes, if that is limited.
    Draining(Millis, Option<usize>),
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
        (
            std::mem::take(&mut self.ready),
            std::mem::take(&mut self.woken),
        )
    }

    /// When the main thread should look again.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        match self.select {
            Select::Until(at) => Some(at),
            Select::NotCalled | Select::Over => None,
        }
    }

    /// [`deadline`](Self::deadline) has come.
    pub fn tick(&mut self) {
        self.select = Select::Over;
        self.ready = true;
    }

    /// A signal that came before Python had its handlers.
    pub fn signal(&mut self, signal: Signal) {
        if matches!(
            signal,
            Signal::Term | Signal::Int | Signal::Quit | Signal::Abrt
        ) {
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
        self.connections.get(&id).map(|seat| seat.connection.key())
    }

    /// Takes a frame from the kernel.
    pub fn deliver(
        &mut self,
        process: &mut ProcessContext,
        frame: Frame<'_, ToProcess>,
        now: Millis,
    ) {
        match frame.kind {
            ToProcess::Readable => {
                self.polled.retain(|id| *id != frame.id);
                if !self.listeners.contains(&frame.id) {
                    self.listeners.push(frame.id);
                }
                self.ready = true;
            }
            ToProcess::Accepted => self.accepted(process, frame, now),
            ToProcess::Closed => {
                if let Some(seat) = self.connections.get_mut(&frame.id) {
                    seat.stage = Stage::Done(Verdict::Closed);
                    self.woken.push(key(frame.id));
                    self.ready = true;
                }
            }
            ToProcess::AcceptEnd => {
                self.accepts = self.accepts.saturating_sub(1);
                self.ready = true;
            }
            kind => {
                let Some(seat) = self.connections.get_mut(&frame.id) else {
                    return;
                };
                let wire = &mut seat.connection.wire;
                wire.deliver(kind, &frame, &mut process.frames);
                if matches!(seat.stage, Stage::Kept(..) | Stage::Pending(_)) {
                    self.look(frame.id);
                } else {
                    self.woken.push(key(frame.id));
                }
            }
        }
    }

    fn accepted(&mut self, process: &mut ProcessContext, frame: Frame<'_, ToProcess>, now: Millis) {
        let Some(accepted) = Accepted::decode(frame.body) else {
            return;
        };
        let mut listeners = process.listeners.iter();
        let listener = listeners.find(|listener| listener.id == accepted.listener);
        let listener = listener.cloned();
        let seat = Seat {
            connection: connection(process, frame.id, accepted, listener, now),
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
        let wire = &seat.connection.wire;
        if (wire.is_readable() || wire.eof || wire.broken) && !self.readable.contains(&id) {
            self.readable.push_back(id);
            self.ready = true;
        }
    }
}

/// How many connections a worker holds at most, if its server limits them.
fn most_connections(launch: &Launch) -> Option<usize> {
    let gunicorn = launch.gunicorn()?;
    Some(gunicorn.worker_connections as usize)
}

#[cfg(test)]
#[path = "threaded_tests.rs"]
mod tests;
