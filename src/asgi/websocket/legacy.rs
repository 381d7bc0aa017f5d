//! A WebSocket connection as uvicorn serves it with `websockets.legacy` (`--ws websockets`).
//!
//! The library runs the handshake in a task of its own, which goes on in the loop's next turn after
//! the app has answered; what the app sends without waiting in between belongs to its answer.

use std::collections::VecDeque;

use crate::asgi::status::{is_known, phrase};
use crate::http1::RequestHead;
use crate::os::Millis;
use crate::servers::Level;
use crate::websocket::close::MAX_REASON;
use crate::websocket::connection::SendError;
use crate::websocket::extension::Offer;
use crate::websocket::frame::Opcode;
use crate::websocket::grammar::latin1;
use crate::websocket::handshake::{self, Acceptance, Refusal};
use crate::websocket::keep_alive::{Due, KeepAlive};
use crate::websocket::{Close, Connection, Event, Role, Rules, Settings, close_code, utf8};

use super::error::SessionError;
use super::event::{Fields, Message, Received};
use super::output::{End, Line, Output};
use super::session::{Context, Ending, Progress, Session};

/// How long the library waits for the client's close frame.
const CLOSE_TIMEOUT: Millis = 10_000.0;

type OwnedFields = Vec<(Vec<u8>, Vec<u8>)>;

/// What the app has answered the handshake with.
#[derive(Debug)]
enum Answer {
    Accept {
        subprotocol: Option<String>,
        headers: OwnedFields,
    },
    Response {
        status: u16,
        headers: OwnedFields,
        body: Vec<u8>,
    },
    /// Nothing: uvicorn has answered in its place, and the handshake goes on as if it had accepted.
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting,
    Open,
    Closing,
    Closed,
}

/// A WebSocket connection.
#[derive(Debug)]
// The names of uvicorn's own events; each is set at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Legacy {
    context: Context,
    head: RequestHead,
    subprotocols: Vec<String>,
    compression: bool,
    calls_app: bool,
    /// Answered, and not yet acted upon: that is the library's turn, which is due.
    answer: Option<Answer>,
    turn_at: Option<Millis>,
    /// The app's answer was a response.
    has_response: bool,
    connection: Connection,
    state: State,
    messages: VecDeque<Received>,
    /// Messages that may wait for the app (`--ws-max-queue`); 0: as many as come.
    most_messages: usize,
    /// A message that waits for room.
    pending: Option<Received>,
    keep_alive: KeepAlive,
    connect_sent: bool,
    handshake_started: bool,
    handshake_completed: bool,
    lost_before_handshake: bool,
    closed_event: bool,
    /// Frames are no longer read.
    read_ended: bool,
    received: Option<Close>,
    is_stopping: bool,
    /// The date of the response.
    date: String,
    lost: bool,
    closing: bool,
    close_until: Option<Millis>,
    /// The app waits in a `send()` until the connection is lost.
    send_waits: bool,
    output: Output,
}

impl Legacy {
    /// A connection whose request has asked to be upgraded.
    #[must_use]
    pub(super) fn new(
        head: &RequestHead,
        settings: &Settings,
        context: Context,
        date: &str,
    ) -> Self {
        let mut session = Self {
            context,
            head: head.clone(),
            subprotocols: Vec::new(),
            compression: settings.compression,
            calls_app: false,
            answer: None,
            turn_at: None,
            has_response: false,
            connection: Connection::new(Role::Server, Rules::LEGACY, settings.max_size),
            state: State::Connecting,
            messages: VecDeque::new(),
            most_messages: settings.max_queue,
            pending: None,
            keep_alive: KeepAlive::new(settings.ping_interval, settings.ping_timeout),
            connect_sent: false,
            handshake_started: false,
            handshake_completed: false,
            lost_before_handshake: false,
            closed_event: false,
            read_ended: false,
            received: None,
            is_stopping: false,
            date: date.to_owned(),
            lost: false,
            closing: false,
            close_until: None,
            send_waits: false,
            output: Output::default(),
        };
        let refusal = match handshake::check_legacy(head) {
            Err(refusal) => Some(refusal),
            Ok(()) => session.check_values(),
        };
        match refusal {
            None => {
                session.calls_app = true;
                session.subprotocols = handshake::subprotocols(head);
            }
            Some(refusal) => {
                session.refuse(&refusal, date);
                session.log(Level::Info, "connection closed".to_owned(), false);
            }
        }
        session
    }

