//! Random programs under a virtual clock: threads that lock, sleep, wait for events and I/O,
//! compute and start others.

#![allow(clippy::unwrap_used)]

use crate::testing::test;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;

use super::*;

const LOCKS: u32 = 3;
/// Keys of locks and of I/O are apart.
const IO: u32 = 200;

#[derive(Debug, Clone)]
enum Step {
    /// Take a lock, compute for so long while holding it, release it.
    Locked(u32, u32),
    /// The same, giving up after some time.
    LockedWithin(u32, u32, u32),
    Compute(u32),
    Sleep(u32),
    /// Wait for I/O that arrives after so long.
    Io(u32),
    Spawn(Vec<Step>),
}

fn step() -> impl Strategy<Value = Step> {
    let leaf = prop_oneof![
        (0..LOCKS, 0..20_u32).prop_map(|(lock, time)| Step::Locked(lock, time)),
        (0..LOCKS, 0..20_u32, 0..10_u32)
            .prop_map(|(lock, time, within)| Step::LockedWithin(lock, time, within)),
        (0..30_u32).prop_map(Step::Compute),
        (0..30_u32).prop_map(Step::Sleep),
        (0..30_u32).prop_map(Step::Io),
    ];
    leaf.prop_recursive(3, 40, 6, |inner| {
        prop::collection::vec(inner, 0..6).prop_map(Step::Spawn)
    })
}

/// What a thread does next.
#[derive(Debug, Clone)]
enum Act {
    Step(Step),
    /// Computes: what is left, in milliseconds.
    Work(u32),
    Acquire {
        lock: u32,
        deadline: Option<u32>,
        again: bool,
        work: u32,
    },
    Release(u32),
}

#[derive(Debug, Default)]
struct Lock {
    locked: bool,
    owner: Option<ThreadId>,
}

/// An operating system's worth of threads: plays Python's part against the event loop.
struct World {
    event_loop: EventLoop,
    now: u32,
    acts: BTreeMap<ThreadId, VecDeque<Act>>,
    born: BTreeMap<ThreadId, Vec<Step>>,
    locks: Vec<Lock>,
    /// I/O that will arrive: when, for whom.
    arriving: BTreeSet<(u32, Key)>,
    /// When each thread that could run began to want to.
    longest_wait: u32,
    steps: u32,
}

impl World {
    fn new(program: &[Step]) -> Self {
        let main = program.iter().cloned().map(Act::Step).collect();
        Self {
            event_loop: EventLoop::new(0.0),
            now: 0,
            acts: BTreeMap::from([(MAIN, main)]),
            born: BTreeMap::new(),
            locks: (0..LOCKS).map(|_| Lock::default()).collect(),
            arriving: BTreeSet::new(),
            longest_wait: 0,
            steps: 0,
        }
    }

    fn time(&self) -> Millis {
        Millis::from(self.now)
    }

    fn wait(&mut self, name: Name, key: Option<Key>, timeout: Option<u32>, again: bool) {
        let wait = Wait {
            name,
            key,
            timeout: timeout.map(Millis::from),
            again,
            request: None,
        };
        let now = self.time();
        self.event_loop.wait(wait, now);
    }

    fn arrive(&mut self) {
        while let Some(&(at, key)) = self.arriving.first()
            && at <= self.now
        {
            self.arriving.pop_first();
            let now = self.time();
            self.event_loop.wake_all(key, now);
        }
    }

    /// Runs until all have ended. Returns false if somebody waits for ever.
    fn run(&mut self) -> bool {
        loop {
            self.steps += 1;
            assert!(
                self.steps < 1_000_000,
                "threads go round without getting anywhere"
            );
            self.arrive();
            if let Some(id) = self.event_loop.holder() {
                self.act(id);
                continue;
            }
            let now = self.time();
            if let Some(next) = self.event_loop.next(now) {
                if let Some(program) = self.born.remove(&next.thread) {
                    assert_eq!(next.outcome, None, "a thread starts with its first turn");
                    self.acts
                        .insert(next.thread, program.into_iter().map(Act::Step).collect());
                } else {
                    self.resume(next.thread, next.outcome.unwrap());
                }
                continue;
            }
            if self.event_loop.is_empty() {
                return true;
            }
            let timer = self.event_loop.deadline().map(|at| at.ceil() as u32);
            let io = self.arriving.first().map(|arrival| arrival.0);
            let Some(at) = timer.into_iter().chain(io).min() else {
                return false;
            };
            assert!(at >= self.now);
            self.now = at;
        }
    }

