//! Reading a request's head, and what becomes of it: a request for the app, an error page, or the
//! end of the connection.

use crate::gateway::{latin1, python};
use crate::http1::server::Event;
use crate::http1::{CONTINUE, Framing, RequestHead};
use crate::os::Millis;
use crate::servers::{Level, Server, log};
use crate::trace::Name;
use crate::workers::ProcessContext;
use crate::wsgi::environ;
use crate::wsgi::error_page::{self, Rejection};
use crate::wsgi::outcome::Access;
use crate::wsgi::response::Response;

use super::{WsgiConnection, feed, log_access};

/// What gunicorn logs where a client ends the connection inside a request.
const NO_MORE_DATA: &str = "Ignored premature client disconnection. No more data after: ";

/// What there is of a request's head.
#[derive(Debug)]
pub(in crate::workers) enum Head {
    /// Not all of it.
    Partial,
    /// A request.
    Complete(Box<RequestHead>),
    /// None will come: an error page is sent where there is something to say, and the connection is
    /// to be closed.
    Over,
}

/// A request for the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workers) struct Begun {
    /// The environ, as a run of strings: keys and values.
    pub(in crate::workers) environ: Vec<u8>,
    /// Whether there is a body to read.
    pub(in crate::workers) has_body: bool,
}

impl WsgiConnection {
    /// Reads what has come.
    pub(in crate::workers) fn read_head(
        &mut self,
        process: &mut ProcessContext,
        now: Millis,
    ) -> Head {
        feed(self, process, now);
        match self.http.next_event() {
            Ok(None) if !self.wire.broken && !self.expired => Head::Partial,
            Ok(Some(Event::Head(head))) => Head::Complete(Box::new(head)),
            other if process.launch.server() == Server::Uwsgi => {
                let error = other.err();
                self.refuse_uwsgi(process, error.as_ref(), now);
                Head::Over
            }
            Ok(_) => {
                let text = if self.wire.broken {
                    "Ignoring connection reset"
                } else {
                    "Closing connection. "
                };
                process.log(Level::Debug, text, now);
                Head::Over
            }
            Err(error) => {
                if let Some(rejection) = Rejection::of(&error) {
                    self.refuse(process, &rejection, now);
                } else {
                    let what = python::repr_bytes(self.http.incomplete());
                    process.log(Level::Debug, &format!("{NO_MORE_DATA}{what}"), now);
                }
                Head::Over
            }
        }
    }

    /// The request begins, unless its head makes no environ: then it is refused.
    pub(in crate::workers) fn begin(
        &mut self,
        process: &mut ProcessContext,
        head: RequestHead,
        now: Millis,
    ) -> Option<Begun> {
        self.head = head;
        self.started_at = now;
        self.body_ended = false;
        let from = self.first_byte_at.unwrap_or(self.accepted_at);
        process.span(self.key(), Name::Parse, from, now);
        if self.head.expects_continue {
            // Before the app is called, whether it reads the body or not.
            self.wire.send(CONTINUE, &mut process.frames);
        }
        match environ::strings(&self.head, &self.peer, &process.launch) {
            Ok(environ) => self.environ = environ,
            Err(error) => {
                self.refuse(process, &Rejection::from(error), now);
                return None;
            }
        }
        self.body_ended = self.head.framing == Framing::Empty;
        Some(Begun {
            environ: self.environ.encode(),
            has_body: !self.body_ended,
        })
    }

    /// The app is about to be called. `may_keep` is whether the worker would keep the connection
    /// for another request.
    pub(in crate::workers) fn respond(
        &mut self,
        process: &mut ProcessContext,
        may_keep: bool,
        now: Millis,
    ) {
        self.response = Some(Response::new(&self.head, &process.launch, may_keep));
        if process.logs(Level::Debug) {
            let target = latin1::decode(&self.head.target);
            let path = target.split(['?', '#']).next().unwrap_or_default();
            process.log(
                Level::Debug,
                &format!("{} {path}", latin1::decode(&self.head.method)),
                now,
            );
        }
    }

    /// Answers with an error page instead of calling the app.
    pub(in crate::workers) fn refuse(
        &mut self,
        process: &mut ProcessContext,
        rejection: &Rejection,
        now: Millis,
    ) {
        process.log(
            Level::Warning,
            &rejection.log_line(&self.peer.remote.0),
            now,
        );
        if rejection.accessed {
            if let Some(head) = self.http.refused() {
                self.head = head.clone();
            }
            let access = Access {
                status: rejection.status.to_string(),
                sent: 0,
            };
            log_access(process, self, &access, now);
        }
        let mut page = Vec::new();
        rejection.write(&mut page);
        self.wire.send(&page, &mut process.frames);
    }

    /// `SystemExit` ends the reading of the head: gunicorn takes it for an error of the request.
    pub(in crate::workers) fn abort(
        &mut self,
        process: &mut ProcessContext,
        code: i32,
        now: Millis,
    ) {
        let exit = if code == 0 {
            "SystemExit: 0"
        } else {
            "SystemExit: 1"
        };
        let traceback = format!("Traceback (most recent call last):\n{exit}");
        let text = log::with_traceback("Error handling request (no URI read)", &traceback);
        process.log(Level::Error, &text, now);
        let mut page = Vec::new();
        error_page::write(500, "Internal Server Error", "", &mut page);
        self.wire.send(&page, &mut process.frames);
    }
}