    /// Values beyond ASCII, which uvicorn cannot hand on.
    fn check_values(&mut self) -> Option<Refusal> {
        let values = self.head.headers.iter().map(|(_, value)| value);
        let mut beyond = values.filter_map(|value| {
            let at = value.iter().position(|byte| !byte.is_ascii())?;
            let rest = value[at..].iter().take_while(|byte| !byte.is_ascii());
            Some((at, rest.count(), value[at]))
        });
        let (at, count, byte) = beyond.next()?;
        let what = if count == 1 {
            format!("character '\\udc{byte:02x}' in position {at}")
        } else {
            format!("characters in position {at}-{}", at + count - 1)
        };
        let error = format!(
            "UnicodeEncodeError: 'latin-1' codec can't encode {what}: ordinal not in range(256)"
        );
        Some(self.failed_handshake(&error))
    }

    fn failed_handshake(&mut self, error: &str) -> Refusal {
        let text = format!("opening handshake failed\nTraceback (most recent call last):\n{error}");
        self.log(Level::Error, text, false);
        Refusal {
            status: 500,
            reason: String::new(),
        }
    }

    fn refuse(&mut self, refusal: &Refusal, date: &str) {
        let body = match refusal.status {
            500 => "Failed to open a WebSocket connection.\nSee server log for more information.\n"
                .to_owned(),
            _ => refusal.body(),
        };
        let field = (refusal.status == 426).then(|| (b"Upgrade".to_vec(), b"websocket".to_vec()));
        let headers: OwnedFields = field.into_iter().collect();
        self.reject(refusal.status, headers, body.as_bytes(), date);
    }

