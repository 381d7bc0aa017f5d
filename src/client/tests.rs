#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::net::frame::{Accepted, FromPage, FromProcess, ToPage, ToProcess, frames};
use crate::net::{ListenerId, WINDOW};
use crate::os::Pid;
use crate::testing::test;
use crate::wire::strings::{self, Strings};

const PID: Pid = 20;
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A client, and a server that the test plays.
pub(super) struct Bench {
    pub(super) net: Network,
    pub(super) client: Client,
    listener: ListenerId,
}

/// What the page was told of a stream.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Head(Vec<String>),
    Data(String),
    Eof,
    Credit(u32),
    Refused(String),
    Failed(String),
    Text(String),
    Binary(Vec<u8>),
    Closed(bool, u16, String),
}

impl Bench {
    pub(super) fn new() -> Self {
        let mut net = Network::new();
        let listener = net.listen(("127.0.0.1".to_owned(), 8000), 10).unwrap();
        Self {
            net,
            client: Client::new(),
            listener,
        }
    }

    pub(super) fn page(&mut self, kind: FromPage, id: StreamId, body: &[u8]) {
        let frame = Frame { kind, id, body };
        self.client.from_page(&mut self.net, frame, 5.0);
        self.run_until_idle();
    }

    fn fetch(&mut self, id: StreamId, port: &str, body: &str) {
        let mut run = Vec::new();
        let strings = [port, "POST", "/", body, "Host", "a"];
        strings.iter().collect::<Strings>().encode_into(&mut run);
        self.page(FromPage::Fetch, id, &run);
    }

    fn run_until_idle(&mut self) {
        while let Some((connection, event)) = self.net.next_client_event() {
            self.client
                .on_network(&mut self.net, connection, event, 5.0);
        }
    }

    pub(super) fn server(&mut self, kind: FromProcess, id: u32, body: &[u8]) {
        self.net.from_process(PID, Frame { kind, id, body }, 5.0);
        self.run_until_idle();
    }

    /// The server accepts a connection, if there is one.
    pub(super) fn accept(&mut self) -> Option<ConnectionId> {
        self.accept_and_read().map(|(connection, _)| connection)
    }

    /// The same, and what has come on it.
    pub(super) fn accept_and_read(&mut self) -> Option<(ConnectionId, Vec<u8>)> {
        self.server(FromProcess::Accept, self.listener, &1_u32.to_le_bytes());
        let heard = self.heard();
        let accepted = |kind: &ToProcess| *kind == ToProcess::Accepted;
        let (_, connection, body) = heard.iter().find(|(kind, ..)| accepted(kind))?;
        Accepted::decode(body).unwrap();
        let is_data = |(kind, id, _): &&(ToProcess, u32, Vec<u8>)| {
            *kind == ToProcess::Data && id == connection
        };
        let data = heard.iter().filter(is_data);
        Some((
            *connection,
            data.flat_map(|(.., body)| body.clone()).collect(),
        ))
    }

    /// What the server has been told.
    pub(super) fn heard(&mut self) -> Vec<(ToProcess, u32, Vec<u8>)> {
        let mut all = Vec::new();
        for (_, message) in self.net.take_outboxes() {
            all.extend(frames(&message).map(|f| (f.kind, f.id, f.body.to_vec())));
        }
        all
    }

    pub(super) fn answer(&mut self, connection: ConnectionId, text: &str) {
        self.server(FromProcess::Data, connection, text.as_bytes());
    }

    pub(super) fn told(&mut self, id: StreamId) -> Vec<Told> {
        let message = std::mem::take(&mut self.client.page);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let told = frames(&message)
            .filter(|frame| frame.id == id)
            .map(|frame| match frame.kind {
                ToPage::Head => Told::Head(strings::read(frame.body).map(text).collect()),
                ToPage::Data => Told::Data(text(frame.body)),
                ToPage::Eof => Told::Eof,
                ToPage::Credit => Told::Credit(frame.number()),
                ToPage::Refused => Told::Refused(text(frame.body)),
                ToPage::Reset => Told::Failed(text(frame.body)),
                ToPage::Text => Told::Text(text(frame.body)),
                ToPage::Binary => Told::Binary(frame.body.to_vec()),
                ToPage::Closed => match frame.body {
                    [clean, high, low, reason @ ..] => {
                        Told::Closed(*clean == 1, u16::from_be_bytes([*high, *low]), text(reason))
                    }
                    other => panic!("the page was told {other:?}"),
                },
                other @ (ToPage::Spans | ToPage::Requests) => panic!("the page was told {other:?}"),
            });
        told.collect()
    }
}

