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

mod events;
mod gunicorn;
mod reloader;
mod single;
mod table;
mod uvicorn;
mod uwsgi;

#[cfg(test)]
mod script;

use crate::os::{Millis, Pid};
use crate::servers::{Launch, Program};

pub use events::{Action, Event, Hook};

/// The slot of a master's own process, where it has one: workers are counted from 1. Python has it
/// in `src/python/process/configuration.py`.
pub const MASTER_SLOT: u32 = 0;

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
        let kind = match &launch.program {
            Program::Gunicorn(settings) => {
                Kind::Gunicorn(gunicorn::Arbiter::new(launch, settings, pid))
            }
            Program::Uvicorn(settings) if let Some(reload) = &settings.reload => {
                let colors = settings.use_colors;
                Kind::Reloader(Box::new(reloader::Reloader::new(
                    launch, reload, colors, pid,
                )))
            }
            Program::Uvicorn(settings) if launch.master => {
                Kind::Uvicorn(uvicorn::Supervisor::new(launch, settings, pid))
            }
            Program::Uwsgi(settings) => {
                Kind::Uwsgi(Box::new(uwsgi::Uwsgi::new(launch, settings, pid)))
            }
            // The others never have a master.
            _ => Kind::Single(single::Single::default()),
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
        match (&mut self.kind, &launch.program) {
            (Kind::Gunicorn(arbiter), Program::Gunicorn(settings)) => {
                arbiter.configure(launch, settings);
            }
            (Kind::Uwsgi(master), Program::Uwsgi(settings)) => master.configure(launch, settings),
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
