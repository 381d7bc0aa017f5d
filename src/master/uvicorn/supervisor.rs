//! The supervisor: what it knows, and where it blocks.

use std::collections::VecDeque;

use crate::master::Action;
use crate::master::table::Table;
use crate::os::{Millis, Pid, Signal, Stream};
use crate::servers::uvicorn::UvicornSettings;
use crate::servers::{Launch, Level, log};

/// The time between two looks at the children.
pub(super) const TICK: Millis = 500.0;
/// A child exits with this code if the server cannot start.
pub(super) const STARTUP_FAILURE: i32 = 3;

/// uvicorn's parent process.
#[derive(Debug)]
pub(in crate::master) struct Supervisor {
    pub(super) pid: Pid,
    pub(super) bind: Option<(String, u16)>,
    /// What is wrong with the options.
    pub(super) warning: Option<&'static str>,
    pub(super) configured_workers: u32,
    /// How long a child may be silent.
    pub(super) healthcheck: Millis,
    pub(super) log_level: Level,
    pub(super) colors: bool,
    pub(super) num_workers: usize,
    pub(super) table: Table,
    /// The slots of the children, in the supervisor's order.
    pub(super) children: Vec<u32>,
    pub(super) signals: VecDeque<Signal>,
    pub(super) batch: VecDeque<Signal>,
    pub(super) should_exit: bool,
    pub(super) state: State,
}

/// Where the supervisor is, or blocks.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
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
pub(super) enum Next {
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
    pub(in crate::master) fn new(
        launch: &Launch,
        settings: &UvicornSettings,
        pid: Pid,
    ) -> Supervisor {
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

    pub(super) fn exit(&mut self, code: i32, actions: &mut Vec<Action>) {
        self.state = State::Ended;
        actions.push(Action::Exit(code));
    }

    pub(super) fn log(&self, level: Level, message: &str, actions: &mut Vec<Action>) {
        self.line(level, log::uvicorn(level, message, self.colors), actions);
    }

    pub(super) fn line(&self, level: Level, line: String, actions: &mut Vec<Action>) {
        if level >= self.log_level {
            actions.push(Action::Log(Stream::Stderr, line));
        }
    }

    pub(super) fn line_of_process(&self, what: &str, actions: &mut Vec<Action>) {
        self.line(
            Level::Info,
            log::uvicorn_process(what, self.pid, true, self.colors),
            actions,
        );
    }
}
