//! The cooperative event loop of a process: its threads, the GIL, and what they wait for.
//!
//! A thread is a suspended Python stack. Here is only what decides who goes on: the queue for the
//! GIL, the timers, the queues of those who wait for something, and the intervals of the trace.
//! What suspends and resumes stacks calls in here with the time, and asks [`EventLoop::next`] whom
//! to resume. Nothing here reads a clock.
//!
//! The rules are `CPython`'s: one thread holds the GIL; waiting gives it up; who wants it waits in
//! a queue, and after the switch interval asks the holder to let go (`ceval_gil.c`); locks wake in
//! the order of arrival, and are handed over to a thread that has waited for more than a
//! millisecond (`lock.c`, `parking_lot.c`).

mod queues;
#[cfg(test)]
mod rules_tests;
mod signals;
#[cfg(test)]
mod simulation_tests;
mod timers;

use std::collections::{BTreeMap, VecDeque};

use crate::os::Millis;
use crate::trace::Name;

use queues::Queues;
use signals::Signals;
use timers::Timers;

/// A thread's number in its process. Numbers are not used again.
pub type ThreadId = u32;

/// What threads wait for: whoever has the key may wake them. The caller gives the numbers out.
pub type Key = u32;

/// The thread that a process starts with.
pub const MAIN: ThreadId = 1;

/// `sys.getswitchinterval()` at the start.
pub const SWITCH_INTERVAL: Millis = 5.0;

/// How long a thread may keep the worker's own event loop from turning while others wait for I/O.
const TURN_FOR_IO: Millis = 5.0;

/// The same while none does: signals still have to arrive.
const TURN: Millis = 50.0;

/// A waiting thread's lock is handed over after this, so that it cannot be taken again under its
/// nose.
const FAIR_AFTER: Millis = 1.0;

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Somebody woke the thread; or it is its turn again after it let others go first.
    Woken = 0,
    /// Its time had come.
    TimedOut = 1,
    /// The lock that it waited for is its own now.
    HandedOver = 2,
    /// A signal came, which only the main thread gets, or another thread ended the wait
    /// ([`EventLoop::interrupt`]).
    Interrupted = 3,
}

/// A wait, as a thread begins it.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// What it is for: the name of the interval in the trace (`Sleep`, `Lock` or `Io`).
    pub name: Name,
    /// Who holds this key may end it.
    pub key: Option<Key>,
    /// It ends by itself after this time.
    pub timeout: Option<Millis>,
    /// It goes on where the last one ended in vain: fairness counts from that one's beginning.
    pub again: bool,
    /// The request that the thread works for, by a number of the caller's; 0 is none.
    pub request: u32,
}

/// What waking one of a key's waiters did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Woke {
    /// Nobody waits.
    Nobody = 0,
    /// The first goes on, and has to try again.
    First = 1,
    /// The first goes on as the lock's new owner.
    HandedOver = 2,
}

/// Whom to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The thread.
    pub thread: ThreadId,
    /// How its wait ended; `None` starts it.
    pub outcome: Option<Outcome>,
}

/// Why the running thread should let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Check {
    /// It need not.
    GoOn = 0,
    /// It has a signal to handle.
    Signal = 1,
    /// Another has waited for the GIL for as long as the switch interval.
    Switch = 2,
    /// The worker's event loop has to turn: messages may wait.
    Turn = 3,
}

/// A part of a thread's life, for the trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The thread.
    pub thread: ThreadId,
    /// `Run`, `Gil`, `Sleep`, `Lock` or `Io`.
    pub name: Name,
    /// When it began.
    pub start: Millis,
    /// When it ended.
    pub end: Millis,
    /// The request that the thread worked for; 0 is none.
    pub request: u32,
    /// What it waited for.
    pub key: Key,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// It waits for the GIL; `None` is its first time.
    Ready {
        since: Millis,
        outcome: Option<Outcome>,
    },
    /// It holds the GIL.
    Running { since: Millis },
    /// It waits for something else. `begun` is where fairness counts from.
    Waiting {
        since: Millis,
        begun: Millis,
        wait: Wait,
    },
}

#[derive(Debug)]
struct Thread {
    state: State,
    /// Where the last wait began, if it ended in vain.
    begun: Millis,
    /// The request that the worker has given it; 0 is none.
    serves: u32,
    /// The request that its last wait was for.
    waited: u32,
}

/// See the module.
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
        let main = Thread {
            state: State::Running { since: now },
            begun: now,
            serves: 0,
            waited: 0,
        };
        threads.insert(MAIN, main);
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
        let thread = Thread {
            state: State::Ready {
                since: now,
                outcome: None,
            },
            begun: now,
            serves: 0,
            waited: 0,
        };
        self.threads.insert(self.last, thread);
        self.ready.push_back(self.last);
        self.last
    }

    /// The running thread waits: it gives the GIL up.
    pub fn wait(&mut self, wait: Wait, now: Millis) {
        let Some(id) = self.let_go(wait.request, now) else {
            return;
        };
        if id == MAIN && self.signals.pending() {
            self.get_ready(id, Outcome::Interrupted, now);
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

    /// The running thread lets the others go first, or (`turn`) the worker's event loop.
    pub fn yield_now(&mut self, turn: bool, request: u32, now: Millis) {
        if let Some(id) = self.let_go(request, now) {
            self.get_ready(id, Outcome::Woken, now);
            if turn && self.cooperative {
                self.ready.rotate_right(1);
            }
        }
    }

    /// The running thread begins to work for a request; with 0 it is done with it.
    pub fn serve(&mut self, request: u32, now: Millis) {
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
            self.record(id, Name::Run, (since, now), served, 0);
        }
    }

    /// The running thread has ended.
    pub fn finish(&mut self, now: Millis) {
        if let Some(id) = self.let_go(0, now) {
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
        self.record(id, Name::Gil, (since, now), request, 0);
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

    /// How many intervals wait to be taken.
    #[must_use]
    pub fn interval_count(&self) -> usize {
        self.intervals.len()
    }

    /// Ends a thread's wait, if it waits: whoever asked has left word for it why.
    pub fn interrupt(&mut self, id: ThreadId, now: Millis) {
        self.end_wait(id, Outcome::Interrupted, now);
    }

    // --- inside

    fn first_ready_since(&self) -> Option<Millis> {
        let thread = self.threads.get(self.ready.front()?)?;
        match thread.state {
            State::Ready { since, .. } => Some(since),
            _ => None,
        }
    }

    /// The holder gives the GIL up.
    fn let_go(&mut self, request: u32, now: Millis) -> Option<ThreadId> {
        let id = self.holder.take()?;
        let thread = self.threads.get_mut(&id)?;
        thread.waited = request;
        // The main thread may run an event loop for many: what it computed is not known to be for
        // the request it now waits for.
        let ran_for = match thread.serves {
            0 if id == MAIN => 0,
            0 => request,
            serves => serves,
        };
        if let State::Running { since } = thread.state {
            self.record(id, Name::Run, (since, now), ran_for, 0);
        }
        Some(id)
    }

    fn get_ready(&mut self, id: ThreadId, outcome: Outcome, now: Millis) {
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
        self.record(id, wait.name, (since, at), request, wait.key.unwrap_or(0));
        self.get_ready(id, outcome, at);
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
        request: u32,
        key: Key,
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
