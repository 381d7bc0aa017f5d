//! What uWSGI's first process knows of itself and of its workers.

use std::collections::BTreeMap;

use super::busyness::BusynessState;
use crate::master::Action;
use crate::os::{Exit, Millis, Pid};
use crate::servers::Launch;
use crate::servers::uwsgi::{RequestBegun, UwsgiSettings};

/// The time between two looks at the workers.
pub(super) const TICK: Millis = 1000.0;
/// How long the master sleeps where workers die one after the other.
pub(super) const FORKBOMB_DELAY: Millis = 2000.0;
/// A worker that could not load the app exits with this code where `--need-app` asks for it; so
/// does the server then.
pub(super) const FAILED_APP: i32 = 22;
/// A worker that was told to end exits with this code.
pub(super) const RELOAD: i32 = 17;
/// A process that ends by SIGTERM, SIGINT or SIGQUIT exits with this code.
pub(super) const END: i32 = 30;

/// uWSGI's first process.
#[derive(Debug)]
// Each is an option of the original, or something that happens once.
#[allow(clippy::struct_excessive_bools)]
pub(in crate::master) struct Uwsgi {
    pub(super) pid: Pid,
    /// What the command line says, also what only uWSGI is set to. It changes where a reload finds
    /// other options in an ini file.
    pub(super) launch: Launch,
    pub(super) settings: UwsgiSettings,
    /// The addresses to listen on.
    pub(super) addresses: Vec<String>,
    /// The working directory.
    pub(super) directory: String,
    pub(super) adaptation: Adaptation,
    pub(super) busyness: BusynessState,
    pub(super) workers: Vec<Worker>,
    pub(super) ending: Option<Ending>,
    /// Whether this is a server that has reloaded itself.
    pub(super) reloaded: bool,
    /// Whether the app is loaded: the master comes into being then, the workers are forked.
    pub(super) forked: bool,
    pub(super) listening: bool,
    /// `--need-app` was not met.
    pub(super) failed: bool,
    /// Addresses that are bound.
    pub(super) bound: usize,
    /// Addresses that were bound before a reload.
    pub(super) inherited: Vec<String>,
    /// Requests served by all workers.
    pub(super) total: u32,
    /// The last respawn, in seconds since the epoch, and how many came in quick succession.
    pub(super) respawned: (i64, u32),
    /// A file that was touched.
    pub(super) touched: Option<String>,
    pub(super) tick: Millis,
    pub(super) state: State,
}

#[derive(Debug, Default)]
// Each is something that happens to a worker, with and without the others.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Worker {
    pub(super) pid: Option<Pid>,
    pub(super) accepting: bool,
    /// How it ended, if it did and the master has not looked.
    pub(super) exit: Option<Exit>,
    /// The second at which it was told to end.
    pub(super) cursed_at: Option<i64>,
    /// The second at which its request is given up.
    pub(super) harakiri: Option<i64>,
    /// What its threads do, by their numbers, as the master tells when it gives them up.
    pub(super) busy: BTreeMap<u32, RequestBegun>,
    pub(super) respawns: u32,
    /// It is one that there is no need of now.
    pub(super) cheaped: bool,
    /// It has had its time.
    pub(super) expired: bool,
    /// The second at which it was spawned.
    pub(super) born: i64,
    /// It is to be respawned at the next turn.
    pub(super) missing: bool,
    /// What is counted of the processes that had this number.
    pub(super) counts: Counts,
}

/// What is counted of a worker, over all its processes.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// How often each app was called.
    pub(super) apps: BTreeMap<u32, Calls>,
    /// Microseconds spent on requests, files left out.
    pub(super) running_time: u64,
}

/// How often an app was called.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Calls {
    /// By earlier processes.
    pub(super) before: u32,
    /// By this one.
    pub(super) now: u32,
}

impl Calls {
    pub(super) fn total(self) -> u32 {
        self.before.saturating_add(self.now)
    }
}

impl Worker {
    /// Its process has ended. What apps were called there stays counted where the next process is a
    /// fork of one that has `loaded` them; so do calls that have not returned.
    pub(super) fn forget_process(&mut self, loaded: bool) {
        let unfinished = std::mem::take(&mut self.busy).len() as u32;
        if let Some((_, calls)) = self.counts.apps.iter_mut().next() {
            calls.now = calls.now.saturating_add(unfinished);
        }
        for calls in self.counts.apps.values_mut() {
            let before = if loaded { calls.total() } else { 0 };
            *calls = Calls { before, now: 0 };
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The server ends.
    Dying,
    /// The server starts anew once its workers have ended.
    Reloading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    NotStarted,
    Binding,
    Running,
    Ended,
}

/// Where the adaptation stands.
#[derive(Debug, Default)]
pub(super) struct Adaptation {
    /// Turns without a free worker, fewer those with one.
    pub(super) overload: u32,
    /// Turns without need since the last overload.
    pub(super) idle: u32,
    /// Connections that wait to be accepted.
    pub(super) waiting: u32,
    /// There are no workers until somebody connects.
    pub(super) cheap: bool,
    /// `--idle`: the worker that is ended next; nothing else is done meanwhile.
    pub(super) ending: Option<usize>,
    /// The second at which the last request was seen, or the workers began.
    pub(super) active_at: Option<i64>,
    /// Requests that had been served in all until then.
    pub(super) served: u32,
}

impl Uwsgi {
    pub(in crate::master) fn new(launch: &Launch, settings: &UwsgiSettings, pid: Pid) -> Self {
        Self {
            pid,
            launch: launch.clone(),
            settings: settings.clone(),
            addresses: addresses(launch),
            directory: launch.chdir.clone().unwrap_or_default(),
            adaptation: Adaptation::default(),
            busyness: BusynessState::default(),
            touched: None,
            workers: Vec::new(),
            ending: None,
            reloaded: false,
            forked: false,
            listening: false,
            failed: false,
            bound: 0,
            inherited: Vec::new(),
            total: 0,
            respawned: (0, 0),
            tick: 0.0,
            state: State::NotStarted,
        }
    }

    /// What the command line says now, at a reload.
    pub(in crate::master) fn configure(&mut self, launch: &Launch, settings: &UwsgiSettings) {
        self.launch = launch.clone();
        self.settings = settings.clone();
        self.addresses = addresses(launch);
        self.directory = launch.chdir.clone().unwrap_or_default();
    }

    pub(super) fn index(&self, pid: Pid) -> Option<usize> {
        self.workers
            .iter()
            .position(|worker| worker.pid == Some(pid))
    }

    pub(super) fn worker(&mut self, pid: Pid) -> Option<&mut Worker> {
        let index = self.index(pid)?;
        self.workers.get_mut(index)
    }

    pub(super) fn exit(&mut self, code: i32, actions: &mut Vec<Action>) {
        self.state = State::Ended;
        actions.push(Action::Exit(code));
    }
}

/// The addresses that the command line names.
fn addresses(launch: &Launch) -> Vec<String> {
    let binds = launch.binds.iter();
    binds.map(|(host, port)| format!("{host}:{port}")).collect()
}

/// The clock of the original counts seconds.
pub(super) fn second(now: Millis) -> i64 {
    (now / 1000.0).floor() as i64
}
