//! What the event loop of a process asks of its worker, of whatever class.

use crate::event_loop::{Key, RequestId};
use crate::net::frame::{Frame, ToProcess};
use crate::os::Millis;
use crate::os::Signal;
use crate::workers::ProcessContext;
use crate::workers::r#async::AsyncWorker;
use crate::workers::cores::{self, Cores};
use crate::workers::threaded::ThreadedWorker;

/// The threads that should look again.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// Whether the main thread should, if it waits for connections.
    pub(super) main: bool,
    /// What others wait for.
    pub(super) keys: Vec<Key>,
}

/// A worker.
pub(super) trait Worker {
    /// Takes a frame that concerns its connections.
    fn deliver(&mut self, process: &mut ProcessContext, frame: Frame<'_, ToProcess>, now: Millis);

    /// The process has taken a frame that concerns it as a whole.
    fn process_changed(&mut self) {}

    /// A signal that Python has no handler for. Returns whether the app is to be interrupted.
    fn signal(&mut self, process: &mut ProcessContext, signal: Signal) -> bool;

    /// The code of the `SystemExit` to raise in the app because of a signal, once.
    fn interrupted(&mut self) -> Option<i32> {
        None
    }

    /// When [`tick`](Self::tick) is due.
    fn deadline(&self) -> Option<Millis>;

    /// Timers that are due.
    fn tick(&mut self, process: &mut ProcessContext, now: Millis);

    /// Who should look again. `has_news`: it is known whether the worker's addresses could be had,
    /// and Python has not asked since.
    fn take_ready(&mut self, has_news: bool) -> Ready;

    /// A request by the number that Python knows it by: its connection, and its place on it.
    fn request(&self, id: RequestId) -> Option<(u32, u32)>;

    /// Whether an app has a request.
    fn is_serving(&self) -> bool;

    /// Notes for the trace since when the app has its requests: those that it got after `after`.
    fn note_open(&self, process: &mut ProcessContext, after: Millis);

    /// The app is loaded.
    fn listen(&mut self, _process: &mut ProcessContext) {}
}

impl Worker for Cores {
    fn deliver(&mut self, process: &mut ProcessContext, frame: Frame<'_, ToProcess>, now: Millis) {
        self.deliver(process, frame, now);
    }

    fn process_changed(&mut self) {
        self.wake();
    }

    fn signal(&mut self, process: &mut ProcessContext, signal: Signal) -> bool {
        self.signal(process, signal);
        self.core(0).is_some_and(|core| core.is_interrupted())
    }

    fn interrupted(&mut self) -> Option<i32> {
        self.core(0)?.interrupted()
    }

    fn deadline(&self) -> Option<Millis> {
        self.deadline()
    }

    fn tick(&mut self, _process: &mut ProcessContext, now: Millis) {
        self.tick(now);
    }

    fn take_ready(&mut self, _has_news: bool) -> Ready {
        let cores = self.take_ready();
        Ready {
            main: cores.first() == Some(&0),
            keys: cores.into_iter().map(cores::key).collect(),
        }
    }

    fn request(&self, id: RequestId) -> Option<(u32, u32)> {
        Some((id.0, 0))
    }

    fn is_serving(&self) -> bool {
        self.is_serving()
    }

    fn note_open(&self, process: &mut ProcessContext, after: Millis) {
        self.note_open(process, after);
    }
}

impl Worker for ThreadedWorker {
    fn deliver(&mut self, process: &mut ProcessContext, frame: Frame<'_, ToProcess>, now: Millis) {
        self.deliver(process, frame, now);
    }

    fn signal(&mut self, _process: &mut ProcessContext, signal: Signal) -> bool {
        self.signal(signal);
        false
    }

    fn deadline(&self) -> Option<Millis> {
        self.deadline()
    }

    fn tick(&mut self, _process: &mut ProcessContext, now: Millis) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.tick();
        }
    }

    fn take_ready(&mut self, _has_news: bool) -> Ready {
        let (main, keys) = self.take_ready();
        Ready { main, keys }
    }

    fn request(&self, id: RequestId) -> Option<(u32, u32)> {
        self.request(id.0)
    }

    fn is_serving(&self) -> bool {
        self.is_serving()
    }

    fn note_open(&self, process: &mut ProcessContext, after: Millis) {
        self.note_open(process, after);
    }
}

impl Worker for AsyncWorker {
    fn deliver(&mut self, process: &mut ProcessContext, frame: Frame<'_, ToProcess>, now: Millis) {
        self.deliver(process, frame, now);
    }

    fn signal(&mut self, process: &mut ProcessContext, signal: Signal) -> bool {
        self.signal(process, signal);
        false
    }

    fn deadline(&self) -> Option<Millis> {
        self.deadline()
    }

    fn tick(&mut self, process: &mut ProcessContext, now: Millis) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.tick(process, now);
        }
    }

    fn take_ready(&mut self, has_news: bool) -> Ready {
        Ready {
            main: self.is_ready() || has_news,
            keys: Vec::new(),
        }
    }

    fn request(&self, id: RequestId) -> Option<(u32, u32)> {
        self.request(id.0)
    }

    fn is_serving(&self) -> bool {
        self.is_serving()
    }

    fn note_open(&self, process: &mut ProcessContext, after: Millis) {
        self.note_open(process, after);
    }

    fn listen(&mut self, process: &mut ProcessContext) {
        self.listen(process);
    }
}
