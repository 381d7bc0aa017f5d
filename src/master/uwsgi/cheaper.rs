//! Fewer workers when there is little to do: `--cheaper` and its algorithms, `--cheap`, `--idle`.

use super::{State, TICK, Uwsgi, say, second};
use crate::master::Action;
use crate::os::{Millis, Signal};

/// Where the adaptation stands.
#[derive(Debug, Default)]
pub(super) struct Cheaper {
    /// Turns without a free worker, fewer those with one.
    overload: u32,
    /// Turns without need since the last overload.
    idle: u32,
    /// Connections that wait to be accepted.
    pub(super) waiting: u32,
    /// There are no workers until somebody connects.
    pub(super) cheap: bool,
    /// `--idle`: the worker that is ended next; nothing else is done meanwhile.
    ending: Option<usize>,
    /// The second at which so many requests had been served in all.
    last_request: (i64, u32),
}

impl Uwsgi {
    /// How many workers there are at first.
    pub(super) fn initial(&self) -> u32 {
        if self.cheaper.cheap {
            0
        } else if self.options.cheaper > 0 {
            self.options.initial
        } else {
            self.options.count
        }
    }

    /// The workers are forked, or, where there are to be none, somebody to connect is waited for.
    pub(super) fn begin_cheap(&mut self, actions: &mut Vec<Action>) {
        let line = "cheap mode enabled: waiting for socket connection...";
        say(actions, line);
        self.cheaper.cheap = true;
        self.cheaper.last_request = (0, self.total);
        actions.push(Action::Watch);
    }

    /// Connections wait to be accepted.
    pub(super) fn connections_wait(&mut self, waiting: u32, actions: &mut Vec<Action>) {
        self.cheaper.waiting = waiting;
        let over = self.ending.is_some() || self.cheaper.ending.is_some();
        if over || !self.cheaper.cheap || waiting == 0 || self.state != State::Running {
            return;
        }
        self.cheaper.cheap = false;
        let needed = match self.options.cheaper {
            0 => self.options.count,
            cheaper => cheaper,
        };
        for index in 0..needed as usize {
            self.spawn_again(index, actions);
        }
    }

    /// `--idle`: without a request for so long, the workers are ended. Whether the master is busy
    /// with that.
    pub(super) fn check_idle(&mut self, now: Millis, actions: &mut Vec<Action>) -> bool {
        let now_second = second(now);
        if let Some(index) = self.cheaper.ending {
            if let Some(worker) = self.workers.get_mut(index) {
                worker.pid = None;
                worker.exit = None;
            }
            self.end_next(index + 1, actions);
            return true;
        }
        let idle = i64::from(self.options.idle);
        if idle == 0 || self.cheaper.cheap || self.ending.is_some() {
            return false;
        }
        let (since, total) = self.cheaper.last_request;
        if since == 0 {
            self.cheaper.last_request.0 = now_second;
        }
        if self
            .workers
            .iter()
            .any(|worker| worker.pid.is_some() && !worker.busy.is_empty())
        {
            return false;
        }
        if total != self.total {
            self.cheaper.last_request = (now_second, self.total);
        } else if since > 0 && now_second - since > idle {
            say(
                actions,
                format!(
                    "workers have been inactive for more than {} seconds ({now_second}-{since})",
                    self.options.idle
                ),
            );
            if self.options.die_on_idle {
                self.kill_them_all(now, actions);
                return false;
            }
            self.cheaper.cheap = true;
            self.end_next(0, actions);
            return true;
        }
        false
    }

    /// Ends the next worker that there is; the original gives each a second.
    fn end_next(&mut self, from: usize, actions: &mut Vec<Action>) {
        let mut workers = self.workers.iter_mut().enumerate().skip(from);
        let next = workers.find_map(|(index, worker)| {
            worker.cheaped = true;
            Some((index, worker.pid?))
        });
        self.cheaper.ending = next.map(|(index, _)| index);
        match next {
            Some((_, pid)) => actions.push(Action::Signal(pid, Signal::Kill)),
            None => self.begin_cheap(actions),
        }
    }

    /// `--cheaper`: a turn of the algorithm.
    pub(super) fn adapt(&mut self, now: Millis, actions: &mut Vec<Action>) {
        if self.options.cheaper == 0 || self.cheaper.cheap || self.ending.is_some() {
            return;
        }
        let here = |worker: &&super::Worker| worker.pid.is_some() && !worker.cheaped;
        let active = self.workers.iter().filter(here).count() as u32;
        let busy = self
            .workers
            .iter()
            .filter(here)
            .filter(|worker| !worker.busy.is_empty())
            .count() as u32;
        let overload = self.options.overload;
        let (more, fewer) = if self.options.by_backlog {
            let waiting = self.cheaper.waiting;
            (
                waiting > overload,
                waiting < overload && active > self.options.cheaper,
            )
        } else {
            self.spare(active, busy)
        };
        if more {
            let mut step = self.options.step.max(1);
            for index in 0..self.workers.len() {
                let cheaped = self
                    .workers
                    .get(index)
                    .is_some_and(|worker| worker.cheaped && worker.pid.is_none());
                if cheaped && step > 0 {
                    step -= 1;
                    self.spawn_again(index, actions);
                }
            }
        } else if fewer {
            let free = self
                .workers
                .iter_mut()
                .filter(|worker| here(&&**worker) && worker.busy.is_empty());
            if let Some(worker) = free.reduce(|oldest, worker| {
                if worker.born < oldest.born {
                    worker
                } else {
                    oldest
                }
            }) && let Some(pid) = worker.pid
            {
                worker.cheaped = true;
                worker.cursed_at = Some(second(now));
                actions.push(Action::Signal(pid, Signal::Winch));
            }
        }
    }

    /// The algorithm `spare`: whether there is to be one more, or one fewer.
    fn spare(&mut self, active: u32, busy: u32) -> (bool, bool) {
        let state = &mut self.cheaper;
        if busy < active {
            state.overload = state.overload.saturating_sub(1);
        } else {
            state.overload += 1;
            state.idle = 0;
        }
        if state.overload > self.options.overload {
            state.overload = 0;
            return (true, false);
        }
        // With one free worker all is well.
        if state.overload > 0 || active == busy + 1 {
            return (false, false);
        }
        state.idle += 1;
        let due = state.idle.checked_rem(self.options.overload) == Some(0);
        (false, due && active > self.options.cheaper)
    }

    /// `--max-worker-lifetime`: workers that have had their time end after their request.
    pub(super) fn check_lifetimes(&mut self, now: Millis, actions: &mut Vec<Action>) {
        let Some(most) = self.options.lifetime else {
            return;
        };
        for (number, worker) in (1..).zip(&mut self.workers) {
            let Some(pid) = worker.pid else { continue };
            let lifetime = second(now) - worker.born;
            let most = i64::from(most) + i64::from((number - 1) * self.options.lifetime_delta);
            if lifetime > most && !worker.cheaped && !worker.expired && worker.cursed_at.is_none() {
                worker.expired = true;
                say(
                    actions,
                    format!(
                        "worker {number} lifetime reached, it was running for {lifetime} second(s)"
                    ),
                );
                actions.push(Action::Signal(pid, Signal::Winch));
            }
        }
    }

    /// The time between two looks begins anew.
    pub(super) fn begin_turn(&mut self, now: Millis) {
        self.tick = now + TICK;
    }
}
