//! The process's own event loop: messages and time come in, a message goes out.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::Key;
use crate::net::frame::{FromProcess, ToProcess, frames};
use crate::os::Millis;

use super::Process;

/// The threads' part of the trace travels with other messages; alone if there is none for this
/// long, or if it is large.
const TRACE_EVERY: Millis = 100.0;
const MOST_INTERVALS: usize = 2000;

#[wasm_bindgen]
impl Process {
    /// A message of the kernel.
    pub fn deliver(&self, message: &[u8], now: Millis) {
        self.shared.with(|base, worker| {
            base.threads.turned(now);
            for frame in frames(message) {
                if base.process.receive(frame) {
                    worker.process_changed();
                } else if frame.kind == ToProcess::Signal {
                    base.signal(worker, frame.id, now);
                } else {
                    worker.deliver(&mut base.process, frame, now);
                }
            }
        });
    }

    /// When `tick` is due; infinite if never.
    pub fn deadline(&self) -> Millis {
        self.shared.with(|base, worker| {
            [worker.deadline(), base.threads.deadline(), base.trace_due]
                .into_iter()
                .flatten()
                .fold(Millis::INFINITY, Millis::min)
        })
    }

    /// Timers that are due.
    pub fn tick(&self, now: Millis) {
        self.shared
            .with(|base, worker| worker.tick(&mut base.process, now));
    }

    /// Wakes the threads that wait for connections and should look. Returns whether a thread could
    /// be resumed.
    #[wasm_bindgen(js_name = wakeThreads)]
    pub fn wake_threads(&self, now: Millis) -> bool {
        self.shared.with(|base, worker| {
            let has_news = !base.knows_address && base.process.bound.is_some();
            let ready = worker.take_ready(has_news);
            for key in ready.keys {
                base.threads.wake_all(key, now);
            }
            if ready.main || !base.process.hooks.is_empty() {
                base.threads.wake_all(Key::Connections, now);
            }
            base.has_due_thread()
        })
    }

    /// Sends the message for the kernel, if there is one: `all` also with what need not leave by
    /// itself.
    pub fn flush(&self, all: bool, now: Millis) {
        let message = self.shared.with(|base, worker| {
            let traced = base.trace_due.is_some_and(|at| at <= now)
                || base.threads.interval_count() >= MOST_INTERVALS;
            let process = &base.process;
            // What is served on without a change was told at the last time.
            let has_news = base.threads.interval_count() > 0 || (!traced && worker.is_serving());
            if traced || !process.frames.is_empty() || (all && !process.lazy.is_empty()) {
                base.trace_threads(worker);
            }
            if traced {
                base.trace_open(worker, now);
            }
            if base.trace_due.is_none() && has_news {
                base.trace_due = Some(now + TRACE_EVERY);
            }
            base.process.take_message(all || traced)
        });
        if !message.is_empty() {
            self.shared.memory.send(&message);
        }
    }

    /// The interpreter is up.
    pub fn booted(&self) {
        self.send(FromProcess::Booted);
    }

    /// A master's process has loaded the app, and forked.
    pub fn loaded(&self) {
        self.send(FromProcess::Accepting);
    }

    /// The heartbeat.
    pub fn notify(&self) {
        self.send(FromProcess::Notify);
    }

    /// The process ends.
    pub fn exiting(&self) {
        self.shared.with(|base, _| base.process.flush_output());
    }
}

impl Process {
    fn send(&self, kind: FromProcess) {
        self.shared.with(|base, _| base.process.send(kind, 0));
    }
}
