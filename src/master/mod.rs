//! The servers' masters: who is spawned, who is killed, what is logged, which code the server exits
//! with.
//!
//! Sans-IO: a master takes an [`Event`] and answers with [`Action`]s; the machine carries them out.
//! Each kind of master is a file: [`gunicorn`]'s arbiter, [`uvicorn`]'s supervisor of
//! `--workers N`, its [`reloader`], [`uwsgi`]'s master, and [`single`], a process without a master.
//! A new kind is one more variant of `Kind`.
//!
//! What the machine promises:
//! - every [`Action::Spawn`] is answered by [`Event::Spawned`], soon, as `fork` returns (a master
//!   waits for it with all else); a worker that could not be started is reported as spawned and
//!   then as exited;
//! - every spawned process is reported by one [`Event::Exited`], after all else that it reports;
//! - when [`Master::deadline`] has passed, [`Event::Deadline`] comes. One that comes early does no
//!   harm.
//!
//! What a worker process reports: [`Event::Booted`], [`Event::Accepting`] and [`Event::Heartbeat`];
//! their documentation says when. Everything a worker logs, it logs by itself: a master prints only
//! what the original's master prints.

mod gunicorn;
mod reloader;
mod single;
mod table;
mod uvicorn;
mod uwsgi;

#[cfg(test)]
mod script;

use crate::os::{Exit, Millis, Pid, Signal, Stream};
use crate::servers::{Launch, Server};

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
    Busy(Pid, u32, String),
    /// A uWSGI worker's thread has served a request: its line for the log, if it has one, with a
    /// NUL where the numbers of requests belong.
    Request(Pid, u32, String),
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
    /// The time of [`Master::deadline`] has come.
    Deadline,
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
    },
    /// Run a hook of gunicorn's configuration, if the master has a Python; nothing that follows is
    /// done before it has run. The numbers are those of a worker (its age and pid) or of workers
    /// (new and old).
    Hook(&'static str, [u32; 2]),
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

/// The master of one server.
#[derive(Debug)]
pub struct Master {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Gunicorn(gunicorn::Arbiter),
    Uvicorn(uvicorn::Supervisor),
    Reloader(Box<reloader::Reloader>),
    Uwsgi(Box<uwsgi::Uwsgi>),
    Single(single::Single),
}

impl Master {
    /// A master for what the command line says, with this process id. It does nothing before
    /// [`Event::Started`].
    #[must_use]
    pub fn new(launch: &Launch, pid: Pid) -> Master {
        let kind = match launch.server {
            Server::Gunicorn => Kind::Gunicorn(gunicorn::Arbiter::new(launch, pid)),
            Server::Uvicorn if let Some(reload) = &launch.reload => {
                Kind::Reloader(Box::new(reloader::Reloader::new(launch, reload, pid)))
            }
            Server::Uvicorn if launch.master => {
                Kind::Uvicorn(uvicorn::Supervisor::new(launch, pid))
            }
            Server::Uwsgi => Kind::Uwsgi(Box::new(uwsgi::Uwsgi::new(launch, pid))),
            // daphne never has a master.
            Server::Uvicorn | Server::Daphne => Kind::Single(single::Single::default()),
        };
        Master { kind }
    }

    /// Takes an event at the time `now` and says what is to be done, in this order.
    pub fn handle(&mut self, now: Millis, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        match &mut self.kind {
            Kind::Gunicorn(arbiter) => arbiter.handle(now, &event, &mut actions),
            Kind::Uvicorn(supervisor) => supervisor.handle(now, &event, &mut actions),
            Kind::Reloader(reloader) => reloader.handle(now, event, &mut actions),
            Kind::Uwsgi(master) => master.handle(now, event, &mut actions),
            Kind::Single(single) => single.handle(&event, &mut actions),
        }
        actions
    }

    /// The configuration was read again: [`Event::Started`] follows once more.
    pub fn reconfigure(&mut self, launch: &Launch) {
        match &mut self.kind {
            Kind::Gunicorn(arbiter) => arbiter.configure(launch),
            Kind::Uwsgi(master) => master.configure(launch),
            _ => {}
        }
    }

    /// When [`Event::Deadline`] is due, if ever. It changes with every event.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        match &self.kind {
            Kind::Gunicorn(arbiter) => arbiter.deadline(),
            Kind::Uvicorn(supervisor) => supervisor.deadline(),
            Kind::Reloader(reloader) => reloader.deadline(),
            Kind::Uwsgi(master) => master.deadline(),
            Kind::Single(_) => None,
        }
    }
}
