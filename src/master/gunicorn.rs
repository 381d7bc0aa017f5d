//! gunicorn's arbiter, 27.0.1.
//!
//! The original is one loop that blocks in known places: it waits for signals for a second at most,
//! sleeps after each spawn, polls every 0.1 s while it stops or reloads. Those places are the
//! [`State`]s here; a signal that comes meanwhile is queued as there, and a dead worker stays
//! unreaped until the loop gets to it.
//!
//! Restart loops: a worker that ends by itself is replaced at once, and the only brake is the sleep
//! after each spawn: random between 0 and 0.1 s in the original (14 spawns a second were measured
//! for an app that calls `sys.exit(1)`), here always its mean, [`SPAWN_PAUSE`], which makes at most
//! 20 spawns a second whatever the number of workers.
//!
//! With a configuration file the master has a Python, which runs the hooks ([`Action::Hook`]) and
//! reads the file again at HUP; the dump of the configuration at level DEBUG is Python's too, and
//! missing without a file.
//!
//! Not here: the control socket (and its line), `USR2` upgrades (refused).

mod arbiter;
mod binding;
mod signals;
mod stop;
#[cfg(test)]
mod tests;
mod workers;

pub(super) use arbiter::Arbiter;

use super::{Action, Event};
use crate::bounds::WAITING;
use crate::os::{Exit, Millis, Signal};
use crate::servers::Level;
use arbiter::{End, Resume, SPAWN_PAUSE, State, Wake};
use binding::BIND_ATTEMPTS;

impl Arbiter {
    pub(super) fn deadline(&self) -> Option<Millis> {
        if self.table.spawning() {
            return None;
        }
        match self.state {
            State::BindPause { until, .. } | State::Waiting { until } => Some(until),
            State::Spawning { until, .. } => until,
            State::Reloading { poll, .. } | State::Stopping { poll, .. } => Some(poll),
            State::NotStarted
            | State::Loading
            | State::Binding { .. }
            | State::Rereading
            | State::Turn
            | State::Ended => None,
        }
    }

    pub(super) fn handle(&mut self, now: Millis, event: &Event, actions: &mut Vec<Action>) {
        if matches!(self.state, State::Ended) {
            return;
        }
        self.table.note(now, event);
        match *event {
            Event::Started if matches!(self.state, State::Rereading) => self.reread(now, actions),
            Event::HookFailed => self.stop(now, false, End::Abandon, actions),
            Event::Started if self.preload => {
                self.state = State::Loading;
                actions.push(Action::Load);
            }
            Event::Started => self.start(now, actions),
            Event::Accepting(pid) if pid == self.pid => self.start(now, actions),
            Event::Bound { index, ok } => self.bound(now, index, ok, actions),
            Event::Exited(pid, exit) => {
                if pid == self.pid {
                    self.exit(exit.shell_code(), actions);
                    return;
                }
                // waitpid() knows only children that were spawned.
                if let Some(slot) = self
                    .table
                    .iter()
                    .find(|w| w.pid == Some(pid))
                    .map(|w| w.slot)
                {
                    self.zombies.push_back(slot);
                    self.queue.push_back(Wake::Child);
                }
            }
            Event::Signal(signal)
                if matches!(signal, Signal::Kill | Signal::Abrt)
                    || matches!(self.state, State::Loading) =>
            {
                self.exit(Exit::Signal(signal).shell_code(), actions);
            }
            // The handlers are installed after the first line and before the binding.
            Event::Signal(signal) if self.queue.len() < WAITING => {
                self.queue.push_back(Wake::Signal(signal));
            }
            Event::Spawned { .. }
            | Event::Booted(_)
            | Event::Accepting(_)
            | Event::Heartbeat(_)
            | Event::Busy(..)
            | Event::Waiting(_)
            | Event::Request(..)
            | Event::FileChanged(_)
            | Event::Signal(_)
            | Event::Deadline => {}
        }
        // Without workers it is the binding that counts.
        let announced = match self.configured_workers {
            0 => matches!(self.state, State::Waiting { .. }),
            _ => !matches!(self.state, State::Stopping { .. } | State::Ended),
        };
        if announced {
            self.table.announce(self.configured_workers, actions);
        }
        self.proceed(now, actions);
    }

    /// Goes on until it blocks.
    fn proceed(&mut self, now: Millis, actions: &mut Vec<Action>) {
        while !self.table.spawning() {
            match self.state {
                State::NotStarted
                | State::Loading
                | State::Binding { .. }
                | State::Rereading
                | State::Ended => return,
                State::BindPause {
                    index,
                    attempt,
                    until,
                } => {
                    if now < until {
                        return;
                    }
                    if attempt > BIND_ATTEMPTS {
                        let message = format!("Can't connect to {}", self.address(index));
                        self.log(now, Level::Error, &message, actions);
                        self.exit(1, actions);
                        return;
                    }
                    self.state = State::Binding { index, attempt };
                    actions.push(Action::Bind(index));
                }
                State::Waiting { until } => {
                    if now < until && self.queue.is_empty() {
                        return;
                    }
                    self.batch = std::mem::take(&mut self.queue);
                    self.state = State::Turn;
                }
                State::Turn => {
                    if let Some(wake) = self.batch.pop_front() {
                        self.wake(now, wake, actions);
                    } else {
                        self.murder_workers(now, actions);
                        self.manage_workers(now, Resume::Wait, actions);
                    }
                }
                State::Spawning {
                    left,
                    until: None,
                    resume,
                } => {
                    self.state = State::Spawning {
                        left,
                        until: Some(now + SPAWN_PAUSE),
                        resume,
                    };
                }
                State::Spawning {
                    left,
                    until: Some(until),
                    resume,
                } => {
                    if now < until {
                        return;
                    }
                    self.spawn_or_resume(now, left, resume, actions);
                }
                State::Reloading { old, limit, poll } => {
                    if now < poll {
                        return;
                    }
                    self.poll_reload(now, old, limit, actions);
                }
                State::Stopping {
                    limit,
                    poll,
                    graceful,
                    end,
                } => {
                    if now < poll {
                        return;
                    }
                    self.poll_stop(now, limit, graceful, end, actions);
                }
            }
        }
    }
}