fn head(number: &str, fields: &[&str]) -> Told {
    let all = [number, "200", "OK"]
        .into_iter()
        .chain(fields.iter().copied());
    Told::Head(all.map(str::to_owned).collect())
}

#[test]
fn a_response_streams_to_the_page_as_it_comes() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let connection = bench.accept().unwrap();
    bench.answer(connection, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    assert_eq!(
        bench.told(1),
        [
            head("1", &["Content-Length", "4"]),
            Told::Data("ab".to_owned())
        ]
    );
    bench.answer(connection, "cd");
    assert_eq!(bench.told(1), [Told::Data("cd".to_owned()), Told::Eof]);
}

#[test]
fn a_kept_connection_is_used_again() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let connection = bench.accept().unwrap();
    bench.answer(connection, OK);
    bench.fetch(2, "8000", "0");
    assert!(
        bench
            .heard()
            .iter()
            .any(|(kind, id, _)| *kind == ToProcess::Data && *id == connection)
    );
    assert_eq!(bench.accept(), None);
    bench.answer(connection, OK);
    assert!(bench.told(2).contains(&Told::Eof));
}

#[test]
fn a_connection_that_the_server_ends_is_not_used_again() {
    let mut bench = Bench::new();
    for end in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        OK,
    ] {
        bench.fetch(1, "8000", "0");
        let connection = bench.accept().unwrap();
        bench.answer(connection, end);
        assert!(bench.told(1).contains(&Told::Eof));
        bench.server(FromProcess::Close, connection, b"");
    }
    bench.fetch(2, "8000", "0");
    assert!(bench.accept().is_some());
}

#[test]
fn a_request_that_meets_a_closing_connection_is_sent_again_on_a_new_one() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let kept = bench.accept().unwrap();
    bench.answer(kept, OK);
    bench.fetch(2, "8000", "0");
    bench.told(2);
    // The server had closed before it read the request.
    bench.server(FromProcess::Reset, kept, b"");
    let fresh = bench.accept().unwrap();
    assert_ne!(fresh, kept);
    bench.answer(fresh, OK);
    assert!(bench.told(2).contains(&Told::Eof));
}

#[test]
fn a_request_with_a_body_is_not_sent_twice() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let kept = bench.accept().unwrap();
    bench.answer(kept, OK);
    bench.fetch(2, "8000", "5");
    bench.server(FromProcess::Reset, kept, b"");
    assert!(matches!(&bench.told(2)[..], [.., Told::Failed(_)]));
    assert_eq!(bench.accept(), None);
}

#[test]
fn a_new_connection_that_breaks_is_not_tried_again() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let connection = bench.accept().unwrap();
    bench.server(FromProcess::Reset, connection, b"");
    assert_eq!(
        bench.told(1),
        [Told::Failed(
            "the connection was reset by the server".to_owned()
        )]
    );
    assert_eq!(bench.accept(), None);
}

#[test]
fn a_response_that_is_cut_short_fails_after_what_came() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let connection = bench.accept().unwrap();
    bench.answer(connection, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    bench.server(FromProcess::Close, connection, b"");
    let told = bench.told(1);
    assert_eq!(told[1], Told::Data("ab".to_owned()));
    assert!(
        matches!(&told[2], Told::Failed(why) if why.contains("inside the response body")),
        "{told:?}"
    );
}

#[test]
fn a_port_on_which_nobody_listens_refuses() {
    let mut bench = Bench::new();
    bench.fetch(1, "81", "0");
    assert_eq!(
        bench.told(1),
        [Told::Refused(
            "connection refused: nothing listens on port 81".to_owned()
        )]
    );
    bench.page(FromPage::Connect, 2, &81_u32.to_le_bytes());
    assert!(matches!(&bench.told(2)[..], [Told::Refused(_)]));
}

