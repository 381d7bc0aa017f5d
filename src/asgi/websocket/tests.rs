//! What real servers did in each case (`tests/websocket/`), done again.

#![allow(clippy::unwrap_used)]

use crate::testing::test;
use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::*;
use crate::asgi::http::default_headers;
use crate::gateway::Peer;
use crate::http1::{self, RequestHead};
use crate::os::Millis;
use crate::servers::testing::launch;
use crate::servers::{Launch, Level};

const CASES: &str = include_str!("../../../tests/websocket/cases.json");
const UVICORN: Real = Real {
    recording: include_str!("../../../tests/websocket/uvicorn-websockets-sansio.json"),
    command: "uvicorn app:app --port 50000 --ws-max-size 1000",
    text_first: false,
    cancels: false,
};
const GUNICORN: Real = Real {
    recording: include_str!("../../../tests/websocket/gunicorn-asgi.json"),
    command: "gunicorn -k asgi app:app --websocket-max-message-size 1000",
    text_first: true,
    cancels: true,
};
const DATE: &str = "DATE";

type Object = Map<String, Value>;

const LEGACY: Real = Real {
    recording: include_str!("../../../tests/websocket/uvicorn-websockets.json"),
    command: "uvicorn app:app --port 50000 --ws-max-size 1000 --ws websockets",
    text_first: false,
    cancels: false,
};
const WSPROTO: Real = Real {
    recording: include_str!("../../../tests/websocket/uvicorn-wsproto.json"),
    command: "uvicorn app:app --port 50000 --ws-max-size 1000 --ws wsproto",
    text_first: false,
    cancels: false,
};

/// A real server.
struct Real {
    recording: &'static str,
    command: &'static str,
    /// Of a message with text and bytes, the text is sent.
    text_first: bool,
    /// The app is cancelled some time after its connection is lost.
    cancels: bool,
}

/// The app of a case and the connection that it has.
struct Play<'a> {
    real: &'a Real,
    session: Box<dyn Session>,
    scope: Value,
    script: VecDeque<Value>,
    /// The app waits in this `send()`.
    sending: Option<Value>,
    /// The app waits for the client's next step.
    paused: bool,
    ended: bool,
    notes: Vec<Value>,
    log: Vec<String>,
    bytes: Vec<u8>,
    closed: bool,
    now: Millis,
}

