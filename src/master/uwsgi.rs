//! uWSGI's master process, 2.0.31, and uWSGI without one (`--master` left out), where the first
//! worker is the server.
//!
//! The original is a loop that waits for a second at most and is not woken by the death of a
//! worker: whatever it does about workers, it does at the next [`TICK`]. Signals are handled where
//! they arrive.
//!
//! The master's process loads the app, and workers are forks of it, unless `--lazy-apps` leaves
//! that to them. Without a master each worker loads it all the same: the first shows what the app
//! prints meanwhile, and the lines that follow wait for it.

mod busyness;
#[cfg(test)]
mod busyness_tests;
mod cheaper;
#[cfg(test)]
mod cheaper_tests;
mod lines;
mod requests;
mod state;
#[cfg(test)]
mod tests;
mod workers;

pub(super) use state::Uwsgi;

use super::{Action, Event};
use crate::os::{Exit, Millis, Pid, Signal};
use lines::say;
use state::{Adaptation, END, Ending, State, TICK, Worker, second};

impl Uwsgi {
    pub(super) fn deadline(&self) -> Option<Millis> {
        (self.state == State::Running && self.launch.master).then_some(self.tick)
    }

    pub(super) fn handle(&mut self, now: Millis, event: Event, actions: &mut Vec<Action>) {
        if self.state == State::Ended {
            return;
        }
        match event {
            Event::Started => {
                self.first_lines(now, actions);
                self.begin_busyness(now, actions);
                self.open_sockets(now, actions);
            }
            Event::Bound { ok, .. } => self.bound(now, ok, actions),
            Event::Spawned { slot, pid } => self.spawned(now, slot, pid, actions),
            Event::Accepting(pid) => self.accepting(now, pid, actions),
            Event::Busy(pid, core, begun) => self.busy(now, pid, core, begun),
            Event::Request(pid, core, ended) => self.request(pid, core, &ended, actions),
            Event::Exited(pid, exit) => self.exited(now, pid, exit, actions),
            Event::Signal(signal) => self.signal(now, signal, actions),
            Event::Deadline if self.state == State::Running && now >= self.tick => {
                self.look_after_workers(now, actions);
            }
            Event::FileChanged(path) => {
                let directory = &self.directory;
                let is_it =
                    |file: &&String| path == **file || path == format!("{directory}/{file}");
                if let Some(file) = self.settings.touch_reload.iter().find(is_it) {
                    self.touched = Some(file.clone());
                }
            }
            Event::Waiting(waiting) => self.connections_wait(waiting, actions),
            Event::Booted(_) | Event::Heartbeat(_) | Event::HookFailed | Event::Deadline => {}
        }
    }

    /// Binds the addresses, or goes on with those that it had before it reloaded.
    fn open_sockets(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.bound = 0;
        if self.inherited == self.addresses {
            while let Some(address) = self.addresses.get(self.bound) {
                self.say_bound(address, actions);
                self.bound += 1;
            }
            self.load(now, actions);
            return;
        }
        if self.reloaded {
            actions.push(Action::CloseListeners);
            self.listening = false;
            self.reloaded = false;
        }
        self.state = State::Binding;
        actions.push(Action::Bind(0));
    }

    fn bound(&mut self, now: Millis, ok: bool, actions: &mut Vec<Action>) {
        let address = self.addresses.get(self.bound).cloned().unwrap_or_default();
        if !ok {
            say(
                actions,
                format!(
                    "probably another instance of uWSGI is running on the same address ({address})."
                ),
            );
            say(
                actions,
                "bind(): Address already in use [core/socket.c line 769]",
            );
            self.exit(1, actions);
            return;
        }
        self.say_bound(&address, actions);
        self.bound += 1;
        if self.bound < self.addresses.len() {
            actions.push(Action::Bind(self.bound));
        } else {
            self.load(now, actions);
        }
    }

    /// Loads the app, or starts the workers that do.
    fn load(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.say_mode(actions);
        self.state = State::Running;
        self.tick = now + TICK;
        self.forked = false;
        self.workers.clear();
        self.workers
            .resize_with(self.launch.workers as usize, Worker::default);
        self.adaptation = Adaptation::default();
        self.adaptation.cheap = self.settings.cheap;
        let initial = self.initial() as usize;
        for worker in self.workers.iter_mut().skip(initial) {
            worker.cheaped = true;
        }
        if self.launch.preload && (self.launch.master || self.launch.workers == 0) {
            actions.push(Action::Load);
        } else {
            self.spawn_all(now, actions);
        }
    }

