#![allow(clippy::unwrap_used, clippy::panic)]

use super::watermarks::HIGH_WATER;
use super::*;
use crate::asgi::websocket::{Message, Received};
use crate::gateway::{Exception, ExceptionClass};
use crate::net::{ConnectionId, WINDOW};
use crate::testing::test;
use crate::websocket::{Close, Connection as Client, Event as ClientEvent, Role, Rules};
use crate::wire::strings;
use crate::workers::rig::Rig;

const HANDSHAKE: &str = "GET /ws?room=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
     Sec-WebSocket-Version: 13\r\n\r\n";
const ACCEPT: Message<'_> = Message::Accept {
    subprotocol: None,
    headers: &[],
};

/// A worker whose loop stands in `select()`, and a client that speaks WebSocket.
struct Bench {
    rig: Rig,
    worker: AsyncWorker,
    client: Client,
    connection: ConnectionId,
    read: usize,
}

impl Bench {
    fn new(line: &str) -> Self {
        Self::with(line, HANDSHAKE)
    }

    fn with(line: &str, handshake: &str) -> Self {
        let mut rig = Rig::new(line);
        let mut worker = AsyncWorker::new();
        worker.listen(&mut rig.process);
        worker.set_polling(&mut rig.process, true, rig.now);
        let mut client = Client::new(Role::Client, Rules::BROWSER, 1 << 20);
        client.open();
        let mut bench = Self {
            rig,
            worker,
            client,
            connection: ConnectionId::default(),
            read: 0,
        };
        bench.run_until_idle();
        bench.connection = bench.rig.client(handshake);
        bench.run_until_idle();
        bench
    }

    fn run_until_idle(&mut self) {
        while self
            .rig
            .exchange(|process, frame, now| self.worker.deliver(process, frame, now))
        {}
    }

    fn events(&mut self) -> Vec<LoopEvent> {
        let next = || self.worker.next(&mut self.rig.process, self.rig.now);
        let all = std::iter::from_fn(next).collect();
        self.worker.end_turn();
        self.run_until_idle();
        all
    }

