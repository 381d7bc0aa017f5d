//! Fewer workers when there is little to do: `--cheaper` and its algorithms, `--cheap`, `--idle`.

use super::lines::say;
use super::state::{State, TICK, Uwsgi, Worker, second};
use crate::master::Action;
use crate::os::{Millis, Signal};
use crate::servers::uwsgi::{Cheaper, CheaperAlgorithm};

impl Uwsgi {
    /// How many workers there are at first.
    pub(super) fn initial(&self) -> u32 {
        if self.adaptation.cheap {
            0
        } else {
            let cheaper = self.settings.cheaper;
            cheaper.map_or(self.launch.workers, |cheaper| cheaper.initial)
        }
    }

    /// The workers are forked, or, where there are to be none, somebody to connect is waited for.
    pub(super) fn begin_cheap(&mut self, actions: &mut Vec<Action>) {
        let line = "cheap mode enabled: waiting for socket connection...";
        say(actions, line);
        self.adaptation.cheap = true;
        self.adaptation.active_at = None;
        self.adaptation.served = self.total;
        actions.push(Action::Watch);
    }

    /// Connections wait to be accepted.
    pub(super) fn connections_wait(&mut self, waiting: u32, actions: &mut Vec<Action>) {
        self.adaptation.waiting = waiting;
        let over = self.ending.is_some() || self.adaptation.ending.is_some();
        if over || !self.adaptation.cheap || waiting == 0 || self.state != State::Running {
            return;
        }
        self.adaptation.cheap = false;
        let cheaper = self.settings.cheaper;
        let needed = cheaper.map_or(self.launch.workers, |cheaper| cheaper.least);
        for index in 0..needed as usize {
            self.spawn_again(index, actions);
        }
    }

    /// `--idle`: without a request for so long, the workers are ended. Whether the master is busy
    /// with that.
    pub(super) fn check_idle(&mut self, now: Millis, actions: &mut Vec<Action>) -> bool {
        let now_second = second(now);
        if let Some(index) = self.adaptation.ending {
            if let Some(worker) = self.workers.get_mut(index) {
                worker.pid = None;
                worker.exit = None;
            }
            self.end_next(index + 1, actions);
            return true;
        }
        let Some(idle) = self.settings.idle else {
            return false;
        };
        if self.adaptation.cheap || self.ending.is_some() {
            return false;
        }
        let active_at = self.adaptation.active_at;
        self.adaptation.active_at.get_or_insert(now_second);
        if self
            .workers
            .iter()
            .any(|worker| worker.pid.is_some() && !worker.busy.is_empty())
        {
            return false;
        }
        if self.adaptation.served != self.total {
            self.adaptation.active_at = Some(now_second);
            self.adaptation.served = self.total;
        } else if let Some(since) = active_at
            && now_second - since > i64::from(idle)
        {
            say(
                actions,
                format!(
                    "workers have been inactive for more than {idle} seconds ({now_second}-{since})"
                ),
            );
            if self.settings.die_on_idle {
                self.kill_them_all(now, actions);
                return false;
            }
            self.adaptation.cheap = true;
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
        self.adaptation.ending = next.map(|(index, _)| index);
        match next {
            Some((_, pid)) => actions.push(Action::Signal(pid, Signal::Kill)),
            None => self.begin_cheap(actions),
        }
    }

    /// `--cheaper`: a turn of the algorithm.
    pub(super) fn adapt(&mut self, now: Millis, actions: &mut Vec<Action>) {
        let Some(cheaper) = self.settings.cheaper else {
            return;
        };
        if self.adaptation.cheap || self.ending.is_some() {
            return;
        }
        let here = |worker: &&Worker| worker.pid.is_some() && !worker.cheaped;
        let active = self.workers.iter().filter(here).count() as u32;
        let busy = self
            .workers
            .iter()
            .filter(here)
            .filter(|worker| !worker.busy.is_empty())
            .count() as u32;
        let step = i64::from(cheaper.step.max(1));
        let by = |(more, fewer)| if more { step } else { -i64::from(fewer) };
        let needed = match (self.settings.cheaper_algorithm, self.settings.busyness) {
            (CheaperAlgorithm::Manual, _) => 0,
            (_, Some(settings)) => self.busyness(now, cheaper, settings, actions),
            (CheaperAlgorithm::Backlog, _) => {
                let waiting = self.adaptation.waiting;
                by((
                    waiting > cheaper.overload,
                    waiting < cheaper.overload && active > cheaper.least,
                ))
            }
            _ => by(self.spare(cheaper, active, busy)),
        };
        if needed > 0 {
            let mut step = needed;
            for index in 0..self.workers.len() {
                let is_spare = self
                    .workers
                    .get(index)
                    .is_some_and(|worker| worker.cheaped && worker.pid.is_none());
                if is_spare && step > 0 {
                    step -= 1;
                    self.spawn_again(index, actions);
                }
            }
        } else if needed < 0 {
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
    fn spare(&mut self, cheaper: Cheaper, active: u32, busy: u32) -> (bool, bool) {
        let state = &mut self.adaptation;
        if busy < active {
            state.overload = state.overload.saturating_sub(1);
        } else {
            state.overload += 1;
            state.idle = 0;
        }
        if state.overload > cheaper.overload {
            state.overload = 0;
            return (true, false);
        }
        // With one free worker all is well.
        if state.overload > 0 || active == busy + 1 {
            return (false, false);
        }
        state.idle += 1;
        let due = state.idle.checked_rem(cheaper.overload) == Some(0);
        (false, due && active > cheaper.least)
    }

    /// `--max-worker-lifetime`: workers that have had their time end after their request.
    pub(super) fn check_lifetimes(&mut self, now: Millis, actions: &mut Vec<Action>) {
        let Some(most) = self.settings.max_worker_lifetime else {
            return;
        };
        for (number, worker) in (1..).zip(&mut self.workers) {
            let Some(pid) = worker.pid else { continue };
            let lifetime = second(now) - worker.born;
            let most =
                i64::from(most) + i64::from((number - 1) * self.settings.max_worker_lifetime_delta);
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
