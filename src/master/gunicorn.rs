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

mod stop;
#[cfg(test)]
mod tests;
mod workers;

use super::table::Table;
use super::{Action, Event, Hook};
use crate::os::{Exit, Millis, Pid, Signal, Stream};
use crate::servers::gunicorn::GunicornSettings;
use crate::servers::{Launch, Level, WorkerClass, host, log};
use std::collections::VecDeque;

/// The longest wait for a signal.
const TURN: Millis = 1000.0;
/// The pause between polls while workers are waited for.
const POLL: Millis = 100.0;
/// The sleep after a spawn.
const SPAWN_PAUSE: Millis = 50.0;
/// Attempts to have an address, a second apart.
const BIND_ATTEMPTS: u32 = 5;
const BIND_PAUSE: Millis = 1000.0;

/// gunicorn's master process.
#[derive(Debug)]
// Each is a fact of its own; none excludes another.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Arbiter {
    pid: Pid,
    binds: Vec<(String, u16)>,
    worker_class: String,
    /// Whether gthread has as many threads as connections, so that it can keep none.
    keeps_none: bool,
    configured_workers: u32,
    timeout: Option<Millis>,
    graceful_timeout: Option<Millis>,
    log_level: Level,
    num_workers: usize,
    logged_workers: Option<usize>,
    table: Table,
    /// What woke or will wake the main loop.
    queue: VecDeque<Wake>,
    /// What the main loop took from the queue in this turn.
    batch: VecDeque<Wake>,
    /// Workers that have ended and are not reaped.
    zombies: VecDeque<u32>,
    /// Whether the listeners are closed.
    closed: bool,
    /// Whether there is a Python that runs hooks.
    hooks: bool,
    /// Whether the addresses are bound anew, in a reload.
    rebinding: bool,
    /// `--preload`: the master loads the app.
    preload: bool,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum Wake {
    Signal(Signal),
    /// SIGCHLD
    Child,
}

/// Where the arbiter blocks.
#[derive(Debug, Clone, Copy)]
enum State {
    NotStarted,
    /// For the answer to [`Action::Load`].
    Loading,
    /// For the answer to [`Action::Bind`].
    Binding {
        index: usize,
        attempt: u32,
    },
    /// Until the next attempt to bind.
    BindPause {
        index: usize,
        attempt: u32,
        until: Millis,
    },
    /// Does not block: handles the signals of this turn, then looks after the workers.
    Turn,
    /// For a signal.
    Waiting {
        until: Millis,
    },
    /// After a spawn, with `left` more to come. `None` until the pid is known.
    Spawning {
        left: usize,
        until: Option<Millis>,
        resume: Resume,
    },
    /// In a reload, until the configuration is read.
    Rereading,
    /// In a reload, until the workers up to slot `old` have ended.
    Reloading {
        old: u32,
        limit: Millis,
        poll: Millis,
    },
    /// Until the workers have ended.
    Stopping {
        limit: Millis,
        poll: Millis,
        /// Whether INT and QUIT still have something to hurry.
        graceful: bool,
        end: End,
    },
    Ended,
}

/// Where the loop goes on after it has managed the workers.
#[derive(Debug, Clone, Copy)]
enum Resume {
    Turn,
    Wait,
    Reload { old: u32 },
}

/// What follows when the workers have ended.
#[derive(Debug, Clone, Copy)]
enum End {
    /// INT and QUIT stop quickly first, and then halt.
    Halt,
    /// Exit.
    Exit(Option<BootFailure>),
    /// Exit without a word, after an exception in the main loop.
    Abandon,
}

/// Why a server that never worked is halted.
#[derive(Debug, Clone, Copy)]
struct BootFailure {
    reason: &'static str,
    code: i32,
}

impl Arbiter {
    pub(super) fn new(launch: &Launch, settings: &GunicornSettings, pid: Pid) -> Arbiter {
        let mut arbiter = Arbiter {
            pid,
            binds: Vec::new(),
            worker_class: String::new(),
            keeps_none: false,
            configured_workers: 0,
            timeout: None,
            graceful_timeout: None,
            log_level: Level::Info,
            num_workers: 0,
            logged_workers: None,
            table: Table::default(),
            queue: VecDeque::new(),
            batch: VecDeque::new(),
            zombies: VecDeque::new(),
            closed: false,
            hooks: settings.master_has_python,
            rebinding: false,
            preload: launch.preload && !settings.master_has_python,
            state: State::NotStarted,
        };
        arbiter.configure(launch, settings);
        arbiter
    }

    /// Takes what the configuration says.
    pub(super) fn configure(&mut self, launch: &Launch, settings: &GunicornSettings) {
        self.rebinding = self.binds != launch.binds;
        self.binds.clone_from(&launch.binds);
        self.worker_class.clone_from(&settings.worker_class_name);
        self.keeps_none = launch.worker_class == WorkerClass::Threaded
            && settings.worker_connections <= launch.threads
            && launch.keep_alive > 0.0;
        self.configured_workers = launch.workers;
        self.timeout = settings.timeout;
        self.graceful_timeout = launch.graceful_timeout;
        self.log_level = launch.log_level;
        self.num_workers = launch.workers as usize;
    }

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
            Event::Signal(signal) => self.queue.push_back(Wake::Signal(signal)),
            Event::Spawned { .. }
            | Event::Booted(_)
            | Event::Accepting(_)
            | Event::Heartbeat(_)
            | Event::Busy(..)
            | Event::Waiting(_)
            | Event::Request(..)
            | Event::FileChanged(_)
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