impl Play<'_> {
    fn drain(&mut self) {
        let output = self.session.take_output();
        self.bytes.extend(output.bytes);
        if output.writable
            && let Some(operation) = self.sending.take()
        {
            self.script.push_front(operation);
        }
        for line in output.log {
            let prefix = match (line.level, self.real.cancels) {
                (Level::Debug, _) => continue,
                (Level::Error, true) => "[TIME] [PID] [ERROR] ",
                (Level::Error, false) => "ERROR:    ",
                _ => "INFO:     ",
            };
            let text = [prefix, &line.text].concat();
            self.log.extend(text.lines().map(|line| {
                line.strip_suffix(" (most recent call last):")
                    .unwrap_or(line)
                    .to_owned()
            }));
            if line.traceback {
                self.log.push("Traceback".to_owned());
            }
        }
        self.closed |= output.end.is_some();
    }

    /// Runs the app until it waits or has ended.
    fn run(&mut self) {
        while !self.ended && !self.paused && self.sending.is_none() {
            let Some(operation) = self.script.pop_front() else {
                self.end(Ending::Returned(None));
                break;
            };
            let argument = &operation[1];
            match operation[0].as_str().unwrap() {
                "scope" => {
                    let keys: Vec<&str> = vec![
                        "type",
                        "asgi",
                        "http_version",
                        "scheme",
                        "server",
                        "client",
                        "root_path",
                        "path",
                        "raw_path",
                        "query_string",
                        "headers",
                        "subprotocols",
                        "state",
                        "extensions",
                    ];
                    let note = json!(["scope", keys, self.scope]);
                    self.notes.push(note);
                }
                "receive" => {
                    if self.receive().is_none() {
                        self.script.push_front(operation);
                        break;
                    }
                }
                "echo" => {
                    let Some(received) = self.receive() else {
                        self.script.push_front(operation);
                        break;
                    };
                    let message = match received {
                        Received::Connect => json!({"type": "websocket.accept"}),
                        Received::Text(text) => json!({"type": "websocket.send", "text": text}),
                        Received::Bytes(bytes) => {
                            json!({"type": "websocket.send", "bytes": plain(&bytes)})
                        }
                        Received::Disconnect { .. } => continue,
                    };
                    self.script.push_front(operation);
                    if let Some(error) = self.send(&message, &json!(["send", message])) {
                        self.fail(&error);
                    }
                }
                "send" => {
                    if let Some(error) = self.send(argument, &operation) {
                        self.fail(&error);
                    }
                }
                "try" => {
                    self.send(argument, &operation);
                }
                "pause" => self.paused = true,
                "raise" => {
                    self.raise(&["ValueError: ", argument.as_str().unwrap()].concat());
                }
                "return" => self.end(Ending::Returned(argument.as_str())),
                other => unreachable!("{other}"),
            }
        }
        self.drain();
    }

    /// The app lets an exception of `send()` through.
    fn fail(&mut self, error: &SessionError) {
        match error {
            SessionError::Disconnected | SessionError::WebSocketDisconnected => {
                self.end(Ending::Left);
            }
            error => {
                let text = without_address(error);
                self.raise(&format!("{}: {text}", error.exception().class.path()));
            }
        }
    }

    fn raise(&mut self, last_line: &str) {
        self.end(Ending::Raised);
        let at = self.log.iter().position(|line| line == "Traceback");
        self.log.insert(at.unwrap() + 1, last_line.to_owned());
    }

    fn end(&mut self, ending: Ending<'_>) {
        self.session.ended(ending, self.now, DATE);
        self.ended = true;
        self.notes.push(json!(["end"]));
        self.drain();
    }

    /// The connection is lost, and the app told of it.
    fn lost(&mut self) {
        self.session.lost();
        self.drain();
        self.settle();
        if self.real.cancels && !self.ended {
            self.end(Ending::Returned(None));
        }
    }

    fn receive(&mut self) -> Option<Received> {
        let received = self.session.receive()?;
        let event = match &received {
            Received::Connect => json!({"type": "websocket.connect"}),
            Received::Text(text) => json!({"type": "websocket.receive", "text": text}),
            Received::Bytes(bytes) => json!({"type": "websocket.receive", "bytes": plain(bytes)}),
            Received::Disconnect { code, reason } => {
                let mut event = json!({"type": "websocket.disconnect", "code": code});
                if let Some(reason) = reason {
                    event["reason"] = json!(reason);
                }
                event
            }
        };
        self.notes.push(json!(["got", event]));
        Some(received)
    }

    /// What is raised, unless the event is sent or its sender waits.
    fn send(&mut self, message: &Value, operation: &Value) -> Option<SessionError> {
        let headers = owned_fields(&message["headers"]);
        let headers: Vec<(&[u8], &[u8])> = headers.iter().map(|(n, v)| (&n[..], &v[..])).collect();
        let text = message["text"].as_str().map(str::to_owned).or_else(|| {
            let [text, times] = &message["text"]["$repeat"].as_array()?[..] else {
                return None;
            };
            Some(text.as_str()?.repeat(times.as_u64()? as usize))
        });
        let bytes = bytes(&message["bytes"]);
        let body = bytes_or_empty(&message["body"]);
        let message = match message["type"].as_str().unwrap() {
            "websocket.accept" => Message::Accept {
                subprotocol: message["subprotocol"].as_str(),
                headers: &headers,
            },
            "websocket.send" => match (&bytes, &text) {
                (_, Some(text)) if self.real.text_first => Message::Text(text),
                (Some(bytes), _) => Message::Bytes(bytes),
                (None, Some(text)) => Message::Text(text),
                (None, None) => Message::Nothing,
            },
            "websocket.close" => Message::Close {
                code: message["code"].as_i64().unwrap_or(1000),
                reason: message["reason"].as_str().unwrap_or_default(),
            },
            "websocket.http.response.start" => Message::ResponseStart {
                status: message["status"].as_i64().unwrap(),
                headers: &headers,
            },
            "websocket.http.response.body" => Message::ResponseBody {
                body: &body,
                more: message["more_body"].as_bool().unwrap_or(false),
            },
            other => Message::Other(other),
        };
        let sent = self.session.send(message, self.now, DATE);
        self.drain();
        match sent {
            Ok(Progress::Done) => self.notes.push(json!(["sent"])),
            Ok(Progress::Waits) => self.sending = Some(operation.clone()),
            Err(error) => {
                let path = error.exception().class.path();
                let (_, name) = path.rsplit_once('.').unwrap_or(("", path));
                self.notes
                    .push(json!(["raised", name, without_address(&error)]));
                return Some(error);
            }
        }
        None
    }

    /// Runs the app, and what is due in the loop's next turns.
    fn settle(&mut self) {
        self.run();
        while self.session.deadline().is_some_and(|at| at <= self.now) {
            self.session.tick(self.now);
            self.drain();
            self.run();
        }
    }

    /// The client does something; what came of it.
    fn step(&mut self, client: impl FnOnce(&mut Self)) -> (Vec<u8>, &'static str) {
        let was_paused = std::mem::take(&mut self.paused);
        client(self);
        self.drain();
        let mut is_told = false;
        if was_paused && self.closed {
            // The app slept when the connection went.
            self.session.lost();
            is_told = true;
        }
        self.settle();
        if self.closed && !is_told {
            self.lost();
        }
        let state = if self.closed { "closed" } else { "open" };
        (std::mem::take(&mut self.bytes), state)
    }
}

