//! uvicorn's parent of `--reload`, 0.54.0, with watchfiles.
//!
//! The original pauses for `--reload-delay`, then waits for changes, which watchfiles reports when
//! none has come for a moment; then it ends its child, waits for it without limit, and starts
//! another. Changes that come meanwhile wait. A child that ends by itself is not replaced before
//! the next change. The address is bound by the parent, so connections wait, and none is refused,
//! while there is no child.

#[cfg(test)]
mod tests;

use super::{Action, Event};
use crate::os::{Exit, Millis, Pid, Signal, Stream};
use crate::servers::{Launch, Level, Reload, log};
use std::rc::Rc;

/// How long nothing may change before changes are reported: watchfiles looks every 50 ms and wants
/// to see the same twice.
const QUIET: Millis = 75.0;
const BIND_FAILURE: i32 = 1;

/// uvicorn's reloader process.
#[derive(Debug)]
// Each is a fact of its own; none excludes another.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Reloader {
    pid: Pid,
    bind: (String, u16),
    reload: Rc<Reload>,
    log_level: Level,
    colors: bool,
    child: Option<Pid>,
    slot: u32,
    /// Paths that have changed.
    changed: Vec<String>,
    /// When they are reported.
    due: Millis,
    /// The pause lasts until then.
    paused: Millis,
    /// Whether the child has been told to end.
    restarting: bool,
    stopping: bool,
    listening: bool,
}

impl Reloader {
    pub(super) fn new(launch: &Launch, reload: &Rc<Reload>, colors: bool, pid: Pid) -> Self {
        Self {
            pid,
            bind: launch.binds.first().cloned().unwrap_or_default(),
            reload: Rc::clone(reload),
            log_level: launch.log_level,
            colors,
            child: None,
            slot: 0,
            changed: Vec::new(),
            due: 0.0,
            paused: 0.0,
            restarting: false,
            stopping: false,
            listening: false,
        }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        let waits = self.slot > 0 && !self.restarting && !self.stopping;
        (waits && !self.changed.is_empty()).then_some(self.due.max(self.paused))
    }

    pub(super) fn handle(&mut self, now: Millis, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Started => {
                let watching = format!(
                    "Will watch for changes in these directories: {}",
                    self.reload.watched
                );
                self.log(Level::Info, &watching, actions);
                if self.reload.ignores_workers {
                    let ignored = "\"workers\" flag is ignored when reloading is enabled.";
                    self.log(Level::Warning, ignored, actions);
                }
                actions.push(Action::Bind(0));
            }
            Event::Bound { ok: false, .. } => {
                self.log(Level::Error, "[Errno 98] Address already in use", actions);
                actions.push(Action::Exit(BIND_FAILURE));
            }
            Event::Bound { .. } => {
                let running = log::uvicorn_running(&self.bind.0, self.bind.1, self.colors);
                self.line(Level::Info, running, actions);
                let started =
                    log::uvicorn_process("Started reloader process", self.pid, true, self.colors);
                self.line(Level::Info, format!("{started} using WatchFiles"), actions);
                self.spawn(now, actions);
            }
            Event::Spawned { pid, .. } => {
                self.child = Some(pid);
                if self.stopping {
                    actions.push(Action::Signal(pid, Signal::Term));
                }
            }
            Event::Accepting(_) => self.listen(actions),
            Event::FileChanged(path) => {
                if self.reload.watches(&path) && !self.changed.contains(&path) {
                    self.changed.push(path);
                    self.due = now + QUIET;
                }
            }
            Event::Deadline => self.look(now, actions),
            Event::Exited(..) => {
                self.child = None;
                // Connections wait from the bind on, whether there is a child or not.
                self.listen(actions);
                if self.stopping {
                    let stopping = log::uvicorn_process(
                        "Stopping reloader process",
                        self.pid,
                        true,
                        self.colors,
                    );
                    self.line(Level::Info, stopping, actions);
                    actions.push(Action::Exit(0));
                } else if self.restarting {
                    self.restarting = false;
                    self.spawn(now, actions);
                }
            }
            Event::Signal(Signal::Int | Signal::Term) => {
                if !self.stopping {
                    self.stopping = true;
                    match self.child {
                        Some(child) => actions.push(Action::Signal(child, Signal::Term)),
                        None if self.slot > 0 => {
                            self.handle(now, Event::Exited(0, Exit::Code(0)), actions);
                        }
                        None => {}
                    }
                }
            }
            Event::Signal(signal) if signal != Signal::Winch => {
                actions.push(Action::Exit(Exit::Signal(signal).shell_code()));
            }
            Event::Signal(_)
            | Event::Booted(_)
            | Event::Heartbeat(_)
            | Event::Busy(..)
            | Event::Waiting(_)
            | Event::Request(..)
            | Event::HookFailed => {}
        }
    }

    /// Reports what has changed, if it is time to.
    fn look(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.deadline().is_none_or(|at| now < at) {
            return;
        }
        let mut message = String::from("WatchFiles detected changes in ");
        for (index, path) in self.changed.drain(..).enumerate() {
            message.push_str(if index > 0 { ", '" } else { "'" });
            message.push_str(self.reload.shown(&path));
            message.push('\'');
        }
        message.push_str(". Reloading...");
        self.log(Level::Warning, &message, actions);
        match self.child {
            Some(child) => {
                self.restarting = true;
                actions.push(Action::Signal(child, Signal::Term));
            }
            None => self.spawn(now, actions),
        }
    }

    fn spawn(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.paused = now + self.reload.delay;
        self.slot += 1;
        actions.push(Action::Spawn {
            slot: self.slot,
            again: false,
        });
    }

    fn listen(&mut self, actions: &mut Vec<Action>) {
        if !self.listening {
            self.listening = true;
            actions.push(Action::Listening);
        }
    }

    fn log(&self, level: Level, message: &str, actions: &mut Vec<Action>) {
        self.line(level, log::uvicorn(level, message, self.colors), actions);
    }

    fn line(&self, level: Level, line: String, actions: &mut Vec<Action>) {
        if level >= self.log_level {
            actions.push(Action::Log(Stream::Stderr, line));
        }
    }
}
