//! One request and its response: the state between the app's events.

use crate::asgi::event_error::EventError;
use crate::http1::{self, RequestHead, Version};
use crate::servers::{Launch, Server};
use crate::wire::strings::{self, Strings};

use super::event::{Outcome, Part, Progress, Received};
use super::head::{Framing, Transfer, default_headers};

/// Bytes of a request's body that may wait for the app before its connection is no longer read.
pub const HIGH_WATER: usize = 65_536;

/// One request and its response: the state between the app's events.
#[derive(Debug)]
// The names of uvicorn's own flags; each changes at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub struct Cycle {
    transfer: Transfer,
    disconnected: bool,
    /// Whether a request that has come whole is told before that its client has gone (daphne).
    is_told_whole: bool,
    /// Such a request has come, and no `receive()` has seen its end.
    is_whole: bool,
    /// date, server and `--header`: names and values.
    defaults: Strings,

    waiting_for_continue: bool,
    received: Vec<u8>,
    more_received: bool,
    /// Something came that no `receive()` has seen.
    news: bool,

    started: bool,
    complete: bool,
    /// Bytes of the present body that are still to come from Python.
    rest: usize,
}

impl Cycle {
    /// The cycle of a request whose head has come. `date` is the time now, as the Date field has
    /// it.
    #[must_use]
    pub fn new(request: &RequestHead, launch: &Launch, date: &str) -> Self {
        Self {
            transfer: Transfer {
                is_head: request.method == b"HEAD",
                framing: None,
                keep_alive: request.keep_alive && request.version == Version::Http11,
            },
            disconnected: false,
            is_told_whole: launch.server() == Server::Daphne,
            is_whole: false,
            defaults: default_headers(launch, date),
            waiting_for_continue: request.expects_continue,
            received: Vec::new(),
            more_received: true,
            news: false,
            started: false,
            complete: false,
            rest: 0,
        }
    }

    /// A body that has come without it, or has ended, needs no `100 Continue` (gunicorn's asgi
    /// worker).
    pub fn no_continue(&mut self) {
        self.waiting_for_continue = false;
    }

    /// A piece of the request's body came.
    pub fn request_body(&mut self, data: &[u8]) {
        if !self.complete {
            self.received.extend_from_slice(data);
            self.news = true;
        }
    }

    /// The request's body has ended.
    pub fn request_end(&mut self) {
        if !self.complete {
            self.more_received = false;
            self.is_whole = self.is_told_whole;
            self.news = true;
        }
    }

