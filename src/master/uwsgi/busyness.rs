//! `--cheaper-algo busyness`: uWSGI's plugin `cheaper_busyness`, by Łukasz Mierzwa. It adds workers
//! when they spend more than a share of their time on requests, and takes one away when they have
//! spent less for long enough.

use super::lines::say;
use super::state::{Uwsgi, Worker};
use crate::master::Action;
use crate::os::Millis;
use crate::servers::uwsgi::{Busyness, Cheaper};

const SECOND: u64 = 1_000_000;

/// Where the algorithm stands. Times are microseconds.
#[derive(Debug, Default)]
pub(super) struct BusynessState {
    /// Of each worker: what it had spent on requests at the last check.
    spent: Vec<u64>,
    /// Of each worker: turns since then at which it was busy.
    was_busy: Vec<u32>,
    checked_at: u64,
    cheaped_at: u64,
    /// When a worker may be taken away next.
    next_cheap: u64,
    /// Idle checks after which a worker is taken away.
    multiplier: u64,
    last_action: Option<LastAction>,
    /// Checks in a row that were neither idle nor busy.
    tolerated: u64,
    /// Workers that were added because connections waited.
    emergency: u32,
    /// Since when connections have waited.
    waiting_since: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastAction {
    Spawned,
    Cheaped,
}

/// One turn: what it is about, and what it says.
struct Turn<'a> {
    state: &'a mut BusynessState,
    settings: Busyness,
    cheaper: Cheaper,
    now: u64,
    /// Workers that there are.
    active: u32,
    /// Workers that there may be.
    most: u32,
    /// Workers that could be added.
    addable: u32,
    waiting: u32,
    actions: &'a mut Vec<Action>,
}

impl Uwsgi {
    /// The lines of the plugin as it begins.
    pub(super) fn begin_busyness(&mut self, now: Millis, actions: &mut Vec<Action>) {
        let Some(settings) = self.settings.busyness else {
            return;
        };
        let overload = self.settings.cheaper_overload;
        let Busyness {
            min,
            max,
            multiplier,
            penalty,
            ..
        } = settings;
        say(
            actions,
            format!(
                "[busyness] settings: min={min}%, max={max}%, overload={overload}, \
                 multiplier={multiplier}, respawn penalty={penalty}"
            ),
        );
        let (alert, step) = (settings.backlog_alert, settings.backlog_step);
        say(
            actions,
            format!("[busyness] backlog alert is set to {alert} request(s), step is {step}"),
        );
        let nonzero = settings.backlog_nonzero;
        say(
            actions,
            format!("[busyness] backlog non-zero alert is set to {nonzero} second(s)"),
        );
        let now = micros(now);
        self.busyness = BusynessState {
            checked_at: now,
            multiplier,
            next_cheap: now + u64::from(overload) * multiplier * SECOND,
            ..BusynessState::default()
        };
    }

    /// A turn of the algorithm: how many workers are to be added, or taken away.
    pub(super) fn busyness(
        &mut self,
        now: Millis,
        cheaper: Cheaper,
        settings: Busyness,
        actions: &mut Vec<Action>,
    ) -> i64 {
        let is_active = |worker: &Worker| worker.pid.is_some() && !worker.cheaped;
        let state = &mut self.busyness;
        state.spent.resize(self.workers.len(), 0);
        state.was_busy.resize(self.workers.len(), 0);
        for (worker, was_busy) in self.workers.iter().zip(&mut state.was_busy) {
            *was_busy = if is_active(worker) {
                was_busy.saturating_add(u32::from(!worker.busy.is_empty()))
            } else {
                0
            };
        }
        let count = |which: &dyn Fn(&Worker) -> bool| {
            self.workers.iter().filter(|worker| which(worker)).count() as u32
        };
        let active = count(&is_active);
        let addable = count(&|worker| worker.cheaped && worker.pid.is_none());
        let now = micros(now);
        let span = u64::from(cheaper.overload) * SECOND;
        let is_due = now.saturating_sub(state.checked_at) >= span;
        let mut shares = Vec::new();
        if is_due {
            state.checked_at = now;
            for (index, worker) in self.workers.iter().enumerate() {
                let spent = worker.counts.running_time;
                let (Some(before), Some(was_busy)) =
                    (state.spent.get_mut(index), state.was_busy.get_mut(index))
                else {
                    continue;
                };
                if is_active(worker) {
                    let delta = spent.saturating_sub(*before);
                    let share = (delta * 100).checked_div(span).unwrap_or(100).min(100);
                    // What takes longer than a check is seen here alone.
                    let unfinished = (delta == 0 && *was_busy > 0).then_some(*was_busy);
                    shares.push((index + 1, share, unfinished));
                    *was_busy = 0;
                }
                *before = spent;
            }
        }
        let mut turn = Turn {
            state,
            settings,
            cheaper,
            now,
            active,
            most: self.launch.workers,
            addable,
            waiting: self.adaptation.waiting,
            actions,
        };
        if is_due {
            let share = turn.measure(&shares);
            turn.decide(share)
        } else {
            turn.look_at_backlog()
        }
    }
}

