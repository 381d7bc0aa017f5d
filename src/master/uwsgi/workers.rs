//! How the master keeps its workers: buried, respawned, given up.

use super::{Ending, FAILED_APP, MERCY, RELOAD, State, TICK, Uwsgi, say, say_when, second};
use crate::Millis;
use crate::master::{Action, Exit, Signal};

impl Uwsgi {
    /// Ends the server.
    pub(super) fn kill_them_all(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.ending == Some(Ending::Dying) {
            return;
        }
        self.ending = Some(Ending::Dying);
        say("SIGINT/SIGTERM received...killing workers...", actions);
        self.curse_all(now, Signal::Kill, actions);
        self.bury_router(actions);
    }

    /// Tells all workers to end: at once, or (HUP) after their request.
    pub(super) fn curse_all(&mut self, now: Millis, signal: Signal, actions: &mut Vec<Action>) {
        for worker in &mut self.workers {
            if let Some(pid) = worker.pid {
                worker.cursed_at = Some(second(now));
                actions.push(Action::Signal(pid, signal));
            }
        }
        // The signal ends the wait; the workers have not ended yet.
        self.tick = now + TICK;
    }

    /// A turn of the loop.
    pub(super) fn look_after_workers(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.tick = now + TICK;
        for index in 0..self.workers.len() {
            self.reap(now, index, actions);
        }
        if self.state != State::Running {
            return;
        }
        if self.workers.iter().all(|worker| worker.pid.is_none()) {
            match self.ending {
                Some(Ending::Dying) => {
                    say("goodbye to uWSGI.", actions);
                    self.exit(if self.failed { FAILED_APP } else { 0 }, actions);
                    return;
                }
                Some(Ending::Reloading) => {
                    self.reload(now, actions);
                    return;
                }
                None => {}
            }
        }
        self.check_mercy(now, actions);
        self.check_harakiri(now, actions);
    }

    /// Looks whether a worker has ended, and sees to it.
    fn reap(&mut self, now: Millis, index: usize, actions: &mut Vec<Action>) {
        let number = index + 1;
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        let (Some(pid), Some(exit)) = (worker.pid, worker.exit) else {
            return;
        };
        worker.pid = None;
        worker.exit = None;
        let cursed_at = worker.cursed_at.take();
        if exit == Exit::Code(FAILED_APP) {
            let what = format!("OOPS ! failed loading app in worker {number} (pid {pid})");
            if self.launch.need_app {
                say(&what, actions);
                say_when(now, "need-app requested, destroying the instance...", actions);
                self.failed = true;
                self.kill_them_all(now, actions);
                return;
            }
            say(&[&what, " :( trying again..."].concat(), actions);
        }
        if self.ending.is_some() {
            let seconds = second(now) - cursed_at.unwrap_or_else(|| second(now));
            say(
                &format!("worker {number} buried after {seconds} seconds"),
                actions,
            );
            return;
        }
        let died = format!("DAMN ! worker {number} (pid: {pid}) died");
        match exit {
            Exit::Code(RELOAD) => {
                say(
                    &format!("worker {number} killed successfully (pid: {pid})"),
                    actions,
                );
            }
            Exit::Code(_) => say(&[&died, " :( trying respawn ..."].concat(), actions),
            Exit::Signal(signal) => {
                let by = signal.number();
                say(
                    &format!("{died}, killed by signal {by} :( trying respawn ..."),
                    actions,
                );
            }
        }
        self.respawn(now, index, actions);
    }

    fn respawn(&mut self, now: Millis, index: usize, actions: &mut Vec<Action>) {
        let (last, quick) = self.respawned;
        let now = second(now);
        let quick = if now <= last + 1 { quick + 1 } else { 0 };
        self.respawned = (now, quick);
        if quick > self.launch.workers {
            self.respawned.1 = 0;
            let line = "worker respawning too fast !!! i have to sleep a bit (2 seconds)...";
            say(line, actions);
            self.tick += 2.0 * TICK;
        }
        if let Some(worker) = self.workers.get_mut(index) {
            worker.respawns += 1;
            // Beyond the number: that it is not the first, which alone shows what the app prints while it is loaded.
            let slot = (index as u32 + 1) | 1 << 16;
            actions.push(Action::Spawn { slot });
        }
    }

    /// Starts anew, as the original does by executing itself.
    fn reload(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.ending = None;
        self.reloaded = true;
        self.bound = 0;
        self.total = 0;
        self.say_reloading(now, actions);
        for (host, port) in self.launch.binds.clone() {
            self.say_bound(&format!("{host}:{port}"), actions);
            self.bound += 1;
        }
        self.load(now, actions);
    }

    /// Workers that have had their time to finish are killed.
    fn check_mercy(&mut self, now: Millis, actions: &mut Vec<Action>) {
        for (index, worker) in self.workers.iter_mut().enumerate() {
            let (Some(pid), Some(cursed_at)) = (worker.pid, worker.cursed_at) else {
                continue;
            };
            if second(now) > cursed_at + MERCY {
                let number = index + 1;
                let line =
                    format!("worker {number} (pid: {pid}) is taking too much time to die...NO MERCY !!!");
                say_when(now, &line, actions);
                worker.cursed_at = Some(second(now));
                actions.push(Action::Signal(pid, Signal::Kill));
            }
        }
    }

    /// `--harakiri`: workers whose request takes too long are killed. They are missed a turn later.
    fn check_harakiri(&mut self, now: Millis, actions: &mut Vec<Action>) {
        for (index, worker) in self.workers.iter_mut().enumerate() {
            let due = worker.harakiri.is_some_and(|at| at <= second(now));
            let (Some(pid), true) = (worker.pid, due) else {
                continue;
            };
            worker.harakiri = None;
            let number = index + 1;
            for line in [
                format!("*** HARAKIRI ON WORKER {number} (pid: {pid}, try: 1, graceful: yes) ***"),
                format!("HARAKIRI !!! worker {number} status !!!"),
                format!("HARAKIRI [core 0] {}", worker.request),
                format!("HARAKIRI !!! end of worker {number} status !!!"),
                format!("HARAKIRI triggered by worker {number} core 0 !!!"),
            ] {
                say_when(now, &line, actions);
            }
            actions.push(Action::Signal(pid, Signal::Kill));
        }
    }
}