    /// Writes a response in the place of the handshake's.
    fn reject(&mut self, status: u16, mut headers: OwnedFields, body: &[u8], date: &str) {
        let length = body.len().to_string();
        for (name, value) in [
            ("Date", date),
            ("Content-Length", &*length),
            ("Content-Type", "text/plain"),
            ("Connection", "close"),
        ] {
            let is_there =
                |(other, _): &(Vec<u8>, Vec<u8>)| other.eq_ignore_ascii_case(name.as_bytes());
            if !headers.iter().any(is_there) {
                headers.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
            }
        }
        let mut bytes = format!("HTTP/1.1 {status} {}\r\n", phrase(status)).into_bytes();
        for (name, value) in &headers {
            put_field(name, value, &mut bytes);
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        self.write(&bytes);
        let text = format!("connection rejected ({status} {})", phrase(status));
        self.log(Level::Info, text, false);
        self.close();
    }

    /// The library's turn: what the app has answered is done.
    fn proceed(&mut self, now: Millis) {
        let date = &std::mem::take(&mut self.date);
        self.turn_at = None;
        let answer = self.answer.take();
        if self.lost && answer.is_some() {
            self.log(Level::Info, "connection closed".to_owned(), false);
            return;
        }
        let (subprotocol, headers) = match answer {
            None => return,
            Some(Answer::Response {
                status,
                headers,
                body,
            }) => return self.reject(status, headers, &body, date),
            Some(Answer::Accept {
                subprotocol,
                headers,
            }) => (subprotocol, headers),
            Some(Answer::Nothing) => (None, Vec::new()),
        };
        let offer = self.compression.then_some(Offer::LEGACY);
        match handshake::accept_legacy(&self.head, offer) {
            Ok(acceptance) => {
                if let Err(refusal) = self.open(&acceptance, subprotocol, &headers, now) {
                    self.refuse(&refusal, date);
                }
            }
            Err(refusal) => self.refuse(&refusal, date),
        }
    }

    fn open(
        &mut self,
        acceptance: &Acceptance,
        subprotocol: Option<String>,
        headers: &OwnedFields,
        now: Millis,
    ) -> Result<(), Refusal> {
        let mut bytes = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            acceptance.accept
        )
        .into_bytes();
        if let Some((extensions, _)) = &acceptance.extensions {
            put_field(
                b"Sec-WebSocket-Extensions",
                extensions.as_bytes(),
                &mut bytes,
            );
        }
        if let Some(subprotocol) = subprotocol {
            put_field(
                b"Sec-WebSocket-Protocol",
                subprotocol.as_bytes(),
                &mut bytes,
            );
        }
        let defaults = std::mem::take(&mut self.context.defaults);
        let own = headers.iter().map(|(name, value)| (&name[..], &value[..]));
        let all: Vec<(&[u8], &[u8])> = defaults.pairs().chain(own).collect();
        let dates = all
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(b"date"));
        if dates.count() > 1 {
            let error = "websockets.datastructures.MultipleValuesError: 'Date'";
            return Err(self.failed_handshake(error));
        }
        for (name, value) in all {
            let is_text = |byte: &u8| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..);
            if !value.iter().all(is_text) {
                return Err(Refusal {
                    status: 400,
                    reason: format!("invalid {} header: {}", latin1(name), latin1(value)),
                });
            }
            // The library writes what was Latin-1 as UTF-8.
            put_field(name, latin1(value).as_bytes(), &mut bytes);
        }
        bytes.extend_from_slice(b"\r\n");
        self.write(&bytes);
        if let Some((_, parameters)) = &acceptance.extensions {
            self.connection.compress(*parameters);
        }
        self.connection.open();
        self.state = State::Open;
        self.handshake_completed = true;
        self.output.wake = true;
        self.output.writable = std::mem::take(&mut self.send_waits);
        self.log(Level::Info, "connection open".to_owned(), false);
        self.keep_alive.start(now);
        self.read(now);
        Ok(())
    }

    fn read(&mut self, now: Millis) {
        while matches!(self.state, State::Open | State::Closing)
            && !self.read_ended
            && self.pending.is_none()
        {
            match self.connection.read() {
                Ok(true) => {}
                Ok(false) => return,
                Err(violation) => self.fail(violation.code(), ""),
            }
            if self.state == State::Open {
                self.flush();
            } else {
                // The answer to a ping, which is sent by an open connection alone.
                let _ = self.connection.take_output();
            }
            while let Some(event) = self.connection.next_event() {
                self.handle(event, now);
            }
        }
    }

    fn handle(&mut self, event: Event, now: Millis) {
        match event {
            Event::Text(data) => {
                // The connection has looked whether it is UTF-8.
                self.message(Received::Text(utf8::decode(&data).unwrap_or_default()));
            }
            Event::Binary(data) => self.message(Received::Bytes(data)),
            Event::Pong(payload) => self.keep_alive.pong(&payload, now),
            Event::CloseFrame(payload) => match Close::decode(&payload) {
                Ok(close) => {
                    self.received = Some(close);
                    if self.state == State::Open {
                        self.state = State::Closing;
                        self.connection.write_frame(Opcode::Close, &payload);
                        self.flush();
                    }
                    self.end_reading();
                }
                Err(violation) => self.fail(violation.code(), ""),
            },
            Event::Ping(_) | Event::Close(_) => {}
        }
    }

    fn message(&mut self, message: Received) {
        if self.most_messages > 0 && self.messages.len() >= self.most_messages {
            self.pending = Some(message);
        } else {
            self.messages.push_back(message);
            self.output.wake = true;
        }
    }

    /// Fails the connection: with a close frame, where none was sent.
    fn fail(&mut self, code: u16, reason: &str) {
        if self.state == State::Open {
            self.state = State::Closing;
            let close = Close::new(code, reason);
            self.connection.write_frame(Opcode::Close, &close.encode());
            self.flush();
        }
        self.end_reading();
    }

    fn end_reading(&mut self) {
        self.read_ended = true;
        self.keep_alive.stop();
        self.close();
    }

    fn flush(&mut self) {
        let bytes = self.connection.take_output();
        self.write(&bytes);
    }

    fn write(&mut self, bytes: &[u8]) {
        if !self.closing && !self.lost {
            self.output.bytes.extend_from_slice(bytes);
        }
    }

    fn internal_error(&mut self) {
        self.write(
            b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n\
              content-length: 21\r\nconnection: close\r\n\r\nInternal Server Error",
        );
        self.handshake_started = true;
        self.answer = Some(Answer::Nothing);
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.closing, true) {
            self.output.end = Some(End::Close);
        }
    }

    /// The app's first answer.
    fn begin(&mut self, message: &Message<'_>) -> Result<(), SessionError> {
        match *message {
            Message::Accept {
                subprotocol,
                headers,
            } => {
                self.log_request("[accepted]");
                self.answer = Some(Answer::Accept {
                    subprotocol: subprotocol.map(str::to_owned),
                    headers: owned(headers),
                });
            }
            Message::Close { .. } => {
                self.log_request("403");
                self.has_response = true;
                self.answer = Some(Answer::Response {
                    status: 403,
                    headers: Vec::new(),
                    body: Vec::new(),
                });
                self.closed_event = true;
            }
            Message::ResponseStart { status, headers } => {
                self.log_request(&status.to_string());
                let status = u16::try_from(status)
                    .ok()
                    .filter(|&status| is_known(status))
                    .ok_or_else(|| {
                        SessionError::Value(format!("{status} is not a valid HTTPStatus"))
                    })?;
                self.has_response = true;
                self.answer = Some(Answer::Response {
                    status,
                    headers: owned(headers),
                    body: Vec::new(),
                });
            }
            ref other => return Err(SessionError::ExpectedHandshake(other.kind().to_owned())),
        }
        self.handshake_started = true;
        Ok(())
    }

    fn transmit(&mut self, message: &Message<'_>, now: Millis) -> Result<Progress, SessionError> {
        if let Message::Close { code, reason } = *message {
            return self.close_by_app(code, reason, now);
        }
        if !matches!(
            message,
            Message::Text(_) | Message::Bytes(_) | Message::Nothing
        ) {
            return Err(SessionError::ExpectedSend(message.kind().to_owned()));
        }
        if self.state != State::Open || self.read_ended {
            return self.until_lost().ok_or(SessionError::Disconnected);
        }
        let sent = match message {
            Message::Text(text) => self.connection.send_text(text),
            Message::Bytes(bytes) => self.connection.send_binary(bytes),
            _ => return Err(SessionError::NotData),
        };
        self.flush();
        sent?;
        Ok(Progress::Done)
    }

    fn close_by_app(
        &mut self,
        code: i64,
        reason: &str,
        now: Millis,
    ) -> Result<Progress, SessionError> {
        if self.state == State::Open {
            // The library counts the connection as closing before it looks at the frame.
            self.state = State::Closing;
            let code = u16::try_from(code).unwrap_or(0);
            let close = Close::new(code, reason);
            if !close_code::may_be_sent(code) {
                return Err(SessionError::Close(SendError::Code));
            }
            if reason.len() > MAX_REASON {
                return Err(SessionError::Close(SendError::Reason));
            }
            self.connection.write_frame(Opcode::Close, &close.encode());
            self.flush();
            self.close_until = Some(now + CLOSE_TIMEOUT);
        } else if self.close_until.is_none() && !self.lost {
            self.close_until = Some(now + CLOSE_TIMEOUT);
        }
        if let Some(waits) = self.until_lost() {
            return Ok(waits);
        }
        self.closed_event = true;
        Ok(Progress::Done)
    }

    /// Waits, unless the connection is lost.
    fn until_lost(&mut self) -> Option<Progress> {
        if self.lost {
            return None;
        }
        self.send_waits = true;
        Some(Progress::Waits)
    }

    fn log_request(&mut self, what: &str) {
        let Context { client, target, .. } = &self.context;
        let text = format!("{client} - \"WebSocket {target}\" {what}");
        self.log(Level::Info, text, false);
    }

    fn log(&mut self, level: Level, text: String, traceback: bool) {
        self.output.log.push(Line {
            level,
            text,
            traceback,
        });
    }
}

