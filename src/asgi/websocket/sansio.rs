//! A WebSocket connection as uvicorn serves it with the library `websockets`
//! (`--ws websockets-sansio`, its default).

use std::collections::VecDeque;

use crate::asgi::status::phrase;
use crate::http1::RequestHead;
use crate::os::Millis;
use crate::servers::Level;
use crate::websocket::connection::SendError;
use crate::websocket::extension::Offer;
use crate::websocket::handshake::{self, Acceptance, Silence};
use crate::websocket::keep_alive::{Due, KeepAlive};
use crate::websocket::utf8;
use crate::websocket::{Close, Connection, Event, Role, Rules, Settings, close_code};

use super::error::SessionError;
use super::event::{Fields, Message, Received};
use super::output::{End, Line, Output};
use super::response;
use super::session::{Context, Ending, Progress, Session};

/// How long the client may take to answer a close frame.
const CLOSE_TIMEOUT: Millis = 10_000.0;

/// A WebSocket connection.
#[derive(Debug)]
// The names of uvicorn's own flags; each changes at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Sansio {
    context: Context,
    acceptance: Option<Acceptance>,
    connection: Connection,
    queue: VecDeque<Received>,
    keep_alive: KeepAlive,
    handshake_complete: bool,
    /// An accept has failed half-way.
    accept_failed: bool,
    close_sent: bool,
    disconnected: bool,
    read_paused: bool,
    /// The transport is closing.
    closing: bool,
    close_until: Option<Millis>,
    response: Option<response::Response>,
    output: Output,
}

impl Sansio {
    /// A connection whose request has asked to be upgraded. Ask [`calls_app`](Self::calls_app)
    /// whether the app is to have it, and [`take_output`](Self::take_output) what happened.
    #[must_use]
    pub(super) fn new(
        head: &RequestHead,
        settings: &Settings,
        context: Context,
        date: &str,
    ) -> Self {
        let offer = settings.compression.then_some(Offer::UVICORN);
        let mut session = Self {
            context,
            acceptance: None,
            connection: Connection::new(Role::Server, Rules::WEBSOCKETS, settings.max_size),
            queue: VecDeque::new(),
            keep_alive: KeepAlive::new(settings.ping_interval, settings.ping_timeout),
            handshake_complete: false,
            accept_failed: false,
            close_sent: false,
            disconnected: false,
            read_paused: false,
            closing: false,
            close_until: None,
            response: None,
            output: Output::default(),
        };
        match handshake::accept(head, offer) {
            Ok(acceptance) => {
                if let Some((_, parameters)) = &acceptance.extensions {
                    session.connection.compress(*parameters);
                }
                session.acceptance = Some(acceptance);
                session.push(Received::Connect);
            }
            Err(Ok(refusal)) => {
                session.handshake_complete = true;
                session.close_sent = true;
                session.reject(refusal.status, &refusal.body(), refusal.field(), date);
                session.close();
            }
            Err(Err(Silence { logged })) => {
                if let Some(status) = logged {
                    let text = format!("HTTP response sent ({status} {})", phrase(status));
                    session.log(Level::Info, text);
                }
            }
        }
        session
    }

    fn text(&mut self, data: &[u8]) {
        if self.close_sent {
            return;
        }
        match utf8::decode(data) {
            Ok(text) => self.message(Received::Text(text)),
            Err(error) => {
                let text = format!(
                    "Invalid UTF-8 sequence received from client.\nTraceback (most recent call \
                     last):\nUnicodeDecodeError: {error}"
                );
                self.log(Level::Error, text);
                // Where it closes already, the library raises and the connection ends.
                let _ = self
                    .connection
                    .close(Close::new(close_code::INVALID_DATA, ""));
                self.failed();
            }
        }
    }

    fn message(&mut self, message: Received) {
        if self.close_sent {
            return;
        }
        self.push(message);
        self.read_paused = true;
    }

    fn closed_by_client(&mut self, close: &Close) {
        if self.close_sent {
            if self.close_until.take().is_some() {
                self.close();
            }
        } else if !self.closing {
            self.push(Received::disconnect(close));
            self.close();
        }
    }

    /// The client broke the protocol.
    fn failed(&mut self) {
        if let Some(close) = self.connection.close_sent() {
            let disconnect = Received::disconnect(close);
            self.push(disconnect);
        }
        self.close_sent = true;
        self.close();
    }

