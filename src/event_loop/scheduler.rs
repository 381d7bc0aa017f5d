//! Who holds the GIL, and who is next.

use std::collections::{BTreeMap, VecDeque};

use crate::os::Millis;
use crate::trace::Name;

use super::ids::{MAIN, RequestId, ThreadId};
use super::interval::Interval;
use super::key::Key;
use super::queues::Queues;
use super::signals::Signals;
use super::thread::{State, Thread};
use super::timers::Timers;
use super::wait::{Check, Next, Outcome, Wait, Woke, Yield};

/// `sys.getswitchinterval()` at the start.
pub const SWITCH_INTERVAL: Millis = 5.0;

/// How long a thread may keep the worker's own event loop from turning while others wait for I/O.
const TURN_FOR_IO: Millis = 5.0;

/// The same while none does: signals still have to arrive.
const TURN: Millis = 50.0;

/// A waiting thread's lock is handed over after this, so that it cannot be taken again under its
/// nose.
const FAIR_AFTER: Millis = 1.0;

/// The threads of a process, and who of them runs.
#[derive(Debug)]
pub struct EventLoop {
    threads: BTreeMap<ThreadId, Thread>,
    last: ThreadId,
    holder: Option<ThreadId>,
    /// Who waits for the GIL, in order.
    ready: VecDeque<ThreadId>,
    queues: Queues,
    timers: Timers,
    signals: Signals,
    interval: Millis,
    /// When the GIL last changed hands.
    switched: Millis,
    /// When the worker's event loop last turned.
    turned: Millis,
    /// Threads let go of the GIL only where they wait.
    cooperative: bool,
    /// Threads that wait for I/O.
    io: usize,
    intervals: Vec<Interval>,
}

impl EventLoop {
    /// A process whose main thread runs.
    #[must_use]
    pub fn new(now: Millis) -> Self {
        let mut threads = BTreeMap::new();
        threads.insert(MAIN, Thread::new(State::Running { since: now }, now));
        Self {
            threads,
            last: MAIN,
            holder: Some(MAIN),
            ready: VecDeque::new(),
            queues: Queues::default(),
            timers: Timers::default(),
            signals: Signals::default(),
            interval: SWITCH_INTERVAL,
            switched: now,
            turned: now,
            cooperative: false,
            io: 0,
            intervals: Vec::new(),
        }
    }

    /// The thread that holds the GIL.
    #[must_use]
    pub fn holder(&self) -> Option<ThreadId> {
        self.holder
    }