/// What an error says, without the address of an object.
fn without_address(error: &SessionError) -> String {
    let text = error.to_string();
    match text.split_once("0x") {
        Some((before, rest)) if matches!(error, SessionError::ClosedTransport(_)) => {
            let after = rest.trim_start_matches(|char: char| char.is_ascii_hexdigit());
            format!("{before}0xADDRESS{after}")
        }
        _ => text,
    }
}

fn plain(bytes: &[u8]) -> Value {
    let text: String = bytes.iter().copied().map(char::from).collect();
    json!({ "$b": text })
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|char| char as u8).collect()
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    value["$b"].as_str().map(latin1)
}

fn bytes_or_empty(value: &Value) -> Vec<u8> {
    bytes(value).unwrap_or_default()
}

fn owned_fields(value: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = value.as_array().into_iter().flatten();
    pairs
        .map(|pair| (bytes_or_empty(&pair[0]), bytes_or_empty(&pair[1])))
        .collect()
}

/// The head of a request, unless the server refuses it before it asks for anything.
fn head(launch: &Launch, bytes: &[u8]) -> Option<RequestHead> {
    let mut connection = http1::server::Connection::new(launch.rules, launch.limits);
    connection.receive(bytes);
    match connection.next_event() {
        Ok(Some(http1::server::Event::Head(head))) => Some(head),
        _ => None,
    }
}

/// The scope as the app would note it.
fn scope(strings: &[Vec<u8>]) -> Value {
    let text = |at: usize| String::from_utf8(strings[at].clone()).unwrap();
    let number = |at: usize| text(at).parse::<i64>().unwrap();
    let port = |at: usize| {
        if number(at) == 50000 {
            json!("PORT")
        } else {
            json!(number(at))
        }
    };
    let count = number(9) as usize;
    let subprotocols: Vec<String> = (10..10 + count).map(text).collect();
    let headers: Vec<Value> = strings[10 + count..]
        .chunks(2)
        .map(|pair| json!([plain(&pair[0]), plain(&pair[1])]))
        .collect();
    json!({
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": text(0),
        "server": [text(7), port(8)],
        "client": [text(5), port(6)],
        "root_path": text(4),
        "path": text(1),
        "raw_path": plain(&strings[2]),
        "query_string": plain(&strings[3]),
        "headers": headers,
        "subprotocols": subprotocols,
        "extensions": {"websocket.http.response": {}},
    })
}