    fn spawn_all(&mut self, now: Millis, actions: &mut Vec<Action>) {
        for slot in 1..=self.initial() {
            actions.push(Action::Spawn { slot, again: false });
        }
        if self.initial() > 0 {
            return;
        }
        if !self.launch.master {
            // There is nothing more to do.
            self.exit(0, actions);
            return;
        }
        self.fork(now, actions);
        self.listen(actions);
    }

    fn listen(&mut self, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.listening, true) {
            actions.push(Action::Listening);
        }
    }

    fn spawned(&mut self, now: Millis, slot: u32, pid: Pid, actions: &mut Vec<Action>) {
        let Some(worker) = (slot as usize)
            .checked_sub(1)
            .and_then(|index| self.workers.get_mut(index))
        else {
            return;
        };
        worker.pid = Some(pid);
        worker.born = second(now);
        worker.cheaped = false;
        worker.expired = false;
        let first = worker.respawns == 0;
        worker.respawns += 1;
        if !first {
            say(
                actions,
                format!("Respawned uWSGI worker {slot} (new pid: {pid})"),
            );
        } else if self.forked && self.launch.master {
            let threads = self.launch.threads;
            say(
                actions,
                format!("spawned uWSGI worker {slot} (pid: {pid}, cores: {threads})"),
            );
        } else if (self.launch.master || !self.launch.preload)
            && self
                .workers
                .iter()
                .all(|worker| worker.pid.is_some() || worker.cheaped)
        {
            self.fork(now, actions);
        }
    }

    /// The app is loaded, or nobody waits for it: the lines of a fork.
    fn fork(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.forked, true) {
            self.respawned = (second(now), 0);
            self.begin_turn(now);
            self.say_forked(actions);
        }
    }

    fn accepting(&mut self, now: Millis, pid: Pid, actions: &mut Vec<Action>) {
        if pid == self.pid {
            self.spawn_all(now, actions);
            return;
        }
        let Some(index) = self.index(pid) else { return };
        if let Some(worker) = self.workers.get_mut(index) {
            worker.accepting = true;
        }
        if index == 0 {
            self.fork(now, actions);
        }
        if self.forked
            && self
                .workers
                .iter()
                .all(|worker| worker.accepting || worker.cheaped)
        {
            self.listen(actions);
        }
    }

    fn exited(&mut self, now: Millis, pid: Pid, exit: Exit, actions: &mut Vec<Action>) {
        if pid == self.pid {
            self.exit(exit.shell_code(), actions);
            return;
        }
        let Some(index) = self.index(pid) else { return };
        if let Some(worker) = self.workers.get_mut(index) {
            worker.exit = Some(exit);
            worker.accepting = false;
            worker.harakiri = None;
            worker.forget_process(self.launch.preload);
        }
        let alone = !self.launch.master || !self.forked;
        if index == 0 && alone && self.ending.is_none() {
            // It was the whole server, or loaded the app in the master's place.
            self.exit(exit.shell_code(), actions);
        } else if self.ending.is_some() && !self.forked {
            self.look_after_workers(now, actions);
        }
    }

    fn signal(&mut self, now: Millis, signal: Signal, actions: &mut Vec<Action>) {
        if matches!(signal, Signal::Kill | Signal::Abrt) {
            self.exit(Exit::Signal(signal).shell_code(), actions);
            return;
        }
        let ends = matches!(signal, Signal::Term | Signal::Int | Signal::Quit);
        if !self.launch.master {
            if ends {
                self.exit(END, actions);
            } else if signal == Signal::Hup
                && let Some(pid) = self.workers.first().and_then(|worker| worker.pid)
            {
                actions.push(Action::Signal(pid, Signal::Hup));
            }
            return;
        }
        let dies = match signal {
            Signal::Int => true,
            Signal::Term => self.settings.die_on_term,
            _ => !self.settings.die_on_term,
        };
        if ends && dies {
            self.kill_them_all(now, actions);
        } else if (ends || signal == Signal::Hup) && self.ending.is_none() {
            self.ending = Some(Ending::Reloading);
            self.bury_router(actions);
            let (how, signal) = match signal {
                Signal::Hup => ("...gracefully killing workers...", Signal::Hup),
                _ => ("...brutally killing workers...", Signal::Kill),
            };
            say(actions, how);
            self.curse_all(now, signal, actions);
        }
    }
}
