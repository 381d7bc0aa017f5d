//! What the master knows of requests: who is busy, since when, and their lines in the log.

use super::state::{Uwsgi, second};
use crate::master::Action;
use crate::os::{Millis, Pid, Stream};
use crate::servers::uwsgi::{RequestBegun, RequestLine};

impl Uwsgi {
    /// A worker begins a request.
    pub(super) fn busy(&mut self, now: Millis, pid: Pid, core: u32, begun: RequestBegun) {
        let harakiri = self.settings.harakiri;
        let harakiri = harakiri.map(|seconds| second(now) + i64::from(seconds));
        if let Some(worker) = self.worker(pid) {
            worker.requests = worker.requests.saturating_add(1);
            worker.harakiri = harakiri;
            worker.busy.insert(core, begun);
        }
    }

    /// A worker has served a request, and may have a line for it.
    pub(super) fn request(
        &mut self,
        pid: Pid,
        core: u32,
        line: Option<&RequestLine>,
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
        if let Some(line) = line {
            let line = line.with_numbers(worker.requests, total);
            actions.push(Action::Log(Stream::Stderr, line));
        }
    }
}
