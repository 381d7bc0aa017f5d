//! A server that runs, and what it was started with.

use std::collections::{BTreeMap, VecDeque};

use super::allowance::Allowance;
use super::budgets::{LogBudget, SpanBudget};
use super::output::Output;
use super::server_id::ServerId;
use crate::bounds::VAIN_SPAWNS;
use crate::master::{Action, Event, Master};
use crate::net::ListenerId;
use crate::os::{Millis, Pid};
use crate::servers::{self, Configuration, Launch, Program};

#[derive(Debug)]
pub(super) struct Running {
    pub(super) launch: Launch,
    /// The environment of its processes.
    pub(super) env: Vec<(String, String)>,
    /// What it was started with.
    pub(super) start: Start,
    pub(super) master: Master,
    pub(super) master_pid: Pid,
    /// The master's Python, if it needs one, is at work: what is next has to wait.
    pub(super) busy: bool,
    /// What the master is still to be told, and what it still wants done.
    pub(super) events: VecDeque<Event>,
    pub(super) actions: VecDeque<Action>,
    pub(super) started_at: Millis,
    pub(super) listeners: BTreeMap<Place, Held>,
    pub(super) processes: Vec<Pid>,
    pub(super) pong_at: Option<Millis>,
    /// The master waits for a connection.
    pub(super) watches: bool,
    /// What its processes may still log.
    pub(super) log: LogBudget,
    /// What they may still tell for the trace.
    pub(super) spans: SpanBudget,
    /// Signals that they may still send.
    pub(super) signals: Allowance,
    /// Processes started since one has accepted, by which `start` ends its wait in vain; `None`: it
    /// has ended it.
    pub(super) vain_spawns: Option<u32>,
    /// Whether it was said that there is no room for a process.
    pub(super) told_full: bool,
}

/// A command, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartCommand {
    /// A line, to be split as a shell splits it.
    Line(String),
    /// Its words.
    Words(Vec<String>),
}

/// A listener lives for as long as a process has it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: ListenerId,
    pub(super) holders: Vec<Pid>,
}

/// Where a listener is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// An index into `Launch::binds`.
    Bind(usize),
    /// An index into addresses that the configuration no longer has.
    Retired(usize),
}

/// What a server is started with.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) command: StartCommand,
    pub(super) env: Vec<(String, String)>,
    /// The working directory.
    pub(super) directory: String,
    /// Whether there was a configuration file.
    pub(super) configuration: Configuration,
}

impl Running {
    /// Whether the configuration is known.
    pub(super) fn is_configured(&self) -> bool {
        !self.launch.master_has_python() || self.launch.configuration != Configuration::Unread
    }

    /// Whether the master ends its server where a worker cannot boot.
    pub(super) fn gives_up(&self) -> bool {
        match &self.launch.program {
            Program::Gunicorn(_) => true,
            Program::Uvicorn(settings) => settings.reload.is_none(),
            _ => false,
        }
    }

    /// Counts a process that is started. Returns whether so many were that `start` is to wait no
    /// longer for the workers to accept.
    pub(super) fn is_vain_spawn(&mut self) -> bool {
        let most = self.launch.workers.saturating_add(VAIN_SPAWNS);
        let has_listener = !self.listeners.is_empty();
        self.vain_spawns.as_mut().is_some_and(|spawned| {
            *spawned = spawned.saturating_add(1);
            *spawned > most && has_listener
        })
    }

    /// What says that the server accepts.
    pub(super) fn listening(&self, server: ServerId) -> Output {
        let (host, port) = self.launch.binds.first().cloned().unwrap_or_default();
        Output::Listening {
            server,
            address: servers::host::url(&host, port),
            port,
        }
    }

    /// Takes a configuration that was read, perhaps not for the first time.
    pub(super) fn configure(&mut self, launch: Launch) {
        self.env = environment(&self.start.env, &launch);
        self.master.reconfigure(&launch);
        if launch.binds != self.launch.binds {
            // Workers that have the old listeners keep them until they end.
            for index in 0..self.launch.binds.len() {
                if let Some(held) = self.listeners.remove(&Place::Bind(index)) {
                    self.listeners.insert(Place::Retired(index), held);
                }
            }
        }
        self.launch = launch;
    }
}

/// The environment of a server's processes.
pub(super) fn environment(given: &[(String, String)], launch: &Launch) -> Vec<(String, String)> {
    [given, &launch.env].concat()
}
