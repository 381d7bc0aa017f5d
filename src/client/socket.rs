//! One WebSocket of the page: what `server.webSocket()` becomes on the network.

use std::collections::VecDeque;

use crate::bounds::MESSAGES;
use crate::http1::client::{Connection as Http, Event as HttpEvent};
use crate::http1::{Framing, ResponseError};
use crate::net::frame::{ToPage, push, push_number};
use crate::net::{ConnectionId, Network};
use crate::os::Millis;
use crate::websocket::handshake::Opening;
use crate::websocket::{Close, Connection, Event, Role, Rules, close_code};
use crate::wire::frame::Header;
use crate::wire::strings::{self, Strings};

use super::outgoing::Outgoing;
use super::seen::Times;
use super::stream::StreamId;

/// The most bytes that a message may have: what a tab can hold of one.
const MAX_MESSAGE: usize = 1 << 28;

/// The opening of a WebSocket as the page encodes it: a list of strings: the port, the target, 24
/// random bytes, how many subprotocols follow, the subprotocols, then names and values of header
/// fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketHead {
    /// The port to connect to.
    pub port: u16,
    target: Vec<u8>,
    nonce: [u8; 16],
    seed: u64,
    protocols: Vec<String>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl SocketHead {
    /// Reads it.
    #[must_use]
    pub fn decode(list: &[u8]) -> Option<Self> {
        let mut strings = strings::read(list);
        let number = |string: &[u8]| std::str::from_utf8(string).ok()?.parse().ok();
        let port = number(strings.next()?)?;
        let target = strings.next()?.to_vec();
        let random = strings.next()?;
        let (nonce, seed) = (random.first_chunk()?, random.last_chunk()?);
        let protocols = (0..number(strings.next()?)?)
            .map(|_| String::from_utf8(strings.next()?.to_vec()).ok())
            .collect::<Option<_>>()?;
        let mut headers = Vec::new();
        while let Some(name) = strings.next() {
            headers.push((name.to_vec(), strings.next()?.to_vec()));
        }
        Some(Self {
            port,
            target,
            nonce: *nonce,
            seed: u64::from_le_bytes(*seed),
            protocols,
            headers,
        })
    }
}

/// How a WebSocket goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// More is to come.
    Going,
    /// Both ends have said that they close, or the server has just gone.
    Closed,
    /// It is no WebSocket, or the server broke the protocol.
    Failed(String),
}

#[derive(Debug)]
pub(super) struct Socket {
    pub(super) stream: StreamId,
    pub(super) connection: ConnectionId,
    pub(super) port: u16,
    /// The request's number in the trace.
    pub(super) number: u32,
    pub(super) times: Times,
    http: Http,
    /// The handshake, until it is complete.
    opening: Option<Opening>,
    websocket: Connection,
    outgoing: Outgoing,
    /// Messages that wait to go out: how many bytes that wait end with each, and how many bytes the
    /// page sent.
    waiting: VecDeque<(usize, u32)>,
    /// Bytes of messages that the page was given and has not taken.
    undelivered: u32,
    /// Bytes received that the server is granted anew when the page has taken enough.
    owed: u32,
}

impl Socket {
    /// Begins the handshake on a connection.
    pub(super) fn new(
        net: &mut Network,
        stream: StreamId,
        connection: ConnectionId,
        number: u32,
        head: SocketHead,
        now: Millis,
    ) -> Self {
        let opening = Opening::new(head.nonce, head.protocols);
        let mut headers = head.headers;
        for (name, value) in opening.fields() {
            headers.push((name.into(), value.into_bytes()));
        }
        let mut http = Http::new();
        let mut out = Vec::with_capacity(512);
        http.send_request(b"GET", &head.target, &headers, Framing::Empty, &mut out);
        let mut websocket = Connection::new(Role::Client, Rules::BROWSER, MAX_MESSAGE);
        websocket.seed(head.seed);
        let mut this = Self {
            stream,
            connection,
            port: head.port,
            number,
            times: Times::new(None, now),
            http,
            opening: Some(opening),
            websocket,
            outgoing: Outgoing::new(connection),
            waiting: VecDeque::new(),
            undelivered: 0,
            owed: 0,
        };
        this.outgoing.send(net, &out);
        this
    }

    /// The page sends a message; text is UTF-8.
    pub(super) fn send(
        &mut self,
        net: &mut Network,
        message: &[u8],
        is_text: bool,
        page: &mut Vec<u8>,
    ) {
        let sent = match std::str::from_utf8(message) {
            Ok(text) if is_text => self.websocket.send_text(text),
            _ => self.websocket.send_binary(message),
        };
        // What is sent after a close counts as waiting for ever, as in a browser.
        if sent.is_ok() {
            self.flush(net);
            self.waiting
                .push_back((self.outgoing.waiting(), message.len() as u32));
            self.report(page);
        }
    }

