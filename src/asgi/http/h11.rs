//! The server's side of an exchange as h11 has it (`uvicorn --http h11`): its states, and the
//! heads and bodies that it makes of what uvicorn gives it.
//!
//! h11 puts one state machine behind both directions of a connection. The client's side is that of
//! [`crate::http1::server::Connection`]; here is what decides over responses.

mod headers;

use crate::gateway::{Exception, ExceptionClass};
use crate::http1::{self, RequestHead};

use super::head::write_status_line;
use headers::{Headers, is_chunked};

/// `LocalProtocolError`: what h11 raises where it is asked for what HTTP does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// A header name that is no token: its `repr()`.
    #[error("Illegal header name {0}")]
    HeaderName(String),
    /// A header value with white space around it or control characters in it: its `repr()`.
    #[error("Illegal header value {0}")]
    HeaderValue(String),
    /// Content-Length is no number.
    #[error("bad Content-Length")]
    Length,
    /// Several lengths.
    #[error("conflicting Content-Length headers")]
    Lengths,
    /// Transfer-Encoding is there twice.
    #[error("multiple Transfer-Encoding headers")]
    Codings,
    /// Transfer-Encoding is not `chunked`.
    #[error("Only Transfer-Encoding: chunked is supported")]
    Coding,
    /// A status that no final response has.
    #[error("Response status_code should be in range [200, 1000), not {0}")]
    Status(u16),
    /// More body than Content-Length says.
    #[error("Too much data for declared Content-Length")]
    TooMuch,
    /// Less body than Content-Length says.
    #[error("Too little data for declared Content-Length")]
    TooLittle,
    /// An event that does not fit where the response is.
    #[error("can't handle event type {event} when role=SERVER and state={state}")]
    Misplaced {
        /// The event's class.
        event: &'static str,
        /// The state's name.
        state: &'static str,
    },
    /// Anything after one of the errors above that concerned the connection.
    #[error("Can't send data when our state is ERROR")]
    AfterError,
}

impl LocalError {
    /// What is raised in the app.
    #[must_use]
    pub fn exception(&self) -> Exception {
        Exception::new(ExceptionClass::H11Local, self.to_string())
    }
}

/// How a body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// So many bytes are still to come.
    Length(u128),
    Chunked,
    /// By the end of the connection.
    UntilClose,
}

/// Where the server's side is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No request is under way.
    Idle,
    SendResponse,
    SendBody(Writer),
    Done,
    MustClose,
    /// CONNECT was accepted.
    Switched,
    Error,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Idle => "IDLE",
            Self::SendResponse => "SEND_RESPONSE",
            Self::SendBody(_) => "SEND_BODY",
            Self::Done => "DONE",
            Self::MustClose => "MUST_CLOSE",
            Self::Switched => "SWITCHED_PROTOCOL",
            Self::Error => "ERROR",
        }
    }
}

/// One request and its response.
#[derive(Debug)]
pub struct Exchange {
    state: State,
    method: Method,
    /// Neither side has said that it closes.
    keep_alive: bool,
    /// The last request was of HTTP/1.1 or later: the client knows chunks.
    knows_chunks: bool,
    /// The client would speak another protocol after this request, and has not been refused.
    proposes_switch: bool,
}

/// What of the method matters for the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Head,
    Connect,
    Other,
}

/// How the bytes of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Plain,
    Chunk,
}

impl Exchange {
    /// The exchange that a request begins.
    #[must_use]
    pub fn new(request: &RequestHead) -> Self {
        Self {
            state: State::SendResponse,
            method: match &request.method[..] {
                b"HEAD" => Method::Head,
                b"CONNECT" => Method::Connect,
                _ => Method::Other,
            },
            keep_alive: request.keep_alive,
            knows_chunks: knows_chunks(request),
            proposes_switch: request.method == b"CONNECT"
                || request.values("upgrade").any(has_member),
        }
    }

    /// No request has been read, or the last one's exchange is over.
    #[must_use]
    pub fn idle(knows_chunks: bool) -> Self {
        Self {
            state: State::Idle,
            method: Method::Other,
            keep_alive: true,
            knows_chunks,
            proposes_switch: false,
        }
    }

    /// The response is complete, and the request is not: nothing can be answered.
    #[must_use]
    pub fn answered() -> Self {
        Self {
            state: State::MustClose,
            ..Self::idle(true)
        }
    }

    /// Whether what comes after the request has to wait until the response is complete. Otherwise
    /// it is an error: the client or the server has said that the connection ends.
    #[must_use]
    pub fn allows_more(&self) -> bool {
        self.keep_alive || self.proposes_switch
    }

    /// Whether nothing is read after the request before the response has begun.
    #[must_use]
    pub fn proposes_switch(&self) -> bool {
        self.proposes_switch
    }

