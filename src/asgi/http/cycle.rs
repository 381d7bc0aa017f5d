//! One request and its response: the state between the app's events.

use crate::asgi::event_error::EventError;
use crate::http1::{self, RequestHead};
use crate::servers::{HttpLibrary, Launch, Server};
use crate::wire::strings::{self, Strings};

use super::event::{Outcome, Part, Progress, Received};
use super::h11::{Exchange, Frame};
use super::head::{Framing, Transfer, default_headers};

/// Bytes of a request's body that may wait for the app before its connection is no longer read.
pub const HIGH_WATER: usize = 65_536;

/// One request and its response: the state between the app's events.
#[derive(Debug)]
// The names of uvicorn's own flags; each changes at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub struct Cycle {
    transfer: Transfer,
    /// With h11, which frames responses and decides over the connection.
    exchange: Option<Exchange>,
    /// The request's only Connection option is `close`, as uvicorn looks for it.
    asks_close: bool,
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
        let has_h11 = launch.asgi.http == HttpLibrary::H11;
        let persists = request.keep_alive && &*request.protocol != b"HTTP/1.0";
        Self {
            transfer: Transfer {
                is_head: request.method == b"HEAD",
                framing: None,
                keep_alive: has_h11 || persists,
            },
            exchange: has_h11.then(|| Exchange::new(request)),
            asks_close: request.values("connection").any(|value| value == b"close"),
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

    /// The app has changed whether the request is a HEAD, as far as uvicorn looks at its scope: h11
    /// knows better.
    pub fn is_head(&mut self, is_head: bool) {
        self.transfer.is_head = is_head;
    }

    /// What h11 knows of the response.
    pub fn exchange(&mut self) -> Option<&mut Exchange> {
        self.exchange.as_mut()
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
        let sent = match &mut self.exchange {
            None => self.transfer.write_head(status, headers, out),
            Some(_) if !(100..600).contains(&status) => Err(EventError::Status(status)),
            Some(exchange) => {
                const CLOSE: (&[u8], &[u8]) = (b"connection", b"close");
                let headers: Vec<_> = headers.collect();
                let close = (self.asks_close && !headers.contains(&CLOSE)).then_some(CLOSE);
                let headers = headers.into_iter().chain(close);
                exchange.response(status, headers, out).map_err(Into::into)
            }
        };
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
        if self.exchange.is_some() {
            return self.h11_body(part, goes_on, out);
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

    fn h11_body(
        &mut self,
        part: Part<'_>,
        goes_on: bool,
        out: &mut Vec<u8>,
    ) -> Result<Progress, EventError> {
        let Part { data, rest, more } = part;
        let (is_head, keep_alive) = (self.transfer.is_head, self.transfer.keep_alive);
        let Some(exchange) = &mut self.exchange else {
            return Ok(Progress::Continues);
        };
        // The first part announces the whole length.
        let length = if is_head || goes_on {
            0
        } else {
            data.len() + rest
        };
        let frame = exchange.data(length).inspect_err(|_| self.rest = 0)?;
        match frame {
            _ if is_head => {}
            Frame::Plain => out.extend_from_slice(data),
            Frame::Chunk => write_chunk(Part { more: true, ..part }, goes_on, out),
        }
        if more || rest > 0 {
            return Ok(Progress::Continues);
        }
        self.complete = true;
        self.news = true;
        exchange.end(out)?;
        Ok(Progress::Complete {
            keep_alive: keep_alive && !exchange.must_close(),
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
        // uvicorn leaves the length of its 500 to h11.
        if self.exchange.is_none() || status != 500 {
            headers.push_pair("content-length", text.len().to_string());
        }
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
