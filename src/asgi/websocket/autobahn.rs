//! The frames of daphne's WebSocket connections, as the library autobahn reads and writes them.
//!
//! daphne's handshake and its rules of `receive` and `send` are in Python, as in the original
//! (`src/python/servers/daphne/`): it says here when the connection is open, and what is sent.

use std::collections::VecDeque;

use crate::http1::{CONTINUE, RequestHead};
use crate::os::Millis;
use crate::websocket::frame::Opcode;
use crate::websocket::{Connection, Event, Role, Rules, Settings, close_code, utf8};

use super::error::SessionError;
use super::event::{Message, Received};
use super::output::{End, Output};
use super::session::{Ending, Progress, Session};

/// How long autobahn waits for the answer to its close frame.
const CLOSE_TIMEOUT: Millis = 1_000.0;

/// Whether daphne takes a request for one for a WebSocket: by its first `Upgrade` alone.
pub(super) fn asks(head: &RequestHead) -> bool {
    let mut protocols = head.values("upgrade");
    protocols
        .next()
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The handshake is not complete: what comes is kept.
    Connecting,
    Open,
    /// A close frame was sent.
    Closing,
    Closed,
}

/// A ping that was sent and not answered.
#[derive(Debug)]
struct Pending {
    payload: Vec<u8>,
    until: Option<Millis>,
}

/// A WebSocket connection.
#[derive(Debug)]
pub(super) struct Autobahn {
    state: State,
    connection: Connection,
    /// Bytes that a message may have which is sent.
    limit: usize,
    queue: VecDeque<Received>,
    ping_timeout: Option<Millis>,
    ping: Option<Pending>,
    open_until: Option<Millis>,
    close_until: Option<Millis>,
    /// The code of the client's close frame, [`NO_STATUS`](close_code::NO_STATUS) where it had
    /// none: the connection then ends cleanly.
    close: Option<u16>,
    output: Output,
}

impl Autobahn {
    /// A connection whose request [`asks`] for a WebSocket.
    #[must_use]
    pub(super) fn new(head: &RequestHead, settings: &Settings, now: Millis) -> Self {
        let limit = |size| if size == 0 { usize::MAX } else { size };
        let mut session = Self {
            state: State::Connecting,
            connection: Connection::new(
                Role::Server,
                Rules::AUTOBAHN,
                limit(settings.max_size).min(limit(settings.max_frame)),
            ),
            limit: limit(settings.max_size),
            queue: VecDeque::new(),
            ping_timeout: settings.ping_timeout,
            ping: None,
            open_until: settings.handshake_timeout.map(|timeout| now + timeout),
            close_until: None,
            close: None,
            output: Output::default(),
        };
        if head
            .values("expect")
            .any(|value| value.eq_ignore_ascii_case(b"100-continue"))
        {
            // Twisted's, before it looks at what is asked for.
            session.output.bytes.extend_from_slice(CONTINUE);
        }
        session
    }

    fn read(&mut self) {
        while matches!(self.state, State::Open | State::Closing) {
            match self.connection.read() {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => self.abort(),
            }
            if self.state == State::Closing {
                // The answer to a ping, which is sent by an open connection alone.
                let _ = self.connection.take_output();
            }
            while let Some(event) = self.connection.next_event() {
                self.handle(event);
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Text(data) => match utf8::decode(&data) {
                Ok(text) => self.message(Received::Text(text)),
                Err(_) => self.abort(),
            },
            Event::Binary(data) => self.message(Received::Bytes(data)),
            Event::Pong(payload) => {
                if self
                    .ping
                    .as_ref()
                    .is_some_and(|ping| ping.payload == payload)
                {
                    self.ping = None;
                }
            }
            Event::CloseFrame(payload) => self.closed_by_client(&payload),
            Event::Ping(_) | Event::Close(_) => {}
        }
    }

    fn message(&mut self, message: Received) {
        // Whatever comes shows that the client is there.
        self.ping = None;
        self.push(message);
    }

    fn closed_by_client(&mut self, payload: &[u8]) {
        let code = match payload {
            [] => close_code::NO_STATUS,
            [high, low, reason @ ..] if utf8::decode(reason).is_ok() => {
                u16::from_be_bytes([*high, *low])
            }
            _ => return self.abort(),
        };
        let is_empty = payload.is_empty();
        if !is_empty && !matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999) {
            return self.abort();
        }
        self.close = Some(code);
        if self.state == State::Closing {
            self.abort();
        } else {
            let normal = close_code::NORMAL.to_be_bytes();
            self.write_frame(Opcode::Close, &normal);
            self.drop_connection();
        }
    }

