//! What a thread of the pool does with a connection: it waits for its first bytes, reads a request,
//! calls the app, and throws away what the app has left of the body.

use crate::net::AfterClose;
use crate::os::Millis;
use crate::servers::{Level, WorkerClass};
use crate::trace::Name;
use crate::workers::ProcessContext;
use crate::workers::wsgi_connection::{Begun, Body, Head, WsgiConnection};

use super::{PATIENCE, Stage, Taken, ThreadedWorker, Verdict, most_connections};

/// How many bytes of a body are thrown away for the sake of the connection (gunicorn's
/// `_DRAIN_MAX_BYTES`).
const MOST_DRAINED: usize = 65_536;

impl ThreadedWorker {
    /// The connection whose request the app has.
    pub fn running(&mut self, id: u32) -> Option<&mut WsgiConnection> {
        let seat = self.connections.get_mut(&id)?;
        (seat.stage == Stage::Running).then_some(&mut seat.connection)
    }

    /// Whether the app has a request.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        let mut seats = self.connections.values();
        seats.any(|seat| seat.stage == Stage::Running)
    }

    /// Notes for the trace since when the app has its requests: those that it got after `after`.
    pub fn note_open(&self, process: &mut ProcessContext, after: Millis) {
        for seat in self.connections.values() {
            match seat.stage {
                Stage::Running => seat.connection.note_open(process, after),
                Stage::Queued(since) if since > after => {
                    process.open_span(seat.connection.key(), Name::Queue, since);
                }
                _ => {}
            }
        }
    }

    /// A thread has taken the connection from the queue, or has waited.
    pub fn take(&mut self, process: &mut ProcessContext, id: u32, now: Millis) -> Taken {
        if process.launch.worker_class == WorkerClass::Green {
            return self.take_green(process, id, now);
        }
        let Some(seat) = self.connections.get_mut(&id) else {
            return Taken::Done;
        };
        let c = &mut seat.connection;
        loop {
            match seat.stage {
                Stage::Queued(since) => {
                    process.span(c.key(), Name::Queue, since, now);
                    seat.stage = if seat.begun {
                        Stage::Reading
                    } else {
                        Stage::Silent(now + PATIENCE)
                    };
                }
                Stage::Silent(until) => {
                    if c.wire.is_readable() || c.wire.eof || c.wire.broken {
                        seat.begun = true;
                        seat.stage = Stage::Reading;
                    } else if now < until {
                        return Taken::ParkFor(until - now);
                    } else {
                        seat.stage = Stage::Done(Verdict::Defer);
                    }
                }
                Stage::Reading => match c.read_head(process, now) {
                    Head::Partial => return Taken::Park,
                    Head::Complete(head) => {
                        let Some(Begun { environ, has_body }) = c.begin(process, *head, now) else {
                            seat.stage = Stage::Done(Verdict::Close);
                            continue;
                        };
                        seat.stage = Stage::Running;
                        self.respond(process, id, now);
                        return Taken::Request { environ, has_body };
                    }
                    Head::Over => seat.stage = Stage::Done(Verdict::Close),
                },
                _ => return Taken::Done,
            }
        }
    }

    pub(super) fn respond(&mut self, process: &mut ProcessContext, id: u32, now: Millis) {
        process.served += 1;
        let most = process.launch.max_requests;
        if most.is_some_and(|most| process.served >= most) && !self.stopped {
            process.log(
                Level::Info,
                "Autorestarting worker after current request.",
                now,
            );
            self.stopped = true;
        }
        let launch = &process.launch;
        let threads = launch.threads as usize;
        let room = launch.worker_class == WorkerClass::Green
            || most_connections(launch)
                .is_none_or(|most| self.kept.len() < most.saturating_sub(threads));
        let keeps = !self.stopped && launch.keep_alive > 0.0 && room;
        if let Some(c) = self.running(id) {
            c.respond(process, keeps, now);
        }
    }

    /// The app is done, or the thread has waited since. Whether it has to wait for the connection's
    /// key, and ask again.
    pub fn end(&mut self, process: &mut ProcessContext, id: u32, now: Millis) -> bool {
        let Some(seat) = self.connections.get_mut(&id) else {
            return false;
        };
        let c = &mut seat.connection;
        loop {
            match seat.stage {
                Stage::Running => {
                    if c.keeps.is_none() {
                        process.span(c.key(), Name::App, c.started_at, now);
                    }
                    seat.stage = if c.keeps == Some(true) && c.http.is_usable() {
                        Stage::Draining(now + PATIENCE, Some(MOST_DRAINED))
                    } else if c.truncated && !c.wire.broken && !c.wire.eof {
                        // The main thread will find it closed.
                        c.linger(process, AfterClose::Tell);
                        Stage::Lingering
                    } else {
                        Stage::Done(Verdict::Close)
                    };
                }
                Stage::Draining(until, left) => match c.read_body(process, usize::MAX, now) {
                    Body::Data(data) if left.is_none_or(|left| data.len() < left) => {
                        let left = left.map(|left| left - data.len());
                        seat.stage = Stage::Draining(until, left);
                    }
                    Body::End => {
                        c.next_request(now);
                        seat.stage = Stage::Done(Verdict::Keep);
                    }
                    Body::Park if now < until => return true,
                    Body::Data(_) | Body::Park => seat.stage = Stage::Done(Verdict::Close),
                    Body::Lost(_) | Body::Raise(_) => {
                        if let Some(rejection) = c.rejection.take() {
                            c.refuse(process, &rejection, now);
                        }
                        seat.stage = Stage::Done(Verdict::Close);
                    }
                },
                Stage::Lingering => return true,
                _ => return false,
            }
        }
    }
}