    /// Threads that have been started and have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.threads.len()
    }

    /// Whether there is no thread: the process is over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// Whether somebody could go on if the GIL were free.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether somebody waits for the GIL by now.
    pub fn is_wanted(&mut self, now: Millis) -> bool {
        self.expire(now);
        self.has_ready()
    }

    /// `sys.setswitchinterval`.
    pub fn set_switch_interval(&mut self, interval: Millis) {
        self.interval = interval;
    }

    /// From now on threads let go of the GIL only where they wait, as gevent's do, all of which are
    /// the main thread to the system.
    pub fn cooperate(&mut self) {
        self.cooperative = true;
    }

    /// A new thread, which waits for its first turn.
    pub fn spawn(&mut self, now: Millis) -> ThreadId {
        self.last += 1;
        let state = State::Ready {
            since: now,
            outcome: None,
        };
        self.threads.insert(self.last, Thread::new(state, now));
        self.ready.push_back(self.last);
        self.last
    }

    /// The running thread waits: it gives the GIL up.
    pub fn wait(&mut self, wait: Wait, now: Millis) {
        let Some(id) = self.release_gil(wait.request, now) else {
            return;
        };
        if id == MAIN && self.signals.pending() {
            self.make_ready(id, Outcome::Interrupted, now);
            return;
        }
        let Some(thread) = self.threads.get_mut(&id) else {
            return;
        };
        let begun = if wait.again { thread.begun } else { now };
        thread.state = State::Waiting {
            since: now,
            begun,
            wait,
        };
        self.io += usize::from(wait.name == Name::Io);
        if let Some(key) = wait.key {
            self.queues.push(key, id);
        }
        if let Some(timeout) = wait.timeout {
            self.timers.set(id, now + timeout.max(0.0));
        }
    }

    /// The running thread lets others go first.
    pub fn yield_now(&mut self, to: Yield, request: Option<RequestId>, now: Millis) {
        if let Some(id) = self.release_gil(request, now) {
            self.make_ready(id, Outcome::Woken, now);
            if to == Yield::ToMessages && self.cooperative {
                self.ready.rotate_right(1);
            }
        }
    }

    /// The running thread works for this request from now on, or for none.
    pub fn serve(&mut self, request: Option<RequestId>, now: Millis) {
        let Some(id) = self.holder else {
            return;
        };
        let Some(thread) = self.threads.get_mut(&id) else {
            return;
        };
        let served = std::mem::replace(&mut thread.serves, request);
        if let State::Running { since } = thread.state
            && served != request
        {
            thread.state = State::Running { since: now };
            self.record(id, Name::Run, (since, now), served, None);
        }
    }

    /// The running thread has ended.
    pub fn finish(&mut self, now: Millis) {
        if let Some(id) = self.release_gil(None, now) {
            self.threads.remove(&id);
        }
    }

    /// Wakes the first of those who wait for this key, or hands the lock over to it.
    pub fn wake_one(&mut self, key: Key, now: Millis) -> Woke {
        let Some(id) = self.queues.pop(key) else {
            return Woke::Nobody;
        };
        let fair = self
            .threads
            .get(&id)
            .is_some_and(|thread| match thread.state {
                State::Waiting { begun, .. } => now - begun > FAIR_AFTER,
                _ => false,
            });
        let (outcome, woke) = if fair {
            (Outcome::HandedOver, Woke::HandedOver)
        } else {
            (Outcome::Woken, Woke::First)
        };
        self.end_wait(id, outcome, now);
        woke
    }

    /// Wakes all who wait for this key, in order.
    pub fn wake_all(&mut self, key: Key, now: Millis) {
        while let Some(id) = self.queues.pop(key) {
            self.end_wait(id, Outcome::Woken, now);
        }
    }

    /// Whether somebody waits for this key.
    #[must_use]
    pub fn is_awaited(&self, key: Key) -> bool {
        self.queues.has(key)
    }

    /// Whom to resume or start now: nobody while a thread holds the GIL.
    pub fn next(&mut self, now: Millis) -> Option<Next> {
        self.expire(now);
        if self.holder.is_some() {
            return None;
        }
        let id = self.ready.pop_front()?;
        let thread = self.threads.get_mut(&id)?;
        let State::Ready { since, outcome } = thread.state else {
            return None;
        };
        thread.state = State::Running { since: now };
        let request = thread.waited;
        self.record(id, Name::Gil, (since, now), request, None);
        self.holder = Some(id);
        self.switched = now;
        Some(Next {
            thread: id,
            outcome,
        })
    }

    /// When `next` has to be asked again, if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        self.timers.first()
    }

    /// The worker's event loop has turned: what waited to be told has been told.
    pub fn turned(&mut self, now: Millis) {
        self.turned = now;
    }

    /// Whether the worker's event loop has not turned for this long.
    #[must_use]
    pub fn has_not_turned_for(&self, time: Millis, now: Millis) -> bool {
        now - self.turned > time
    }

    /// What the running thread, which asks every now and then, should do.
    pub fn check(&mut self, now: Millis) -> Check {
        self.expire(now);
        if (self.holder == Some(MAIN) || self.cooperative) && self.signals.pending() {
            return Check::Signal;
        }
        if let Some(since) = self.first_ready_since()
            && !self.cooperative
            && now >= since.max(self.switched) + self.interval
        {
            return Check::Switch;
        }
        let patience = if self.io > 0 { TURN_FOR_IO } else { TURN };
        if now - self.turned.max(self.switched) >= patience {
            return Check::Turn;
        }
        Check::GoOn
    }

    /// A signal for the main thread: it ends its wait, or is to be handled at its next check.
    pub fn signal(&mut self, number: u32, now: Millis) {
        self.signals.raise(number);
        self.interrupt(MAIN, now);
    }

    /// The next signal that the main thread has to handle, the lowest number first.
    pub fn take_signal(&mut self) -> Option<u32> {
        self.signals.take()
    }

    /// Whether the main thread has signals to handle.
    #[must_use]
    pub fn has_signal(&self) -> bool {
        self.signals.pending()
    }

    /// The intervals that have ended since the last call.
    pub fn take_intervals(&mut self) -> Vec<Interval> {
        std::mem::take(&mut self.intervals)
    }

    /// What the threads have done or awaited since a moment after `after`, without an end.
    #[must_use]
    pub fn open_intervals(&self, after: Millis) -> Vec<Interval> {
        let threads = self.threads.iter().map(|(id, thread)| {
            let (name, start, request, key) = match thread.state {
                State::Running { since } => (Name::Run, since, thread.serves, None),
                State::Ready { since, .. } => (Name::Gil, since, thread.waited, None),
                State::Waiting { since, wait, .. } => (wait.name, since, thread.waited, wait.key),
            };
            Interval {
                thread: *id,
                name,
                start,
                end: Millis::INFINITY,
                request,
                key,
            }
        });
        threads.filter(|open| open.start > after).collect()
    }

    /// How many intervals wait to be taken.
    #[must_use]
    pub fn interval_count(&self) -> usize {
        self.intervals.len()
    }

    /// Ends a thread's wait, if it waits: whoever asked has left word for it why.
    pub fn interrupt(&mut self, id: ThreadId, now: Millis) {
        self.end_wait(id, Outcome::Interrupted, now);
    }

    fn first_ready_since(&self) -> Option<Millis> {
        let thread = self.threads.get(self.ready.front()?)?;
        match thread.state {
            State::Ready { since, .. } => Some(since),
            _ => None,
        }
    }

    /// The holder gives the GIL up.
    fn release_gil(&mut self, request: Option<RequestId>, now: Millis) -> Option<ThreadId> {
        let id = self.holder.take()?;
        let thread = self.threads.get_mut(&id)?;
        thread.waited = request;
        // The main thread may run an event loop for many: what it computed is not known to be for
        // the request it now waits for.
        let ran_for = match thread.serves {
            None if id != MAIN => request,
            serves => serves,
        };
        if let State::Running { since } = thread.state {
            self.record(id, Name::Run, (since, now), ran_for, None);
        }
        Some(id)
    }

    fn make_ready(&mut self, id: ThreadId, outcome: Outcome, now: Millis) {
        if let Some(thread) = self.threads.get_mut(&id) {
            thread.state = State::Ready {
                since: now,
                outcome: Some(outcome),
            };
            self.ready.push_back(id);
        }
    }

    /// Ends a wait, wherever it stands in queues and timers. `at` may lie before the present: a
    /// timer's own time.
    fn end_wait(&mut self, id: ThreadId, outcome: Outcome, at: Millis) {
        let Some(thread) = self.threads.get_mut(&id) else {
            return;
        };
        let State::Waiting { since, begun, wait } = thread.state else {
            return;
        };
        thread.begun = begun;
        let request = thread.waited;
        if let Some(key) = wait.key {
            self.queues.remove(key, id);
        }
        if wait.timeout.is_some() {
            self.timers.clear(id);
        }
        self.io -= usize::from(wait.name == Name::Io);
        self.record(id, wait.name, (since, at), request, wait.key);
        self.make_ready(id, outcome, at);
    }

    /// Threads whose time has come. While another thread holds the GIL, they have waited for it
    /// since their timer's time; otherwise that this is noticed late is part of their wait.
    fn expire(&mut self, now: Millis) {
        while let Some((id, at)) = self.timers.pop_due(now) {
            let at = if self.holder.is_some() { at } else { now };
            self.end_wait(id, Outcome::TimedOut, at);
        }
    }

    fn record(
        &mut self,
        thread: ThreadId,
        name: Name,
        (start, end): (Millis, Millis),
        request: Option<RequestId>,
        key: Option<Key>,
    ) {
        if end > start {
            self.intervals.push(Interval {
                thread,
                name,
                start,
                end,
                request,
                key,
            });
        }
    }
}

#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod simulation_tests;
