//! gunicorn's gevent worker: a green thread for each connection, and the hub, which accepts.
//!
//! The hub is the main thread. It accepts as many connections as wait, [`MOST_ACCEPTED`] at once,
//! or one where there are other worker processes, and lets their green threads begin before it
//! looks again: one that computes keeps it from accepting. A green thread waits for a request,
//! calls the app, and waits on the same connection for the next, for as long as `--keep-alive`
//! says; it is given up silently where the whole head has not come by then, the first one's too.
//!
//! Of the worker class `gevent_pywsgi` the thread gets the bytes themselves: gevent's server is
//! Python (`src/python/servers/gunicorn/pywsgi.py`), and waits for as long as the client pleases.

use crate::gateway::Peer;
use crate::net::frame::{FromProcess, push_number};
use crate::os::Millis;
use crate::servers::Level;
use crate::trace::Name;
use crate::wire::strings::Strings;
use crate::workers::ProcessContext;
use crate::workers::wsgi_connection::{Begun, Body, Head};

use super::{Next, SELECT, Select, Stage, Taken, ThreadedWorker, most_connections};

/// What gevent's loop can tell apart.
const MILLISECOND: Millis = 1.0;
/// gevent's `StreamServer.max_accept`.
const MOST_ACCEPTED: usize = 100;

impl ThreadedWorker {
    /// The hub asks what to do. The first time that it is to wait after it has been given
    /// connections, it only lets their threads begin.
    pub(super) fn next_green(&mut self, process: &mut ProcessContext, now: Millis) -> Next {
        if let Some(id) = self.submissions.pop_front() {
            self.begun = true;
            return Next::Submit(id);
        }
        if std::mem::take(&mut self.begun) || self.accepts > 0 {
            return Next::Park;
        }
        if !matches!(self.select, Select::Until(at) if at > now) {
            self.select = Select::Until(now + SELECT);
            if self.stopped && self.leaves(process, now) {
                return Next::Exit;
            }
            process.send(FromProcess::Notify, 0);
        }
        let room = most_connections(&process.launch).map_or(MOST_ACCEPTED, |most| {
            most.saturating_sub(self.connections.len())
        });
        if room > 0 && self.stop_until.is_none() {
            let most = if process.launch.workers > 1 {
                1
            } else {
                MOST_ACCEPTED.min(room)
            };
            for listener in std::mem::take(&mut self.listeners) {
                push_number(
                    &mut process.frames,
                    FromProcess::Accept,
                    listener,
                    most as u32,
                );
                self.accepts += 1;
            }
            for index in 0..process.listeners.len() {
                self.poll(process, process.listeners[index].id);
            }
        }
        Next::Park
    }

    /// A worker that stops: nothing more is accepted. Whether it leaves now.
    fn leaves(&mut self, process: &mut ProcessContext, now: Millis) -> bool {
        let until = *self.stop_until.get_or_insert_with(|| {
            for index in 0..process.listeners.len() {
                let listener = process.listeners[index].id;
                process.send(FromProcess::Unlisten, listener);
            }
            now + process.launch.graceful_timeout.unwrap_or(Millis::INFINITY)
        });
        if self.connections.is_empty() {
            // Timers of one millisecond fire together in gevent, and what a green thread's has
            // ended is taken note of after them.
            return now - self.left_at > MILLISECOND;
        }
        if now > until {
            let line = format!("Worker graceful timeout (pid:{})", process.pid);
            process.log(Level::Warning, &line, now);
        }
        now > until
    }

    /// A green thread asks what to do with its connection: it begins, has waited, or is done with a
    /// request.
    pub(super) fn take_green(
        &mut self,
        process: &mut ProcessContext,
        id: u32,
        now: Millis,
    ) -> Taken {
        let patience = match process.launch.keep_alive {
            keep if keep > 0.0 => keep,
            _ => Millis::INFINITY,
        };
        let Some(seat) = self.connections.get_mut(&id) else {
            return Taken::Done;
        };
        let c = &mut seat.connection;
        loop {
            match seat.stage {
                Stage::Queued(_) if process.launch.python_responses => {
                    seat.stage = Stage::Running;
                    let Peer { remote, local } = &c.peer;
                    let ports = [remote.1.to_string(), local.1.to_string()];
                    let strings = Strings::from_iter([&ports[0], &local.0, &ports[1]]);
                    return Taken::Request {
                        environ: strings.encode(),
                        has_body: false,
                    };
                }
                Stage::Running if process.launch.python_responses => {
                    // It reads before it closes.
                    c.wire.read(&mut process.lazy);
                    break;
                }
                Stage::Queued(since) => seat.stage = Stage::Silent(since + patience),
                Stage::Silent(until) => match c.read_head(process, now) {
                    Head::Partial if now < until => return Taken::ParkFor(until - now),
                    Head::Partial | Head::Over => break,
                    Head::Complete(head) => {
                        let Some(Begun { environ, has_body }) = c.begin(process, *head, now) else {
                            break;
                        };
                        seat.stage = Stage::Running;
                        self.respond(process, id, now);
                        return Taken::Request { environ, has_body };
                    }
                },
                Stage::Running => {
                    if c.keeps.is_none() {
                        process.span(c.key(), Name::App, c.started_at, now);
                    }
                    if c.keeps != Some(true) || process.launch.keep_alive <= 0.0 {
                        break;
                    }
                    seat.stage = Stage::Draining(now + patience, None);
                }
                Stage::Draining(until, _) => match c.read_body(process, usize::MAX, now) {
                    Body::Data(_) => {}
                    Body::End => {
                        c.next_request(now);
                        seat.stage = Stage::Silent(until);
                    }
                    Body::Park if now < until => return Taken::ParkFor(until - now),
                    Body::Park | Body::Lost(_) | Body::Raise(_) => break,
                },
                _ => break,
            }
        }
        self.drop(process, id);
        self.left_at = now;
        // There is room for another.
        self.ready = true;
        Taken::Done
    }
}

#[cfg(test)]
#[path = "green_tests.rs"]
mod tests;
