//! A WebSocket connection as gunicorn's own `asgi` worker serves it (`gunicorn/asgi/websocket.py`).
//!
//! gunicorn reads frames in a task of its own: at its own pace, one after the other, until 32
//! messages wait for the app.

use std::collections::VecDeque;

use crate::http1::RequestHead;
use crate::os::Millis;
use crate::servers::Level;
use crate::websocket::frame::{self, Opcode};
use crate::websocket::grammar::is_token;
use crate::websocket::handshake::{accept_key, is_key};
use crate::websocket::{Connection, Event, Role, Rules, Settings, Violation, close_code, utf8};

use super::error::SessionError;
use super::event::{Fields, Message, Received};
use super::output::{End, Line, Output};
use super::session::{Ending, Progress, Session};

/// How long gunicorn waits for the answer to its close frame.
const CLOSE_TIMEOUT: Millis = 5_000.0;
/// Messages that wait for the app beyond which no frame is read.
const MOST_MESSAGES: usize = 32;
/// Bytes that may wait to be read before the client is no longer read.
const MOST_UNREAD: usize = 64 * 1024;
/// Bytes of a reason that are sent.
const MOST_REASON: usize = frame::MAX_CONTROL - 2;

/// Whether gunicorn takes a request for one for a WebSocket: what it looks for in `Connection` is
/// a part of the last field, not an option.
pub(super) fn asks(head: &RequestHead) -> bool {
    let last = |name| head.values(name).last().map(<[u8]>::to_ascii_lowercase);
    head.method == b"GET"
        && last("upgrade").is_some_and(|protocol| protocol == b"websocket")
        && last("connection").is_some_and(|options| {
            let wanted = b"upgrade";
            options.windows(wanted.len()).any(|part| part == wanted)
        })
}

/// A WebSocket connection.
#[derive(Debug)]
// The names of gunicorn's own flags; each changes at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Gunicorn {
    /// The value of `Sec-WebSocket-Accept`; `None`: the handshake was refused.
    key: Option<String>,
    connection: Connection,
    queue: VecDeque<Received>,
    /// A message that waits for room in the queue; no frame is read meanwhile.
    pending: Option<Received>,
    accepted: bool,
    denied: bool,
    closed: bool,
    close_sent: bool,
    close_received: bool,
    close_code: u16,
    /// The closing handshake is over, or nobody waits for it any more.
    close_done: bool,
    close_until: Option<Millis>,
    /// Frames are no longer read.
    read_ended: bool,
    /// The transport is closing.
    closing: bool,
    /// The transport is closed.
    lost: bool,
    app_ended: bool,
    output: Output,
}

impl Gunicorn {
    /// A connection whose request [`asks`] for a WebSocket.
    #[must_use]
    pub(super) fn new(head: &RequestHead, settings: &Settings) -> Self {
        let limit = match settings.max_size {
            0 => usize::MAX,
            size => size,
        };
        let mut session = Self {
            key: None,
            connection: Connection::new(Role::Server, Rules::GUNICORN, limit),
            queue: VecDeque::new(),
            pending: None,
            accepted: false,
            denied: false,
            closed: false,
            close_sent: false,
            close_received: false,
            close_code: 0,
            close_done: false,
            close_until: None,
            read_ended: false,
            closing: false,
            lost: false,
            app_ended: false,
            output: Output::default(),
        };
        let last = |name| head.values(name).last().map(<[u8]>::trim_ascii);
        if last("sec-websocket-version") != Some(b"13") {
            let field = "Sec-WebSocket-Version: 13\r\n";
            session.refuse(426, "Upgrade Required", field);
        } else if last("sec-websocket-key").is_some_and(is_key) {
            let first = head.values("sec-websocket-key").next().unwrap_or_default();
            session.key = Some(accept_key(first));
            session.push(Received::Connect);
        } else {
            session.refuse(400, "Bad Request", "");
        }
        session
    }

