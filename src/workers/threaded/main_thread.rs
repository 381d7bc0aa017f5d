//! The main thread's loop: a heartbeat, `select()` for a second at most, then what that has
//! brought, then the time-outs. It accepts one connection of a listener in each round.
//!
//! When a thread of the pool is done with a connection, the main thread decides what becomes of it.
//! The orderly close of one that is not kept blocks it, as on the real one: nothing else is
//! accepted meanwhile.

use crate::net::AfterClose;
use crate::net::frame::{FromProcess, push_number};
use crate::os::Millis;
use crate::servers::WorkerClass;
use crate::trace::Name;
use crate::workers::ProcessContext;

use super::{
    NOTIFY_EVERY, Next, SELECT, STOPPING, Select, Stage, ThreadedWorker, Verdict, most_connections,
};

impl ThreadedWorker {
    /// The main thread asks what to do.
    pub fn next(&mut self, process: &mut ProcessContext, now: Millis) -> Next {
        if process.launch.worker_class == WorkerClass::Green {
            return self.next_green(process, now);
        }
        loop {
            if let Some(id) = self.submissions.pop_front() {
                return Next::Submit(id);
            }
            if self.accepts > 0 {
                return Next::Park;
            }
            if self.select == Select::NotCalled {
                self.expire(process, now);
                if self.stopped && self.stops(process, now) {
                    return Next::Exit;
                }
                self.begin_round(process, now);
            } else {
                let quiet = !self.dispatched
                    && self.readable.is_empty()
                    && (self.listeners.is_empty() || !self.accepts_more(process));
                if quiet && matches!(self.select, Select::Until(at) if now < at) {
                    return Next::Park;
                }
                self.select = Select::NotCalled;
                self.dispatch(process, now);
            }
        }
    }

    fn accepts_more(&self, process: &ProcessContext) -> bool {
        let most = most_connections(&process.launch);
        !self.stopped && most.is_none_or(|most| self.connections.len() < most)
    }

    fn begin_round(&mut self, process: &mut ProcessContext, now: Millis) {
        if now - self.notified_at >= NOTIFY_EVERY {
            self.notified_at = now;
            process.send(FromProcess::Notify, 0);
        }
        if self.accepts_more(process) {
            for index in 0..process.listeners.len() {
                self.poll(process, process.listeners[index].id);
            }
        }
        self.dispatched = false;
        let mut timeout = SELECT;
        if self.stopped
            && let Some(Stage::Kept(_, until)) = self.kept.front().and_then(|id| self.stage(*id))
        {
            timeout = timeout.min((until - now).max(0.0));
        }
        self.select = Select::Until(now + timeout);
    }

    pub(super) fn poll(&mut self, process: &mut ProcessContext, listener: u32) {
        if !self.polled.contains(&listener) && !self.listeners.contains(&listener) {
            process.send(FromProcess::Poll, listener);
            self.polled.push(listener);
        }
    }

    /// What `select()` has returned.
    fn dispatch(&mut self, process: &mut ProcessContext, now: Millis) {
        if self.accepts_more(process) {
            for listener in std::mem::take(&mut self.listeners) {
                push_number(&mut process.frames, FromProcess::Accept, listener, 1);
                self.accepts += 1;
                // The next round begins by this anyway; so it costs no message of its own.
                self.poll(process, listener);
            }
        }
        while let Some(id) = self.readable.pop_front() {
            let Some(seat) = self.connections.get_mut(&id) else {
                continue;
            };
            match seat.stage {
                Stage::Kept(since, _) => {
                    process.span(seat.connection.key(), Name::KeepAlive, since, now);
                    self.kept.retain(|kept| *kept != id);
                }
                Stage::Pending(_) => self.pending.retain(|pending| *pending != id),
                _ => continue,
            }
            seat.begun = true;
            seat.stage = Stage::Queued(now);
            self.submissions.push_back(id);
        }
    }

    fn stage(&self, id: u32) -> Option<Stage> {
        self.connections.get(&id).map(|seat| seat.stage)
    }

    /// Closes connections that have been idle, or silent, for too long.
    fn expire(&mut self, process: &mut ProcessContext, now: Millis) {
        while let Some(&id) = self.kept.front()
            && let Some(Stage::Kept(_, until)) = self.stage(id)
            && until <= now
        {
            self.drop_kept(process, now);
        }
        while let Some(&id) = self.pending.front()
            && let Some(Stage::Pending(until)) = self.stage(id)
            && until <= now
        {
            self.pending.pop_front();
            self.drop(process, id);
        }
    }

    fn drop_kept(&mut self, process: &mut ProcessContext, now: Millis) {
        let Some(id) = self.kept.pop_front() else {
            return;
        };
        if let Some(seat) = self.connections.get(&id)
            && let Stage::Kept(since, _) = seat.stage
        {
            let (id, sequence) = seat.connection.key();
            process.span(
                (id, sequence.saturating_sub(1)),
                Name::KeepAlive,
                since,
                now,
            );
        }
        self.drop(process, id);
    }

    /// Closes a connection at once.
    pub(super) fn drop(&mut self, process: &mut ProcessContext, id: u32) {
        if let Some(mut seat) = self.connections.remove(&id) {
            seat.connection.wire.close(&mut process.frames);
        }
    }

    /// A worker that stops: whether it leaves now.
    fn stops(&mut self, process: &mut ProcessContext, now: Millis) -> bool {
        let until = *self.stop_until.get_or_insert_with(|| {
            // Idle connections have little time left.
            for id in &self.kept {
                if let Some(seat) = self.connections.get_mut(id)
                    && let Stage::Kept(_, until) = &mut seat.stage
                {
                    *until = until.min(now + STOPPING);
                }
            }
            now + process.launch.graceful_timeout.unwrap_or(Millis::INFINITY)
        });
        if !self.connections.is_empty() && now <= until {
            return false;
        }
        while !self.kept.is_empty() {
            self.drop_kept(process, now);
        }
        true
    }

    /// The main thread hears that a thread of the pool is done with a connection. Whether it has to
    /// wait, and ask again.
    pub fn finish(&mut self, process: &mut ProcessContext, id: u32, now: Millis) -> bool {
        self.dispatched = true;
        let Some(seat) = self.connections.get_mut(&id) else {
            return false;
        };
        match seat.stage {
            Stage::Lingering => return true,
            Stage::Done(Verdict::Keep) => {
                if seat.connection.http.unread() > 0 {
                    // What the thread has read beyond its request is not for `select()` to find.
                    seat.stage = Stage::Queued(now);
                    self.submissions.push_back(id);
                    return false;
                }
                let keep = process.launch.keep_alive;
                let keep = if self.stopped {
                    keep.min(STOPPING)
                } else {
                    keep
                };
                seat.stage = Stage::Kept(now, now + keep);
                self.kept.push_back(id);
                self.look(id);
            }
            Stage::Done(Verdict::Defer) if !self.stopped => {
                seat.stage = Stage::Pending(now + process.launch.keep_alive);
                self.pending.push_back(id);
                self.look(id);
            }
            Stage::Done(Verdict::Close) => {
                let c = &mut seat.connection;
                if !c.wire.broken && !c.wire.eof {
                    c.linger(process, AfterClose::Tell);
                    seat.stage = Stage::Lingering;
                    return true;
                }
                // The client has closed: there is nothing to wait for.
                c.wire.read(&mut process.lazy);
                self.drop(process, id);
            }
            Stage::Done(Verdict::Closed) => {
                self.connections.remove(&id);
            }
            _ => self.drop(process, id),
        }
        false
    }
}
