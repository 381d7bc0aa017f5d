//! What is played: a server's command line, and what its clients do at which time.
//! `tests/fidelity/*.json` are lists of them.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::project::{self, Project};

/// One sleep of the apps, `U` in `apps/common.py`.
pub(super) const SLEEP: Duration = Duration::from_millis(500);
/// Requests of the same time leave one after the other.
const GAP: Duration = Duration::from_millis(3);
/// An answer that takes longer does not come.
const PATIENCE: f64 = 60.0;

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Scenario {
    /// By what it is called on the command line.
    pub(super) id: String,
    /// The file that it is in, without `.json`.
    #[serde(skip)]
    pub(super) subject: String,
    /// The server's command line. Where it says 8000, the real server gets a free port.
    pub(super) command: String,
    /// What times are counted in.
    #[serde(default)]
    pub(super) unit: Unit,
    /// Of `unit: cpu`: the path of one run of the busy loop.
    #[serde(default = "cpu")]
    pub(super) busy: String,
    /// The rounds begin at different times within so many seconds: what a server does at intervals
    /// then meets each.
    #[serde(default)]
    pub(super) interval: f64,
    /// A path that is requested once before the load, where what an app does at its first request
    /// is not the question.
    pub(super) warm: Option<String>,
    /// The clients, each with a connection of its own.
    load: Vec<Request>,
    /// What the server's first process is sent meanwhile.
    #[serde(default)]
    pub(super) signals: Vec<Signal>,
    /// How the app's files change meanwhile.
    #[serde(default)]
    pub(super) edits: Vec<Edit>,
    /// At least so many repetitions: where chance decides, few show little.
    #[serde(default)]
    pub(super) repeat: usize,
    /// Whether the server exits by itself; its exit code is compared then.
    #[serde(default)]
    pub(super) exits: bool,
}

/// What times are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Unit {
    /// One sleep.
    #[default]
    Sleep,
    /// One run of the busy loop alone, on the same server.
    Cpu,
}

/// A signal to the server's first process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signal {
    /// Seconds from the load's start.
    pub(super) at: f64,
    /// Its name without `SIG`.
    pub(super) signal: String,
}

/// A change of a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    /// Seconds from the load's start.
    pub(super) at: f64,
    /// Its path among the apps.
    pub(super) path: String,
    /// What is in it then.
    pub(super) contents: String,
}

/// A client as the file tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    at: f64,
    path: Option<String>,
    label: Option<String>,
    steps: Option<Vec<Step>>,
    /// So many clients of this kind.
    times: Option<usize>,
}

/// What a client does next. In the file: its name and an argument, `["sleep", 0.1]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Vec<Value>")]
pub(super) enum Step {
    /// `send`, `req`: sends bytes.
    Send(Vec<u8>),
    /// `sleep`: waits.
    Sleep(Duration),
    /// `drip`: sends bytes one by one, each so long after the one before.
    Drip(Duration, Vec<u8>),
    /// `resp`: reads a response, for at most so long.
    Response(Duration),
    /// `eof`: waits until the server closes, for at most so long.
    End(Duration),
    /// `fin`: sends no more, but goes on reading.
    Finish,
    /// `close`: closes the connection.
    Close,
}

/// A client with a connection of its own.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// From the load's start.
    pub(super) at: Duration,
    /// What it does.
    pub(super) steps: Vec<Step>,
}

fn cpu() -> String {
    "/cpu".into()
}

impl Scenario {
    /// The clients in the order in which they leave.
    pub(super) fn clients(&self) -> Vec<Client> {
        let mut clients: Vec<Client> = Vec::new();
        let mut same = (f64::NAN, 0);
        for request in &self.load {
            let steps = request.steps.clone().unwrap_or_else(|| {
                let path = request.path.as_deref().unwrap_or("/");
                vec![Step::Send(get(path)), Step::Response(seconds(PATIENCE))]
            });
            for _ in 0..request.times.unwrap_or(1) {
                same = if same.0.to_bits() == request.at.to_bits() {
                    (request.at, same.1 + 1)
                } else {
                    (request.at, 0)
                };
                clients.push(Client {
                    at: seconds(request.at) + GAP * same.1,
                    steps: steps.clone(),
                });
            }
        }
        clients
    }