    fn accept(
        &mut self,
        subprotocol: Option<&str>,
        headers: Fields<'_>,
        now: Millis,
    ) -> Result<(), SessionError> {
        self.log_request("[accepted]");
        let Some(acceptance) = &self.acceptance else {
            return Ok(());
        };
        if self.accept_failed {
            return Err(SessionError::AcceptedTwice);
        }
        let mut bytes = Vec::with_capacity(256);
        if let Err(error) = response::switching_protocols(
            acceptance,
            &self.context.defaults,
            headers,
            subprotocol,
            &mut bytes,
        ) {
            self.accept_failed = true;
            return Err(error);
        }
        if !self.closing {
            self.handshake_complete = true;
            self.connection.open();
            // A pong to an early ping has gone out before.
            self.output.bytes.append(&mut self.connection.take_output());
            self.output.bytes.append(&mut bytes);
            self.log(Level::Info, "connection open".to_owned());
            self.keep_alive.start(now);
        }
        Ok(())
    }

    fn close_by_app(&mut self, code: i64, reason: &str, now: Millis) -> Result<(), SessionError> {
        // What is no code at all is refused like any other that must not be sent.
        let code = u16::try_from(code).unwrap_or(0);
        let close = Close::new(code, reason);
        self.push(Received::disconnect(&close));
        if code == close_code::NO_STATUS {
            return Err(SendError::Code.into());
        }
        self.connection.close(close)?;
        self.close_sent = true;
        self.read_paused = false;
        self.close_until = Some(now + CLOSE_TIMEOUT);
        Ok(())
    }

    fn response_body(&mut self, body: &[u8], more: bool, date: &str) -> Result<(), SessionError> {
        let Some(response) = &mut self.response else {
            return Ok(());
        };
        response.body.extend_from_slice(body);
        if more {
            return Ok(());
        }
        let mut bytes = Vec::new();
        response.write(date, &mut bytes);
        let status = response.status;
        let is_sent = self.close_sent;
        self.push(Received::lost(close_code::ABNORMAL));
        self.log_rejection(status);
        if is_sent {
            // The library has ended the connection, and asserts that it has not.
            return Err(SessionError::Assertion);
        }
        self.output.bytes.append(&mut bytes);
        self.close_sent = true;
        self.close();
        Ok(())
    }

    fn internal_error(&mut self, date: &str) {
        if self.response.is_none() && !self.handshake_complete {
            self.reject(500, "Internal Server Error", None, date);
        }
    }

    fn reject(
        &mut self,
        status: u16,
        body: &str,
        field: Option<(&'static str, &'static str)>,
        date: &str,
    ) {
        response::write_rejection(status, body, field, date, &mut self.output.bytes);
        self.log_rejection(status);
    }

    fn close(&mut self) {
        if !std::mem::replace(&mut self.closing, true) {
            self.output.end = Some(End::Close);
        }
    }

    fn push(&mut self, received: Received) {
        self.queue.push_back(received);
        self.output.wake = true;
    }

    fn log_rejection(&mut self, status: u16) {
        let text = format!("connection rejected ({status} {})", phrase(status));
        self.log(Level::Info, text);
    }

    fn log_request(&mut self, what: &str) {
        let Context { client, target, .. } = &self.context;
        let text = format!("{client} - \"WebSocket {target}\" {what}");
        self.log(Level::Info, text);
    }

    fn log(&mut self, level: Level, text: String) {
        self.output.log.push(Line {
            level,
            text,
            traceback: false,
        });
    }

    fn returned(&mut self, result: Option<&str>, date: &str) {
        if !self.handshake_complete {
            let text = "ASGI callable returned without completing handshake.";
            self.log(Level::Error, text.to_owned());
            self.internal_error(date);
        } else if let Some(result) = result {
            let text = format!("ASGI callable should return None, but returned '{result}'.");
            self.log(Level::Error, text);
        }
    }

    fn transmit(
        &mut self,
        message: Message<'_>,
        now: Millis,
        date: &str,
    ) -> Result<(), SessionError> {
        if self.disconnected {
            return Err(SessionError::Disconnected);
        }
        if self.response.is_some() {
            return match message {
                Message::ResponseBody { body, more } => self.response_body(body, more, date),
                other => Err(SessionError::ExpectedBody(other.kind().to_owned())),
            };
        }
        if !self.handshake_complete {
            return match message {
                Message::Accept {
                    subprotocol,
                    headers,
                } => self.accept(subprotocol, headers, now),
                Message::Close { .. } => {
                    self.push(Received::lost(close_code::ABNORMAL));
                    self.log_request("403");
                    self.close_sent = true;
                    self.handshake_complete = true;
                    self.reject(403, "", None, date);
                    self.close();
                    Ok(())
                }
                Message::ResponseStart { status, headers } => {
                    let response = response::Response::new(status, headers)?;
                    self.log_request(&status.to_string());
                    self.response = Some(response);
                    Ok(())
                }
                other => Err(SessionError::ExpectedAccept(other.kind().to_owned())),
            };
        }
        if self.close_sent {
            return Err(SessionError::AfterClose(message.kind().to_owned()));
        }
        match message {
            Message::Text(text) => self.connection.send_text(text)?,
            Message::Bytes(bytes) => self.connection.send_binary(bytes)?,
            Message::Nothing => {}
            Message::Close { .. } if self.closing => {}
            Message::Close { code, reason } => self.close_by_app(code, reason, now)?,
            other => return Err(SessionError::ExpectedSend(other.kind().to_owned())),
        }
        Ok(())
    }
}