#[test]
fn the_server_may_send_on_only_as_the_page_reads() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let connection = bench.accept().unwrap();
    let granted = |bench: &mut Bench| -> u32 {
        let heard = bench.heard();
        let credits = heard.iter().filter(|(kind, ..)| *kind == ToProcess::Credit);
        credits
            .map(|(.., body)| u32::from_le_bytes(body[..].try_into().unwrap()))
            .sum()
    };
    let (half, whole) = (WINDOW / 2, WINDOW);
    bench.answer(
        connection,
        &[
            "HTTP/1.1 200 OK\r\nContent-Length: ",
            &(2 * whole).to_string(),
            "\r\n\r\n",
        ]
        .concat(),
    );
    bench.answer(connection, &"x".repeat(half as usize));
    assert_eq!(granted(&mut bench), 0, "the page has read nothing of it");
    bench.page(FromPage::Credit, 1, &half.to_le_bytes());
    assert!(
        (half..half + 100).contains(&granted(&mut bench)),
        "what was read, and the head"
    );
    bench.page(FromPage::Credit, 1, &whole.to_le_bytes());
    assert_eq!(granted(&mut bench), 0, "never more than came");
}

#[test]
fn an_upload_waits_for_the_server_to_read() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "1000000");
    let connection = bench.accept().unwrap();
    let sent = |bench: &mut Bench| -> usize {
        let heard = bench.heard();
        let data = heard.iter().filter(|(kind, ..)| *kind == ToProcess::Data);
        data.map(|(.., body)| body.len()).sum()
    };
    let head = sent(&mut bench);
    bench.page(FromPage::Data, 1, &vec![b'x'; WINDOW as usize + 1000]);
    let room = WINDOW as usize - head;
    assert!(sent(&mut bench) <= room, "the window is full");
    bench.server(FromProcess::Credit, connection, &(WINDOW / 2).to_le_bytes());
    assert!(sent(&mut bench) >= 1000, "the rest follows");
    assert!(
        bench.told(1).contains(&Told::Credit(WINDOW / 2)),
        "the page may send as much"
    );
}

#[test]
fn a_fetch_that_the_page_gives_up_resets_its_connection() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let connection = bench.accept().unwrap();
    bench.page(FromPage::Reset, 1, b"");
    assert!(
        bench
            .heard()
            .contains(&(ToProcess::Reset, connection, Vec::new()))
    );
    bench.answer(connection, OK);
    assert!(bench.told(1).is_empty());
    bench.fetch(2, "8000", "0");
    assert!(bench.accept().is_some(), "it is not used again");
}

#[test]
fn kept_connections_end_with_their_server() {
    let mut bench = Bench::new();
    bench.fetch(1, "8000", "0");
    let connection = bench.accept().unwrap();
    bench.answer(connection, OK);
    bench.client.port_closed(&mut bench.net, 8000);
    assert!(
        bench
            .heard()
            .contains(&(ToProcess::Eof, connection, Vec::new()))
    );
    bench.fetch(2, "8000", "0");
    assert!(bench.accept().is_some());
}

#[test]
fn a_bare_connection_carries_bytes_both_ways_and_ends_each_by_itself() {
    let mut bench = Bench::new();
    bench.page(FromPage::Connect, 1, &8000_u32.to_le_bytes());
    let connection = bench.accept().unwrap();
    assert_eq!(bench.told(1), [Told::Head(Vec::new())]);
    bench.page(FromPage::Data, 1, b"ping");
    bench.page(FromPage::Eof, 1, b"");
    assert_eq!(
        bench.heard(),
        [
            (ToProcess::Data, connection, b"ping".to_vec()),
            (ToProcess::Eof, connection, Vec::new())
        ]
    );
    bench.answer(connection, "pong");
    bench.server(FromProcess::Close, connection, b"");
    assert_eq!(bench.told(1), [Told::Data("pong".to_owned()), Told::Eof]);
}
