//! The processes that run, each in a worker of its own.

use std::collections::BTreeMap;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};

use super::links::{Link, ProcessLink};
use crate::browser::protocol::{FileChanges, Identity, ProcessIdentity};
use crate::origins::WorkerId;
use crate::os::Pid;

/// A process.
#[derive(Debug)]
pub(super) struct Process {
    identity: Identity,
    /// Where it runs.
    pub(super) worker: WorkerId,
    pub(super) link: Link,
    /// What it is given of the link.
    line: JsValue,
    bell: JsValue,
    /// What is said to it before it has its identity; `None`: it has.
    early: Option<Vec<Vec<u8>>>,
    /// Whether its interpreter has come up.
    pub(super) booted: bool,
}

impl Process {
    pub(super) fn new(identity: Identity, worker: WorkerId, link: &ProcessLink) -> Self {
        Self {
            identity,
            worker,
            link: link.link(),
            line: link.line(),
            bell: link.bell(),
            early: Some(Vec::new()),
            booted: false,
        }
    }

    /// What tells the worker which process it is. From then on it hears what it is sent.
    pub(super) fn identify(&mut self, files: FileChanges, claims: JsValue) -> ProcessIdentity {
        let early = self.early.take().unwrap_or_default();
        let messages = early
            .iter()
            .map(|message| Uint8Array::from(message.as_slice()));
        ProcessIdentity {
            process: self.identity.clone(),
            files,
            messages: messages.collect::<Array>().unchecked_into(),
            line: self.line.clone(),
            bell: self.bell.clone(),
            claims,
        }
    }

    /// Whether it has been told which process it is.
    pub(super) fn is_identified(&self) -> bool {
        self.early.is_none()
    }

    /// Sends it frames.
    pub(super) fn send(&mut self, message: Vec<u8>) {
        match &mut self.early {
            Some(early) => early.push(message),
            None => self.link.send(&message),
        }
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
        self.of_workers.insert(process.worker, pid);
        self.all.insert(pid, process);
    }

    pub(super) fn remove(&mut self, pid: Pid) -> Option<Process> {
        let process = self.all.remove(&pid)?;
        self.of_workers.remove(&process.worker);
        Some(process)
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
