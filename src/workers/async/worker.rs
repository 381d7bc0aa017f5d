//! The worker: its connections, and its loop, which looks at what has come only where Python's
//! `select()` stands.

use std::collections::{BTreeMap, VecDeque};

use crate::net::frame::{Frame, FromProcess, ToProcess, push_number};
use crate::os::{Millis, Signal};
use crate::servers::Server;
use crate::trace::Name;
use crate::workers::ProcessContext;

use super::connection::{AsgiConnection, AsgiRequest};
use super::event::{Events, LoopEvent, Pending};
use super::socket::Socket;

/// The worker.
#[derive(Debug, Default)]
// Independent facts, each established at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub struct AsyncWorker {
    pub(super) connections: BTreeMap<u32, Box<AsgiConnection>>,
    /// The connection of each request that the app has.
    pub(super) requests: BTreeMap<u32, Box<AsgiRequest>>,
    /// WebSocket connections, by the number of the app's call.
    pub(super) sockets: BTreeMap<u32, Box<Socket>>,
    pub(super) next_request: u32,
    pub(super) inbox: VecDeque<Arrived>,
    pub(super) events: Events,
    /// The present iteration of the loop has something for the app.
    pub(super) has_turned: bool,
    pub(super) polling: bool,
    pub(super) listening: bool,
    /// How many connections the last `accept()` gave.
    pub(super) accepted: u32,
    pub(super) stopping: bool,
    /// Responses completed.
    pub(super) total: u32,
}

#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) kind: ToProcess,
    pub(super) id: u32,
    pub(super) body: Vec<u8>,
    /// The loop was not waiting when it came.
    pub(super) late: bool,
}

impl AsyncWorker {
    /// A worker that accepts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the thread that is parked in `select()` should look.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.events.is_empty()
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
    pub fn tick(&mut self, process: &mut ProcessContext, now: Millis) {
        if self.polling {
            self.expire(process, now);
        }
    }

    /// Takes a frame from the kernel: at once if the loop stands in `select()`.
    pub fn deliver(
        &mut self,
        process: &mut ProcessContext,
        frame: Frame<'_, ToProcess>,
        now: Millis,
    ) {
        self.inbox.push_back(Arrived {
            kind: frame.kind,
            id: frame.id,
            body: frame.body.to_vec(),
            late: !self.polling,
        });
        if self.polling {
            self.handle_arrived(process, now);
        }
    }

    /// Python's thread enters `select()` and waits, or leaves it.
    pub fn set_polling(&mut self, process: &mut ProcessContext, polling: bool, now: Millis) {
        self.polling = polling;
        self.handle_arrived(process, now);
    }

    /// What `select()` returns next.
    pub fn next(&mut self, process: &mut ProcessContext, now: Millis) -> Option<LoopEvent> {
        let event = loop {
            if self.events.is_empty() {
                self.handle_arrived(process, now);
            }
            match self.events.pop()? {
                Pending::Event(event) => break event,
                later if self.has_turned => {
                    self.events.put_back(later);
                    return None;
                }
                Pending::Ended { connection, how } => self.ended(process, connection, how, now),
                Pending::Gone(number) => self.request_lost(number),
            }
        };
        self.has_turned = true;
        if let LoopEvent::Request(id, _) = &event
            && let Some(request) = self.requests.get_mut(id)
        {
            request.called_at = Some(now);
            process.span(
                (request.connection, request.sequence),
                Name::Queue,
                request.begun_at,
                now,
            );
        }
        if let LoopEvent::Socket(number, _) = &event {
            self.socket_called(process, *number, now);
        }
        Some(event)
    }

    /// `select()` returns: what it has returned happens before it is called again.
    pub fn end_turn(&mut self) {
        self.has_turned = false;
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

    /// Whether the app has a request.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        !self.requests.is_empty() || !self.sockets.is_empty()
    }

    /// Notes for the trace since when the app has its requests: those that it got after `after`.
    pub fn note_open(&self, process: &mut ProcessContext, after: Millis) {
        let requests = self.requests.values();
        let requests = requests.map(|r| (r.connection, r.sequence, r.called_at, r.begun_at));
        let sockets = self.sockets.values();
        let sockets = sockets.map(|s| (s.connection, s.sequence, s.called_at, s.begun_at));
        for (connection, sequence, called_at, begun_at) in requests.chain(sockets) {
            let (name, since) = match called_at {
                Some(at) => (Name::App, at),
                None => (Name::Queue, begun_at),
            };
            if since > after {
                process.open_span((connection, sequence), name, since);
            }
        }
    }

    pub(super) fn handle_arrived(&mut self, process: &mut ProcessContext, now: Millis) {
        while let Some(arrived) = self.inbox.pop_front() {
            self.handle_frame(process, &arrived, now);
        }
        self.expire(process, now);
    }

    pub(super) fn expire(&mut self, process: &mut ProcessContext, now: Millis) {
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
    pub fn listen(&mut self, process: &mut ProcessContext) {
        self.listening = true;
        for index in 0..process.listeners.len() {
            let id = process.listeners[index].id;
            process.send(FromProcess::Poll, id);
        }
    }

    /// The server stops accepting; idle connections close, busy ones after their response.
    pub fn close_listeners(&mut self, process: &mut ProcessContext, now: Millis) {
        self.listening = false;
        self.stopping = true;
        for listener in std::mem::take(&mut process.listeners) {
            process.send(FromProcess::Unlisten, listener.id);
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
    pub fn signal(&mut self, process: &mut ProcessContext, signal: Signal) {
        match signal {
            Signal::Term | Signal::Int => self.events.emit(LoopEvent::Stop(signal)),
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
}