/// What the client got in each step, what the app noted, and the log.
type Played = (Vec<(Vec<u8>, &'static str)>, Vec<Value>, Vec<String>);

fn play(case: &Value, real: &Real) -> Option<Played> {
    let launch = launch(real.command);
    let steps: Vec<Vec<u8>> = case["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| latin1(step.as_str().unwrap()))
        .collect();
    let head = head(&launch, &steps[0])?;
    let peer = Peer {
        remote: ("127.0.0.1".to_owned(), 50000),
        local: ("127.0.0.1".to_owned(), 50000),
    };
    let settings = launch.asgi.websocket.unwrap();
    let seen = seen(&head, &settings);
    let scope_of = Scope::new(&seen, &peer, &launch);
    let context = Context {
        client: scope_of.client_text().replace(":50000", ":PORT"),
        target: scope_of.target_text(),
        defaults: default_headers(&launch, DATE),
    };
    let session = begin(&head, &settings, context, 0.0, DATE);
    let strings = scope_of.strings(session.subprotocols());
    let owned_strings: Vec<Vec<u8>> = strings.iter().map(<[u8]>::to_vec).collect();
    let mut play = Play {
        real,
        sending: None,
        scope: scope(&owned_strings),
        ended: !session.calls_app(),
        script: case["app"].as_array().unwrap().iter().cloned().collect(),
        session,
        paused: false,
        notes: Vec::new(),
        log: Vec::new(),
        bytes: Vec::new(),
        closed: false,
        now: 0.0,
    };
    let mut answers = vec![play.step(|_| ())];
    for step in &steps[1..] {
        if play.closed {
            break;
        }
        answers.push(play.step(|play| {
            if step.is_empty() {
                play.session.lost();
            } else {
                play.session.receive_bytes(step, play.now);
            }
        }));
    }
    if !play.closed {
        play.paused = false;
        play.step(Play::lost);
    }
    Some((answers, play.notes, play.log))
}

/// Notes name an exception by all its classes; ours is the first.
fn expected_notes(notes: &Value) -> Vec<Value> {
    let first = |note: &Value| {
        if note[0] == "raised" {
            json!(["raised", note[1][0], note[2]])
        } else {
            note.clone()
        }
    };
    notes.as_array().unwrap().iter().map(first).collect()
}

/// Cases whose log has what there is not to be here: asyncio tells of an exception in the
/// protocol's own code, by the addresses of its objects.
const LOGS_OF_ASYNCIO: &[&str] = &["app-early-bad-frame"];
/// Cases whose log is written when it is not looked at any more.
const LATE_LOGS: &[&str] = &["app-early-eof", "app-eof-before-accept"];

#[test]
fn sessions_are_as_uvicorns() {
    compare(&UVICORN);
}

#[test]
fn sessions_are_as_uvicorns_with_the_legacy_library() {
    compare(&LEGACY);
}

#[test]
fn sessions_are_as_uvicorns_with_wsproto() {
    compare(&WSPROTO);
}

#[test]
fn sessions_are_as_gunicorns() {
    compare(&GUNICORN);
}

/// The scope of those is made in Python.
fn without_scope(notes: Vec<Value>) -> Vec<Value> {
    notes
        .into_iter()
        .filter(|note| note[0] != "scope")
        .collect()
}

fn compare(real: &Real) {
    let cases: Object = serde_json::from_str(CASES).unwrap();
    let recorded: Object = serde_json::from_str(real.recording).unwrap();
    let mut different = Vec::new();
    for (name, case) in &cases {
        let expected = &recorded[name];
        let notes = expected_notes(&expected["app"]);
        if notes.first().is_some_and(|note| note[0] == "http") {
            // It was no request for a WebSocket.
            continue;
        }
        let Some((answers, mut ours, log)) = play(case, real) else {
            continue;
        };
        let mut notes = notes;
        if real.cancels {
            (notes, ours) = (without_scope(notes), without_scope(ours));
        }
        let answers: Vec<Value> = answers
            .into_iter()
            .map(|(bytes, state)| json!([plain(&bytes)["$b"], state]))
            .collect();
        let (answers, log) = (json!(answers), json!(log));
        let same_log = log == expected["log"]
            || LOGS_OF_ASYNCIO.contains(&name.as_str())
            || LATE_LOGS.contains(&name.as_str());
        if answers != expected["answers"] || !same_log || ours != notes {
            different.push(format!(
                "{name}\n  real {} {} {}\n  ours {answers} {log} {}",
                expected["answers"],
                expected["log"],
                json!(notes),
                json!(ours),
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
