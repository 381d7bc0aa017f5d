//! How the master keeps its workers: buried, respawned, given up.

use super::lines::{say, say_when};
use super::state::{Ending, FAILED_APP, FORKBOMB_DELAY, RELOAD, State, TICK, Uwsgi, second};
use crate::master::Action;
use crate::os::{Exit, Millis, Signal};

impl Uwsgi {
    /// Ends the server.
    pub(super) fn kill_them_all(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.ending == Some(Ending::Dying) {
            return;
        }
        self.ending = Some(Ending::Dying);
        say(actions, "SIGINT/SIGTERM received...killing workers...");
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
        if self.check_idle(now, actions) {
            return;
        }
        self.check_lifetimes(now, actions);
        if self.ending.is_none()
            && let Some(file) = self.touched.take()
        {
            let touched = format!("*** {file} has been touched... grace them all !!! ***");
            say_when(now, actions, &touched);
            self.signal(now, Signal::Hup, actions);
        }
        self.adapt(now, actions);
        for index in 0..self.workers.len() {
            if self.ending.is_none() && self.workers.get(index).is_some_and(|worker| worker.missing)
            {
                self.spawn_again(index, actions);
            }
            let is_missing =
                |this: &Self| this.workers.get(index).is_some_and(|worker| worker.missing);
            let was_missing = is_missing(self);
            self.reap(now, index, actions);
            // It sleeps now: what is next waits until it has slept.
            if is_missing(self) && !was_missing {
                return;
            }
        }
        if self.state != State::Running {
            return;
        }
        if self.workers.iter().all(|worker| worker.pid.is_none()) {
            match self.ending {
                Some(Ending::Dying) => {
                    say(actions, "goodbye to uWSGI.");
                    self.exit(if self.failed { FAILED_APP } else { 0 }, actions);
                    return;
                }
                Some(Ending::Reloading) => {
                    self.reload(actions);
                    return;
                }
                None => {}
            }
        }
        self.check_time(now, actions);
    }

    /// Looks whether a worker has ended, and sees to it.
    fn reap(&mut self, now: Millis, index: usize, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        let (Some(pid), Some(exit)) = (worker.pid, worker.exit) else {
            return;
        };
        worker.pid = None;
        worker.exit = None;
        let cursed_at = worker.cursed_at.take();
        let (cheaped, expired) = (worker.cheaped, worker.expired);
        let number = index + 1;
        if exit == Exit::Code(FAILED_APP) {
            if self.settings.need_app {
                say(
                    actions,
                    format!("OOPS ! failed loading app in worker {number} (pid {pid})"),
                );
                say_when(
                    now,
                    actions,
                    "need-app requested, destroying the instance...",
                );
                self.failed = true;
                self.kill_them_all(now, actions);
                return;
            }
            say(
                actions,
                format!(
                    "OOPS ! failed loading app in worker {number} (pid {pid}) :( trying again..."
                ),
            );
        }
        if self.ending.is_some() {
            let seconds = cursed_at.map_or(0, |at| second(now) - at);
            say(
                actions,
                format!("worker {number} buried after {seconds} seconds"),
            );
            return;
        }
        match exit {
            Exit::Code(RELOAD) if expired => {}
            Exit::Code(RELOAD) => say(
                actions,
                format!("worker {number} killed successfully (pid: {pid})"),
            ),
            Exit::Code(_) => say(
                actions,
                format!("DAMN ! worker {number} (pid: {pid}) died :( trying respawn ..."),
            ),
            Exit::Signal(signal) => say(
                actions,
                format!(
                    "DAMN ! worker {number} (pid: {pid}) died, killed by signal {} \
                     :( trying respawn ...",
                    signal.number()
                ),
            ),
        }
        if cheaped {
            say(actions, format!("uWSGI worker {number} cheaped."));
            return;
        }
        self.respawn(now, index, actions);
    }

    /// Respawns a worker, after a while if workers die one after the other.
    fn respawn(&mut self, now: Millis, index: usize, actions: &mut Vec<Action>) {
        let (last, quick) = self.respawned;
        let quick = if second(now) <= last + 1 {
            quick + 1
        } else {
            0
        };
        let too_fast = quick > self.launch.workers;
        self.respawned = (second(now), quick);
        if too_fast {
            let line = "worker respawning too fast !!! i have to sleep a bit (2 seconds)...";
            say(actions, line);
            self.tick = now + FORKBOMB_DELAY;
            // It counts on from when it has slept.
            self.respawned = (second(self.tick), 0);
            if let Some(worker) = self.workers.get_mut(index) {
                worker.missing = true;
            }
        } else {
            self.spawn_again(index, actions);
        }
    }

    pub(super) fn spawn_again(&mut self, index: usize, actions: &mut Vec<Action>) {
        if let Some(worker) = self.workers.get_mut(index) {
            worker.missing = false;
            actions.push(Action::Spawn {
                slot: index as u32 + 1,
                again: true,
            });
        }
    }

    /// Starts anew, as the original does by executing itself.
    fn reload(&mut self, actions: &mut Vec<Action>) {
        self.ending = None;
        self.reloaded = true;
        self.total = 0;
        self.inherited.clone_from(&self.addresses);
        self.say_reloading(actions);
        self.state = State::Binding;
        actions.push(Action::Reread);
    }

    /// Workers that have had their time to finish are killed, and those whose request takes too
    /// long (`--harakiri`).
    fn check_time(&mut self, now: Millis, actions: &mut Vec<Action>) {
        for (number, worker) in (1..).zip(&mut self.workers) {
            let Some(pid) = worker.pid else { continue };
            if worker
                .cursed_at
                .is_some_and(|at| second(now) > at + i64::from(self.settings.worker_reload_mercy))
            {
                let line = format!(
                    "worker {number} (pid: {pid}) is taking too much time to die...NO MERCY !!!"
                );
                say_when(now, actions, &line);
                worker.cursed_at = Some(second(now));
            } else if worker.harakiri.is_some_and(|at| at <= second(now)) {
                worker.harakiri = None;
                let mut say = |line: String| say_when(now, actions, &line);
                say(format!(
                    "*** HARAKIRI ON WORKER {number} (pid: {pid}, try: 1, graceful: yes) ***"
                ));
                say(format!("HARAKIRI !!! worker {number} status !!!"));
                for (core, begun) in &worker.busy {
                    say(format!("HARAKIRI [core {core}] {begun}"));
                }
                say(format!("HARAKIRI !!! end of worker {number} status !!!"));
                say(format!("HARAKIRI triggered by worker {number} core 0 !!!"));
            } else {
                continue;
            }
            actions.push(Action::Signal(pid, Signal::Kill));
        }
    }
}