    /// The connection is closed once everything is sent.
    fn drop_connection(&mut self) {
        if self.end() {
            self.output.end = Some(End::Close);
        }
    }

    /// The connection is reset. What Twisted would write in the reactor's next turn is lost.
    fn abort(&mut self) {
        if self.end() {
            self.output.bytes.clear();
            self.output.end = Some(End::Reset);
        }
    }

    fn end(&mut self) -> bool {
        (self.open_until, self.close_until, self.ping) = (None, None, None);
        std::mem::replace(&mut self.state, State::Closed) != State::Closed
    }

    fn write_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        self.connection.write_frame(opcode, payload);
        let bytes = self.connection.take_output();
        self.output.bytes.extend_from_slice(&bytes);
    }

    fn transmit(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SessionError> {
        if self.state != State::Open {
            return Err(SessionError::ClosedProtocol);
        }
        if payload.len() > self.limit {
            return Err(SessionError::PayloadExceeded {
                size: payload.len(),
                limit: self.limit,
            });
        }
        self.write_frame(opcode, payload);
        Ok(())
    }

    fn push(&mut self, received: Received) {
        self.queue.push_back(received);
        self.output.wake = true;
    }
}

impl Session for Autobahn {
    fn calls_app(&self) -> bool {
        true
    }

    /// daphne logs the end of the connection, and looks for the end of its app once a second.
    fn outlives_app(&self) -> bool {
        true
    }

    /// daphne finds them in Python.
    fn subprotocols(&self) -> &[String] {
        &[]
    }

    fn take_output(&mut self) -> Output {
        let bytes = self.connection.take_output();
        self.output.bytes.extend_from_slice(&bytes);
        std::mem::take(&mut self.output)
    }

    fn is_reading(&self) -> bool {
        self.state != State::Closed
    }

    fn deadline(&self) -> Option<Millis> {
        let ping = self.ping.as_ref().and_then(|ping| ping.until);
        let deadlines = [self.open_until, self.close_until, ping];
        deadlines.into_iter().flatten().min_by(f64::total_cmp)
    }

    fn tick(&mut self, now: Millis) {
        if self.deadline().is_some_and(|until| until <= now) {
            self.abort();
        }
    }

    fn receive_bytes(&mut self, bytes: &[u8], _now: Millis) {
        if self.state != State::Closed {
            self.connection.feed(bytes);
            self.read();
        }
    }

    fn lost(&mut self) {
        self.end();
        self.push(Received::lost(self.close.unwrap_or(close_code::ABNORMAL)));
    }

    /// daphne drops its connections when its process ends.
    fn shutdown(&mut self, _date: &str) {}

    fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn receive(&mut self) -> Option<Received> {
        self.queue.pop_front()
    }

    /// Nothing waits for the client: what it does not read is kept for it.
    fn waits_for_client(&self, _message: &Message<'_>) -> bool {
        false
    }

    fn send(
        &mut self,
        message: Message<'_>,
        now: Millis,
        _date: &str,
    ) -> Result<Progress, SessionError> {
        match message {
            Message::Handshake(bytes) if self.state == State::Connecting => {
                self.output.bytes.extend_from_slice(bytes);
                self.state = State::Open;
                self.open_until = None;
                self.read();
            }
            Message::Refusal(bytes) if self.state != State::Closed => {
                self.output.bytes.extend_from_slice(bytes);
                self.drop_connection();
            }
            Message::Text(text) => self.transmit(Opcode::Text, text.as_bytes())?,
            Message::Bytes(bytes) => self.transmit(Opcode::Binary, bytes)?,
            Message::Close { code, .. } if self.state == State::Open => {
                let code = u16::try_from(code).map_err(|_| SessionError::Packed)?;
                self.write_frame(Opcode::Close, &code.to_be_bytes());
                self.state = State::Closing;
                self.close_until = Some(now + CLOSE_TIMEOUT);
            }
            Message::Ping(payload) if self.state == State::Open => {
                self.write_frame(Opcode::Ping, payload);
                self.ping = Some(Pending {
                    payload: payload.to_vec(),
                    until: self.ping_timeout.map(|timeout| now + timeout),
                });
            }
            _ => {}
        }
        Ok(Progress::Done)
    }

    /// daphne finds that out once a second, in Python.
    fn ended(&mut self, _ending: Ending<'_>, _now: Millis, _date: &str) {}
}