    /// How long the load waits in a round.
    pub(super) fn pause(&self, round: usize, rounds: usize) -> Duration {
        seconds(self.interval * round as f64 / rounds.max(1) as f64)
    }

    /// Whether it is about the start alone, which may fail.
    pub(super) fn is_start(&self) -> bool {
        self.load.is_empty()
    }

    /// What the clients ask for, in a few words.
    pub(super) fn load_text(&self) -> String {
        let texts = self.load.iter().map(|request| {
            let what = request.label.as_deref().or(request.path.as_deref());
            match request.times {
                Some(times) => format!("{} ×{times}", what.unwrap_or("steps")),
                None => what.unwrap_or("steps").to_owned(),
            }
        });
        let signals = self
            .signals
            .iter()
            .map(|signal| format!("SIG{}", signal.signal));
        let edits = self.edits.iter().map(|edit| format!("edit {}", edit.path));
        texts
            .chain(signals)
            .chain(edits)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A request for a path as bytes.
pub(super) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: lab.test\r\n\r\n").into_bytes()
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

impl TryFrom<Vec<Value>> for Step {
    type Error = String;

    fn try_from(words: Vec<Value>) -> Result<Self, String> {
        let wrong = || format!("{} is no step", Value::from(words.clone()));
        let argument = words.get(1).unwrap_or(&Value::Null);
        let number = || argument.as_f64().map(seconds).ok_or_else(wrong);
        match words.first().and_then(Value::as_str).unwrap_or_default() {
            "send" => argument
                .as_str()
                .map(|text| Self::Send(text.into()))
                .ok_or_else(wrong),
            "req" => request(argument).map(Self::Send).ok_or_else(wrong),
            "sleep" => number().map(Self::Sleep),
            "drip" => match words.get(2).and_then(Value::as_str) {
                Some(text) => number().map(|pause| Self::Drip(pause, text.into())),
                None => Err(wrong()),
            },
            "resp" => Ok(Self::Response(seconds(
                argument["timeout"].as_f64().unwrap_or(PATIENCE),
            ))),
            "eof" => number().map(Self::End),
            "fin" => Ok(Self::Finish),
            "close" => Ok(Self::Close),
            _ => Err(wrong()),
        }
    }
}

/// `{ path, method?, headers?, body? }` as bytes. A body of a number of bytes is given by that
/// number.
fn request(argument: &Value) -> Option<Vec<u8>> {
    let path = argument["path"].as_str()?;
    let method = argument["method"].as_str().unwrap_or("GET");
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: lab.test\r\n");
    for (name, value) in argument["headers"].as_object().into_iter().flatten() {
        let _ = write!(text, "{name}: {}\r\n", value.as_str()?);
    }
    let body = match &argument["body"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes()),
        number => Some(vec![b'x'; usize::try_from(number.as_u64()?).ok()?]),
    };
    if let Some(body) = &body {
        let _ = write!(text, "Content-Length: {}\r\n", body.len());
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend(body.unwrap_or_default());
    Some(bytes)
}

/// The scenarios of `tests/fidelity`: all of them, or those named by their ids or their files.
pub(super) fn read(project: &Project, names: &[String]) -> Result<Vec<Scenario>> {
    let directory = directory(project);
    let mut all = Vec::new();
    for path in project::files_under(&directory)? {
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            all.extend(read_file(&path)?);
        }
    }
    for name in names {
        if !all.iter().any(|scenario| scenario.is(name)) {
            return Err(Error::Message(format!(
                "There is no scenario {name} in tests/fidelity: cargo xtask fidelity --list shows them."
            )));
        }
    }
    all.retain(|scenario| names.is_empty() || names.iter().any(|name| scenario.is(name)));
    Ok(all)
}

/// Where the scenarios and, in `apps/`, their apps are.
pub(super) fn directory(project: &Project) -> std::path::PathBuf {
    project.path("tests/fidelity")
}

fn read_file(path: &Path) -> Result<Vec<Scenario>> {
    let mut scenarios: Vec<Scenario> =
        serde_json::from_slice(&project::read(path)?).map_err(|error| {
            Error::Message(format!(
                "{} is no list of scenarios: {error}.",
                path.display()
            ))
        })?;
    let subject = path.file_stem().unwrap_or_default().to_string_lossy();
    for scenario in &mut scenarios {
        scenario.subject = subject.clone().into_owned();
    }
    Ok(scenarios)
}

impl Scenario {
    fn is(&self, name: &str) -> bool {
        self.id == name || self.subject == name
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;

    fn scenario(load: &str) -> Scenario {
        let text = format!(r#"{{ "id": "x", "command": "gunicorn app:app", "load": {load} }}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn requests_of_the_same_time_leave_one_after_the_other() {
        let scenario = scenario(
            r#"[{ "at": 0, "path": "/a", "times": 3 }, { "at": 0, "path": "/b" }, { "at": 0.1, "path": "/c" }]"#,
        );
        let times: Vec<u128> = scenario
            .clients()
            .iter()
            .map(|client| client.at.as_millis())
            .collect();
        assert_eq!(times, [0, 3, 6, 9, 100]);
    }

    #[test]
    fn a_path_alone_is_a_request_and_its_response() {
        let clients = scenario(r#"[{ "at": 0, "path": "/a" }]"#).clients();
        let request = Step::Send(b"GET /a HTTP/1.1\r\nHost: lab.test\r\n\r\n".to_vec());
        assert_eq!(
            clients[0].steps,
            [request, Step::Response(Duration::from_mins(1))]
        );
    }

    #[test]
    fn steps_spell_a_client_out() {
        let clients = scenario(
            r#"[{ "at": 0, "steps": [["req", { "path": "/u", "method": "POST", "headers": { "A": "b" }, "body": 3 }],
                ["sleep", 0.5], ["send", "x"], ["drip", 0.1, "yz"], ["fin"], ["resp", { "timeout": 2 }], ["eof", 8], ["close"]] }]"#,
        )
        .clients();
        let request = b"POST /u HTTP/1.1\r\nHost: lab.test\r\nA: b\r\nContent-Length: 3\r\n\r\nxxx";
        let expected = [
            Step::Send(request.to_vec()),
            Step::Sleep(Duration::from_millis(500)),
            Step::Send(b"x".to_vec()),
            Step::Drip(Duration::from_millis(100), b"yz".to_vec()),
            Step::Finish,
            Step::Response(Duration::from_secs(2)),
            Step::End(Duration::from_secs(8)),
            Step::Close,
        ];
        assert_eq!(clients[0].steps, expected);
    }