    /// What Python's lock does when its wait has ended.
    fn resume(&mut self, id: ThreadId, outcome: Outcome) {
        let now = self.now;
        let acts = self.acts.get_mut(&id).unwrap();
        if let Some(Act::Acquire {
            lock,
            work,
            again,
            deadline,
        }) = acts.front_mut()
        {
            let timed_out = outcome == Outcome::TimedOut && deadline.is_some_and(|at| at <= now);
            match outcome {
                Outcome::HandedOver => {
                    let (lock, work) = (*lock, *work);
                    acts.pop_front();
                    self.owned(id, lock, work);
                }
                _ if timed_out => {
                    acts.pop_front();
                }
                _ => *again = true,
            }
        }
    }

    fn owned(&mut self, id: ThreadId, lock: u32, work: u32) {
        let state = &mut self.locks[lock as usize];
        assert_eq!(state.owner, None, "two threads own one lock");
        assert!(state.locked);
        state.owner = Some(id);
        let acts = self.acts.get_mut(&id).unwrap();
        acts.push_front(Act::Release(lock));
        acts.push_front(Act::Work(work));
    }

    fn act(&mut self, id: ThreadId) {
        let now = self.time();
        let Some(act) = self.acts.get_mut(&id).unwrap().pop_front() else {
            self.acts.remove(&id);
            self.event_loop.finish(now);
            return;
        };
        match act {
            Act::Step(step) => self.begin(id, step),
            Act::Work(0) => {}
            Act::Work(left) => {
                self.now += 1;
                self.acts
                    .get_mut(&id)
                    .unwrap()
                    .push_front(Act::Work(left - 1));
                self.arrive();
                let now = self.time();
                match self.event_loop.check(now) {
                    Check::Switch => self.event_loop.yield_now(Yield::ToThreads, None, now),
                    Check::Turn => self.event_loop.turned(now),
                    Check::GoOn => {
                        let since = self.event_loop.first_ready_since().unwrap_or(now);
                        self.longest_wait = self
                            .longest_wait
                            .max((now - since.max(self.event_loop.switched)) as u32);
                    }
                    Check::Signal => unreachable!("nobody sends signals"),
                }
            }
            Act::Acquire {
                lock,
                deadline,
                again,
                work,
            } => {
                let state = &mut self.locks[lock as usize];
                if !state.locked {
                    state.locked = true;
                    self.owned(id, lock, work);
                    return;
                }
                let timeout = deadline.map(|at| at.saturating_sub(self.now));
                if timeout == Some(0) {
                    return;
                }
                let waiting = Act::Acquire {
                    lock,
                    deadline,
                    again,
                    work,
                };
                self.acts.get_mut(&id).unwrap().push_front(waiting);
                self.wait(Name::Lock, Some(Key::Object(lock)), timeout, again);
            }
            Act::Release(lock) => {
                let handed = self.event_loop.wake_one(Key::Object(lock), now) == Woke::HandedOver;
                let state = &mut self.locks[lock as usize];
                assert_eq!(state.owner.take(), Some(id), "a lock was lost");
                state.locked = handed;
            }
        }
    }