impl Turn<'_> {
    fn say(&mut self, line: String) {
        say(self.actions, line);
    }

    fn say_if_verbose(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.settings.verbose {
            let line = line(self);
            self.say(line);
        }
    }

    /// The average share of time that the workers have spent on requests, in percent.
    fn measure(&mut self, shares: &[(usize, u64, Option<u32>)]) -> u64 {
        let overload = self.cheaper.overload;
        let mut total = 0;
        for &(number, share, unfinished) in shares {
            let mut share = share;
            if let Some(times) = unfinished {
                self.say_if_verbose(|_| {
                    format!(
                        "[busyness] worker {number} was busy {times} time(s) in last cycle but no \
                         request was completed during this time, marking as 100% busy"
                    )
                });
                share = 100;
            }
            total += share;
            if self.active > 1 {
                self.say_if_verbose(|_| {
                    format!(
                        "[busyness] worker nr {number} {overload}s average busyness is at {share}%"
                    )
                });
            }
        }
        let average = total.checked_div(u64::from(self.active)).unwrap_or(0);
        self.say_if_verbose(|turn| {
            let active = turn.active;
            format!(
                "[busyness] {overload}s average busyness of {active} worker(s) is at {average}%"
            )
        });
        average
    }

    fn decide(&mut self, share: u64) -> i64 {
        if share > self.settings.max {
            self.state.tolerated = 0;
            return self.grow(share);
        }
        if self.waiting > self.settings.backlog_alert && self.active < self.most {
            return self.spawn_for_emergency();
        }
        // With one worker there is nothing to take away.
        if self.active == 1 {
            return 0;
        }
        if share < self.settings.min {
            self.state.tolerated = 0;
            return self.shrink(share);
        }
        self.tolerate(share);
        0
    }

    fn grow(&mut self, share: u64) -> i64 {
        let overload = u64::from(self.cheaper.overload);
        let added = self.addable.min(self.cheaper.step.max(1));
        if added == 0 {
            let active = self.active;
            self.say(format!(
                "[busyness] {overload}s average busyness is at {share}% but we already started \
                 maximum number of workers available with current limits ({active})"
            ));
            return 0;
        }
        self.state.last_action = Some(LastAction::Spawned);
        let since = self.now.saturating_sub(self.state.cheaped_at) / SECOND;
        let checks = since.checked_div(overload).unwrap_or(u64::MAX);
        if checks <= self.state.multiplier {
            let penalty = self.settings.penalty;
            self.state.multiplier += penalty;
            let multiplier = self.state.multiplier;
            self.say(format!(
                "[busyness] worker(s) respawned to fast, increasing cheaper multiplier to \
                 {multiplier} (+{penalty})"
            ));
        } else {
            self.decrease_multiplier();
        }
        self.set_next_cheap();
        self.say(format!(
            "[busyness] {overload}s average busyness is at {share}%, will spawn {added} new \
             worker(s)"
        ));
        i64::from(added)
    }

    fn shrink(&mut self, share: u64) -> i64 {
        if self.active <= self.cheaper.least {
            return 0;
        }
        if self.now < self.state.next_cheap {
            self.say_if_verbose(|turn| {
                let seconds = (turn.state.next_cheap - turn.now) / SECOND;
                format!("[busyness] need to wait {seconds} more second(s) to cheap worker")
            });
            return 0;
        }
        if self.state.last_action == Some(LastAction::Cheaped) {
            self.decrease_multiplier();
        }
        self.set_next_cheap();
        let (overload, active) = (self.cheaper.overload, self.active);
        self.say(format!(
            "[busyness] {overload}s average busyness is at {share}%, cheap one of {active} running \
             workers"
        ));
        self.state.cheaped_at = self.now;
        self.state.last_action = Some(LastAction::Cheaped);
        self.state.emergency = self.state.emergency.saturating_sub(1);
        -1
    }

    fn tolerate(&mut self, share: u64) {
        self.state.emergency = self.state.emergency.saturating_sub(1);
        self.state.tolerated += 1;
        let is_steady = self.state.tolerated >= 3;
        let what = if is_steady { "resetting" } else { "adjusting" };
        self.say_if_verbose(|turn| {
            let (overload, cycles) = (turn.cheaper.overload, turn.state.tolerated);
            format!(
                "[busyness] {overload}s average busyness is at {share}%, {cycles} non-idle \
                 cycle(s), {what} cheaper timer"
            )
        });
        if is_steady {
            self.set_next_cheap();
        } else {
            self.state.next_cheap += u64::from(self.cheaper.overload) * SECOND;
        }
    }

    /// Between two checks.
    fn look_at_backlog(&mut self) -> i64 {
        let waiting = self.waiting;
        if waiting > self.settings.backlog_alert && self.active < self.most {
            return self.spawn_for_emergency();
        }
        match (waiting > 0, self.state.waiting_since) {
            (true, Some(since)) => {
                let seconds = self.now.saturating_sub(since) / SECOND;
                if seconds < self.settings.backlog_nonzero {
                    return 0;
                }
                self.say(format!(
                    "[busyness] backlog was non-zero for {seconds} second(s), spawning new \
                     worker(s)"
                ));
                self.state.waiting_since = Some(self.now);
                self.spawn_for_emergency()
            }
            (true, None) => {
                self.say_if_verbose(|_| {
                    format!("[busyness] backlog is starting to fill ({waiting})")
                });
                self.state.waiting_since = Some(self.now);
                0
            }
            (false, Some(_)) => {
                self.say_if_verbose(|_| "[busyness] backlog is now empty".to_owned());
                self.state.waiting_since = None;
                0
            }
            (false, None) => 0,
        }
    }

    fn spawn_for_emergency(&mut self) -> i64 {
        self.state.multiplier = self.settings.multiplier;
        self.state.last_action = Some(LastAction::Spawned);
        let added = self.addable.min(self.settings.backlog_step.max(1));
        self.set_next_cheap();
        let (waiting, most) = (self.waiting, self.most);
        if added > 0 {
            self.state.emergency += added;
            let emergency = self.state.emergency;
            self.say(format!(
                "[busyness] {waiting} requests in listen queue, spawning {added} emergency \
                 worker(s) ({emergency})!"
            ));
        } else {
            self.say(format!(
                "[busyness] {waiting} requests in listen queue but we are already started maximum \
                 number of workers ({most})"
            ));
        }
        i64::from(added)
    }

    fn decrease_multiplier(&mut self) {
        if self.state.multiplier > self.settings.multiplier {
            self.state.multiplier -= 1;
            let multiplier = self.state.multiplier;
            self.say(format!(
                "[busyness] decreasing cheaper multiplier to {multiplier}"
            ));
        }
    }

    fn set_next_cheap(&mut self) {
        let overload = u64::from(self.cheaper.overload);
        let emergency = self.state.emergency;
        let multiplier = if emergency > 0 {
            let seconds = overload * self.settings.backlog_multiplier;
            self.say_if_verbose(|_| {
                format!(
                    "[busyness] {emergency} emergency worker(s) running, using {seconds} seconds \
                     cheaper timer"
                )
            });
            self.settings.backlog_multiplier
        } else {
            self.state.multiplier
        };
        self.state.next_cheap = self.now + overload * multiplier * SECOND;
    }
}

fn micros(now: Millis) -> u64 {
    (now * 1000.0) as u64
}
