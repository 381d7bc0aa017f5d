//! A server that runs, and what it was started with.

use std::collections::{BTreeMap, VecDeque};

use super::StartCommand;
use super::listeners::{Held, RETIRED};
use crate::master::{Action, Event, Master};
use crate::os::{Millis, Pid};
use crate::servers::{self, Launch};

#[derive(Debug)]
pub(super) struct Running {
    pub(super) launch: Launch,
    /// The environment of its processes, names and values in turn.
    pub(super) env: Vec<String>,
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
    /// By index into `Launch::binds`.
    pub(super) listeners: BTreeMap<usize, Held>,
    pub(super) processes: Vec<Pid>,
    pub(super) pong_at: Option<Millis>,
    /// The master waits for a connection.
    pub(super) watches: bool,
}

/// What a server is started with.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) command: StartCommand,
    pub(super) env: Vec<(String, String)>,
    /// The working directory.
    pub(super) directory: String,
}

impl Running {
    /// Whether the configuration is known.
    pub(super) fn is_configured(&self) -> bool {
        !self.launch.interpreter || self.launch.settings.as_deref() != Some("")
    }

    /// Takes a configuration that was read, perhaps not for the first time.
    pub(super) fn configure(&mut self, launch: Launch) {
        self.env = flat(&self.start.env, &launch);
        self.master.reconfigure(&launch);
        if launch.binds != self.launch.binds {
            // Workers that have the old listeners keep them until they end.
            for index in 0..self.launch.binds.len() {
                if let Some(held) = self.listeners.remove(&index) {
                    self.listeners.insert(index + RETIRED, held);
                }
            }
        }
        self.launch = launch;
    }
}

/// Names and values of a process's environment, in turn; the settings come last.
pub(super) fn flat(given: &[(String, String)], launch: &Launch) -> Vec<String> {
    let mut env = in_turn(given);
    env.extend(in_turn(&launch.env));
    if let Some(settings) = &launch.settings {
        env.extend([servers::SETTINGS.to_owned(), settings.clone()]);
    }
    env
}

fn in_turn(pairs: &[(String, String)]) -> Vec<String> {
    let in_turn = |(name, value): &(String, String)| [name.clone(), value.clone()];
    pairs.iter().flat_map(in_turn).collect()
}
