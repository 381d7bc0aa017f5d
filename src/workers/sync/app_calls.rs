//! What Python calls while it has a request: the body, `start_response`, the blocks of the answer, its end.

use crate::Millis;
use crate::http1::RequestError;
use crate::http1::server::Event;
use crate::master::Stream;
use crate::net::Linger;
use crate::net::frame::{Kind, push};
use crate::servers::Server;
use crate::trace::Name;
use crate::workers::wire::Wire;
use crate::workers::{Process, Written};
use crate::wsgi::error_page::Rejection;
use crate::wsgi::response::Cause;

use super::conversation::{feed, raise, send, taken, write_lines};
use super::{Body, LINGER, LINGER_BYTES, State, SyncWorker, uwsgi};

/// How the app raised, as Python tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised {
    /// Which kind of exception it was.
    pub kind: RaisedKind,
    /// Whether the app had returned and its result was being iterated or written.
    pub iterating: bool,
}

/// Which kind of exception the app raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RaisedKind {
    /// Any other.
    Exception,
    /// `StopIteration`
    StopIteration,
    /// The exception that reading a refused body raised.
    Rejected,
    /// The exception that reading a body raised that was cut short.
    NoMoreData,
    /// An `OSError` with its errno.
    OsError(Option<i32>),
}

impl SyncWorker {
    /// Reads at most `size` bytes of the body.
    pub fn read_body(&mut self, process: &mut Process, size: usize, now: Millis) -> Body {
        let State::Running(c) = &mut self.state else {
            return Body::End;
        };
        loop {
            if !c.unread.is_empty() {
                let rest = c.unread.split_off(size.min(c.unread.len()));
                return Body::Data(std::mem::replace(&mut c.unread, rest));
            }
            if c.body_ended {
                return Body::End;
            }
            match c.http.next_event() {
                Ok(Some(Event::Body(data))) => c.unread.extend_from_slice(data),
                // gunicorn gives the app what came before an early end, without an error, unless the body comes in chunks.
                Err(RequestError::EndInBody { .. }) if process.launch.server == Server::Uwsgi => {
                    c.body_ended = true;
                    return uwsgi::no_body("error");
                }
                Ok(Some(_)) | Err(RequestError::EndInBody { missing: Some(_) }) => c.body_ended = true,
                Err(RequestError::EndInBody { missing: None }) => {
                    c.body_ended = true;
                    return Body::Raise(
                        "gunicorn.http.errors.NoMoreData\nNo more data after: None\0".to_owned(),
                    );
                }
                Ok(None) if c.wire.broken => {
                    return Body::Raise(
                        "ConnectionResetError\n\0(104, 'Connection reset by peer')".to_owned(),
                    );
                }
                Ok(None) => {
                    if !c.wire.is_readable() && !c.wire.eof {
                        if process.launch.server == Server::Uwsgi {
                            if std::mem::take(&mut self.expired) {
                                c.body_ended = true;
                                return uwsgi::no_body("timeout");
                            }
                            self.wait(now);
                        }
                        return Body::Park;
                    }
                    feed(c, process, now);
                }
                Err(error) => {
                    c.body_ended = true;
                    let rejection = Rejection::of(&error);
                    let text = rejection.as_ref().map_or_else(String::new, |rejection| {
                        let (class, argument) = rejection.exception(&error);
                        [
                            "gunicorn.http.errors.",
                            class,
                            "\n",
                            &rejection.error,
                            "\0",
                            &argument,
                        ]
                        .concat()
                    });
                    c.rejection = rejection;
                    return Body::Raise(text);
                }
            }
        }
    }

    /// `start_response`: `Err` is the exception for the app, its class and message, or nothing: raise `exc_info` again.
    ///
    /// # Errors
    /// What `start_response` raises.
    pub fn start_response(&mut self, encoded: &[u8], exc_info: bool) -> Result<(), Option<String>> {
        let State::Running(c) = &mut self.state else {
            return Ok(());
        };
        let Some(response) = &mut c.response else {
            return Ok(());
        };
        response.start(encoded, exc_info).map_err(|error| raise(&error))
    }

