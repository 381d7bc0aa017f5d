//! What the master knows of requests: who is busy, since when, and their lines in the log.

use super::state::{Uwsgi, second};
use crate::master::Action;
use crate::os::{Millis, Pid, Stream};
use crate::servers::uwsgi::{AppCalled, RequestBegun, RequestEnded};

/// A worker has so many apps at most.
const MOST_APPS: u32 = 64;

impl Uwsgi {
    /// A worker begins a request.
    pub(super) fn busy(&mut self, now: Millis, pid: Pid, core: u32, begun: RequestBegun) {
        let harakiri = self.settings.harakiri;
        let harakiri = harakiri.map(|seconds| second(now) + i64::from(seconds));
        if let Some(worker) = self.worker(pid) {
            worker.harakiri = harakiri;
            worker.busy.insert(core, begun);
        }
    }

    /// A worker is done with a request, and may have a line for it.
    pub(super) fn request(
        &mut self,
        pid: Pid,
        core: u32,
        ended: &RequestEnded,
        actions: &mut Vec<Action>,
    ) {
        self.total = self.total.saturating_add(1);
        let total = self.total;
        let Some(worker) = self.worker(pid) else {
            return;
        };
        // Of one of its threads: the clock is the worker's.
        worker.harakiri = None;
        worker.busy.remove(&core);
        let counts = &mut worker.counts;
        counts.running_time += ended.micros.unwrap_or_default();
        let calls =
            ended
                .app
                .filter(|app| app.number < MOST_APPS)
                .map(|AppCalled { number, calls }| {
                    let counted = counts.apps.entry(number).or_default();
                    counted.now = calls;
                    counted.total()
                });
        if let Some(line) = &ended.line {
            let line = line.with_numbers(calls, total);
            actions.push(Action::Log(Stream::Stderr, line));
        }
    }
}