impl Session for Legacy {
    fn calls_app(&self) -> bool {
        self.calls_app
    }

    fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    fn take_output(&mut self) -> Output {
        std::mem::take(&mut self.output)
    }

    fn is_reading(&self) -> bool {
        let is_stalled = self.pending.is_some() && self.connection.unread() > 2 * 65_536;
        !self.closing && !is_stalled
    }

    fn deadline(&self) -> Option<Millis> {
        let deadlines = [self.turn_at, self.close_until, self.keep_alive.deadline()];
        deadlines.into_iter().flatten().min_by(f64::total_cmp)
    }

    fn tick(&mut self, now: Millis) {
        if self.turn_at.is_some() {
            self.proceed(now);
        }
        if self.close_until.is_some_and(|until| until <= now) {
            self.close_until = None;
            self.end_reading();
        }
        match self.keep_alive.tick(now) {
            Some(Due::Ping(payload)) if self.state == State::Open => {
                self.connection.write_frame(Opcode::Ping, &payload);
                self.flush();
            }
            Some(Due::TimedOut) => self.fail(close_code::INTERNAL_ERROR, "keepalive ping timeout"),
            _ => {}
        }
    }

    fn receive_bytes(&mut self, bytes: &[u8], now: Millis) {
        if self.calls_app && !self.closing {
            self.connection.feed(bytes);
            self.read(now);
        }
    }

