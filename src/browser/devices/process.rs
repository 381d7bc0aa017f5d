//! The processes that run, each in a worker of its own.

use std::collections::BTreeMap;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};

use super::links::{Link, ProcessLink};
use crate::browser::machine::Spawn;
use crate::browser::protocol::{FileChanges, ProcessIdentity};
use crate::origins::WorkerId;
use crate::os::Pid;

/// A process.
#[derive(Debug)]
pub(super) struct Process {
    spawn: Spawn,
    /// Where it runs; `None`: it waits for a worker.
    place: Option<Place>,
    /// What was said to it, until its interpreter has come up: one that takes its place hears the
    /// same.
    said: Vec<Vec<u8>>,
    /// Whether its interpreter has come up.
    booted: bool,
    /// How many workers have failed before that.
    failures: u32,
}

/// Where a process runs.
#[derive(Debug)]
struct Place {
    worker: WorkerId,
    link: Link,
    /// What the worker is given of the link.
    line: JsValue,
    bell: JsValue,
    /// Whether it was told which process it is.
    is_identified: bool,
}

impl Process {
    pub(super) fn new(spawn: Spawn) -> Self {
        Self {
            spawn,
            place: None,
            said: Vec::new(),
            booted: false,
            failures: 0,
        }
    }

    /// What it was to be started with.
    pub(super) fn spawn(&self) -> &Spawn {
        &self.spawn
    }

    /// The worker in which it runs.
    pub(super) fn worker(&self) -> Option<WorkerId> {
        self.place.as_ref().map(|place| place.worker)
    }

    /// Its link, once it was told which process it is.
    pub(super) fn link(&self) -> Option<&Link> {
        let place = self.place.as_ref().filter(|place| place.is_identified);
        place.map(|place| &place.link)
    }

    /// What tells the worker which process it is. From then on it hears what it is sent.
    pub(super) fn identify(
        &mut self,
        files: FileChanges,
        claims: JsValue,
    ) -> Option<ProcessIdentity> {
        let place = self.place.as_mut()?;
        place.is_identified = true;
        let messages = self
            .said
            .iter()
            .map(|message| Uint8Array::from(message.as_slice()));
        Some(ProcessIdentity {
            process: self.spawn.process.clone(),
            files,
            messages: messages.collect::<Array>().unchecked_into(),
            line: place.line.clone(),
            bell: place.bell.clone(),
            claims,
        })
    }

    /// Sends it frames.
    pub(super) fn send(&mut self, message: Vec<u8>) {
        if let Some(link) = self.link() {
            link.send(&message);
        }
        if !self.booted {
            self.said.push(message);
        }
    }

    /// Its interpreter has come up.
    pub(super) fn has_booted(&mut self) {
        if !std::mem::replace(&mut self.booted, true) {
            self.said = Vec::new();
        }
    }

    /// Whether its interpreter has come up.
    pub(super) fn is_booted(&self) -> bool {
        self.booted
    }

    /// Its worker has failed. Returns how often that was so.
    pub(super) fn count_failure(&mut self) -> u32 {
        self.failures += 1;
        self.failures
    }
}

/// All processes.
#[derive(Debug, Default)]
pub(super) struct Processes {
    all: BTreeMap<Pid, Process>,
    of_workers: BTreeMap<WorkerId, Pid>,
}

impl Processes {
    pub(super) fn insert(&mut self, pid: Pid, process: Process) {
        self.all.insert(pid, process);
    }

    pub(super) fn remove(&mut self, pid: Pid) -> Option<Process> {
        let process = self.all.remove(&pid)?;
        if let Some(worker) = process.worker() {
            self.of_workers.remove(&worker);
        }
        Some(process)
    }

    /// A process runs in this worker from now on.
    pub(super) fn place(&mut self, pid: Pid, worker: WorkerId, link: &ProcessLink) {
        if let Some(process) = self.all.get_mut(&pid) {
            process.place = Some(Place {
                worker,
                link: link.link(),
                line: link.line(),
                bell: link.bell(),
                is_identified: false,
            });
            self.of_workers.insert(worker, pid);
        }
    }

    /// A process runs in no worker any more. Returns the one in which it ran.
    pub(super) fn displace(&mut self, pid: Pid) -> Option<WorkerId> {
        let Place { worker, .. } = self.all.get_mut(&pid)?.place.take()?;
        self.of_workers.remove(&worker);
        Some(worker)
    }

    pub(super) fn get(&self, pid: Pid) -> Option<&Process> {
        self.all.get(&pid)
    }

    pub(super) fn get_mut(&mut self, pid: Pid) -> Option<&mut Process> {
        self.all.get_mut(&pid)
    }

    /// The process that runs in a worker.
    pub(super) fn of_worker(&self, worker: WorkerId) -> Option<Pid> {
        self.of_workers.get(&worker).copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Process> {
        self.all.values()
    }

    pub(super) fn pids(&self) -> Vec<Pid> {
        self.all.keys().copied().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