    fn refuse(&mut self, status: u16, reason: &str, field: &str) {
        let response = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
             {field}Connection: close\r\n\r\n{reason}",
            reason.len()
        );
        self.output.bytes.extend_from_slice(response.as_bytes());
        self.close();
    }

    /// Refuses the handshake with a response without a body.
    fn deny(&mut self, status: u16, reason: &str) {
        if std::mem::replace(&mut self.denied, true) {
            return;
        }
        self.closed = true;
        self.close_done = true;
        let response =
            format!("HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        self.write(response.as_bytes());
        self.close();
    }

    /// Reads the frames that are there, until one waits for the app.
    fn read(&mut self) {
        while !self.read_ended && self.pending.is_none() {
            if self.closed && (!self.close_sent || self.close_received) {
                self.end_reading();
                return;
            }
            match self.connection.read() {
                Ok(true) => {}
                Ok(false) if self.lost => self.end_reading(),
                Ok(false) => return,
                Err(violation) => {
                    self.fail(&violation);
                    self.end_reading();
                }
            }
            while let Some(event) = self.connection.next_event() {
                self.handle(event);
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Text(data) => {
                if let Ok(text) = utf8::decode(&data) {
                    self.message(Received::Text(text));
                } else {
                    self.send_close(close_code::INVALID_DATA, "Invalid UTF-8");
                    self.end_reading();
                }
            }
            Event::Binary(data) => self.message(Received::Bytes(data)),
            Event::CloseFrame(payload) => {
                self.closed_by_client(&payload);
                self.end_reading();
            }
            Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
        }
    }

    fn message(&mut self, message: Received) {
        if self.close_sent {
            return;
        }
        if self.queue.len() < MOST_MESSAGES {
            self.push(message);
        } else {
            self.pending = Some(message);
        }
    }

    fn closed_by_client(&mut self, payload: &[u8]) {
        let mut reason = String::new();
        let mut reply = None;
        match payload {
            [] => self.close_code = close_code::NO_STATUS,
            [_] => {
                self.close_code = close_code::PROTOCOL_ERROR;
                reply = Some((close_code::PROTOCOL_ERROR, "Invalid close payload"));
            }
            [high, low, rest @ ..] => {
                self.close_code = u16::from_be_bytes([*high, *low]);
                match utf8::decode(rest) {
                    Ok(text) => reason = text,
                    Err(_) => reply = Some((close_code::INVALID_DATA, "Invalid UTF-8")),
                }
                if !matches!(self.close_code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                    reply = Some((close_code::PROTOCOL_ERROR, "Invalid close code"));
                }
            }
        }
        self.close_received = true;
        match reply {
            Some((code, reason)) => self.send_close(code, reason),
            None if self.close_code == close_code::NO_STATUS => {
                self.send_close(close_code::NORMAL, "");
            }
            None => self.send_close(self.close_code, &reason),
        }
        self.closed = true;
        self.finish_closing();
    }

    fn fail(&mut self, violation: &Violation) {
        self.send_close(violation.code(), &Rules::GUNICORN.reason(violation));
    }

    fn send_close(&mut self, code: u16, reason: &str) {
        if std::mem::replace(&mut self.close_sent, true) {
            return;
        }
        let mut payload = code.to_be_bytes().to_vec();
        let reason = reason.as_bytes();
        payload.extend_from_slice(&reason[..reason.len().min(MOST_REASON)]);
        self.connection.write_frame(Opcode::Close, &payload);
        self.pending = None;
        if self.close_received {
            self.closed = true;
            self.finish_closing();
        }
    }

    /// The closing handshake is over: who waits for it goes on.
    fn finish_closing(&mut self) {
        self.close_done = true;
        if self.close_until.take().is_some() {
            if self.app_ended {
                self.close();
            } else {
                self.output.writable = true;
            }
        }
    }

    fn end_reading(&mut self) {
        if std::mem::replace(&mut self.read_ended, true) {
            return;
        }
        self.closed = true;
        let code = match self.close_code {
            0 => close_code::ABNORMAL,
            code => code,
        };
        self.push(Received::lost(code));
    }

    fn accept(
        &mut self,
        subprotocol: Option<&str>,
        headers: Fields<'_>,
    ) -> Result<(), SessionError> {
        if self.accepted {
            return Err(SessionError::Gunicorn("WebSocket already accepted"));
        }
        let Some(key) = &self.key else {
            return Ok(());
        };
        let mut bytes = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {key}\r\n"
        )
        .into_bytes();
        let subprotocol = subprotocol.filter(|subprotocol| !subprotocol.is_empty());
        let chosen = subprotocol.map(|name| (&b"Sec-WebSocket-Protocol"[..], name.as_bytes()));
        for (name, value) in chosen.into_iter().chain(headers.iter().copied()) {
            if !is_token(name) {
                return Err(SessionError::ResponseHeaderName(name.to_vec()));
            }
            if !value
                .iter()
                .all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..))
            {
                return Err(SessionError::ResponseHeader(name.to_vec()));
            }
            for part in [name, b": ", value, b"\r\n"] {
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(b"\r\n");
        self.check_transport()?;
        self.write(&bytes);
        self.accepted = true;
        Ok(())
    }

    fn close_by_app(
        &mut self,
        code: i64,
        reason: &str,
        now: Millis,
    ) -> Result<Progress, SessionError> {
        if !self.accepted {
            self.deny(403, "Forbidden");
            return Ok(Progress::Done);
        }
        if !self.close_sent {
            let code = u16::try_from(code).map_err(|_| SessionError::Packed)?;
            self.check_transport()?;
            self.send_close(code, reason);
            self.read();
        }
        if !self.close_done {
            self.close_until.get_or_insert(now + CLOSE_TIMEOUT);
            return Ok(Progress::Waits);
        }
        self.close();
        Ok(Progress::Done)
    }

    fn transmit(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SessionError> {
        self.check_transport()?;
        if !self.closing {
            self.connection.write_frame(opcode, payload);
        }
        Ok(())
    }

    fn check_open(&self) -> Result<(), SessionError> {
        if !self.accepted {
            return Err(SessionError::Gunicorn("WebSocket not accepted"));
        }
        if self.closed {
            return Err(SessionError::WebSocketDisconnected);
        }
        Ok(())
    }

    /// uvloop raises where a transport is written to that is closed.
    fn check_transport(&self) -> Result<(), SessionError> {
        if self.lost {
            // The transport of real uvloop is an object with an address, as this one is.
            return Err(SessionError::ClosedTransport(
                std::ptr::from_ref(self).addr(),
            ));
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) {
        if !self.closing && !self.lost {
            self.output.bytes.append(&mut self.connection.take_output());
            self.output.bytes.extend_from_slice(bytes);
        }
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.closing, true) {
            self.output.bytes.append(&mut self.connection.take_output());
            self.output.end = Some(End::Close);
        }
    }

    fn push(&mut self, received: Received) {
        self.queue.push_back(received);
        self.output.wake = true;
    }

    fn log(&mut self, level: Level, text: &str, traceback: bool) {
        self.output.log.push(Line {
            level,
            text: text.to_owned(),
            traceback,
        });
    }
}

impl Session for Gunicorn {
    fn calls_app(&self) -> bool {
        self.key.is_some()
    }

    /// gunicorn finds them in Python.
    fn subprotocols(&self) -> &[String] {
        &[]
    }

    fn take_output(&mut self) -> Output {
        let bytes = self.connection.take_output();
        if !self.closing {
            self.output.bytes.extend_from_slice(&bytes);
        }
        std::mem::take(&mut self.output)
    }

    fn is_reading(&self) -> bool {
        let is_stalled = self.pending.is_some() || self.read_ended;
        !(self.closing || is_stalled && self.connection.unread() > MOST_UNREAD)
    }

    fn deadline(&self) -> Option<Millis> {
        self.close_until
    }

    fn tick(&mut self, now: Millis) {
        if self.close_until.is_some_and(|until| until <= now) {
            if !self.app_ended {
                self.log(Level::Debug, "WebSocket close handshake timeout", false);
            }
            self.closed = true;
            self.finish_closing();
        }
    }

    fn receive_bytes(&mut self, bytes: &[u8], _now: Millis) {
        if self.key.is_some() && !self.closing {
            self.connection.feed(bytes);
            self.read();
        }
    }

    fn lost(&mut self) {
        self.close();
        self.lost = true;
        self.read();
    }

    /// gunicorn tells neither client nor app.
    fn shutdown(&mut self, _date: &str) {}

    fn waiting(&self) -> usize {
        self.queue.len() + usize::from(self.pending.is_some())
    }

    fn receive(&mut self) -> Option<Received> {
        let received = self.queue.pop_front();
        if self.queue.len() < MOST_MESSAGES
            && let Some(message) = self.pending.take()
        {
            self.push(message);
            self.read();
        }
        received
    }

    fn waits_for_client(&self, message: &Message<'_>) -> bool {
        let is_data = matches!(
            message,
            Message::Text(_) | Message::Bytes(_) | Message::Nothing
        );
        is_data && self.check_open().is_ok()
    }

    fn send(
        &mut self,
        message: Message<'_>,
        now: Millis,
        _date: &str,
    ) -> Result<Progress, SessionError> {
        match message {
            Message::Accept {
                subprotocol,
                headers,
            } => self.accept(subprotocol, headers)?,
            Message::Close { code, reason } => return self.close_by_app(code, reason, now),
            Message::Text(text) => {
                self.check_open()?;
                self.transmit(Opcode::Text, text.as_bytes())?;
            }
            Message::Bytes(bytes) => {
                self.check_open()?;
                self.transmit(Opcode::Binary, bytes)?;
            }
            Message::Nothing => self.check_open()?,
            // What it does not know it does not see.
            _ => {}
        }
        Ok(Progress::Done)
    }

    fn ended(&mut self, ending: Ending<'_>, now: Millis, _date: &str) {
        self.app_ended = true;
        match ending {
            Ending::Returned(_) => {}
            Ending::Raised => {
                self.log(Level::Error, "Error in WebSocket ASGI application", true);
            }
            Ending::Left => {
                let text = "WebSocket closed while the application was sending";
                self.log(Level::Debug, text, false);
            }
        }
        if !self.accepted && !self.denied {
            match ending {
                Ending::Raised => self.deny(500, "Internal Server Error"),
                _ => self.deny(403, "Forbidden"),
            }
        }
        if !self.closed && self.accepted && !self.close_sent {
            self.send_close(close_code::INTERNAL_ERROR, "Application error");
            self.read();
            if !self.close_done {
                self.close_until = Some(now + CLOSE_TIMEOUT);
                return;
            }
        }
        self.close();
    }
}
