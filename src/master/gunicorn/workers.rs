//! How the arbiter keeps its workers: as many as it should have, alive, and not silent.

use super::arbiter::{Arbiter, BootFailure, POLL, Resume, State, TURN};
use crate::master::{Action, Hook};
use crate::os::{Exit, Millis, Signal};
use crate::servers::Level;

/// A worker exits with this code if it cannot boot.
const WORKER_BOOT_ERROR: i32 = 3;
/// A worker exits with this code if it cannot load the app.
const APP_LOAD_ERROR: i32 = 4;

impl Arbiter {
    /// Spawns workers if there are too few, then terminates the oldest if there are too many.
    pub(super) fn manage_workers(
        &mut self,
        now: Millis,
        resume: Resume,
        actions: &mut Vec<Action>,
    ) {
        let missing = self.num_workers.saturating_sub(self.table.len());
        self.spawn_or_resume(now, missing, resume, actions);
    }

    /// Spawns the next of `left` workers, or goes on where `resume` says.
    pub(super) fn spawn_or_resume(
        &mut self,
        now: Millis,
        left: usize,
        resume: Resume,
        actions: &mut Vec<Action>,
    ) {
        if left > 0 {
            self.spawn(actions);
            self.state = State::Spawning {
                left: left - 1,
                until: None,
                resume,
            };
            return;
        }
        // Workers that were told to terminate and have not ended yet count, and are told again, as
        // in the original.
        let surplus: Vec<u32> = self
            .table
            .iter()
            .take(self.table.len().saturating_sub(self.num_workers))
            .map(|w| w.slot)
            .collect();
        for slot in &surplus {
            self.table.signal(*slot, Signal::Term, actions);
        }
        let active = self.table.len() - surplus.len();
        if self.logged_workers != Some(active) {
            self.logged_workers = Some(active);
            self.log(now, Level::Debug, &format!("{active} workers"), actions);
        }
        self.state = match resume {
            Resume::Turn => State::Turn,
            Resume::Wait => State::Waiting { until: now + TURN },
            Resume::Reload { old } => {
                let limit = self.graceful_limit(now);
                State::Reloading {
                    old,
                    limit,
                    poll: now,
                }
            }
        };
    }

    /// HUP: new workers, then the end of the old ones. TTIN and TTOU are forgotten.
    pub(super) fn reload(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.log(now, Level::Info, "Hang up: Master", actions);
        if self.hooks {
            self.state = State::Rereading;
            self.hook(Hook::Reload, actions);
        } else {
            self.num_workers = self.configured_workers as usize;
            self.respawn(now, actions);
        }
    }

    /// The configuration was read again.
    pub(super) fn reread(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.rebinding {
            actions.push(Action::CloseListeners);
            self.bind(now, 0, actions);
        } else {
            self.respawn(now, actions);
        }
    }

    /// Puts new workers in the place of the old ones.
    pub(super) fn respawn(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.rebinding = false;
        self.hook(Hook::OnReload, actions);
        let old = self.table.last_slot();
        self.state = State::Reloading {
            old,
            limit: now,
            poll: now,
        };
        // Without the sleep that other spawns have.
        for _ in 0..self.num_workers {
            self.spawn(actions);
        }
        self.manage_workers(now, Resume::Reload { old }, actions);
    }

    fn spawn(&mut self, actions: &mut Vec<Action>) {
        let age = self.table.last_slot() + 1;
        self.hook(Hook::PreFork { age }, actions);
        self.table.spawn(actions);
    }

    /// When workers that are told to finish at `now` have had their time.
    pub(super) fn graceful_limit(&self, now: Millis) -> Millis {
        self.graceful_timeout
            .map_or(Millis::INFINITY, |timeout| now + timeout)
    }

    /// Aborts workers that have been silent for longer than the timeout, and kills them if they are
    /// silent still.
    pub(super) fn murder_workers(&mut self, now: Millis, actions: &mut Vec<Action>) {
        let Some(timeout) = self.timeout else {
            return;
        };
        let silent: Vec<(u32, bool)> = self
            .table
            .iter_mut()
            .filter(|w| {
                w.heartbeat
                    .is_some_and(|heartbeat| now - heartbeat > timeout)
            })
            .map(|w| (w.slot, std::mem::replace(&mut w.aborted, true)))
            .collect();
        for (slot, aborted) in silent {
            if aborted {
                self.table.signal(slot, Signal::Kill, actions);
            } else {
                let message = format!("WORKER TIMEOUT (pid:{})", self.table.shown(slot));
                self.log(now, Level::Critical, &message, actions);
                self.table.signal(slot, Signal::Abrt, actions);
            }
        }
    }

    /// Sends all workers a signal.
    pub(super) fn kill_workers(&self, signal: Signal, actions: &mut Vec<Action>) {
        for worker in self.table.iter() {
            self.table.signal(worker.slot, signal, actions);
        }
    }

    /// Forgets workers that have ended, and says how.
    ///
    /// # Errors
    /// At the first worker that failed to boot: the server is to be halted, and workers that ended
    /// after it stay unreaped.
    pub(super) fn reap_workers(
        &mut self,
        now: Millis,
        actions: &mut Vec<Action>,
    ) -> Result<(), BootFailure> {
        while let Some(slot) = self.zombies.pop_front() {
            let Some(worker) = self.table.remove(slot) else {
                continue;
            };
            let Some(pid) = worker.pid else { continue };
            match worker.exit {
                Some(Exit::Code(0)) | None => {}
                Some(Exit::Code(code)) => {
                    let message = format!("Worker (pid:{pid}) exited with code {code}.");
                    self.log(now, Level::Error, &message, actions);
                    match code {
                        WORKER_BOOT_ERROR => {
                            return Err(BootFailure {
                                reason: "Worker failed to boot.",
                                code,
                            });
                        }
                        APP_LOAD_ERROR => {
                            return Err(BootFailure {
                                reason: "App failed to load.",
                                code,
                            });
                        }
                        _ => {}
                    }
                }
                Some(Exit::Signal(signal)) => {
                    let (level, more) = match signal {
                        Signal::Kill => (Level::Error, " Perhaps out of memory?"),
                        Signal::Term => (Level::Info, ""),
                        _ => (Level::Warning, ""),
                    };
                    let message =
                        format!("Worker (pid:{pid}) was sent SIG{}!{more}", signal.name());
                    self.log(now, level, &message, actions);
                }
            }
            self.hook(Hook::ChildExit { age: slot, pid }, actions);
        }
        Ok(())
    }

    /// A poll of a reload: goes on when the workers up to slot `old` have ended, or at the limit.
    pub(super) fn poll_reload(
        &mut self,
        now: Millis,
        old: u32,
        limit: Millis,
        actions: &mut Vec<Action>,
    ) {
        if now >= limit || !self.table.iter().any(|w| w.slot <= old) {
            self.state = State::Turn;
            return;
        }
        self.state = State::Reloading {
            old,
            limit,
            poll: now + POLL,
        };
        if let Err(failure) = self.reap_workers(now, actions) {
            self.halt(now, Some(failure), actions);
        }
    }
}
