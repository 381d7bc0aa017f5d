//! What a real daphne did with frames (`tests/websocket/`), done again. Handshakes and the rules of
//! `send` are in Python, and are tested there.

#![allow(clippy::unwrap_used)]

use serde_json::{Map, Value};

use super::*;
use crate::http1::{self, RequestHead};
use crate::servers::Launch;
use crate::servers::testing::launch;
use crate::testing::test;

const CASES: &str = include_str!("../../../tests/websocket/cases.json");
const DAPHNE: &str = include_str!("../../../tests/websocket/daphne.json");

/// A connection whose app sends back what it receives, unless that is empty.
struct Echo {
    session: Box<dyn Session>,
    bytes: Vec<u8>,
    state: &'static str,
    codes: Vec<Option<u16>>,
}

impl Echo {
    fn drain(&mut self) {
        let output = self.session.take_output();
        self.bytes.extend(output.bytes);
        match output.end {
            None => {}
            Some(End::Close) => self.state = "closed",
            Some(End::Reset) => {
                self.state = "reset";
                self.bytes.clear();
            }
        }
    }

    fn run(&mut self) {
        self.drain();
        while let Some(received) = self.session.receive() {
            let sent = match &received {
                Received::Text(text) if !text.is_empty() => Message::Text(text),
                Received::Bytes(bytes) if !bytes.is_empty() => Message::Bytes(bytes),
                Received::Disconnect { code, .. } => {
                    self.codes.push(Some(*code).filter(|&code| code != 1005));
                    continue;
                }
                _ => continue,
            };
            let _ = self.session.send(sent, 0.0, "");
            self.drain();
        }
    }
}

fn head(launch: &Launch) -> RequestHead {
    let mut connection = http1::server::Connection::new(launch.rules, launch.limits);
    connection.receive(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    match connection.next_event().unwrap() {
        Some(http1::server::Event::Head(head)) => head,
        other => unreachable!("{other:?}"),
    }
}

/// What the client got in each step, and the codes of the disconnects.
type Played = (Vec<(Vec<u8>, &'static str)>, Vec<Option<u16>>);

fn play(steps: &[Vec<u8>]) -> Played {
    let launch = launch("daphne app:app --websocket-max-message-size 1000");
    let settings = launch.asgi.websocket.unwrap();
    let head = head(&launch);
    let mut echo = Echo {
        session: begin(&head, &settings, Context::default(), 0.0, ""),
        bytes: Vec::new(),
        state: "open",
        codes: Vec::new(),
    };
    let opened = echo.session.send(Message::Handshake(b""), 0.0, "");
    assert_eq!(opened, Ok(Progress::Done));
    echo.run();
    let mut answers = Vec::new();
    for step in steps {
        if echo.state != "open" {
            break;
        }
        if step.is_empty() {
            echo.state = "closed";
        } else {
            echo.session.receive_bytes(step, 0.0);
        }
        echo.run();
        answers.push((std::mem::take(&mut echo.bytes), echo.state));
    }
    echo.session.lost();
    echo.run();
    (answers, echo.codes)
}

fn latin1(text: &Value) -> Vec<u8> {
    text.as_str()
        .unwrap()
        .chars()
        .map(|char| char as u8)
        .collect()
}

#[test]
fn frames_are_as_daphnes() {
    let cases: Map<String, Value> = serde_json::from_str(CASES).unwrap();
    let recorded: Map<String, Value> = serde_json::from_str(DAPHNE).unwrap();
    let mut different = Vec::new();
    for (name, case) in &cases {
        if !name.starts_with("frames-") {
            continue;
        }
        let list = |value: &Value| value.as_array().unwrap().clone();
        let steps: Vec<Vec<u8>> = list(&case["steps"])[1..].iter().map(latin1).collect();
        let (answers, codes) = play(&steps);
        let expected = list(&recorded[name]["answers"]);
        let expected: Vec<(Vec<u8>, String)> = expected[1..]
            .iter()
            .map(|answer| (latin1(&answer[0]), answer[1].as_str().unwrap().to_owned()))
            .collect();
        let told: Vec<Option<u16>> = list(&recorded[name]["app"])
            .iter()
            .filter(|note| note[1]["type"] == "websocket.disconnect")
            .map(|note| note[1]["code"].as_u64().map(|code| code as u16))
            .collect();
        let answers: Vec<(Vec<u8>, String)> = answers
            .into_iter()
            .map(|(bytes, state)| (bytes, state.to_owned()))
            .collect();
        if answers != expected || (codes != told && !told.is_empty()) {
            different.push(format!(
                "{name}\n  real {expected:?} {told:?}\n  ours {answers:?} {codes:?}"
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{}\n{}",
        different.len(),
        different.join("\n")
    );
}

#[test]
fn a_client_that_answers_no_ping_or_close_is_reset() {
    let launch = launch("daphne app:app --ping-timeout 2");
    let settings = launch.asgi.websocket.unwrap();
    for (message, deadline) in [
        (Message::Ping(b"are you there"), 2000.0),
        (
            Message::Close {
                code: 1000,
                reason: "",
            },
            1000.0,
        ),
    ] {
        let head = head(&launch);
        let mut session = begin(&head, &settings, Context::default(), 0.0, "");
        // The app has accepted in time.
        assert_eq!(session.deadline(), Some(5000.0));
        session.send(Message::Handshake(b"101"), 0.0, "").unwrap();
        session.send(message, 0.0, "").unwrap();
        assert_eq!(session.deadline(), Some(deadline));
        session.tick(deadline);
        assert_eq!(session.take_output().end, Some(End::Reset));
    }
}