    #[test]
    fn rounds_are_spread_over_the_servers_interval() {
        let mut scenario = scenario("[]");
        scenario.interval = 1.0;
        let pauses: Vec<u128> = (0..4)
            .map(|round| scenario.pause(round, 4).as_millis())
            .collect();
        assert_eq!(pauses, [0, 250, 500, 750]);
    }

    #[test]
    fn a_step_that_there_is_not_is_refused() {
        for step in [r#"["jump", 1]"#, r#"["sleep"]"#, r#"["req", {}]"#, "[]"] {
            let text = format!(r#"{{ "at": 0, "steps": [{step}] }}"#);
            assert!(serde_json::from_str::<Request>(&text).is_err(), "{step}");
        }
    }

    #[test]
    fn the_scenarios_of_the_repository_are_well_formed() {
        let project = Project::find();
        let all = read(&project, &[]).unwrap();
        assert!(all.len() >= 60, "{}", all.len());
        let ids: HashSet<&str> = all.iter().map(|scenario| scenario.id.as_str()).collect();
        assert_eq!(ids.len(), all.len(), "an id is there twice");
        for scenario in &all {
            let apps = directory(&project).join("apps");
            let names_app = scenario.command.split(['.', ':', ' ']).any(|word| {
                let file = apps.join(word).with_extension("py");
                word != "8000" && file.is_file()
            });
            let names_settings = scenario.command.split([' ', ':']).any(|word| {
                let is_settings = Path::new(word)
                    .extension()
                    .is_some_and(|name| name == "ini");
                is_settings && apps.join(word).is_file()
            });
            assert!(
                names_app || names_settings || scenario.exits,
                "{}: its app is not in apps/",
                scenario.id
            );
            assert!(
                !scenario.clients().is_empty() || scenario.exits,
                "{}",
                scenario.id
            );
        }
    }
}