    /// The number of the app's call, and the scope's strings.
    fn called(&mut self) -> (u32, Vec<String>) {
        match &self.events()[..] {
            [LoopEvent::Socket(number, scope)] => {
                let text = |string: &[u8]| String::from_utf8_lossy(string).into_owned();
                (*number, strings::read(scope).map(text).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    fn receive(&mut self, number: u32) -> Option<Received> {
        let received = self
            .worker
            .socket_receive(&mut self.rig.process, number, self.rig.now);
        self.run_until_idle();
        received
    }

    fn send(&mut self, number: u32, message: Message<'_>) -> Sent {
        let sent = self
            .worker
            .socket_send(&mut self.rig.process, number, message, self.rig.now);
        self.run_until_idle();
        sent
    }

    fn accepted(line: &str) -> (Self, u32) {
        let mut bench = Self::new(line);
        let (number, _) = bench.called();
        assert_eq!(bench.receive(number), Some(Received::Connect));
        assert_eq!(bench.send(number, ACCEPT), Sent::Done);
        bench.heard();
        (bench, number)
    }

    /// What the client sends.
    fn says(&mut self, what: impl FnOnce(&mut Client)) {
        what(&mut self.client);
        let bytes = self.client.take_output();
        self.rig.net.send(self.connection, &bytes);
        self.run_until_idle();
    }

    /// What came to the client since it was asked last: the response's head, or events.
    fn heard(&mut self) -> (String, Vec<ClientEvent>) {
        let seen = &self.rig.clients[&self.connection].bytes[self.read..];
        self.read += seen.len();
        let head = seen.windows(4).position(|end| end == b"\r\n\r\n");
        let begin = match head {
            Some(at) if seen.starts_with(b"HTTP/") => at + 4,
            _ => 0,
        };
        let text = String::from_utf8_lossy(&seen[..begin]).into_owned();
        let rest = seen[begin..].to_vec();
        self.client.receive(&rest);
        (
            text,
            std::iter::from_fn(|| self.client.next_event()).collect(),
        )
    }

    fn is_closed(&self) -> bool {
        self.rig.clients[&self.connection].eof
    }
}

fn text(text: &str) -> ClientEvent {
    ClientEvent::Text(text.as_bytes().to_vec())
}

#[test]
fn a_handshake_is_answered_when_the_app_accepts() {
    let mut bench = Bench::new("uvicorn app:app");
    let (number, scope) = bench.called();
    assert_eq!(scope[..5], ["ws", "/ws", "/ws", "room=1", ""]);
    assert_eq!(bench.receive(number), Some(Received::Connect));
    assert_eq!(bench.receive(number), None);
    assert_eq!(bench.heard().0, "");
    assert_eq!(bench.send(number, ACCEPT), Sent::Done);
    let (head, _) = bench.heard();
    assert!(
        head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"),
        "{head}"
    );
    assert!(head.ends_with("server: uvicorn\r\n\r\n"), "{head}");
    let log = bench.rig.lines.join("\n");
    assert!(log.contains("\"WebSocket /ws?room=1\" [accepted]"), "{log}");
    assert!(log.contains("INFO:     connection open"), "{log}");
}

#[test]
fn messages_go_both_ways() {
    let (mut bench, number) = Bench::accepted("uvicorn app:app");
    assert_eq!(bench.receive(number), None);
    bench.says(|client| client.send_text("hello").unwrap());
    assert_eq!(bench.events(), [LoopEvent::Receivable(number)]);
    assert_eq!(
        bench.receive(number),
        Some(Received::Text("hello".to_owned()))
    );
    bench.send(number, Message::Text("hi"));
    bench.send(number, Message::Bytes(b"\x00"));
    assert_eq!(bench.heard().1, [text("hi"), ClientEvent::Binary(vec![0])]);
}

#[test]
fn a_client_that_closes_is_answered_and_the_app_told_twice() {
    let (mut bench, number) = Bench::accepted("uvicorn app:app");
    assert_eq!(bench.receive(number), None);
    bench.says(|client| client.close(Close::new(1001, "gone")).unwrap());
    let events = bench.events();
    assert_eq!(
        events,
        [LoopEvent::Receivable(number), LoopEvent::Lost(number)]
    );
    let disconnect = |code, reason: Option<&str>| Received::Disconnect {
        code,
        reason: reason.map(str::to_owned),
    };
    assert_eq!(bench.receive(number), Some(disconnect(1001, Some("gone"))));
    let raised = Sent::Raise(Exception::bare(ExceptionClass::ClientDisconnected));
    assert_eq!(bench.send(number, Message::Text("x")), raised);
    bench
        .worker
        .socket_lost(&mut bench.rig.process, number, bench.rig.now);
    assert_eq!(bench.receive(number), Some(disconnect(1005, None)));
    bench
        .worker
        .socket_returned(&mut bench.rig.process, number, None, bench.rig.now);
    bench.run_until_idle();
    assert!(bench.is_closed());
    assert_eq!(bench.worker.connections(), 0);
    assert!(bench.worker.sockets.is_empty());
}

#[test]
fn while_a_message_waits_for_the_app_nothing_more_is_read() {
    let (mut bench, number) = Bench::accepted("uvicorn app:app");
    bench.says(|client| client.send_text("one").unwrap());
    bench.says(|client| client.send_binary(&vec![0; 3 * WINDOW as usize]).unwrap());
    bench.says(|client| client.send_text("two").unwrap());
    assert_eq!(
        bench.receive(number),
        Some(Received::Text("one".to_owned()))
    );
    let Some(Received::Bytes(bytes)) = bench.receive(number) else {
        panic!("no bytes")
    };
    assert_eq!(bytes.len(), 3 * WINDOW as usize);
    assert_eq!(
        bench.receive(number),
        Some(Received::Text("two".to_owned()))
    );
}

#[test]
fn a_client_that_goes_is_noticed_after_what_it_has_sent() {
    let (mut bench, number) = Bench::accepted("uvicorn app:app");
    bench.says(|client| client.send_text("one").unwrap());
    bench.says(|client| client.send_text("two").unwrap());
    bench.rig.net.shutdown(bench.connection);
    bench.run_until_idle();
    assert_eq!(bench.events(), []);
    assert_eq!(
        bench.receive(number),
        Some(Received::Text("one".to_owned()))
    );
    assert_eq!(bench.events(), []);
    assert_eq!(
        bench.receive(number),
        Some(Received::Text("two".to_owned()))
    );
    assert_eq!(bench.events(), [LoopEvent::Lost(number)]);
}

#[test]
fn a_send_waits_for_a_client_that_does_not_read() {
    let (mut bench, number) = Bench::accepted("uvicorn app:app");
    bench
        .rig
        .clients
        .get_mut(&bench.connection)
        .unwrap()
        .holds_back = true;
    let large = vec![0; WINDOW as usize + HIGH_WATER + 1];
    assert_eq!(bench.send(number, Message::Bytes(&large)), Sent::Done);
    assert_eq!(bench.send(number, Message::Text("x")), Sent::Blocked);
    bench.rig.net.grant(bench.connection, WINDOW);
    bench.run_until_idle();
    assert_eq!(bench.events(), [LoopEvent::Writable(number)]);
    assert_eq!(bench.send(number, Message::Text("x")), Sent::Done);
}

#[test]
fn a_server_that_stops_closes_with_1012() {
    let (mut bench, number) = Bench::accepted("uvicorn app:app");
    assert_eq!(bench.receive(number), None);
    bench
        .worker
        .close_listeners(&mut bench.rig.process, bench.rig.now);
    bench.run_until_idle();
    let event = ClientEvent::Close(Close::new(1012, ""));
    assert_eq!(bench.heard().1, [event]);
    assert!(bench.is_closed());
    assert_eq!(bench.events()[0], LoopEvent::Receivable(number));
    let received = bench.receive(number);
    assert_eq!(
        received,
        Some(Received::Disconnect {
            code: 1012,
            reason: None
        })
    );
}

#[test]
fn a_client_that_answers_no_ping_is_closed_with_1011() {
    let (mut bench, _) =
        Bench::accepted("uvicorn --ws-ping-interval 2 --ws-ping-timeout 1.5 app:app");
    let begin = bench.rig.now;
    assert_eq!(bench.worker.deadline(), Some(begin + 2000.0));
    bench.rig.now = begin + 2000.0;
    bench.worker.tick(&mut bench.rig.process, bench.rig.now);
    bench.run_until_idle();
    let seen = bench.rig.clients[&bench.connection].bytes[bench.read..].to_vec();
    assert_eq!(seen[..2], [0x89, 4]);
    bench.rig.now = begin + 3500.0;
    bench.worker.tick(&mut bench.rig.process, bench.rig.now);
    bench.run_until_idle();
    let close = ClientEvent::Close(Close::new(1011, "keepalive ping timeout"));
    assert_eq!(bench.heard().1.last(), Some(&close));
    assert!(bench.is_closed());
}

#[test]
fn a_refused_handshake_never_reaches_the_app() {
    let mut bench = Bench::new("uvicorn app:app");
    bench.called();
    let bad = HANDSHAKE.replace("Version: 13", "Version: 8");
    bench.connection = bench.rig.client(&bad);
    bench.run_until_idle();
    bench.read = 0;
    assert!(bench.heard().0.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert!(bench.is_closed());
    assert_eq!(bench.events(), []);
    assert_eq!(bench.worker.sockets.len(), 1);
}

#[test]
fn without_websockets_an_upgrade_is_an_ordinary_request() {
    for line in [
        "uvicorn --ws none app:app",
        "uvicorn --interface wsgi app:app",
    ] {
        let mut bench = Bench::new(line);
        assert!(matches!(bench.events()[..], [LoopEvent::Request(..)]));
        let log = bench.rig.lines.join("\n");
        assert!(
            log.contains("WARNING:  Unsupported upgrade request."),
            "{log}"
        );
        assert!(
            log.contains("No supported WebSocket library detected."),
            "{log}"
        );
    }
}

#[test]
fn websockets_are_not_counted_against_the_limit_before_they_are_there() {
    let mut bench = Bench::new("uvicorn --limit-concurrency 1 app:app");
    bench.called();
    let http = bench.rig.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    bench.run_until_idle();
    assert!(bench.rig.clients[&http].text().starts_with("HTTP/1.1 503"));
}

#[test]
fn daphne_reads_the_body_of_a_handshake_first_and_takes_it_for_frames() {
    let handshake = HANDSHAKE.replace("\r\n\r\n", "\r\nContent-Length: 7\r\n\r\n");
    let mut bench = Bench::with("daphne app:app", &handshake);
    assert!(bench.events().is_empty());
    // A frame of one byte with its mask.
    bench.says(|client| client.send_text("x").unwrap());
    let (number, _) = bench.called();
    let answer = Message::Handshake(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    assert_eq!(bench.send(number, answer), Sent::Done);
    assert_eq!(bench.receive(number), Some(Received::Text("x".to_owned())));
}

#[test]
fn daphne_hears_of_a_lost_connection_after_its_app_has_ended() {
    let mut bench = Bench::new("daphne app:app");
    let (number, _) = bench.called();
    let returned = |bench: &mut Bench| {
        let Bench { rig, worker, .. } = bench;
        worker.socket_returned(&mut rig.process, number, None, rig.now);
    };
    returned(&mut bench);
    bench.rig.net.shutdown(bench.connection);
    bench.run_until_idle();
    assert!(matches!(bench.events()[..], [LoopEvent::Lost(its)] if its == number));
    let Bench { rig, worker, .. } = &mut bench;
    worker.socket_lost(&mut rig.process, number, rig.now);
    assert!(matches!(
        bench.receive(number),
        Some(Received::Disconnect { .. })
    ));
    assert!(!bench.worker.sockets.is_empty());
    returned(&mut bench);
    assert!(bench.worker.sockets.is_empty());
}
