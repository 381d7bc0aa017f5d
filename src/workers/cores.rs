//! The threads of a worker for WSGI apps that each accept by themselves: uWSGI's cores
//! (`--threads`). Each is a [`SyncWorker`]; one at a time stands at the listeners, as uWSGI's
//! threads do under a mutex of their process. gunicorn's sync worker is one core.

use std::collections::VecDeque;

use crate::event_loop::Key;
use crate::net::frame::{Frame, ToProcess};
use crate::os::{Millis, Signal};

use super::ProcessContext;
use super::sync::{Next, SyncWorker};
use super::wsgi_connection::WsgiConnection;

/// What the thread of a core waits for; that of the first, which is the main thread, waits for what
/// every worker's waits for.
#[must_use]
pub fn key(core: u32) -> Key {
    Key::Client(core)
}

/// The worker.
#[derive(Debug)]
pub struct Cores {
    cores: Vec<SyncWorker>,
    /// Who wants to accept, in order; the first does.
    turn: VecDeque<u32>,
}

impl Cores {
    /// As many cores as the command line asks for.
    #[must_use]
    pub fn new(process: &ProcessContext) -> Self {
        let core = SyncWorker::new;
        Self {
            cores: (0..process.launch.threads.max(1)).map(core).collect(),
            turn: VecDeque::new(),
        }
    }

    /// A core.
    pub fn core(&mut self, number: u32) -> Option<&mut SyncWorker> {
        self.cores.get_mut(number as usize)
    }

    /// The connection whose request this core's app has.
    pub fn running(&mut self, core: u32) -> Option<&mut WsgiConnection> {
        self.core(core)?.running()
    }

    /// Whether an app has a request.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.cores.iter().any(|core| core.served().is_some())
    }

    /// Notes for the trace since when the app has its requests: those that it got after `after`.
    pub fn note_open(&self, process: &mut ProcessContext, after: Millis) {
        for c in self.cores.iter().filter_map(SyncWorker::served) {
            c.note_open(process, after);
        }
    }

    /// The cores whose threads should look again.
    pub fn take_ready(&mut self) -> Vec<u32> {
        let numbers = (0..).zip(&mut self.cores);
        numbers
            .filter_map(|(number, core)| core.is_ready().then_some(number))
            .collect()
    }

    /// All threads should look again.
    pub fn wake(&mut self) {
        for core in &mut self.cores {
            core.wake();
        }
    }

    /// When [`tick`](Self::tick) is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.cores
            .iter()
            .filter_map(SyncWorker::deadline)
            .reduce(Millis::min)
    }

    /// [`deadline`](Self::deadline) has come.
    pub fn tick(&mut self, now: Millis) {
        for core in &mut self.cores {
            if core.deadline().is_some_and(|at| at <= now) {
                core.tick();
            }
        }
    }

    /// A signal: see [`SyncWorker::signal`].
    pub fn signal(&mut self, process: &mut ProcessContext, signal: Signal) {
        if let Some(core) = self.core(0) {
            core.signal(process, signal);
        }
        self.leave_together();
    }

    /// Where one core leaves, all do.
    fn leave_together(&mut self) {
        if let Some(code) = self.cores.iter().find_map(SyncWorker::leaves_with) {
            for core in &mut self.cores {
                core.leave(code);
            }
        }
    }

    /// Takes a frame from the kernel.
    pub fn deliver(
        &mut self,
        process: &mut ProcessContext,
        frame: Frame<'_, ToProcess>,
        now: Millis,
    ) {
        let first = self.turn.front().copied().unwrap_or(0);
        let number = match frame.kind {
            ToProcess::Readable | ToProcess::Offer | ToProcess::Accepted | ToProcess::AcceptEnd => {
                first
            }
            _ => {
                let its = |core: &SyncWorker| core.connection() == Some(frame.id);
                self.cores.iter().position(its).unwrap_or(0) as u32
            }
        };
        if let Some(core) = self.core(number) {
            core.deliver(process, frame, now);
        }
        self.pass();
    }

    /// Who has accepted lets the next do so.
    fn pass(&mut self) {
        let mut passed = false;
        while let Some(&first) = self.turn.front() {
            let core = self.cores.get_mut(first as usize);
            let Some(core) = core.filter(|core| core.accepts()) else {
                self.turn.pop_front();
                passed = true;
                continue;
            };
            if passed {
                core.wake();
            }
            return;
        }
    }

    /// The thread of a core has left the app.
    pub fn end_request(&mut self, process: &mut ProcessContext, number: u32, now: Millis) {
        if let Some(core) = self.core(number) {
            core.end_request(process, now);
        }
    }

    /// The thread of a core asks what to do.
    pub fn next(&mut self, process: &mut ProcessContext, number: u32, now: Millis) -> Next {
        let Some(core) = self.cores.get_mut(number as usize) else {
            return Next::Exit;
        };
        core.end_request(process, now);
        if core.accepts() && !self.turn.contains(&number) {
            self.turn.push_back(number);
        }
        if core.accepts() && self.turn.front() != Some(&number) {
            return Next::Park;
        }
        let next = core.next(process, now);
        self.pass();
        self.leave_together();
        next
    }
}

#[cfg(test)]
#[path = "cores_tests.rs"]
mod tests;