impl Session for Sansio {
    fn calls_app(&self) -> bool {
        self.acceptance.is_some()
    }

    fn subprotocols(&self) -> &[String] {
        self.acceptance
            .as_ref()
            .map_or(&[], |acceptance| &acceptance.subprotocols)
    }

    fn take_output(&mut self) -> Output {
        let bytes = self.connection.take_output();
        self.output.bytes.extend_from_slice(&bytes);
        std::mem::take(&mut self.output)
    }

    fn is_reading(&self) -> bool {
        !self.read_paused && !self.closing
    }

    fn deadline(&self) -> Option<Millis> {
        match (self.close_until, self.keep_alive.deadline()) {
            (Some(close), Some(ping)) => Some(close.min(ping)),
            (close, ping) => close.or(ping),
        }
    }

    fn tick(&mut self, now: Millis) {
        if self.close_until.is_some_and(|until| until <= now) {
            self.close_until = None;
            self.close();
        }
        match self.keep_alive.tick(now) {
            Some(_) if self.close_sent || self.closing => {}
            Some(Due::Ping(payload)) => {
                // It can be sent: the connection is open.
                let _ = self.connection.ping(&payload);
            }
            Some(Due::TimedOut) => {
                let reason = "keepalive ping timeout";
                self.connection
                    .fail(Close::new(close_code::INTERNAL_ERROR, reason));
                self.close_sent = true;
                self.close();
            }
            None => {}
        }
    }

    fn receive_bytes(&mut self, bytes: &[u8], now: Millis) {
        if self.acceptance.is_none() || self.closing {
            return;
        }
        self.connection.receive(bytes);
        if self.connection.failure().is_some() {
            // What came with it is lost, as with uvicorn.
            while self.connection.next_event().is_some() {}
            self.failed();
            return;
        }
        while let Some(event) = self.connection.next_event() {
            match event {
                Event::Text(data) => self.text(&data),
                Event::Binary(data) => self.message(Received::Bytes(data)),
                Event::Ping(_) | Event::CloseFrame(_) => {}
                Event::Pong(payload) => self.keep_alive.pong(&payload, now),
                Event::Close(close) => self.closed_by_client(&close),
            }
        }
    }

    fn lost(&mut self) {
        self.keep_alive.stop();
        self.push(Received::lost(if self.handshake_complete {
            close_code::NO_STATUS
        } else {
            close_code::ABNORMAL
        }));
        self.handshake_complete = true;
        self.disconnected = true;
        self.close_until = None;
        self.close();
    }

    fn shutdown(&mut self, date: &str) {
        self.keep_alive.stop();
        if self.close_sent {
            self.close_until = None;
        } else if self.handshake_complete {
            self.push(Received::lost(close_code::SERVICE_RESTART));
            // Where the client was first, there is nothing to be said.
            let _ = self
                .connection
                .close(Close::new(close_code::SERVICE_RESTART, ""));
        } else {
            self.internal_error(date);
        }
        self.close();
    }

    fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn receive(&mut self) -> Option<Received> {
        let received = self.queue.pop_front();
        if received.is_some() && self.queue.is_empty() {
            self.read_paused = false;
        }
        received
    }

    /// uvicorn waits before it looks at what is sent.
    fn waits_for_client(&self, _message: &Message<'_>) -> bool {
        true
    }

    fn send(
        &mut self,
        message: Message<'_>,
        now: Millis,
        date: &str,
    ) -> Result<Progress, SessionError> {
        self.transmit(message, now, date).map(|()| Progress::Done)
    }

    fn ended(&mut self, ending: Ending<'_>, _now: Millis, date: &str) {
        match ending {
            Ending::Returned(result) => self.returned(result, date),
            Ending::Raised => {
                self.output.log.push(Line {
                    level: Level::Error,
                    text: "Exception in ASGI application".to_owned(),
                    traceback: true,
                });
                self.internal_error(date);
            }
            Ending::Left => {}
        }
        if self.close_until.is_none() {
            self.close();
        }
    }
}
