//! The arbiter: what it knows, and where it blocks.

use std::collections::VecDeque;

use crate::master::table::Table;
use crate::master::{Action, Hook};
use crate::os::{Millis, Pid, Signal, Stream};
use crate::servers::gunicorn::GunicornSettings;
use crate::servers::{Launch, Level, WorkerClass, log};

/// The longest wait for a signal.
pub(super) const TURN: Millis = 1000.0;
/// The pause between polls while workers are waited for.
pub(super) const POLL: Millis = 100.0;
/// The sleep after a spawn.
pub(super) const SPAWN_PAUSE: Millis = 50.0;
/// gunicorn's master process.
#[derive(Debug)]
// Each is a fact of its own; none excludes another.
#[allow(clippy::struct_excessive_bools)]
pub(in crate::master) struct Arbiter {
    pub(super) pid: Pid,
    pub(super) binds: Vec<(String, u16)>,
    pub(super) worker_class: String,
    /// Whether gthread has as many threads as connections, so that it can keep none.
    pub(super) keeps_none: bool,
    pub(super) configured_workers: u32,
    pub(super) timeout: Option<Millis>,
    pub(super) graceful_timeout: Option<Millis>,
    pub(super) log_level: Level,
    pub(super) num_workers: usize,
    pub(super) logged_workers: Option<usize>,
    pub(super) table: Table,
    /// What woke or will wake the main loop.
    pub(super) queue: VecDeque<Wake>,
    /// What the main loop took from the queue in this turn.
    pub(super) batch: VecDeque<Wake>,
    /// Workers that have ended and are not reaped.
    pub(super) zombies: VecDeque<u32>,
    /// Whether the listeners are closed.
    pub(super) closed: bool,
    /// Whether there is a Python that runs hooks.
    pub(super) hooks: bool,
    /// Whether the addresses are bound anew, in a reload.
    pub(super) rebinding: bool,
    /// `--preload`: the master loads the app.
    pub(super) preload: bool,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Wake {
    Signal(Signal),
    /// SIGCHLD
    Child,
}

/// Where the arbiter blocks.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
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
pub(super) enum Resume {
    Turn,
    Wait,
    Reload { old: u32 },
}

/// What follows when the workers have ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// INT and QUIT stop quickly first, and then halt.
    Halt,
    /// Exit.
    Exit(Option<BootFailure>),
    /// Exit without a word, after an exception in the main loop.
    Abandon,
}

/// Why a server that never worked is halted.
#[derive(Debug, Clone, Copy)]
pub(super) struct BootFailure {
    pub(super) reason: &'static str,
    pub(super) code: i32,
}

impl Arbiter {
    pub(in crate::master) fn new(
        launch: &Launch,
        settings: &GunicornSettings,
        pid: Pid,
    ) -> Arbiter {
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
    pub(in crate::master) fn configure(&mut self, launch: &Launch, settings: &GunicornSettings) {
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

    pub(super) fn hook(&self, hook: Hook, actions: &mut Vec<Action>) {
        if self.hooks {
            actions.push(Action::Hook(hook));
        }
    }

    pub(super) fn exit(&mut self, code: i32, actions: &mut Vec<Action>) {
        self.state = State::Ended;
        actions.push(Action::Exit(code));
    }

    pub(super) fn log(&self, now: Millis, level: Level, message: &str, actions: &mut Vec<Action>) {
        if level >= self.log_level {
            actions.push(Action::Log(
                Stream::Stderr,
                log::gunicorn(now, self.pid, level, message),
            ));
        }
    }
}
