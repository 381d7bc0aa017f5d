//! A WebSocket connection as uvicorn serves it with the library wsproto (`--ws wsproto`).

mod handshake;

use std::collections::VecDeque;

use crate::http1::RequestHead;
use crate::os::Millis;
use crate::servers::Level;
use crate::websocket::close::MAX_REASON;
use crate::websocket::frame::Opcode;
use crate::websocket::grammar::latin1;
use crate::websocket::handshake::accept_key;
use crate::websocket::keep_alive::{Due, KeepAlive};
use crate::websocket::{
    Close, Connection, Event, Role, Rules, Settings, Violation, close_code, utf8,
};

use handshake::{check, items, negotiate, put_field, read_close};

pub(super) use handshake::seen;

use super::error::SessionError;
use super::event::{Fields, Message, Received};
use super::output::{End, Line, Output};
use super::session::{Context, Ending, Progress, Session};

/// How long the client may take to answer a close frame.
const CLOSE_TIMEOUT: Millis = 10_000.0;
/// Where wsproto's connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The handshake is not answered.
    Connecting,
    /// A response is on its way; what of its declared length is to come, or it is chunked.
    Rejecting(Option<u64>),
    Open,
    /// The client's close frame came, ours was not sent.
    RemoteClosing,
    /// Our close frame was sent.
    LocalClosing,
    Closed,
}

/// A WebSocket connection.
#[derive(Debug)]
// The names of uvicorn's own flags; each changes at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Wsproto {
    context: Context,
    /// The value of `Sec-WebSocket-Accept`; `None`: the handshake was refused.
    key: Option<String>,
    subprotocols: Vec<String>,
    /// The extensions that the client offers.
    offers: Vec<String>,
    compression: bool,
    limit: usize,
    connection: Connection,
    state: State,
    queue: VecDeque<Received>,
    keep_alive: KeepAlive,
    handshake_complete: bool,
    close_sent: bool,
    response_started: bool,
    disconnected: bool,
    read_paused: bool,
    /// No frame is read any more.
    read_ended: bool,
    /// The transport is closing.
    closing: bool,
    close_until: Option<Millis>,
    output: Output,
}

impl Wsproto {
    /// A connection whose request has asked to be upgraded.
    #[must_use]
    pub(super) fn new(head: &RequestHead, settings: &Settings, context: Context) -> Self {
        let mut session = Self {
            context,
            key: None,
            subprotocols: items(head, "sec-websocket-protocol"),
            offers: items(head, "sec-websocket-extensions"),
            compression: settings.compression,
            limit: settings.max_size,
            connection: Connection::new(Role::Server, Rules::WSPROTO, settings.max_size),
            state: State::Connecting,
            queue: VecDeque::new(),
            keep_alive: KeepAlive::new(settings.ping_interval, settings.ping_timeout),
            handshake_complete: false,
            close_sent: false,
            response_started: false,
            disconnected: false,
            read_paused: false,
            read_ended: false,
            closing: false,
            close_until: None,
            output: Output::default(),
        };
        match check(head) {
            Ok(key) => {
                session.key = Some(accept_key(&key));
                session.push(Received::Connect);
            }
            Err((status, field)) => {
                let response = format!("HTTP/1.1 {status} \r\n{field}content-length: 0\r\n\r\n");
                session.output.bytes.extend_from_slice(response.as_bytes());
                session.close();
            }
        }
        session
    }

    fn read(&mut self, now: Millis) {
        while !self.read_ended {
            match self.connection.read() {
                Ok(true) => {}
                Ok(false) => return,
                Err(Violation::TooBig { .. }) => {
                    self.read_ended = true;
                    self.too_big();
                }
                Err(violation) => {
                    self.read_ended = true;
                    let reason = Rules::WSPROTO.reason(&violation);
                    self.closed_by_client(&Close::new(Rules::WSPROTO.code(&violation), reason));
                }
            }
            if self.close_sent || self.state != State::Open {
                // The answer to a ping, which is sent by an open connection alone.
                let _ = self.connection.take_output();
            }
            self.flush();
            while let Some(event) = self.connection.next_event() {
                self.handle(event, now);
            }
        }
    }