    fn begin(&mut self, id: ThreadId, step: Step) {
        let acts = self.acts.get_mut(&id).unwrap();
        match step {
            Step::Locked(lock, work) => acts.push_front(Act::Acquire {
                lock,
                deadline: None,
                again: false,
                work,
            }),
            Step::LockedWithin(lock, work, within) => acts.push_front(Act::Acquire {
                lock,
                deadline: Some(self.now + within),
                again: false,
                work,
            }),
            Step::Compute(time) => acts.push_front(Act::Work(time)),
            Step::Sleep(time) => self.wait(Name::Sleep, None, Some(time), false),
            Step::Io(time) => {
                let key = Key::Object(IO + id);
                self.arriving.insert((self.now + time, key));
                self.wait(Name::Io, Some(key), None, false);
            }
            Step::Spawn(program) => {
                let now = self.time();
                let child = self.event_loop.spawn(now);
                self.born.insert(child, program);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_program_ends_with_mutual_exclusion_and_without_a_lost_wake_up(
        program in prop::collection::vec(step(), 0..12),
    ) {
        let mut world = World::new(&program);
        prop_assert!(world.run(), "somebody waits for ever");
        prop_assert!(world.locks.iter().all(|lock| !lock.locked));
        prop_assert!(world.event_loop.queues.is_empty());
        prop_assert_eq!(world.event_loop.io, 0);
        prop_assert_eq!(world.event_loop.deadline(), None);
    }

    #[test]
    fn nobody_waits_for_the_gil_for_longer_than_the_interval_without_a_switch(
        program in prop::collection::vec(step(), 0..12),
    ) {
        let mut world = World::new(&program);
        world.run();
        prop_assert!(Millis::from(world.longest_wait) <= SWITCH_INTERVAL);
    }

    #[test]
    fn a_threads_intervals_join_and_only_one_thread_runs_at_a_time(
        program in prop::collection::vec(step(), 0..12),
    ) {
        let mut world = World::new(&program);
        world.run();
        let intervals = world.event_loop.take_intervals();
        let mut ends: BTreeMap<ThreadId, Millis> = BTreeMap::new();
        for interval in &intervals {
            if let Some(end) = ends.insert(interval.thread, interval.end) {
                prop_assert!(end.total_cmp(&interval.start).is_eq(), "a gap in thread {}", interval.thread);
            }
        }
        let mut runs: Vec<_> = intervals.iter().filter(|i| i.name == Name::Run).collect();
        runs.sort_by(|a, b| a.start.total_cmp(&b.start));
        for pair in runs.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
    }

    #[test]
    fn the_same_program_runs_the_same_way(program in prop::collection::vec(step(), 0..12)) {
        let run = |program: &[Step]| {
            let mut world = World::new(program);
            world.run();
            (world.now, world.event_loop.take_intervals())
        };
        prop_assert_eq!(run(&program), run(&program));
    }
}

#[test]
fn two_threads_that_compute_end_together_after_the_sum_of_their_times() {
    let mut world = World::new(&[
        Step::Spawn(vec![Step::Compute(200)]),
        Step::Spawn(vec![Step::Compute(200)]),
    ]);
    assert!(world.run());
    assert_eq!(world.now, 400);
    let intervals = world.event_loop.take_intervals();
    let end = |thread| {
        let ends = intervals
            .iter()
            .filter(|i| i.thread == thread && i.name == Name::Run);
        ends.map(|i| i.end).fold(0.0, f64::max)
    };
    assert!(end(3) - end(2) <= SWITCH_INTERVAL, "{} {}", end(2), end(3));
}

#[test]
fn a_thread_that_waits_for_io_wakes_beside_one_that_computes() {
    let mut world = World::new(&[
        Step::Spawn(vec![Step::Compute(200)]),
        Step::Spawn(vec![Step::Io(20), Step::Io(20)]),
    ]);
    assert!(world.run());
    let intervals = world.event_loop.take_intervals();
    let waits: Vec<_> = intervals
        .iter()
        .filter(|i| i.thread == 3 && i.name == Name::Gil && i.start > 0.0)
        .map(|i| i.end - i.start)
        .collect();
    assert!(
        !waits.is_empty() && waits.iter().all(|wait| *wait <= SWITCH_INTERVAL),
        "{waits:?}"
    );
}
