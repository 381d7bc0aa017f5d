//! What Python calls while it has a request: the body, `start_response`, the blocks of the answer,
//! its end.

use crate::gateway::{Exception, ExceptionClass};
use crate::http1::RequestError;
use crate::http1::server::Event;
use crate::os::{Millis, Stream};
use crate::servers::{Server, WorkerClass};
use crate::trace::Name;
use crate::wire::strings;
use crate::workers::{ProcessContext, Written};
use crate::wsgi::error_page::Rejection;
use crate::wsgi::response::{Cause, Response};
use crate::wsgi::start_error::StartError;

use super::{WsgiConnection, feed, send, taken, write_lines};

/// What reading the body gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Bytes, never none.
    Data(Vec<u8>),
    /// The body's end.
    End,
    /// Nothing yet.
    Park,
    /// It will not come (uWSGI, whose Python says so in its own words).
    Lost(Lost),
    /// This is to be raised in the app.
    Raise(Exception),
}

/// Why a body does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The client has sent nothing for too long.
    TimedOut,
    /// The client has ended the connection.
    CutShort,
}

/// Why `start_response` raises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartRefused {
    /// The head is sent: `exc_info` is to be raised again.
    Reraise,
    /// This is to be raised.
    Raise(Exception),
}

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
    /// `SystemExit`
    SystemExit,
    /// One that is no `Exception` either.
    BaseException,
    /// The exception that reading a refused body raised.
    Rejected,
    /// The exception that reading a body raised that was cut short.
    NoMoreData,
    /// An `OSError` with its errno.
    OsError(Option<i32>),
}

impl WsgiConnection {
    /// Reads at most `size` bytes of the body.
    pub fn read_body(&mut self, process: &mut ProcessContext, size: usize, now: Millis) -> Body {
        loop {
            if !self.unread.is_empty() {
                let rest = self.unread.split_off(size.min(self.unread.len()));
                return Body::Data(std::mem::replace(&mut self.unread, rest));
            }
            if self.body_ended {
                return Body::End;
            }
            match self.http.next_event() {
                Ok(Some(Event::Body(data))) => self.unread.extend_from_slice(data),
                // gunicorn gives the app what came before an early end, without an error, unless
                // the body comes in chunks.
                Err(RequestError::EndInBody { .. }) if process.launch.server() == Server::Uwsgi => {
                    self.body_ended = true;
                    return Body::Lost(Lost::CutShort);
                }
                Ok(Some(_)) | Err(RequestError::EndInBody { missing: Some(_) }) => {
                    self.body_ended = true;
                }
                Err(RequestError::EndInBody { missing: None }) => {
                    self.body_ended = true;
                    return Body::Raise(Exception {
                        message: "No more data after: None".to_owned(),
                        ..Exception::bare(ExceptionClass::NoMoreData)
                    });
                }
                Ok(None) if self.wire.broken => {
                    return Body::Raise(Exception::connection_reset());
                }
                Ok(None) => {
                    if !self.wire.is_readable() && !self.wire.eof {
                        if process.launch.server() == Server::Uwsgi {
                            if self.is_over() {
                                self.body_ended = true;
                                return Body::Lost(Lost::TimedOut);
                            }
                            self.wait(now);
                        }
                        return Body::Park;
                    }
                    feed(self, process, now);
                }
                Err(error) => {
                    self.body_ended = true;
                    let Some(rejection) = Rejection::of(&error) else {
                        return Body::End;
                    };
                    let exception = rejection.exception(&error);
                    self.rejection = Some(rejection);
                    return Body::Raise(exception);
                }
            }
        }
    }

    /// What has come on the connection, of which Rust reads nothing (`gevent_pywsgi`).
    pub fn receive(&mut self, process: &mut ProcessContext, now: Millis) -> Body {
        if self.wire.is_readable() {
            self.first_byte_at.get_or_insert(now);
            return Body::Data(self.wire.read(&mut process.lazy));
        }
        match (self.wire.broken, self.wire.eof) {
            (true, _) => Body::Raise(Exception::connection_reset()),
            (_, true) => Body::End,
            _ => Body::Park,
        }
    }

    /// Bytes for the client, as they are.
    pub fn send(&mut self, process: &mut ProcessContext, bytes: &[u8]) -> Written {
        send(self, process, bytes)
    }

    /// A request that is read, or (`ends`) answered, in Python: for the trace.
    pub fn mark(&mut self, process: &mut ProcessContext, ends: bool, now: Millis) {
        if ends {
            process.span(self.key(), Name::App, self.started_at, now);
            self.sequence += 1;
            self.accepted_at = now;
        } else {
            let from = self.first_byte_at.take().unwrap_or(self.accepted_at);
            process.span(self.key(), Name::Parse, from, now);
            self.started_at = now;
        }
    }

    /// `start_response`
    ///
    /// # Errors
    /// What `start_response` raises.
    pub fn start_response(&mut self, encoded: &[u8], exc_info: bool) -> Result<(), StartRefused> {
        let Some(response) = &mut self.response else {
            return Ok(());
        };
        response
            .start(encoded, exc_info)
            .map_err(|error| match error {
                StartError::Reraise => StartRefused::Reraise,
                error => StartRefused::Raise(error.exception()),
            })
    }