    fn handle(&mut self, event: Event, now: Millis) {
        match event {
            Event::CloseFrame(payload) => {
                self.read_ended = true;
                match read_close(&payload) {
                    Ok(close) => {
                        self.state = match self.state {
                            State::LocalClosing => State::Closed,
                            _ => State::RemoteClosing,
                        };
                        self.closed_by_client(&close);
                    }
                    Err(close) => self.closed_by_client(&close),
                }
            }
            _ if self.close_sent => {}
            Event::Text(data) => {
                // The connection has looked whether it is UTF-8.
                self.message(Received::Text(utf8::decode(&data).unwrap_or_default()));
            }
            Event::Binary(data) => self.message(Received::Bytes(data)),
            Event::Pong(payload) => self.keep_alive.pong(&payload, now),
            Event::Ping(_) | Event::Close(_) => {}
        }
    }

    fn message(&mut self, message: Received) {
        self.push(message);
        self.read_paused = true;
    }

    fn too_big(&mut self) {
        if self.close_sent {
            return;
        }
        self.close_sent = true;
        let reason = format!("Message exceeds the maximum size ({} bytes)", self.limit);
        let close = Close::new(close_code::TOO_BIG, reason);
        self.push(Received::disconnect(&close));
        if !self.closing {
            self.write_close(&close);
            self.close();
        }
    }

    fn closed_by_client(&mut self, close: &Close) {
        if self.close_sent {
            if self.close_until.take().is_some() {
                self.close();
            }
            return;
        }
        if self.state == State::RemoteClosing {
            self.write_close(close);
        }
        self.push(Received::disconnect(close));
        self.close();
    }

    /// Sends a close frame, where the connection can still send one.
    fn write_close(&mut self, close: &Close) {
        self.state = match self.state {
            State::Open => State::LocalClosing,
            State::RemoteClosing => State::Closed,
            _ => return,
        };
        self.connection.write_frame(Opcode::Close, &close.encode());
        self.flush();
    }

    fn flush(&mut self) {
        let mut bytes = self.connection.take_output();
        if !self.closing {
            self.output.bytes.append(&mut bytes);
        }
    }