    fn start(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.log(now, Level::Info, "Starting gunicorn 27.0.1", actions);
        self.rebinding = false;
        self.hook(Hook::OnStarting, actions);
        self.bind(now, 0, actions);
    }

    /// Binds the address `index`, or goes on if there are no more.
    fn bind(&mut self, now: Millis, index: usize, actions: &mut Vec<Action>) {
        if index < self.binds.len() {
            self.state = State::Binding { index, attempt: 1 };
            actions.push(Action::Bind(index));
            return;
        }
        let urls: Vec<String> = self
            .binds
            .iter()
            .map(|(host, port)| host::url(host, *port))
            .collect();
        let listening = format!("Listening at: {}", urls.join(","));
        if self.rebinding {
            self.log(now, Level::Info, &listening, actions);
            self.respawn(now, actions);
            return;
        }
        let listening = format!("{listening} ({})", self.pid);
        self.log(now, Level::Debug, "Arbiter booted", actions);
        self.log(now, Level::Info, &listening, actions);
        let using = format!("Using worker: {}", self.worker_class);
        self.log(now, Level::Info, &using, actions);
        if self.keeps_none {
            let message = "No keepalived connections can be handled. Check the number of worker connections and threads.";
            self.log(now, Level::Warning, message, actions);
        }
        self.hook(Hook::WhenReady, actions);
        self.manage_workers(now, Resume::Wait, actions);
    }

    fn bound(&mut self, now: Millis, index: usize, ok: bool, actions: &mut Vec<Action>) {
        let State::Binding {
            index: expected,
            attempt,
        } = self.state
        else {
            return;
        };
        if index != expected {
            return;
        }
        if ok {
            self.bind(now, index + 1, actions);
            return;
        }
        let address = self.address(index);
        self.log(
            now,
            Level::Error,
            &format!("Connection in use: {address}"),
            actions,
        );
        let failed = format!("connection to {address} failed: [Errno 98] Address already in use");
        self.log(now, Level::Error, &failed, actions);
        self.log(now, Level::Debug, "Retrying in 1 second.", actions);
        self.state = State::BindPause {
            index,
            attempt: attempt + 1,
            until: now + BIND_PAUSE,
        };
    }

    /// An address as Python shows a tuple.
    fn address(&self, index: usize) -> String {
        self.binds
            .get(index)
            .map_or_else(String::new, |(host, port)| format!("('{host}', {port})"))
    }

    /// Handles a signal in the main loop.
    fn wake(&mut self, now: Millis, wake: Wake, actions: &mut Vec<Action>) {
        let signal = match wake {
            Wake::Child => {
                self.log(now, Level::Debug, "Handling signal: cld", actions);
                if let Err(failure) = self.reap_workers(now, actions) {
                    self.halt(now, Some(failure), actions);
                }
                return;
            }
            Wake::Signal(signal) => signal,
        };
        let handling = format!("Handling signal: {}", signal.name().to_ascii_lowercase());
        self.log(now, Level::Info, &handling, actions);
        match signal {
            Signal::Term => self.halt(now, None, actions),
            Signal::Int | Signal::Quit => self.stop(now, false, End::Halt, actions),
            Signal::Hup => self.reload(now, actions),
            Signal::Ttin => {
                self.set_workers(self.num_workers + 1, actions);
                self.manage_workers(now, Resume::Turn, actions);
            }
            Signal::Ttou if self.num_workers > 1 => {
                self.set_workers(self.num_workers - 1, actions);
                self.manage_workers(now, Resume::Turn, actions);
            }
            Signal::Usr1 => self.kill_workers(Signal::Usr1, actions),
            Signal::Usr2 => {
                let message = "USR2 signal ignored. A second master cannot be started here: use HUP to reload.";
                self.log(now, Level::Warning, message, actions);
            }
            Signal::Winch => self.log(
                now,
                Level::Debug,
                "SIGWINCH ignored. Not daemonized",
                actions,
            ),
            // KILL and ABRT have ended the master without a word.
            Signal::Ttou | Signal::Abrt | Signal::Kill => {}
        }
    }

    fn set_workers(&mut self, number: usize, actions: &mut Vec<Action>) {
        let old = std::mem::replace(&mut self.num_workers, number);
        let (new, old) = (number as u32, old as u32);
        self.hook(Hook::NworkersChanged { new, old }, actions);
    }

    fn hook(&self, hook: Hook, actions: &mut Vec<Action>) {
        if self.hooks {
            actions.push(Action::Hook(hook));
        }
    }

    fn exit(&mut self, code: i32, actions: &mut Vec<Action>) {
        self.state = State::Ended;
        actions.push(Action::Exit(code));
    }

    fn log(&self, now: Millis, level: Level, message: &str, actions: &mut Vec<Action>) {
        if level >= self.log_level {
            actions.push(Action::Log(
                Stream::Stderr,
                log::gunicorn(now, self.pid, level, message),
            ));
        }
    }
}