    /// A block of the response.
    pub fn write(&mut self, process: &mut ProcessContext, block: &[u8], now: Millis) -> Written {
        let Some(response) = &mut self.response else {
            return Written::Broken;
        };
        let mut out = Vec::with_capacity(block.len() + 256);
        if let Err(error) = response.write(block, process.date(now), &mut out) {
            return Written::Raise(error.exception());
        }
        let written = send(self, process, &out);
        if written == Written::Park && process.launch.server() == Server::Uwsgi {
            self.wait(now);
        }
        written
    }

    /// Bytes of `103 Early Hints`, or none to ask; whether they may be sent.
    pub fn early_hints(&mut self, process: &mut ProcessContext, bytes: &[u8]) -> bool {
        let response = self.response.as_ref();
        let takes = response.is_some_and(Response::takes_early_hints);
        if takes {
            self.wire.send(bytes, &mut process.frames);
        }
        takes
    }

    /// A file that the kernel sends, with so many bytes left: how many it sends, if the response
    /// has a body.
    ///
    /// # Errors
    /// What is raised in the app.
    pub fn begin_file(
        &mut self,
        process: &mut ProcessContext,
        left: i64,
        now: Millis,
    ) -> Result<Option<i64>, Exception> {
        let Some(response) = &mut self.response else {
            return Ok(None);
        };
        let mut out = Vec::new();
        let bytes = response
            .begin_file(left, process.date(now), &mut out)
            .map_err(|error| error.exception())?;
        self.wire.send(&out, &mut process.frames);
        Ok(bytes)
    }

    /// The file is sent.
    pub fn end_file(&mut self, process: &mut ProcessContext) {
        let mut out = Vec::new();
        if let Some(response) = &self.response {
            response.end_file(&mut out);
        }
        self.wire.send(&out, &mut process.frames);
    }

    /// What the app has changed of its environ, as far as the access log shows it.
    pub fn set_changed(&mut self, encoded: &[u8]) {
        let pairs = strings::pairs(strings::read(encoded));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.changed = pairs.map(|(key, value)| (text(key), text(value))).collect();
    }

    /// The app's result ends by an exception, and its `close()` is about to be called.
    pub fn before_close(&mut self, process: &mut ProcessContext, now: Millis) {
        if let Some(response) = &mut self.response {
            let lines = response.before_close();
            write_lines(process, self, &lines, "", now);
        }
    }

    /// Whether what was written has been taken.
    #[must_use]
    pub fn flushed(&mut self) -> Written {
        if self.is_over() {
            return Written::Broken;
        }
        taken(self)
    }

    /// The app's iterable is exhausted.
    pub fn finish(&mut self, process: &mut ProcessContext, now: Millis) -> Written {
        let Some(response) = &mut self.response else {
            return Written::Done;
        };
        let mut out = Vec::new();
        match response.finish(process.date(now), &mut out) {
            Ok(outcome) => {
                let written = send(self, process, &out);
                if process.launch.server() != Server::Uwsgi {
                    process.span(self.key(), Name::App, self.started_at, now);
                    self.started_at = now;
                }
                self.keeps = Some(outcome.keep_alive);
                write_lines(process, self, &outcome.lines, "", now);
                written
            }
            Err(error) => Written::Raise(error.exception()),
        }
    }

    /// The app has raised. Whether that ends the worker, and the client hears nothing: gthread's
    /// main thread ends of what is no `Exception`.
    pub fn raised(
        &mut self,
        process: &mut ProcessContext,
        raised: Raised,
        traceback: &str,
        now: Millis,
    ) -> bool {
        self.keeps = None;
        let Some(mut response) = self.response.take() else {
            return false;
        };
        let escapes = match raised.kind {
            RaisedKind::SystemExit => !response.head_sent(),
            RaisedKind::BaseException => true,
            _ => false,
        };
        match process.launch.worker_class {
            WorkerClass::Threaded if escapes => return true,
            // Nothing is answered, and the next request waited for.
            WorkerClass::Green if escapes && raised.kind == RaisedKind::SystemExit => {
                self.keeps = Some(true);
                return false;
            }
            _ => {}
        }
        let rejection = self.rejection.take();
        let cause = match (raised.kind, &rejection) {
            (RaisedKind::StopIteration, _) => Cause::StopIteration,
            (RaisedKind::NoMoreData, _) => Cause::NoMoreData,
            (RaisedKind::OsError(errno), _) => Cause::OsError(errno),
            (RaisedKind::Rejected, Some(rejection)) => Cause::Rejected(rejection),
            _ => Cause::Exception,
        };
        let mut out = Vec::new();
        let outcome = response.raised(
            &self.head,
            &self.peer.remote.0,
            cause,
            raised.iterating,
            &mut out,
        );
        self.truncated =
            response.head_sent() && !matches!(cause, Cause::OsError(_) | Cause::NoMoreData);
        self.response = Some(response);
        if process.launch.server() == Server::Uwsgi {
            process.line(Stream::Stderr, traceback);
        }
        write_lines(process, self, &outcome.lines, traceback, now);
        self.wire.send(&out, &mut process.frames);
        false
    }
}
