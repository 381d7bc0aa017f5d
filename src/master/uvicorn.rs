//! uvicorn's supervisor of `--workers N`, 0.54.0.
//!
//! The original is one loop: every half second it handles the signals that came and looks whether
//! its children live. It blocks while it joins a child and while a restart waits for a replacement;
//! those places are the [`State`]s here, and signals wait until it is done, without limit, as
//! there.
//!
//! Restart loops are slow by nature: a child that ends is replaced at the next tick, so an app that
//! cannot be imported gives `N` spawns in half a second (4 a second with `--workers 2`), or fewer
//! if booting takes longer. A child that exits with code 3, uvicorn's own for a failed start, stops
//! the server, with exit code 0.
//!
//! Two differences: the address accepts connections from the parent's bind on, where the original
//! refuses them until the first child listens; and a child is not asked for a sign of life but
//! sends heartbeats, so that the loop need not block on a silent one.

mod children;
mod supervisor;
#[cfg(test)]
mod tests;

pub(super) use supervisor::Supervisor;

use super::{Action, Event};
use crate::bounds::WAITING;
use crate::os::{Exit, Millis, Signal};
use crate::servers::{Level, log};
use supervisor::{STARTUP_FAILURE, State, TICK};

impl Supervisor {
    pub(super) fn deadline(&self) -> Option<Millis> {
        if self.table.spawning() {
            return None;
        }
        match self.state {
            State::Waiting { until } => Some(until),
            State::Replacing { new, .. } => self.ready_limit(new),
            _ => None,
        }
    }

    pub(super) fn handle(&mut self, now: Millis, event: &Event, actions: &mut Vec<Action>) {
        if matches!(self.state, State::Ended) {
            return;
        }
        self.table.note(now, event);
        match *event {
            Event::Started => {
                if let Some(warning) = self.warning.take() {
                    self.log(Level::Warning, warning, actions);
                }
                self.state = State::Binding;
                actions.push(Action::Bind(0));
            }
            Event::Bound { ok, .. } => self.bound(now, ok, actions),
            Event::Signal(signal @ (Signal::Kill | Signal::Abrt)) => {
                self.exit(Exit::Signal(signal).shell_code(), actions);
            }
            Event::Signal(signal) if self.signals.len() < WAITING => {
                self.signals.push_back(signal);
            }
            Event::Spawned { .. }
            | Event::Booted(_)
            | Event::Accepting(_)
            | Event::Heartbeat(_)
            | Event::Busy(..)
            | Event::Waiting(_)
            | Event::Request(..)
            | Event::HookFailed
            | Event::FileChanged(_)
            | Event::Exited(..)
            | Event::Signal(_)
            | Event::Deadline => {}
        }
        if !self.should_exit {
            self.table.announce(self.configured_workers, actions);
        }
        self.proceed(now, actions);
    }

    /// Goes on until it blocks.
    fn proceed(&mut self, now: Millis, actions: &mut Vec<Action>) {
        while !self.table.spawning() {
            match self.state {
                State::NotStarted | State::Binding | State::Ended => return,
                State::Waiting { until } => {
                    if now < until {
                        return;
                    }
                    self.batch = std::mem::take(&mut self.signals);
                    self.state = State::Signals;
                }
                State::Signals => match self.batch.pop_front() {
                    Some(signal) => self.signal(signal, actions),
                    None => self.state = State::Children(0),
                },
                State::Children(_) if self.should_exit => self.terminate_all(actions),
                State::Children(index) => self.look_after(now, index, actions),
                State::Restarting(index) => {
                    if index < self.children.len() && !self.should_exit {
                        let new = self.table.spawn(actions);
                        self.state = State::Replacing { index, new };
                    } else {
                        self.state = State::Signals;
                    }
                }
                State::Replacing { index, new } => {
                    if !self.replace(now, index, new, actions) {
                        return;
                    }
                }
                State::Joining { slot, next } => {
                    let Some(exit) = self.table.get(slot).map_or(Some(Exit::Code(0)), |w| w.exit)
                    else {
                        return;
                    };
                    self.joined(slot, exit, next, actions);
                }
            }
        }
    }

    fn bound(&mut self, now: Millis, ok: bool, actions: &mut Vec<Action>) {
        if !ok {
            self.log(Level::Error, "[Errno 98] Address already in use", actions);
            self.exit(STARTUP_FAILURE, actions);
            return;
        }
        if let Some((host, port)) = &self.bind {
            self.line(
                Level::Info,
                log::uvicorn_running(host, *port, self.colors),
                actions,
            );
        }
        self.line_of_process("Started parent process", actions);
        for _ in 0..self.num_workers {
            self.children.push(self.table.spawn(actions));
        }
        self.state = State::Waiting { until: now + TICK };
    }

    fn signal(&mut self, signal: Signal, actions: &mut Vec<Action>) {
        match signal {
            Signal::Int | Signal::Term => {
                self.log(
                    Level::Info,
                    &format!("Received SIG{}, exiting.", signal.name()),
                    actions,
                );
                self.should_exit = true;
            }
            Signal::Hup => {
                self.log(
                    Level::Info,
                    "Received SIGHUP, restarting processes.",
                    actions,
                );
                self.state = State::Restarting(0);
            }
            Signal::Ttin => {
                let message = "Received SIGTTIN, increasing the number of processes.";
                self.log(Level::Info, message, actions);
                self.num_workers += 1;
                self.children.push(self.table.spawn(actions));
            }
            Signal::Ttou => self.decrease(actions),
            Signal::Quit
            | Signal::Usr1
            | Signal::Usr2
            | Signal::Winch
            | Signal::Abrt
            | Signal::Kill => {
                let message = format!(
                    "Received signal {}, but no handler is defined for it.",
                    signal.name()
                );
                self.log(Level::Debug, &message, actions);
            }
        }
    }
}
