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
#[cfg(test)]
mod tests;

use super::table::Table;
use super::{Action, Event};
use crate::os::{Exit, Millis, Pid, Signal, Stream};
use crate::servers::uvicorn::UvicornSettings;
use crate::servers::{Launch, Level, log};
use std::collections::VecDeque;

/// The time between two looks at the children.
const TICK: Millis = 500.0;
/// A child exits with this code if the server cannot start.
const STARTUP_FAILURE: i32 = 3;

/// uvicorn's parent process.
#[derive(Debug)]
pub(super) struct Supervisor {
    pid: Pid,
    bind: Option<(String, u16)>,
    /// What is wrong with the options.
    warning: Option<&'static str>,
    configured_workers: u32,
    /// How long a child may be silent.
    healthcheck: Millis,
    log_level: Level,
    colors: bool,
    num_workers: usize,
    table: Table,
    /// The slots of the children, in the supervisor's order.
    children: Vec<u32>,
    signals: VecDeque<Signal>,
    batch: VecDeque<Signal>,
    should_exit: bool,
    state: State,
}

/// Where the supervisor is, or blocks.
#[derive(Debug, Clone, Copy)]
enum State {
    NotStarted,
    /// For the answer to [`Action::Bind`].
    Binding,
    /// Until the next tick.
    Waiting {
        until: Millis,
    },
    /// Handles the signals of this tick.
    Signals,
    /// Looks whether the child at this index and those after it live.
    Children(usize),
    /// A restart has come to the child at this index.
    Restarting(usize),
    /// Until the replacement `new` of the child at `index` accepts.
    Replacing {
        index: usize,
        new: u32,
    },
    /// Until a child has ended.
    Joining {
        slot: u32,
        next: Next,
    },
    Ended,
}

/// What follows when a child has ended.
#[derive(Debug, Clone, Copy)]
enum Next {
    /// It was found dead or silent at this index.
    Replace(usize),
    /// It gave way to its replacement `new` at `index`.
    Restarted { index: usize, new: u32 },
    /// It was to replace the child at `index` and was not ready in time.
    NotReady { index: usize },
    /// TTOU took it out.
    Signals,
    /// The server stops, and joins the child at this index next.
    JoinAll(usize),
}

impl Supervisor {
    pub(super) fn new(launch: &Launch, settings: &UvicornSettings, pid: Pid) -> Supervisor {
        Supervisor {
            pid,
            bind: launch.binds.first().cloned(),
            warning: settings.warning,
            configured_workers: launch.workers,
            healthcheck: settings.worker_healthcheck,
            log_level: launch.log_level,
            colors: settings.use_colors,
            num_workers: launch.workers as usize,
            table: Table::default(),
            children: Vec::new(),
            signals: VecDeque::new(),
            batch: VecDeque::new(),
            should_exit: false,
            state: State::NotStarted,
        }
    }

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
            Event::Signal(signal) => self.signals.push_back(signal),
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

    fn exit(&mut self, code: i32, actions: &mut Vec<Action>) {
        self.state = State::Ended;
        actions.push(Action::Exit(code));
    }

    fn log(&self, level: Level, message: &str, actions: &mut Vec<Action>) {
        self.line(level, log::uvicorn(level, message, self.colors), actions);
    }

    fn line(&self, level: Level, line: String, actions: &mut Vec<Action>) {
        if level >= self.log_level {
            actions.push(Action::Log(Stream::Stderr, line));
        }
    }

    fn line_of_process(&self, what: &str, actions: &mut Vec<Action>) {
        self.line(
            Level::Info,
            log::uvicorn_process(what, self.pid, true, self.colors),
            actions,
        );
    }
}
