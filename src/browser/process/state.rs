//! What the types of a process share.

use std::cell::RefCell;

use crate::event_loop::{EventLoop, MAIN};
use crate::os::{Millis, Signal};
use crate::workers;

use super::dispositions::{Disposition, Dispositions};
use super::memory::Memory;
use super::threads::Outcome;
use super::worker::Worker;

/// What a thread does for less is left out of the trace: there can be many thousands of such
/// intervals in a second.
const SHORTEST_INTERVAL: Millis = 0.05;

/// A process, behind each of its types.
pub(super) struct Shared<W: ?Sized = dyn Worker> {
    pub(super) memory: Memory,
    state: RefCell<State<W>>,
}

struct State<W: ?Sized> {
    base: Base,
    worker: W,
}

impl<W: Worker> Shared<W> {
    pub(super) fn new(memory: Memory, base: Base, worker: W) -> Self {
        Self {
            memory,
            state: RefCell::new(State { base, worker }),
        }
    }
}

impl<W: Worker + ?Sized> Shared<W> {
    /// Reads or changes the state. What is done in it must not call JavaScript, which could call
    /// back: but for [`super::Claims`], which only reads and writes memory.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Base, &mut W) -> T) -> T {
        let state = &mut *self.state.borrow_mut();
        work(&mut state.base, &mut state.worker)
    }
}

/// What a process has whatever its worker.
pub(super) struct Base {
    pub(super) process: workers::ProcessContext,
    pub(super) threads: EventLoop,
    pub(super) dispositions: Dispositions,
    /// The working directory of the command.
    pub(super) directory: String,
    /// The process has asked for its own listeners.
    pub(super) has_asked_to_bind: bool,
    /// Python knows whether the worker's addresses could be had.
    pub(super) knows_address: bool,
    /// How the thread goes on that is to be resumed.
    pub(super) outcome: Outcome,
    /// When the threads' part of the trace is to leave by itself.
    pub(super) trace_due: Option<Millis>,
    /// What has begun until then and not ended is in the trace.
    pub(super) told_open: Millis,
}

impl Base {
    pub(super) fn new(
        process: workers::ProcessContext,
        threads: EventLoop,
        directory: String,
    ) -> Self {
        Self {
            process,
            threads,
            dispositions: Dispositions::default(),
            directory,
            has_asked_to_bind: false,
            knows_address: false,
            outcome: Outcome::Start,
            trace_due: None,
            told_open: 0.0,
        }
    }

    /// The spans that are made from here on are the running thread's.
    pub(super) fn name_thread(&mut self) {
        self.process.thread = self.threads.holder().unwrap_or(MAIN);
    }

    /// What the threads did since the last time goes into the trace.
    pub(super) fn trace_threads<W: Worker + ?Sized>(&mut self, worker: &W) {
        self.trace_due = None;
        for interval in self.threads.take_intervals() {
            if interval.end - interval.start < SHORTEST_INTERVAL {
                continue;
            }
            let request = interval.request.and_then(|id| worker.request(id));
            self.process.interval(&interval, request);
        }
    }

    /// What has begun since the last time, and not ended, goes into the trace.
    pub(super) fn trace_open<W: Worker + ?Sized>(&mut self, worker: &W, now: Millis) {
        worker.note_open(&mut self.process, self.told_open);
        for interval in self.threads.open_intervals(self.told_open) {
            let request = interval.request.and_then(|id| worker.request(id));
            self.process.interval(&interval, request);
        }
        self.told_open = now;
    }

    /// Whether a thread could be resumed now.
    pub(super) fn has_due_thread(&self) -> bool {
        self.threads.holder().is_none() && self.threads.has_ready()
    }

    /// A signal arrives: Python's own handler goes before the server's.
    pub(super) fn signal<W: Worker + ?Sized>(&mut self, worker: &mut W, number: u32, now: Millis) {
        match self.dispositions.get(number) {
            Disposition::SignalHandled => self.threads.signal(number, now),
            Disposition::SignalIgnored => {}
            Disposition::SignalDefault => {
                let Some(signal) = Signal::numbered(number as i32) else {
                    return;
                };
                if worker.signal(&mut self.process, signal) {
                    self.threads.signal(number, now);
                }
            }
        }
    }
}