    /// The page closes. Returns whether the connection is given up: the handshake was not complete.
    pub(super) fn close(&mut self, net: &mut Network, payload: &[u8]) -> bool {
        if self.opening.is_some() {
            return true;
        }
        // The page has checked code and reason.
        if let Ok(close) = Close::decode(payload) {
            let _ = self.websocket.close(close);
            self.flush(net);
        }
        false
    }

    /// The network takes more.
    pub(super) fn credited(&mut self, net: &mut Network, bytes: u32, page: &mut Vec<u8>) {
        let gone = self.outgoing.credited(net, bytes);
        for (end, _) in &mut self.waiting {
            *end = end.saturating_sub(gone);
        }
        self.report(page);
    }

    /// Bytes came.
    pub(super) fn receive(
        &mut self,
        net: &mut Network,
        data: &[u8],
        page: &mut Vec<u8>,
        now: Millis,
    ) -> Step {
        self.owed = self.owed.saturating_add(data.len() as u32);
        let step = if self.opening.is_none() {
            self.websocket.receive(data);
            self.advance(net, page)
        } else {
            self.http.receive(data);
            self.open(net, page, now)
        };
        self.grant(net);
        step
    }

    /// The page has taken so many bytes of messages and their frames.
    pub(super) fn taken(&mut self, net: &mut Network, bytes: u32) {
        self.undelivered = self.undelivered.saturating_sub(bytes);
        self.grant(net);
    }

    /// Lets the server send more, unless the page has enough to take.
    fn grant(&mut self, net: &mut Network) {
        if self.undelivered < MESSAGES {
            net.grant(self.connection, std::mem::take(&mut self.owed));
        }
    }

    /// Gives the page a message.
    fn deliver(&mut self, kind: ToPage, message: &[u8], page: &mut Vec<u8>) {
        push(page, kind, self.stream, message);
        let length = (Header::SIZE + message.len()) as u32;
        self.undelivered = self.undelivered.saturating_add(length);
    }

    /// The server sends nothing more.
    pub(super) fn receive_eof(
        &mut self,
        net: &mut Network,
        page: &mut Vec<u8>,
        now: Millis,
    ) -> Step {
        if self.opening.is_some() {
            self.http.receive_eof();
            return match self.open(net, page, now) {
                Step::Going => Step::Failed(ResponseError::EndBeforeHead.to_string()),
                step => step,
            };
        }
        self.end(close_code::ABNORMAL, "", false, page);
        Step::Closed
    }

    fn open(&mut self, net: &mut Network, page: &mut Vec<u8>, now: Millis) -> Step {
        let head = match self.http.next_event() {
            Ok(Some(HttpEvent::Head(response))) => response.head,
            Ok(None) => return Step::Going,
            Ok(Some(_)) => return Step::Failed(ResponseError::EndBeforeHead.to_string()),
            Err(error) => return Step::Failed(error.to_string()),
        };
        self.times.head_at = Some(now);
        let Some(opening) = self.opening.take() else {
            return Step::Going;
        };
        let opened = match opening.finish(&head) {
            Ok(opened) => opened,
            Err(error) => return Step::Failed(error.to_string()),
        };
        if let Some(parameters) = opened.compression {
            self.websocket.compress(parameters);
        }
        self.websocket.open();
        let number = self.number.to_string();
        let strings = Strings::from_iter([&number, &opened.protocol, &opened.extensions]);
        push(page, ToPage::Head, self.stream, &strings.encode());
        let first = self.http.upgrade();
        self.websocket.receive(&first);
        self.advance(net, page)
    }

    fn advance(&mut self, net: &mut Network, page: &mut Vec<u8>) -> Step {
        self.flush(net);
        while let Some(event) = self.websocket.next_event() {
            match event {
                Event::Text(text) => self.deliver(ToPage::Text, &text, page),
                Event::Binary(bytes) => self.deliver(ToPage::Binary, &bytes, page),
                Event::Ping(_) | Event::Pong(_) | Event::CloseFrame(_) => {}
                Event::Close(close) => {
                    self.end(close.code, &close.reason, true, page);
                    return Step::Closed;
                }
            }
        }
        match self.websocket.failure() {
            Some(failure) => Step::Failed(failure.reason.clone()),
            None => Step::Going,
        }
    }

    /// Tells the page how the connection closed.
    fn end(&mut self, code: u16, reason: &str, clean: bool, page: &mut Vec<u8>) {
        let mut payload = vec![u8::from(clean)];
        payload.extend_from_slice(&code.to_be_bytes());
        payload.extend_from_slice(reason.as_bytes());
        push(page, ToPage::Closed, self.stream, &payload);
    }

    fn flush(&mut self, net: &mut Network) {
        let bytes = self.websocket.take_output();
        self.outgoing.send(net, &bytes);
    }

    /// Tells the page which messages have gone out.
    fn report(&mut self, page: &mut Vec<u8>) {
        let mut gone = 0;
        while let Some((0, bytes)) = self.waiting.front() {
            gone += bytes;
            self.waiting.pop_front();
        }
        if gone > 0 {
            push_number(page, ToPage::Credit, self.stream, gone);
        }
    }
}
