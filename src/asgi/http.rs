//! One http request and its response (ASGI HTTP & WebSocket, "HTTP"): the rules of `receive` and
//! `send`, as uvicorn has them with httptools.
//!
//! Response headers come from Python as a list of [strings](crate::wire::strings): name, value,
//! name, value…
//!
//! Python raises what is not seen here: `KeyError` for an event without `status`, `TypeError` for
//! headers that are not bytes. uvicorn counts the response as started before it looks at them, so
//! it calls [`Cycle::start_failed`] then.

use crate::asgi::event_error::EventError;
use crate::asgi::status::phrase;
use crate::gateway::{latin1, python};
use crate::http1::{self, RequestHead, Version};
use crate::servers::{Launch, Server};
use crate::wire::strings::{self, Strings};

/// Bytes of a request's body that may wait for the app before its connection is no longer read.
pub const HIGH_WATER: usize = 65_536;

/// An `http.response.body`, or a part of one that is too large to come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// The bytes.
    pub data: &'a [u8],
    /// Bytes of the same body that follow in further parts.
    pub rest: usize,
    /// `more_body`
    pub more: bool,
}

impl<'a> Part<'a> {
    /// A body that is complete, and the last.
    #[must_use]
    pub fn whole(data: &'a [u8]) -> Self {
        Self {
            data,
            rest: 0,
            more: false,
        }
    }
}

/// What becomes of the connection after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The response goes on.
    Continues,
    /// The response is complete.
    Complete {
        /// Whether the connection may carry another request. Otherwise it is closed.
        keep_alive: bool,
    },
}

/// What becomes of the connection when the app's call has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the connection is to be closed now. A complete response has said so before
    /// ([`Progress::Complete`]).
    pub close: bool,
    /// A line for the error log, level ERROR, without its prefix.
    pub log: Option<String>,
    /// Whether the exception's traceback follows that line.
    pub traceback: bool,
    /// The status of a response that was made up for the app and now stands in the access log.
    pub status: Option<u16>,
}

/// What `receive()` gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Nothing yet: the app waits, and asks again when something happened.
    Wait,
    /// `http.request`
    Request {
        /// `body`
        body: Vec<u8>,
        /// `more_body`
        more: bool,
    },
    /// `http.disconnect`
    Disconnect,
}

/// One request and its response: the state between the app's events.
#[derive(Debug)]
// The names of uvicorn's own flags; each changes at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub struct Cycle {
    is_head: bool,
    keep_alive: bool,
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
    /// `None`: neither Content-Length nor Transfer-Encoding was seen.
    chunked: Option<bool>,
    /// Bytes that are still to come.
    expected: i64,
    /// Bytes of the present body that are still to come from Python.
    rest: usize,
}

impl Cycle {
    /// The cycle of a request whose head has come. `date` is the time now, as the Date field has
    /// it.
    #[must_use]
    pub fn new(request: &RequestHead, launch: &Launch, date: &str) -> Self {
        Self {
            is_head: request.method == b"HEAD",
            keep_alive: request.keep_alive && request.version == Version::Http11,
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
            chunked: None,
            expected: 0,
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
        self.keep_alive = false;
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
        let sent = self.write_head(status, headers, out);
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
        if self.is_head {
            self.expected = 0;
        } else if self.chunked == Some(true) {
            // Parts of one body are one chunk.
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
        } else {
            if !goes_on {
                let length = i64::try_from(data.len() + rest).unwrap_or(i64::MAX);
                if length > self.expected {
                    self.rest = 0;
                    return Err(EventError::Longer);
                }
                self.expected -= length;
            }
            out.extend_from_slice(data);
        }
        if more || rest > 0 {
            return Ok(Progress::Continues);
        }
        if self.expected != 0 {
            return Err(EventError::Shorter);
        }
        self.complete = true;
        self.news = true;
        Ok(Progress::Complete {
            keep_alive: self.keep_alive,
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
            return closed(format!(
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
            return closed("ASGI callable returned without completing response.".to_owned());
        }
        let status = self.answer(500, "Internal Server Error", out);
        Outcome {
            status,
            ..closed("ASGI callable returned without starting response.".to_owned())
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

    fn write_head<'h>(
        &mut self,
        status: u16,
        headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
        out: &mut Vec<u8>,
    ) -> Result<(), EventError> {
        if !(100..600).contains(&status) {
            return Err(EventError::Status(status));
        }
        write_status_line(status, out);
        let mut says_close = false;
        for (name, value) in headers {
            if name.iter().any(|&byte| is_bad_in_name(byte)) {
                return Err(EventError::HeaderName);
            }
            if value
                .iter()
                .any(|&byte| matches!(byte, 0..=8 | 10..=31 | 127))
            {
                return Err(EventError::HeaderValue);
            }
            let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
            if is("content-length") && self.chunked.is_none() {
                self.expected =
                    python::int(value).ok_or_else(|| EventError::Length(value.to_vec()))?;
                self.chunked = Some(false);
            } else if is("transfer-encoding") && value.eq_ignore_ascii_case(b"chunked") {
                self.expected = 0;
                self.chunked = Some(true);
            } else if is("connection") && has_close(value) {
                self.keep_alive = false;
                says_close = true;
            }
            out.extend(name.iter().map(u8::to_ascii_lowercase));
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        if !self.keep_alive && !says_close {
            out.extend_from_slice(b"connection: close\r\n");
        }
        if self.chunked.is_none() && !self.is_head && !matches!(status, 204 | 304) {
            self.chunked = Some(true);
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        out.extend_from_slice(b"\r\n");
        Ok(())
    }
}

/// uvicorn's answer to what it cannot parse: `400 Bad Request`, and the connection closes. The log
/// says, level WARNING, `Invalid HTTP request received.`
pub fn reject(launch: &Launch, date: &str, out: &mut Vec<u8>) {
    const TEXT: &[u8] = b"Invalid HTTP request received.";
    write_status_line(400, out);
    if launch.server() == Server::Daphne {
        out.extend_from_slice(b"\r\n");
        return;
    }
    for (name, value) in default_headers(launch, date).pairs() {
        for part in [name, b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(
        b"content-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\nconnection: close\r\n\r\n",
    );
    out.extend_from_slice(TEXT);
}

fn closed(log: String) -> Outcome {
    Outcome {
        close: true,
        log: Some(log),
        traceback: false,
        status: None,
    }
}

pub(super) fn write_status_line(status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(status).as_bytes());
    out.push(b' ');
    out.extend_from_slice(phrase(status).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The headers that uvicorn puts before the app's: date, its own name unless `--header` has
/// another, and `--header`.
pub(crate) fn default_headers(launch: &Launch, date: &str) -> Strings {
    let named = launch
        .asgi
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("server"));
    let server = launch.asgi.server_header && !named;
    let mut headers = Strings::with_capacity(56, 4);
    if launch.asgi.date_header {
        headers.push_pair("date", date);
    }
    if server {
        headers.push_pair("server", "uvicorn");
    }
    for (name, value) in &launch.asgi.headers {
        // The command line is text; headers are its Latin-1 bytes.
        headers.push_pair(
            latin1::encode(name).to_ascii_lowercase(),
            latin1::encode(value),
        );
    }
    headers
}

/// Whether `close` is one of the options of a Connection field.
fn has_close(value: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

fn is_bad_in_name(byte: u8) -> bool {
    matches!(byte, 0..=32 | 127) || b"()<>@,;:[]={}\\\"".contains(&byte)
}

#[cfg(test)]
mod tests;
