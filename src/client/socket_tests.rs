#![allow(clippy::unwrap_used, clippy::panic)]

use super::tests::{Bench, Told};
use super::*;
use crate::bounds::MESSAGES;
use crate::net::WINDOW;
use crate::net::frame::{FromProcess, ToProcess};
use crate::testing::test;
use crate::websocket::handshake::accept_key;
use crate::websocket::{Close, Connection as Server, Event, Role, Rules, close_code};
use crate::wire::strings::Strings;

const RANDOM: [u8; 24] = *b"the sample nonce and so ";
const STREAM: StreamId = 7;

/// The page's WebSocket, and a server that speaks it.
struct Sockets {
    bench: Bench,
    connection: ConnectionId,
    server: Server,
    request: Vec<u8>,
}

impl Sockets {
    /// The page has asked for a WebSocket.
    fn opening(protocols: &[&str]) -> Self {
        let mut bench = Bench::new();
        let count = protocols.len().to_string();
        let mut strings = Strings::new();
        for string in [&b"8000"[..], b"/ws?x", &RANDOM, count.as_bytes()] {
            strings.push(string);
        }
        for protocol in protocols {
            strings.push(protocol);
        }
        strings.push_pair("Host", "a");
        bench.page(FromPage::Socket, STREAM, &strings.encode());
        let (connection, request) = bench.accept_and_read().unwrap();
        let mut server = Server::new(Role::Server, Rules::WEBSOCKETS, 1 << 20);
        server.open();
        Self {
            bench,
            connection,
            server,
            request,
        }
    }

    /// What the page has sent since it was asked last.
    fn heard(&mut self) -> Vec<u8> {
        let data = |(kind, id, body): (ToProcess, u32, Vec<u8>)| {
            (kind == ToProcess::Data && id == self.connection).then_some(body)
        };
        let heard = self.bench.heard();
        heard.into_iter().filter_map(data).flatten().collect()
    }

    fn answers(&mut self, head: &str) {
        self.bench.answer(self.connection, head);
    }

    fn accepts(&mut self, more: &str) {
        let key = accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {key}\r\n{more}\r\n"
        );
        self.answers(&head);
    }

    fn open() -> Self {
        let mut sockets = Self::opening(&[]);
        sockets.accepts("");
        sockets.told();
        sockets.heard();
        sockets
    }

    fn says(&mut self, what: impl FnOnce(&mut Server)) {
        what(&mut self.server);
        let bytes = self.server.take_output();
        self.bench
            .server(FromProcess::Data, self.connection, &bytes);
    }

    /// Bytes that the server has been granted since it was asked last.
    fn granted(&mut self) -> u32 {
        let credit = |(kind, id, body): (ToProcess, u32, Vec<u8>)| {
            let number = body.try_into().map_or(0, u32::from_le_bytes);
            (kind == ToProcess::Credit && id == self.connection).then_some(number)
        };
        self.bench.heard().into_iter().filter_map(credit).sum()
    }

    fn events(&mut self) -> Vec<Event> {
        let heard = self.heard();
        self.server.receive(&heard);
        std::iter::from_fn(|| self.server.next_event()).collect()
    }

    fn told(&mut self) -> Vec<Told> {
        self.bench.told(STREAM)
    }
}

#[test]
fn the_request_is_that_of_a_browser() {
    let sockets = Sockets::opening(&["chat", "superchat"]);
    let request = String::from_utf8(sockets.request).unwrap();
    for line in [
        "GET /ws?x HTTP/1.1\r\n",
        "\r\nHost: a\r\n",
        "\r\nUpgrade: websocket\r\n",
        "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "\r\nSec-WebSocket-Protocol: chat, superchat\r\n",
    ] {
        assert!(request.contains(line), "{request}");
    }
    assert!(!request.contains("Content-Length"), "{request}");
}

#[test]
fn the_page_is_told_when_it_is_open_and_what_was_agreed() {
    let mut sockets = Sockets::opening(&["chat"]);
    assert_eq!(sockets.told(), []);
    sockets.accepts(
        "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
    );
    let head = ["1", "chat", "permessage-deflate"].map(str::to_owned);
    assert_eq!(sockets.told(), [Told::Head(head.to_vec())]);
}

