//! How the master keeps its workers: buried, respawned, given up.

use super::{Ending, FAILED_APP, RELOAD, State, TICK, Uwsgi, fill, say, say_when, second};
use crate::master::Action;
use crate::os::{Exit, Millis, Signal, Stream};
use crate::servers::log;

impl Uwsgi {
    /// Ends the server.
    pub(super) fn kill_them_all(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.ending == Some(Ending::Dying) {
            return;
        }
        self.ending = Some(Ending::Dying);
        say(actions, "SIGINT/SIGTERM received...killing workers...", &[]);
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
            let touched = ["*** ", &file, " has been touched... grace them all !!! ***"].concat();
            say_when(now, actions, &touched, &[]);
            self.signal(now, Signal::Hup, actions);
        }
        self.adapt(now, actions);
        for index in 0..self.workers.len() {
            if self.ending.is_none() && self.workers.get(index).is_some_and(|worker| worker.missing)
            {
                self.spawn_again(index, actions);
            }
            self.reap(now, index, actions);
        }
        if self.state != State::Running {
            return;
        }
        if self.workers.iter().all(|worker| worker.pid.is_none()) {
            match self.ending {
                Some(Ending::Dying) => {
                    say(actions, "goodbye to uWSGI.", &[]);
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
    #[inline(never)]
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
        let both = [index as u32 + 1, pid];
        if exit == Exit::Code(FAILED_APP) {
            if self.options.need_app {
                say(
                    actions,
                    "OOPS ! failed loading app in worker % (pid %)",
                    &both,
                );
                say_when(
                    now,
                    actions,
                    "need-app requested, destroying the instance...",
                    &[],
                );
                self.failed = true;
                self.kill_them_all(now, actions);
                return;
            }
            let line = "OOPS ! failed loading app in worker % (pid %) :( trying again...";
            say(actions, line, &both);
        }
        if self.ending.is_some() {
            let seconds = cursed_at.map_or(0, |at| second(now) - at);
            let [number, _] = both;
            say(
                actions,
                "worker % buried after % seconds",
                &[number, seconds as u32],
            );
            return;
        }
        let (line, by) = match exit {
            Exit::Code(RELOAD) if expired => ("", 0),
            Exit::Code(RELOAD) => ("worker % killed successfully (pid: %)", 0),
            Exit::Code(_) => ("DAMN ! worker % (pid: %) died :( trying respawn ...", 0),
            Exit::Signal(signal) => {
                let line =
                    "DAMN ! worker % (pid: %) died, killed by signal % :( trying respawn ...";
                (line, signal.number() as u32)
            }
        };
        let [number, pid] = both;
        if !line.is_empty() {
            say(actions, line, &[number, pid, by]);
        }
        if cheaped {
            say(actions, "uWSGI worker % cheaped.", &both);
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
        let too_fast = quick > self.options.count;
        self.respawned = (second(now), if too_fast { 0 } else { quick });
        if too_fast {
            let line = "worker respawning too fast !!! i have to sleep a bit (2 seconds)...";
            say(actions, line, &[]);
            self.tick = now + 2.0 * TICK;
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
            // Beyond the number: that it is not the first, which alone shows what the app prints
            // while it is loaded.
            let slot = (index as u32 + 1) | 1 << 16;
            actions.push(Action::Spawn { slot });
        }
    }

    /// Starts anew, as the original does by executing itself.
    fn reload(&mut self, actions: &mut Vec<Action>) {
        self.ending = None;
        self.reloaded = true;
        self.total = 0;
        self.inherited.clone_from(&self.options.addresses);
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
                .is_some_and(|at| second(now) > at + i64::from(self.options.mercy))
            {
                let line = "worker % (pid: %) is taking too much time to die...NO MERCY !!!";
                say_when(now, actions, line, &[number, pid]);
                worker.cursed_at = Some(second(now));
            } else if worker.harakiri.is_some_and(|at| at <= second(now)) {
                worker.harakiri = None;
                let both = [number, pid];
                say_when(
                    now,
                    actions,
                    "*** HARAKIRI ON WORKER % (pid: %, try: 1, graceful: yes) ***",
                    &both,
                );
                say_when(now, actions, "HARAKIRI !!! worker % status !!!", &both);
                for (core, what) in &worker.busy {
                    // A request may have a `%` of its own.
                    let before = fill(" - HARAKIRI [core %] ", &[*core]);
                    let status = [&log::ctime(now), &before, what.as_str()].concat();
                    actions.push(Action::Log(Stream::Stderr, status));
                }
                say_when(
                    now,
                    actions,
                    "HARAKIRI !!! end of worker % status !!!",
                    &both,
                );
                say_when(
                    now,
                    actions,
                    "HARAKIRI triggered by worker % core 0 !!!",
                    &both,
                );
            } else {
                continue;
            }
            actions.push(Action::Signal(pid, Signal::Kill));
        }
    }
}
