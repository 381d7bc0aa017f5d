//! How the supervisor looks after its children: health, replacement, restart, end.

use super::supervisor::{Next, STARTUP_FAILURE, State, Supervisor, TICK};
use crate::master::Action;
use crate::os::{Exit, Millis, Signal};
use crate::servers::Level;

impl Supervisor {
    /// TTOU: one child fewer, the last.
    pub(super) fn decrease(&mut self, actions: &mut Vec<Action>) {
        self.log(
            Level::Info,
            "Received SIGTTOU, decreasing number of processes.",
            actions,
        );
        if self.num_workers <= 1 {
            let message =
                "Already reached one process, cannot decrease the number of processes anymore.";
            self.log(Level::Info, message, actions);
            return;
        }
        self.num_workers -= 1;
        if let Some(slot) = self.children.pop() {
            self.terminate(slot, actions);
            self.join(slot, Next::Signals, actions);
        }
    }

    /// Goes on to the next child if the one at `index` lives, else sees to its end.
    pub(super) fn look_after(&mut self, now: Millis, index: usize, actions: &mut Vec<Action>) {
        let Some(&slot) = self.children.get(index) else {
            self.state = State::Waiting { until: now + TICK };
            return;
        };
        let alive = self.table.get(slot).is_some_and(|w| {
            let seen = w.heartbeat.or(w.booted);
            w.exit.is_none() && seen.is_none_or(|seen| now - seen <= self.healthcheck)
        });
        if alive {
            self.state = State::Children(index + 1);
        } else {
            self.table.signal(slot, Signal::Kill, actions);
            self.join(slot, Next::Replace(index), actions);
        }
    }

    /// When the replacement `new` has had its time.
    pub(super) fn ready_limit(&self, new: u32) -> Option<Millis> {
        self.table
            .get(new)
            .and_then(|w| w.booted)
            .map(|booted| booted + self.healthcheck)
    }

    /// Looks whether the replacement `new` has come to accept, or failed to; false if it may still.
    pub(super) fn replace(
        &mut self,
        now: Millis,
        index: usize,
        new: u32,
        actions: &mut Vec<Action>,
    ) -> bool {
        let Some(worker) = self.table.get(new) else {
            self.state = State::Signals;
            return true;
        };
        if worker.accepting {
            match self.children.get(index).copied() {
                Some(old) => {
                    self.terminate(old, actions);
                    self.join(old, Next::Restarted { index, new }, actions);
                }
                None => self.state = State::Signals,
            }
            return true;
        }
        let late = self.ready_limit(new).is_some_and(|limit| now >= limit);
        if worker.exit.is_some() || late {
            self.table.signal(new, Signal::Kill, actions);
            self.join(new, Next::NotReady { index }, actions);
            return true;
        }
        false
    }

    /// Asks a child to end.
    fn terminate(&self, slot: u32, actions: &mut Vec<Action>) {
        if self.table.get(slot).is_some_and(|w| w.exit.is_none()) {
            self.table.signal(slot, Signal::Term, actions);
            let message = format!("Terminated child process [{}]", self.table.shown(slot));
            self.log(Level::Info, &message, actions);
        }
    }

    pub(super) fn terminate_all(&mut self, actions: &mut Vec<Action>) {
        for slot in &self.children {
            self.terminate(*slot, actions);
        }
        self.join_next(0, actions);
    }

    /// Waits for the end of a child.
    fn join(&mut self, slot: u32, next: Next, actions: &mut Vec<Action>) {
        let message = format!("Waiting for child process [{}]", self.table.shown(slot));
        self.log(Level::Info, &message, actions);
        self.state = State::Joining { slot, next };
    }

    fn join_next(&mut self, index: usize, actions: &mut Vec<Action>) {
        if let Some(slot) = self.children.get(index).copied() {
            self.join(slot, Next::JoinAll(index + 1), actions);
        } else {
            self.line_of_process("Stopping parent process", actions);
            self.exit(0, actions);
        }
    }

    /// A child that was waited for has ended.
    pub(super) fn joined(&mut self, slot: u32, exit: Exit, next: Next, actions: &mut Vec<Action>) {
        let pid = self.table.shown(slot);
        match next {
            Next::Replace(_) if exit == Exit::Code(STARTUP_FAILURE) => {
                let message =
                    format!("Child process [{pid}] failed to start, stopping the parent process.");
                self.log(Level::Error, &message, actions);
                self.should_exit = true;
                // It stays among the children and is joined once more at the end.
                self.state = State::Children(0);
                return;
            }
            Next::Replace(index) => {
                self.log(Level::Info, &format!("Child process [{pid}] died"), actions);
                let new = self.table.spawn(actions);
                if let Some(child) = self.children.get_mut(index) {
                    *child = new;
                }
                self.state = State::Children(index + 1);
            }
            Next::Restarted { index, new } => {
                if let Some(child) = self.children.get_mut(index) {
                    *child = new;
                }
                self.state = State::Restarting(index + 1);
            }
            Next::NotReady { index } => {
                let old = self
                    .children
                    .get(index)
                    .map_or_else(String::new, |old| self.table.shown(*old));
                let message = format!(
                    "New child process [{pid}] was not ready in time; keeping worker [{old}] and aborting the restart."
                );
                self.log(Level::Error, &message, actions);
                self.state = State::Signals;
            }
            Next::Signals => self.state = State::Signals,
            Next::JoinAll(index) => {
                self.join_next(index, actions);
                return;
            }
        }
        self.table.remove(slot);
    }
}
