//! What the master knows of requests: who is busy, since when, and their lines in the log.

use super::{Uwsgi, second};
use crate::master::Action;
use crate::os::{Millis, Pid, Stream};

impl Uwsgi {
    /// A worker begins a request.
    pub(super) fn busy(&mut self, now: Millis, pid: Pid, what: (u32, String)) {
        let harakiri = self.settings.harakiri;
        let harakiri = harakiri.map(|seconds| second(now) + i64::from(seconds));
        if let Some(worker) = self.worker(pid) {
            worker.requests += 1;
            worker.harakiri = harakiri;
            worker.busy.retain(|(core, _)| *core != what.0);
            // In the order of the cores. (A sort would cost 2 kB of wasm.)
            let before = worker
                .busy
                .iter()
                .filter(|(core, _)| *core < what.0)
                .count();
            worker.busy.insert(before, what);
        }
    }

    /// A worker has served a request. Its line, if it has one, has a NUL where the numbers of
    /// requests belong: the worker's and all.
    pub(super) fn request(&mut self, pid: Pid, core: u32, line: &str, actions: &mut Vec<Action>) {
        self.total += 1;
        let total = self.total;
        let Some(worker) = self.worker(pid) else {
            return;
        };
        // Of one of its threads: the clock is the worker's.
        worker.harakiri = None;
        worker.busy.retain(|(busy, _)| *busy != core);
        if line.is_empty() {
            return;
        }
        let line = match line.split_once('\0') {
            Some((before, after)) => {
                // Without an app there are no requests to it.
                let own = if before.as_bytes().contains(&b'-') {
                    "-1".to_owned()
                } else {
                    worker.requests.to_string()
                };
                format!("{before}{own}/{total}{after}")
            }
            None => line.to_owned(),
        };
        actions.push(Action::Log(Stream::Stderr, line));
    }
}
