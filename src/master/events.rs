//! What a master is told, and what it wants done.

use std::fmt;

use crate::os::{Exit, Pid, Signal, Stream};
use crate::servers::uwsgi::{RequestBegun, RequestEnded};

/// What happens to a master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The master's own process has begun.
    Started,
    /// The answer to [`Action::Bind`]: whether the address could be had.
    Bound {
        /// Index into `Launch::binds`.
        index: usize,
        /// False: the address is in use.
        ok: bool,
    },
    /// The answer to [`Action::Spawn`].
    Spawned {
        /// The slot of the action.
        slot: u32,
        /// The new process.
        pid: Pid,
    },
    /// The worker's interpreter is up and it is about to load the app. What comes before is the
    /// tab's own cost, which no original has: time limits on a new worker begin here.
    Booted(Pid),
    /// The worker has loaded the app and polls the listeners.
    Accepting(Pid),
    /// The worker is alive. gunicorn's report where the originals notify (sync: each turn of the
    /// accept loop, at least every `timeout / 2`, never during a request); the first one, or
    /// `Accepting`, starts the timeout's clock, so an import is never killed. uvicorn's stand for
    /// the pongs of a thread of their own: at least one a second for as long as Python bytecode can
    /// run, even if the event loop is blocked.
    Heartbeat(Pid),
    /// A uWSGI worker's thread of this number begins a request; so its master tells of it.
    Busy(Pid, u32, RequestBegun),
    /// A uWSGI worker's thread of this number is done with a request.
    Request(Pid, u32, Box<RequestEnded>),
    /// So many connections wait to be accepted: told a uWSGI master before each
    /// [`Event::Deadline`], and after [`Action::Watch`].
    Waiting(u32),
    /// A worker has ended.
    Exited(Pid, Exit),
    /// A signal for the master. `server.stop()` sends [`Signal::Term`].
    Signal(Signal),
    /// A hook has raised: the master gives up.
    HookFailed,
    /// A file of the working directory has changed: its absolute path.
    FileChanged(String),
    /// The time of [`super::Master::deadline`] has come.
    Deadline,
}

impl Event {
    /// Whether a master that has many to handle may miss it: it comes again, or it says no more by
    /// being many.
    #[must_use]
    pub fn may_be_left_out(&self) -> bool {
        match self {
            Self::Heartbeat(_)
            | Self::Busy(..)
            | Self::Waiting(_)
            | Self::Request(..)
            | Self::Signal(_)
            | Self::FileChanged(_)
            | Self::Deadline => true,
            Self::Started
            | Self::Bound { .. }
            | Self::Spawned { .. }
            | Self::Booted(_)
            | Self::Accepting(_)
            | Self::Exited(..)
            | Self::HookFailed => false,
        }
    }
}

/// What a master wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Listen on `Launch::binds[index]`.
    Bind(usize),
    /// The master closes its listeners. As with inherited file descriptors, a listener lives, and
    /// lets connections wait, until the workers that poll it have closed it or ended too; then
    /// those that wait are reset.
    CloseListeners,
    /// Start a worker process. Answered by [`Event::Spawned`].
    Spawn {
        /// Chosen by the master, to tell its answer apart.
        slot: u32,
        /// It is not one of those that the server starts with.
        again: bool,
    },
    /// Run a hook of gunicorn's configuration, if the master has a Python; nothing that follows is
    /// done before it has run.
    Hook(Hook),
    /// Tell of the next connection that waits to be accepted: [`Event::Waiting`].
    Watch,
    /// Read the command line, and the files that it names, once more: `reconfigure` and
    /// [`Event::Started`] follow, or the exit.
    Reread,
    /// Have the master's own process load the app, so that workers started from then on are forks
    /// of it. Answered by [`Event::Accepting`] with the master's process id, or by
    /// [`Event::Exited`] with it.
    Load,
    /// Send a worker a signal. [`Signal::Kill`] ends it at once. A worker that has ended already,
    /// but whose [`Event::Exited`] was still under way, ignores it.
    Signal(Pid, Signal),
    /// A record of the server's log, complete with its prefix, without the line end. A traceback
    /// has several lines.
    Log(Stream, String),
    /// The server accepts: `Playground.start` resolves.
    Listening,
    /// The master exits with this code; everything that is left of the server ends with it.
    Exit(i32),
}

/// What the Python of gunicorn's master is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// `on_starting`
    OnStarting,
    /// `when_ready`
    WhenReady,
    /// `nworkers_changed`
    NworkersChanged {
        /// How many there are to be.
        new: u32,
        /// How many there were to be.
        old: u32,
    },
    /// `pre_fork`, and the fork.
    PreFork {
        /// The worker's slot.
        age: u32,
    },
    /// `child_exit`
    ChildExit {
        /// The worker's slot.
        age: u32,
        /// Its process.
        pid: Pid,
    },
    /// The configuration is to be read again.
    Reload,
    /// `on_reload`
    OnReload,
    /// `on_exit`
    OnExit,
    /// No hook, and no answer: a worker of this slot has got its process id.
    Spawned {
        /// The worker's slot.
        age: u32,
        /// Its process.
        pid: Pid,
    },
}

impl fmt::Display for Hook {
    /// As `src/python/servers/gunicorn/master.py` reads it: a name and numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnStarting => f.write_str("on_starting"),
            Self::WhenReady => f.write_str("when_ready"),
            Self::NworkersChanged { new, old } => write!(f, "nworkers_changed {new} {old}"),
            Self::PreFork { age } => write!(f, "pre_fork {age}"),
            Self::ChildExit { age, pid } => write!(f, "child_exit {age} {pid}"),
            Self::Reload => f.write_str("reload"),
            Self::OnReload => f.write_str("on_reload"),
            Self::OnExit => f.write_str("on_exit"),
            Self::Spawned { age, pid } => write!(f, "spawned {age} {pid}"),
        }
    }
}