#[test]
fn messages_go_both_ways() {
    let mut sockets = Sockets::open();
    sockets
        .bench
        .page(FromPage::Text, STREAM, "h\u{e9}llo".as_bytes());
    sockets.bench.page(FromPage::Binary, STREAM, b"\x00\xff");
    let text = Event::Text("h\u{e9}llo".into());
    assert_eq!(sockets.events(), [text, Event::Binary(vec![0, 255])]);
    assert_eq!(sockets.told(), [Told::Credit(6), Told::Credit(2)]);
    sockets.says(|server| {
        server.send_text("hi").unwrap();
        server.send_binary(b"\x01").unwrap();
        server.ping(b"p").unwrap();
    });
    assert_eq!(
        sockets.told(),
        [Told::Text("hi".to_owned()), Told::Binary(vec![1])]
    );
    assert_eq!(sockets.events(), [Event::Pong(b"p".to_vec())]);
}

#[test]
fn frames_that_come_with_the_response_are_read() {
    let mut sockets = Sockets::opening(&[]);
    let key = accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {key}\r\n\r\n"
    );
    let bytes = [head.as_bytes(), b"\x81\x07at once"].concat();
    let connection = sockets.connection;
    sockets.bench.server(FromProcess::Data, connection, &bytes);
    assert_eq!(sockets.told()[1], Told::Text("at once".to_owned()));
}

#[test]
fn the_page_closes_with_code_and_reason() {
    let mut sockets = Sockets::open();
    let payload = Close::new(3001, "bye").encode();
    sockets.bench.page(FromPage::Close, STREAM, &payload);
    assert_eq!(sockets.events(), [Event::Close(Close::new(3001, "bye"))]);
    assert_eq!(sockets.told(), []);
    sockets.says(|_| ());
    assert_eq!(sockets.told(), [Told::Closed(true, 3001, "bye".to_owned())]);
}

#[test]
fn the_server_closes() {
    let mut sockets = Sockets::open();
    sockets.says(|server| server.close(Close::new(1001, "going")).unwrap());
    assert_eq!(
        sockets.told(),
        [Told::Closed(true, 1001, "going".to_owned())]
    );
    assert_eq!(sockets.events(), [Event::Close(Close::new(1001, "going"))]);
}

#[test]
fn a_server_that_goes_without_a_word_is_1006() {
    let mut sockets = Sockets::open();
    let connection = sockets.connection;
    sockets.bench.server(FromProcess::Close, connection, b"");
    assert_eq!(
        sockets.told(),
        [Told::Closed(false, close_code::ABNORMAL, String::new())]
    );
}

#[test]
fn what_is_no_websocket_fails() {
    let mut sockets = Sockets::opening(&[]);
    sockets.answers("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let failed = Told::Failed("Unexpected response code: 403".to_owned());
    assert_eq!(sockets.told(), [failed]);
    let mut sockets = Sockets::open();
    let connection = sockets.connection;
    sockets
        .bench
        .server(FromProcess::Data, connection, b"\x83\x00");
    let failed = Told::Failed("invalid opcode".to_owned());
    assert_eq!(sockets.told(), [failed]);
}

#[test]
fn a_message_counts_as_waiting_until_the_network_has_it() {
    let mut sockets = Sockets::open();
    let large = vec![0; 2 * WINDOW as usize];
    sockets.bench.page(FromPage::Binary, STREAM, &large);
    assert_eq!(sockets.told(), []);
    let connection = sockets.connection;
    for _ in 0..3 {
        let window = WINDOW.to_le_bytes();
        sockets
            .bench
            .server(FromProcess::Credit, connection, &window);
    }
    assert_eq!(sockets.told(), [Told::Credit(2 * WINDOW)]);
    assert_eq!(sockets.events(), [Event::Binary(large)]);
}

#[test]
fn a_page_that_takes_no_messages_holds_the_server_up_until_it_does() {
    let mut sockets = Sockets::open();
    let message = vec![0; 60_000];
    let length = message.len() as u32;
    let (mut credit, mut sent) = (WINDOW, 0);
    while credit > length + 100 {
        sockets.says(|server| server.send_binary(&message).unwrap());
        sent += 1;
        credit = credit - length - 10 + sockets.granted();
        assert!(sent < 100, "the server is never held up");
    }
    assert!(sent * length > MESSAGES);
    let taken = sent * (9 + length);
    sockets
        .bench
        .page(FromPage::Credit, STREAM, &taken.to_le_bytes());
    assert!(sockets.granted() >= WINDOW / 2);
}