    fn accept(
        &mut self,
        subprotocol: Option<&str>,
        headers: Fields<'_>,
        now: Millis,
    ) -> Result<(), SessionError> {
        self.log_request("[accepted]");
        let Some(key) = self.key.clone().filter(|_| !self.closing) else {
            return Ok(());
        };
        self.handshake_complete = true;
        let mut bytes = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {key}\r\n"
        );
        if let Some(name) = subprotocol {
            if !self.subprotocols.iter().any(|offered| offered == name) {
                let text = format!("unexpected subprotocol {name}");
                return Err(SessionError::Wsproto(text));
            }
            bytes = format!("{bytes}Sec-WebSocket-Protocol: {name}\r\n");
        }
        let agreed = if self.compression {
            negotiate(&self.offers)?
        } else {
            None
        };
        if let Some((answer, _)) = &agreed {
            bytes = format!("{bytes}Sec-WebSocket-Extensions: {answer}\r\n");
        }
        let mut bytes = bytes.into_bytes();
        let defaults = std::mem::take(&mut self.context.defaults);
        for (name, value) in defaults.pairs().chain(headers.iter().copied()) {
            put_field(name, value, &mut bytes)?;
        }
        bytes.extend_from_slice(b"\r\n");
        if let Some((_, Some(parameters))) = agreed {
            self.connection.compress(parameters);
        }
        self.connection.open();
        self.state = State::Open;
        self.output.bytes.extend_from_slice(&bytes);
        self.keep_alive.start(now);
        Ok(())
    }

    fn close_by_app(&mut self, code: i64, reason: &str, now: Millis) -> Result<(), SessionError> {
        self.close_sent = true;
        let told = u16::try_from(code).map_err(|_| SessionError::Packed)?;
        self.push(Received::disconnect(&Close::new(told, reason)));
        if !matches!(self.state, State::Open | State::RemoteClosing) {
            return Err(SessionError::Disconnected);
        }
        let said = match told {
            // What stands for no frame at all is not sent.
            1005 | 1006 | 1015 => close_code::NORMAL,
            code => code,
        };
        let mut length = reason.len().min(MAX_REASON);
        while !reason.is_char_boundary(length) {
            length -= 1;
        }
        self.write_close(&Close::new(said, &reason[..length]));
        if !self.closing {
            self.read_paused = false;
            self.close_until = Some(now + CLOSE_TIMEOUT);
        }
        Ok(())
    }

    fn transmit(&mut self, message: &Message<'_>) -> Result<(), SessionError> {
        if self.state != State::Open {
            return Err(SessionError::Disconnected);
        }
        let sent = match message {
            Message::Text(text) => self.connection.send_text(text),
            Message::Bytes(bytes) => self.connection.send_binary(bytes),
            _ => return Err(SessionError::NeitherTextNorBytes),
        };
        self.flush();
        sent.map_err(Into::into)
    }

    fn start_response(&mut self, status: i64, headers: Fields<'_>) -> Result<(), SessionError> {
        let status = u16::try_from(status)
            .ok()
            .filter(|status| (100..600).contains(status))
            .ok_or(SessionError::Status(status))?;
        self.log_request(&status.to_string());
        self.handshake_complete = true;
        let mut bytes = format!("HTTP/1.1 {status} \r\n").into_bytes();
        let mut length = None;
        for (name, value) in headers {
            put_field(name, value, &mut bytes)?;
            if name.eq_ignore_ascii_case(b"content-length") {
                length = latin1(value).parse().ok();
            }
        }
        if length.is_none() {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        self.state = State::Rejecting(length);
        self.respond(&bytes);
        self.response_started = true;
        Ok(())
    }

    fn response_body(&mut self, body: &[u8], more: bool) -> Result<(), SessionError> {
        let State::Rejecting(length) = self.state else {
            let text = "Cannot send rejection data in state ConnectionState.CLOSED";
            return Err(SessionError::Wsproto(text.to_owned()));
        };
        let mut bytes = Vec::new();
        match length {
            None => {
                if !body.is_empty() {
                    bytes.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
                    bytes.extend_from_slice(body);
                    bytes.extend_from_slice(b"\r\n");
                }
                if !more {
                    bytes.extend_from_slice(b"0\r\n\r\n");
                }
            }
            Some(length) => {
                let text = "Too much data for declared Content-Length";
                let rest = length
                    .checked_sub(body.len() as u64)
                    .ok_or_else(|| SessionError::H11(text.to_owned()))?;
                if !more && rest > 0 {
                    let text = "Too little data for declared Content-Length";
                    return Err(SessionError::H11(text.to_owned()));
                }
                self.state = State::Rejecting(Some(rest));
                bytes.extend_from_slice(body);
            }
        }
        self.respond(&bytes);
        if !more {
            self.state = State::Closed;
            self.push(Received::lost(close_code::ABNORMAL));
            self.close_sent = true;
            self.close();
        }
        Ok(())
    }

    fn respond(&mut self, bytes: &[u8]) {
        if !self.closing {
            self.output.bytes.extend_from_slice(bytes);
        }
    }

    fn internal_error(&mut self) {
        if !self.response_started && !self.handshake_complete && self.state == State::Connecting {
            self.respond(
                b"HTTP/1.1 500 \r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\
                  content-length: 21\r\n\r\nInternal Server Error",
            );
            self.state = State::Rejecting(Some(0));
        }
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

impl Session for Wsproto {
    fn calls_app(&self) -> bool {
        self.key.is_some()
    }

    fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    fn take_output(&mut self) -> Output {
        std::mem::take(&mut self.output)
    }

    fn is_reading(&self) -> bool {
        !self.read_paused && !self.closing
    }

    fn deadline(&self) -> Option<Millis> {
        let deadlines = [self.close_until, self.keep_alive.deadline()];
        deadlines.into_iter().flatten().min_by(f64::total_cmp)
    }

    fn tick(&mut self, now: Millis) {
        if self.close_until.is_some_and(|until| until <= now) {
            self.close_until = None;
            self.close();
        }
        match self.keep_alive.tick(now) {
            Some(_) if self.close_sent || self.closing => {}
            Some(Due::Ping(payload)) => {
                self.connection.write_frame(Opcode::Ping, &payload);
                self.flush();
            }
            Some(Due::TimedOut) => {
                let reason = "keepalive ping timeout";
                self.write_close(&Close::new(close_code::INTERNAL_ERROR, reason));
                self.close_sent = true;
                self.close();
            }
            None => {}
        }
    }

    fn receive_bytes(&mut self, bytes: &[u8], now: Millis) {
        if self.closing {
            return;
        }
        match self.state {
            State::Open | State::LocalClosing => {
                self.connection.feed(bytes);
                self.read(now);
            }
            State::Closed => self.close(),
            // What comes before the handshake is answered is lost.
            State::Connecting | State::Rejecting(_) | State::RemoteClosing => {}
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

    fn shutdown(&mut self, _date: &str) {
        self.keep_alive.stop();
        if self.close_sent {
            self.close_until = None;
        } else if self.handshake_complete {
            self.push(Received::lost(close_code::SERVICE_RESTART));
            self.write_close(&Close::new(close_code::SERVICE_RESTART, ""));
        } else {
            self.internal_error();
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
        _date: &str,
    ) -> Result<Progress, SessionError> {
        if self.disconnected {
            return Err(SessionError::Disconnected);
        }
        if !self.handshake_complete {
            match message {
                Message::Accept {
                    subprotocol,
                    headers,
                } => self.accept(subprotocol, headers, now)?,
                Message::Close { .. } => {
                    self.push(Received::lost(close_code::ABNORMAL));
                    self.log_request("403");
                    self.handshake_complete = true;
                    self.close_sent = true;
                    self.respond(b"HTTP/1.1 403 \r\ncontent-length: 0\r\n\r\n");
                    self.state = State::Closed;
                    self.close();
                }
                Message::ResponseStart { status, headers } => {
                    self.start_response(status, headers)?;
                }
                other => return Err(SessionError::ExpectedAccept(other.kind().to_owned())),
            }
            return Ok(Progress::Done);
        }
        match message {
            Message::ResponseBody { body, more } if self.response_started => {
                self.response_body(body, more)?;
            }
            other if self.response_started => {
                return Err(SessionError::ExpectedBody(other.kind().to_owned()));
            }
            other if self.close_sent => {
                return Err(SessionError::AfterClose(other.kind().to_owned()));
            }
            Message::Text(_) | Message::Bytes(_) | Message::Nothing => self.transmit(&message)?,
            Message::Close { code, reason } => self.close_by_app(code, reason, now)?,
            other => return Err(SessionError::ExpectedSend(other.kind().to_owned())),
        }
        Ok(Progress::Done)
    }

    fn ended(&mut self, ending: Ending<'_>, _now: Millis, _date: &str) {
        match ending {
            Ending::Raised => {
                let text = "Exception in ASGI application".to_owned();
                self.log(Level::Error, text, true);
                self.internal_error();
            }
            Ending::Returned(_) if !self.handshake_complete => {
                let text = "ASGI callable returned without completing handshake.".to_owned();
                self.log(Level::Error, text, false);
                self.internal_error();
            }
            Ending::Returned(Some(result)) => {
                let text = format!("ASGI callable should return None, but returned '{result}'.");
                self.log(Level::Error, text, false);
            }
            Ending::Left | Ending::Returned(None) => {}
        }
        if self.close_until.is_none() {
            self.close();
        }
    }
}
