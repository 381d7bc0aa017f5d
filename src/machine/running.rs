//! A server that runs, and what it was started with.

use std::collections::{BTreeMap, VecDeque};

use super::log_budget::LogBudget;
use crate::master::{Action, Event, Master};
use crate::net::ListenerId;
use crate::os::{Millis, Pid};
use crate::servers::{Configuration, Launch};

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
