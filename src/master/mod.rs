//! The servers' masters: who is spawned, who is killed, what is logged, which code the server exits with.
//!
//! Sans-IO: a master takes an [`Event`] and answers with [`Action`]s; the machine carries them out.

/// A process id.
pub type Pid = u32;

/// POSIX signals that masters and workers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// SIGHUP
    Hup,
    /// SIGINT
    Int,
    /// SIGQUIT
    Quit,
    /// SIGABRT
    Abrt,
    /// SIGKILL
    Kill,
    /// SIGUSR1
    Usr1,
    /// SIGUSR2
    Usr2,
    /// SIGTERM
    Term,
    /// SIGCHLD is never delivered: [`Event::Exited`] is.
    Winch,
    /// SIGTTIN
    Ttin,
    /// SIGTTOU
    Ttou,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It was ended by this signal.
    Signal(Signal),
}

/// Which stream of the server a line goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What happens to a master.
#[derive(Debug, Clone, PartialEq)]
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
    /// The worker's interpreter is up and it is about to load the app.
    Booted(Pid),
    /// The worker has loaded the app and polls the listeners.
    Accepting(Pid),
    /// The worker is alive (its heartbeat).
    Heartbeat(Pid),
    /// A worker has ended.
    Exited(Pid, Exit),
    /// A signal for the master.
    Signal(Signal),
    /// The time of [`Master::deadline`] has come.
    Deadline,
}

/// What a master wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Listen on `Launch::binds[index]`.
    Bind(usize),
    /// Stop listening: connections that wait are reset.
    CloseListeners,
    /// Start a worker process.
    Spawn {
        /// Chosen by the master, to tell its answer apart.
        slot: u32,
    },
    /// Send a worker a signal. [`Signal::Kill`] ends it at once.
    Signal(Pid, Signal),
    /// A line of the server's log, complete with its prefix, without the line end.
    Log(Stream, String),
    /// The server accepts: `Playground.start` resolves.
    Listening,
    /// The master exits with this code; everything that is left of the server ends with it.
    Exit(i32),
}