    /// Whether the connection ends after the response.
    pub(super) fn must_close(&self) -> bool {
        self.state == State::MustClose
    }

    /// A response's head.
    ///
    /// # Errors
    /// Nothing has been written.
    pub(super) fn response<'h>(
        &mut self,
        status: u16,
        fields: impl Iterator<Item = (&'h [u8], &'h [u8])>,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalError> {
        let mut headers = Headers::new(fields)?;
        if status < 200 {
            return Err(LocalError::Status(status));
        }
        if self.state == State::Error {
            return Err(LocalError::AfterError);
        }
        self.clean_up(status, &mut headers);
        let switches =
            self.method == Method::Connect && self.proposes_switch && (200..300).contains(&status);
        if !switches {
            self.proposes_switch = false;
        }
        self.state = match self.state {
            State::SendResponse if switches => State::Switched,
            State::SendResponse | State::Idle => State::SendBody(self.writer(status, &headers)),
            _ => return Err(self.misplaced("Response")),
        };
        self.keep_alive &= !headers.says_close();
        write_status_line(status, out);
        headers.write(out);
        Ok(())
    }

    /// Bytes of the body are to be written: how.
    ///
    /// # Errors
    /// They are not to be written.
    pub(super) fn data(&mut self, length: usize) -> Result<Frame, LocalError> {
        match &mut self.state {
            State::Error => Err(LocalError::AfterError),
            State::SendBody(Writer::Length(left)) => match left.checked_sub(length as u128) {
                Some(rest) => {
                    *left = rest;
                    Ok(Frame::Plain)
                }
                None => Err(self.fail(LocalError::TooMuch)),
            },
            State::SendBody(Writer::UntilClose) => Ok(Frame::Plain),
            State::SendBody(Writer::Chunked) => Ok(Frame::Chunk),
            _ => Err(self.misplaced("Data")),
        }
    }

    /// The body is complete.
    ///
    /// # Errors
    /// Nothing has been written.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), LocalError> {
        match self.state {
            State::Error => return Err(LocalError::AfterError),
            State::SendBody(Writer::Length(1..)) => return Err(self.fail(LocalError::TooLittle)),
            State::SendBody(Writer::Chunked) => http1::encode_last_chunk(out),
            State::SendBody(_) => {}
            _ => return Err(self.misplaced("EndOfMessage")),
        }
        self.state = if self.keep_alive {
            State::Done
        } else {
            State::MustClose
        };
        Ok(())
    }

    /// uvicorn's answer to what it cannot parse.
    ///
    /// # Errors
    /// A response is under way already. Nothing has been written.
    pub fn refuse(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), LocalError> {
        const FIELDS: [(&[u8], &[u8]); 2] = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"connection", b"close"),
        ];
        self.response(400, FIELDS.into_iter(), out)?;
        match self.data(text.len())? {
            Frame::Plain => out.extend_from_slice(text),
            Frame::Chunk => http1::encode_chunk(text, out),
        }
        self.end(out)
    }

    /// The fields that say how the body is sent, and whether the connection goes on, are h11's own.
    fn clean_up(&self, status: u16, headers: &mut Headers) {
        let is_head = self.method == Method::Head;
        // What is said of a HEAD is what would be said of a GET.
        let method = if is_head { Method::Other } else { self.method };
        let mut closes = !self.keep_alive;
        if !matches!(writer(method, status, headers), Writer::Length(_)) {
            headers.remove(b"content-length");
            headers.remove(b"transfer-encoding");
            if self.knows_chunks {
                headers.push(b"Transfer-Encoding", b"chunked");
            } else {
                closes |= !is_head;
            }
        }
        if closes {
            headers.close();
        }
    }

    fn writer(&self, status: u16, headers: &Headers) -> Writer {
        writer(self.method, status, headers)
    }

    fn misplaced(&mut self, event: &'static str) -> LocalError {
        let state = self.state.name();
        self.fail(LocalError::Misplaced { event, state })
    }

    fn fail(&mut self, error: LocalError) -> LocalError {
        self.state = State::Error;
        error
    }
}

/// Whether a request's client knows chunks.
#[must_use]
pub fn knows_chunks(request: &RequestHead) -> bool {
    request.protocol.as_ref() >= &b"HTTP/1.1"[..]
}

fn has_member(value: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|member| !member.trim_ascii().is_empty())
}

/// RFC 9112, section 6.3
fn writer(method: Method, status: u16, headers: &Headers) -> Writer {
    let has_no_body = matches!(status, 204 | 304)
        || method == Method::Head
        || method == Method::Connect && (200..300).contains(&status);
    if has_no_body {
        Writer::Length(0)
    } else if headers.any(is_chunked) {
        Writer::Chunked
    } else {
        headers.length().map_or(Writer::UntilClose, Writer::Length)
    }
}

#[cfg(test)]
mod tests;