    /// Whether so much of the body waits for the app that the connection should not be read until
    /// it receives.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.received.len() > HIGH_WATER
    }

    /// The client went away.
    pub fn disconnected(&mut self) {
        if !self.complete {
            self.disconnected = true;
        }
        self.news = true;
    }

    /// The connection is not to be kept after this response: the server shuts down.
    pub fn close_after(&mut self) {
        self.transfer.keep_alive = false;
    }

    /// The response is complete, whoever wrote it.
    pub fn finish(&mut self) {
        self.complete = true;
        self.news = true;
    }

    /// Whether `http.response.start` was sent.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.started
    }

    /// Whether the response is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// `receive()`. What goes out of the first is the answer to `Expect: 100-continue`.
    pub fn receive(&mut self, out: &mut Vec<u8>) -> Received {
        if std::mem::take(&mut self.waiting_for_continue) && !self.disconnected {
            out.extend_from_slice(http1::CONTINUE);
        }
        if self.disconnected && !std::mem::take(&mut self.is_whole) || self.complete {
            return Received::Disconnect;
        }
        if !std::mem::take(&mut self.news) {
            return Received::Wait;
        }
        self.is_whole = false;
        Received::Request {
            body: std::mem::take(&mut self.received),
            more: self.more_received,
        }
    }

    /// `send({"type": "http.response.start", …})`: the head goes out. Without an error, and with
    /// [`EventError::Status`] and those of headers too, the request now stands in the access log.
    ///
    /// # Errors
    /// What `send` raises in the app. Nothing went out.
    pub fn start(
        &mut self,
        status: u16,
        encoded_headers: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), EventError> {
        if self.disconnected {
            return Ok(());
        }
        if self.started {
            return Err(self.misplaced("http.response.start"));
        }
        self.begin();
        let begin = out.len();
        let defaults = std::mem::take(&mut self.defaults);
        let headers = defaults
            .pairs()
            .chain(strings::pairs(strings::read(encoded_headers)));
        let sent = self.transfer.write_head(status, headers, out);
        if sent.is_err() {
            out.truncate(begin);
        }
        sent
    }

    /// An `http.response.start` that Python refuses. Returns whether the response now counts as
    /// started; if not, the client has gone and nothing is looked at.
    ///
    /// # Errors
    /// What `send` raises in the app before it looks at status and headers.
    pub fn start_failed(&mut self) -> Result<bool, EventError> {
        if self.disconnected {
            return Ok(false);
        }
        if self.started {
            return Err(self.misplaced("http.response.start"));
        }
        self.begin();
        Ok(true)
    }

    fn begin(&mut self) {
        self.started = true;
        self.waiting_for_continue = false;
    }

    /// Whether parts of the present body are still to come.
    #[must_use]
    pub fn is_in_body(&self) -> bool {
        self.rest > 0
    }

    /// `send({"type": "http.response.body", …})`.
    ///
    /// # Errors
    /// What `send` raises in the app. Part of the body may have gone out.
    pub fn body(&mut self, part: Part<'_>, out: &mut Vec<u8>) -> Result<Progress, EventError> {
        let Part { data, rest, more } = part;
        let goes_on = std::mem::replace(&mut self.rest, rest) > 0;
        if self.disconnected {
            return Ok(Progress::Continues);
        }
        if !self.started || self.complete {
            return Err(self.misplaced("http.response.body"));
        }
        let missing = match self.transfer.framing {
            _ if self.transfer.is_head => 0,
            Some(Framing::Chunked) => {
                write_chunk(part, goes_on, out);
                0
            }
            framing => {
                let mut missing = match framing {
                    Some(Framing::Length(missing)) => missing,
                    _ => 0,
                };
                if !goes_on {
                    let length = i64::try_from(data.len() + rest).unwrap_or(i64::MAX);
                    if length > missing {
                        self.rest = 0;
                        return Err(EventError::Longer);
                    }
                    missing -= length;
                    self.transfer.framing = Some(Framing::Length(missing));
                }
                out.extend_from_slice(data);
                missing
            }
        };
        if more || rest > 0 {
            return Ok(Progress::Continues);
        }
        if missing != 0 {
            return Err(EventError::Shorter);
        }
        self.complete = true;
        self.news = true;
        Ok(Progress::Complete {
            keep_alive: self.transfer.keep_alive,
        })
    }

    /// `send()` of an event of another type.
    ///
    /// # Errors
    /// Always, but for a client that has gone: then nothing is looked at.
    pub fn other(&mut self, kind: &str) -> Result<(), EventError> {
        if self.disconnected {
            Ok(())
        } else {
            Err(self.misplaced(kind))
        }
    }

    /// The app returned; `result` is `str()` of what it returned, unless that is None.
    pub fn returned(&mut self, result: Option<&str>, out: &mut Vec<u8>) -> Outcome {
        if let Some(result) = result {
            return Outcome::closed(format!(
                "ASGI callable should return None, but returned '{result}'."
            ));
        }
        if self.disconnected || self.complete {
            return Outcome {
                close: false,
                log: None,
                traceback: false,
                status: None,
            };
        }
        if self.started {
            return Outcome::closed(
                "ASGI callable returned without completing response.".to_owned(),
            );
        }
        let status = self.answer(500, "Internal Server Error", out);
        Outcome {
            status,
            ..Outcome::closed("ASGI callable returned without starting response.")
        }
    }

    /// The app raised an exception.
    pub fn raised(&mut self, out: &mut Vec<u8>) -> Outcome {
        let log = Some("Exception in ASGI application".to_owned());
        if self.started {
            // A complete response too, as in uvicorn.
            return Outcome {
                close: true,
                log,
                traceback: true,
                status: None,
            };
        }
        let status = self.answer(500, "Internal Server Error", out);
        Outcome {
            close: !self.disconnected,
            log,
            traceback: true,
            status,
        }
    }

    /// The server has too many requests (`--limit-concurrency`): the app is not called. The log
    /// says, level WARNING, `Exceeded concurrency limit.`
    pub fn unavailable(&mut self, out: &mut Vec<u8>) -> Outcome {
        let status = self.answer(503, "Service Unavailable", out);
        Outcome {
            close: true,
            log: None,
            traceback: false,
            status,
        }
    }

    /// Sends a whole response in the app's place. `None`: nobody is there to read it.
    fn answer(&mut self, status: u16, text: &str, out: &mut Vec<u8>) -> Option<u16> {
        let mut headers = Strings::new();
        headers.push_pair("content-type", "text/plain; charset=utf-8");
        headers.push_pair("content-length", text.len().to_string());
        headers.push_pair("connection", "close");
        // A --header that no response can have fails here as well: then the connection only closes.
        let started = !self.disconnected && self.start(status, &headers.encode(), out).is_ok();
        (started && self.body(Part::whole(text.as_bytes()), out).is_ok()).then_some(status)
    }

    fn misplaced(&self, kind: &str) -> EventError {
        let kind = kind.to_owned();
        if self.complete {
            EventError::AfterCompletion(kind)
        } else if self.started {
            EventError::ExpectedBody(kind)
        } else {
            EventError::ExpectedStart(kind)
        }
    }
}

/// Parts of one body are one chunk; `goes_on`: this is not the first.
fn write_chunk(part: Part<'_>, goes_on: bool, out: &mut Vec<u8>) {
    let Part { data, rest, more } = part;
    if !goes_on && data.len() + rest > 0 {
        http1::begin_chunk(data.len() + rest, out);
    }
    out.extend_from_slice(data);
    if rest == 0 {
        if goes_on || !data.is_empty() {
            out.extend_from_slice(b"\r\n");
        }
        if !more {
            http1::encode_last_chunk(out);
        }
    }
}
