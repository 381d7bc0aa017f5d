//! The workers of a master.

use super::{Action, Event};
use crate::os::{Exit, Millis, Pid, Signal};

/// A worker process.
#[derive(Debug)]
pub(super) struct Worker {
    /// Counts up over all workers of a master: the lower, the older.
    pub(super) slot: u32,
    /// `None` until [`Event::Spawned`] says it.
    pub(super) pid: Option<Pid>,
    /// When its interpreter was up.
    pub(super) booted: Option<Millis>,
    /// Whether it polls the listeners.
    pub(super) accepting: bool,
    /// Its last heartbeat, or when it began to accept.
    pub(super) heartbeat: Option<Millis>,
    /// Whether the master has told it to abort for its silence.
    pub(super) aborted: bool,
    /// How it ended; the master may not have reaped it yet.
    pub(super) exit: Option<Exit>,
}

/// The workers of a master, oldest first.
#[derive(Debug, Default)]
pub(super) struct Table {
    workers: Vec<Worker>,
    last_slot: u32,
    /// Whether [`Action::Listening`] was said.
    listening: bool,
}

impl Table {
    /// Starts a worker; returns its slot.
    pub(super) fn spawn(&mut self, actions: &mut Vec<Action>) -> u32 {
        self.last_slot += 1;
        let slot = self.last_slot;
        self.workers.push(Worker {
            slot,
            pid: None,
            booted: None,
            accepting: false,
            heartbeat: None,
            aborted: false,
            exit: None,
        });
        actions.push(Action::Spawn { slot, again: false });
        slot
    }

    /// Notes what an event says about a worker.
    pub(super) fn note(&mut self, now: Millis, event: &Event) {
        match *event {
            Event::Spawned { slot, pid } => {
                if let Some(worker) = self.workers.iter_mut().find(|w| w.slot == slot) {
                    worker.pid = Some(pid);
                }
            }
            Event::Booted(pid) => self.update(pid, |w| w.booted = Some(now)),
            Event::Accepting(pid) => self.update(pid, |w| {
                w.accepting = true;
                w.heartbeat = Some(now);
            }),
            Event::Heartbeat(pid) => self.update(pid, |w| w.heartbeat = Some(now)),
            Event::Exited(pid, exit) => self.update(pid, |w| {
                w.exit = Some(exit);
                w.accepting = false;
            }),
            _ => {}
        }
    }

    fn update(&mut self, pid: Pid, change: impl FnOnce(&mut Worker)) {
        if let Some(worker) = self.workers.iter_mut().find(|w| w.pid == Some(pid)) {
            change(worker);
        }
    }

    /// Whether a spawn is unanswered.
    pub(super) fn spawning(&self) -> bool {
        self.workers.iter().any(|w| w.pid.is_none())
    }

    /// Says [`Action::Listening`], once: when a worker accepts and none of the first `count` is
    /// still on its way there; those that died and are reaped are not.
    pub(super) fn announce(&mut self, count: u32, actions: &mut Vec<Action>) {
        let ready = self.last_slot >= count
            && (count == 0 || self.workers.iter().any(|w| w.accepting))
            && self.workers.iter().all(|w| w.slot > count || w.accepting);
        if ready && !self.listening {
            self.listening = true;
            actions.push(Action::Listening);
        }
    }

    /// Sends a worker that has not ended a signal.
    pub(super) fn signal(&self, slot: u32, signal: Signal, actions: &mut Vec<Action>) {
        if let Some(Worker {
            pid: Some(pid),
            exit: None,
            ..
        }) = self.get(slot)
        {
            actions.push(Action::Signal(*pid, signal));
        }
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Worker> {
        self.workers.iter().find(|w| w.slot == slot)
    }

    /// The worker's process as the log shows it: Python's None before there is one.
    pub(super) fn shown(&self, slot: u32) -> String {
        let pid = self.get(slot).and_then(|w| w.pid);
        pid.map_or_else(|| "None".to_owned(), |pid| pid.to_string())
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<Worker> {
        let at = self.workers.iter().position(|w| w.slot == slot)?;
        Some(self.workers.remove(at))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Worker> {
        self.workers.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Worker> {
        self.workers.iter_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.workers.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    /// The highest slot given out.
    pub(super) fn last_slot(&self) -> u32 {
        self.last_slot
    }
}