    fn lost(&mut self) {
        if std::mem::replace(&mut self.lost, true) {
            return;
        }
        self.keep_alive.stop();
        self.close_until = None;
        self.lost_before_handshake = !self.handshake_completed;
        self.handshake_completed = true;
        self.state = State::Closed;
        self.close();
        if self.handshake_started && self.answer.is_none() {
            self.log(Level::Info, "connection closed".to_owned(), false);
        }
        self.output.wake = true;
        self.output.writable = std::mem::take(&mut self.send_waits);
    }

    fn shutdown(&mut self, _date: &str) {
        self.is_stopping = true;
        if self.handshake_completed {
            self.fail(close_code::SERVICE_RESTART, "");
        } else {
            self.internal_error();
        }
        self.close();
    }

    fn waiting(&self) -> usize {
        self.messages.len() + usize::from(self.pending.is_some())
    }

    fn receive(&mut self) -> Option<Received> {
        if !std::mem::replace(&mut self.connect_sent, true) {
            return Some(Received::Connect);
        }
        if !self.handshake_completed {
            return None;
        }
        if self.lost_before_handshake {
            return Some(Received::lost(close_code::ABNORMAL));
        }
        if self.closed_event {
            return Some(Received::lost(close_code::NO_STATUS));
        }
        if let Some(message) = self.messages.pop_front() {
            if let Some(message) = self.pending.take() {
                self.messages.push_back(message);
                self.read(0.0);
            }
            return Some(message);
        }
        if !self.lost {
            return None;
        }
        self.closed_event = true;
        if self.is_stopping {
            return Some(Received::lost(close_code::SERVICE_RESTART));
        }
        let abnormal = Close::new(close_code::ABNORMAL, "");
        Some(Received::disconnect(
            self.received.as_ref().unwrap_or(&abnormal),
        ))
    }

    fn waits_for_client(&self, message: &Message<'_>) -> bool {
        let is_data = matches!(message, Message::Text(_) | Message::Bytes(_));
        is_data && self.state == State::Open
    }

    fn send(
        &mut self,
        message: Message<'_>,
        now: Millis,
        _date: &str,
    ) -> Result<Progress, SessionError> {
        if !self.handshake_started {
            self.begin(&message)?;
            self.turn_at = Some(now);
            return Ok(Progress::Done);
        }
        if !self.closed_event && !self.has_response && !self.handshake_completed {
            self.send_waits = true;
            return Ok(Progress::Waits);
        }
        if !self.closed_event && !self.has_response {
            return self.transmit(&message, now);
        }
        if !self.has_response {
            return Err(SessionError::AfterResponse(message.kind().to_owned()));
        }
        let Message::ResponseBody { body, more } = message else {
            return Err(SessionError::ExpectedBody(message.kind().to_owned()));
        };
        if let Some(Answer::Response { body: whole, .. }) = &mut self.answer {
            whole.extend_from_slice(body);
        }
        self.closed_event |= !more;
        Ok(Progress::Done)
    }

    fn ended(&mut self, ending: Ending<'_>, now: Millis, _date: &str) {
        self.closed_event = true;
        match ending {
            Ending::Raised => {
                let text = "Exception in ASGI application".to_owned();
                self.log(Level::Error, text, true);
                if !self.handshake_started {
                    self.internal_error();
                    // Nothing is written any more.
                    self.close();
                }
            }
            Ending::Returned(_) if !self.handshake_started => {
                let text = "ASGI callable returned without sending handshake.".to_owned();
                self.log(Level::Error, text, false);
                self.internal_error();
            }
            Ending::Returned(Some(result)) => {
                let text = format!("ASGI callable should return None, but returned '{result}'.");
                self.log(Level::Error, text, false);
            }
            Ending::Left | Ending::Returned(None) => {}
        }
        self.proceed(now);
        self.close();
    }
}

fn owned(fields: Fields<'_>) -> OwnedFields {
    fields
        .iter()
        .map(|(name, value)| (name.to_vec(), value.to_vec()))
        .collect()
}

fn put_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    for part in [name, b": ", value, b"\r\n"] {
        out.extend_from_slice(part);
    }
}