    /// A block of the response.
    pub fn write(&mut self, process: &mut Process, block: &[u8], now: Millis) -> Written {
        let State::Running(c) = &mut self.state else {
            return Written::Broken;
        };
        let Some(response) = &mut c.response else {
            return Written::Broken;
        };
        let mut out = Vec::with_capacity(block.len() + 256);
        if let Err(error) = response.write(block, process.date(now), &mut out) {
            return Written::Raise(raise(&error).unwrap_or_default());
        }
        let written = send(c, process, &out);
        if written == Written::Park && process.launch.server == Server::Uwsgi {
            self.wait(now);
        }
        written
    }

    /// Whether what was written has been taken.
    #[must_use]
    pub fn flushed(&mut self) -> Written {
        if self.is_over() {
            return Written::Broken;
        }
        let State::Running(c) = &self.state else {
            return Written::Done;
        };
        taken(c)
    }

    /// The app's iterable is exhausted.
    pub fn finish(&mut self, process: &mut Process, now: Millis) -> Written {
        let State::Running(c) = &mut self.state else {
            return Written::Done;
        };
        let Some(response) = &mut c.response else {
            return Written::Done;
        };
        let mut out = Vec::new();
        match response.finish(process.date(now), &mut out) {
            Ok(outcome) => {
                let written = send(c, process, &out);
                if process.launch.server != Server::Uwsgi {
                    process.span((c.wire.id, 0), Name::App, c.started_at, now);
                    c.started_at = now;
                }
                write_lines(process, c, &outcome.lines, "", now);
                written
            }
            Err(error) => Written::Raise(raise(&error).unwrap_or_default()),
        }
    }

    /// The app has raised.
    pub fn raised(&mut self, process: &mut Process, raised: Raised, traceback: &str, now: Millis) {
        let State::Running(c) = &mut self.state else {
            return;
        };
        let Some(mut response) = c.response.take() else {
            return;
        };
        let rejection = c.rejection.take();
        let cause = match (raised.kind, &rejection) {
            (RaisedKind::StopIteration, _) => Cause::StopIteration,
            (RaisedKind::NoMoreData, _) => Cause::NoMoreData,
            (RaisedKind::OsError(errno), _) => Cause::OsError(errno),
            (RaisedKind::Rejected, Some(rejection)) => Cause::Rejected(rejection),
            _ => Cause::Exception,
        };
        let mut out = Vec::new();
        let outcome = response.raised(&c.head, &c.peer.remote.0, cause, raised.iterating, &mut out);
        c.response = Some(response);
        if process.launch.server == Server::Uwsgi {
            process.line(Stream::Stderr, traceback);
        }
        write_lines(process, c, &outcome.lines, traceback, now);
        c.wire.send(&out, &mut process.frames);
    }

    /// The thread is done with the request: the orderly close begins.
    pub fn close(&mut self, process: &mut Process, now: Millis) {
        self.wait_until = Millis::INFINITY;
        self.expired = false;
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Running(c) | State::Reading(c) if process.launch.server == Server::Uwsgi => {
                self.close_uwsgi(process, c, now);
            }
            State::Running(c) => {
                process.span((c.wire.id, 0), Name::App, c.started_at, now);
                self.linger(process, c.wire);
            }
            State::Reading(c) => {
                self.linger(process, c.wire);
            }
            other => self.state = other,
        }
    }

    /// Sends the rest of the answer; the kernel does what follows: see [`crate::net::Linger`].
    fn linger(&mut self, process: &mut Process, mut wire: Wire) {
        if wire.broken {
            wire.close(&mut process.frames);
            return;
        }
        // What came and was not read is the first to be thrown away.
        let unread = wire.read(&mut process.lazy).len();
        let single = process.listeners.len() == 1;
        let listener = process.listeners.first().filter(|_| single && self.alive);
        let linger = Linger {
            listener: listener.map_or(0, |listener| listener.id),
            timeout: LINGER,
            most: LINGER_BYTES.saturating_sub(unread) as u32,
        };
        push(&mut process.frames, Kind::Linger, wire.id, &linger.encode());
        self.state = State::Lingering;
    }
}
