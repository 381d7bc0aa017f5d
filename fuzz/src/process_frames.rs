//! Whatever the processes of one server say: no panic, and another server keeps its connection,
//! accepts, and gets no signal; no timer is due for ever.

use arbitrary::{Arbitrary, Unstructured};
use wasgi::machine::{Machine, Output, ServerNumber, StartCommand};
use wasgi::net::frame::{FromPage, FromProcess, ToPage, ToProcess, frames, push, push_number};
use wasgi::net::{AfterClose, Linger};
use wasgi::os::{Exit, Millis, Pid, Signal};
use wasgi::trace::{Name, Span};
use wasgi::wire::frame::Kind;
use wasgi::wire::strings::Strings;

const VICTIM: ServerNumber = 1;
const HOSTILE: ServerNumber = 2;
const VICTIMS_PORT: u32 = 9000;
const HOSTILE_PORT: u32 = 8000;
const DIRECTORY: &str = "/home/web";
/// Streams of the page: to the victim before and after, and to the hostile server.
const BEFORE: u32 = 20;
const AFTER: u32 = 21;
const OTHER: u32 = 30;
/// More is not tried: an input is to be short.
const MOST_STEPS: usize = 24;
/// Workers that the machine has room for.
const ROOM: u32 = 12;
/// Timers that may be due within [`PAUSE`] milliseconds.
const MOST_TIMERS: usize = 2000;
const PAUSE: Millis = 50.0;

/// Where this variable is set, an input is shown before it is tried. `cargo xtask fuzz --input`
/// sets it.
const SHOW: &str = "WASGI_FUZZ_SHOW";

/// What an input says.
#[derive(Debug, Arbitrary)]
struct Attack {
    server: Server,
    steps: Vec<Step>,
}

/// Servers of which processes are hostile.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Server {
    Gunicorn,
    GunicornConfigured,
    Uvicorn,
    UvicornWorkers,
    UvicornReload,
    Uwsgi,
    UwsgiCheaper,
    Daphne,
    Scaled,
}

#[derive(Debug, Arbitrary)]
enum Step {
    /// A process says this, all of it in one message.
    Says(u8, Vec<Said>),
    /// A process sends bytes.
    Sends(u8, Vec<u8>),
    /// A process boots and accepts.
    Boots(u8),
    /// A process ends by itself.
    Exits(u8, u8),
    /// The page connects to the hostile server.
    Connects(u8),
    /// The page says something on such a stream.
    PageSends(u8, PageSaid),
    /// The page sends the master a signal.
    Signals(u8),
    /// A file is written.
    Writes,
    /// Time passes, in milliseconds.
    Passes(u16),
}

/// A frame of a process.
#[derive(Debug, Arbitrary)]
struct Said {
    kind: u8,
    id: Id,
    body: Body,
}

/// An id of something that may be there, or not.
#[derive(Debug, Clone, Copy, Arbitrary)]
enum Id {
    Near(u8),
    Any(u32),
}

#[derive(Debug, Arbitrary)]
enum Body {
    None,
    Number(Id),
    Bytes(Vec<u8>),
    /// Words, as the lines of uWSGI's log have them.
    Words(Vec<String>),
    /// Settings that a master's Python has read.
    Settings(Vec<Setting>),
    Linger(After, Time, u32),
    Spans(Vec<(Id, u8, Time, Time)>),
}

#[derive(Debug, Arbitrary)]
enum Setting {
    Workers(u8),
    ManyWorkers(u32),
    Bind(u16),
    VictimsBind,
    Threads(u16),
    Timeout(u16),
    Text(String),
}

#[derive(Debug, Arbitrary)]
enum After {
    Tell,
    Nothing,
    Accept(Id),
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Time {
    Soon(u8),
    NotANumber,
    Infinite,
    MinusInfinite,
    Greatest,
    Any(f64),
}

#[derive(Debug, Arbitrary)]
enum PageSaid {
    Data(Vec<u8>),
    Eof,
    Reset,
    Credit(u32),
}

/// An attack, as `arbitrary` reads it.
pub fn check(input: &[u8]) {
    let Ok(attack) = Attack::arbitrary_take_rest(Unstructured::new(input)) else {
        return;
    };
    if std::env::var_os(SHOW).is_some() {
        eprintln!("{attack:#?}");
    }
    let mut scene = Scene::new(attack.server);
    for step in attack.steps.into_iter().take(MOST_STEPS) {
        scene.play(step);
    }
    scene.pass(PAUSE);
    scene.victim_serves();
}

/// A machine with both servers.
struct Scene {
    machine: Machine,
    now: Millis,
    /// The processes of each.
    victims: Vec<Pid>,
    hostile: Vec<Pid>,
    /// What the victim was told.
    told: Vec<(ToProcess, u32)>,
    /// What the page heard of the victim's streams.
    heard: Vec<(u32, ToPage)>,
    listener: u32,
    connection: u32,
    starting: ServerNumber,
}

impl Scene {
    fn new(server: Server) -> Self {
        let mut machine = Machine::new();
        machine.set_room(ROOM);
        let mut scene = Self {
            machine,
            now: 1_000_000.0,
            victims: Vec::new(),
            hostile: Vec::new(),
            told: Vec::new(),
            heard: Vec::new(),
            listener: 0,
            connection: 0,
            starting: VICTIM,
        };
        // The smallest of the servers: it has no master, and listens by itself.
        scene.start(&format!("daphne -p {VICTIMS_PORT} app:app"));
        let victim = scene.victim();
        let mut message = Vec::new();
        push(&mut message, FromProcess::Bind, 0, b"");
        scene.says(victim, &message);
        scene.boots(victim);
        scene.listener = scene.told_of(ToProcess::Listening).expect("it listens");
        scene.connection = scene.accepted(BEFORE).expect("the victim accepts");
        scene.starting = HOSTILE;
        if let Server::GunicornConfigured = server {
            let path = format!("{DIRECTORY}/gunicorn.conf.py");
            scene.machine.add_file(&path, None);
        }
        scene.start(server.line());
        scene
    }

    fn victim(&self) -> Pid {
        *self.victims.last().expect("it has a worker")
    }

    fn start(&mut self, line: &str) {
        let command = StartCommand::Line(line.to_owned());
        self.machine
            .start(self.starting, &command, &[], DIRECTORY, self.now);
        self.look();
    }

    /// Takes all that the machine says.
    fn look(&mut self) {
        while let Some(output) = self.machine.next_output() {
            match output {
                Output::Spawn { pid, .. } if self.starting == VICTIM => self.victims.push(pid),
                Output::Spawn { pid, .. } => self.hostile.push(pid),
                Output::Kill(pid) => {
                    assert!(
                        !self.victims.contains(&pid),
                        "the victim's worker is killed"
                    );
                    self.hostile.retain(|its| *its != pid);
                }
                Output::Exit { server, .. } => assert_ne!(server.number, VICTIM, "it exits"),
                Output::Log { .. } | Output::Listening { .. } => {}
            }
        }
        for (pid, message) in self.machine.take_messages() {
            if self.victims.contains(&pid) {
                self.told
                    .extend(frames(&message).map(|frame| (frame.kind, frame.id)));
            }
        }
        let page = self.machine.take_page();
        let its = frames::<ToPage>(&page).filter(|frame| [BEFORE, AFTER].contains(&frame.id));
        let its = its.filter(|frame| frame.kind != ToPage::Spans);
        self.heard.extend(its.map(|frame| (frame.id, frame.kind)));
    }

    fn told_of(&self, kind: ToProcess) -> Option<u32> {
        let told = self.told.iter().find(|told| told.0 == kind);
        told.map(|told| told.1)
    }

    fn says(&mut self, pid: Pid, message: &[u8]) {
        self.machine.from_process(pid, message, self.now);
        self.look();
    }

    fn boots(&mut self, pid: Pid) {
        let mut message = Vec::new();
        for kind in [
            FromProcess::Booted,
            FromProcess::Notify,
            FromProcess::Accepting,
        ] {
            push(&mut message, kind, 0, b"");
        }
        self.says(pid, &message);
    }

    fn connect(&mut self, stream: u32, port: u32) {
        let mut message = Vec::new();
        push_number(&mut message, FromPage::Connect, stream, port);
        self.machine.from_page(&message, self.now);
    }

    /// The page connects, and the victim accepts: its connection.
    fn accepted(&mut self, stream: u32) -> Option<u32> {
        self.connect(stream, VICTIMS_PORT);
        self.told.clear();
        let mut message = Vec::new();
        push_number(&mut message, FromProcess::Accept, self.listener, 1);
        let victim = self.victim();
        self.says(victim, &message);
        self.told_of(ToProcess::Accepted)
    }

    /// What the page hears of a stream when the victim answers on a connection.
    fn answer(&mut self, connection: u32, stream: u32) -> Vec<ToPage> {
        let mut message = Vec::new();
        push(&mut message, FromProcess::Data, connection, b"answer");
        let victim = self.victim();
        self.says(victim, &message);
        let its = self.heard.iter().filter(|heard| heard.0 == stream);
        its.map(|heard| heard.1).collect()
    }

    fn victim_serves(&mut self) {
        let signal = self.told_of(ToProcess::Signal);
        assert_eq!(signal, None, "the victim gets a signal");
        let heard = self.answer(self.connection, BEFORE);
        assert_eq!(heard, [ToPage::Head, ToPage::Data], "a connection before");
        let connection = self.accepted(AFTER).expect("the victim accepts again");
        let heard = self.answer(connection, AFTER);
        assert_eq!(heard, [ToPage::Head, ToPage::Data], "a connection after");
    }

    /// Time passes, every timer at its time.
    fn pass(&mut self, milliseconds: Millis) {
        let end = self.now + milliseconds;
        let mut timers = 0;
        while let Some(at) = self.machine.deadline().filter(|at| *at <= end) {
            timers += 1;
            assert!(timers < MOST_TIMERS, "a timer is due for ever");
            self.now = at.max(self.now);
            self.machine.tick(self.now);
            self.look();
        }
        self.now = end;
        let next = self.machine.deadline();
        assert!(next.is_none_or(f64::is_finite), "a timer is never due");
    }

    /// One of the hostile server's processes.
    fn process(&self, number: u8) -> Option<Pid> {
        let processes = &self.hostile;
        processes
            .get(usize::from(number) % processes.len().max(1))
            .copied()
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Says(who, frames) => {
                let Some(pid) = self.process(who) else { return };
                let mut message = Vec::new();
                for said in &frames {
                    said.push_to(&mut message);
                }
                self.says(pid, &message);
            }
            Step::Sends(who, bytes) => {
                let Some(pid) = self.process(who) else { return };
                self.says(pid, &bytes);
            }
            Step::Boots(who) => {
                let Some(pid) = self.process(who) else { return };
                self.boots(pid);
            }
            Step::Exits(who, code) => {
                let Some(pid) = self.process(who) else { return };
                self.hostile.retain(|its| *its != pid);
                let exit = match Signal::numbered(i32::from(code)) {
                    Some(signal) => Exit::Signal(signal),
                    None => Exit::Code(i32::from(code)),
                };
                self.machine.exited(pid, exit, self.now);
                self.look();
            }
            Step::Connects(stream) => {
                self.connect(OTHER + u32::from(stream % 4), HOSTILE_PORT);
                self.look();
            }
            Step::PageSends(stream, said) => {
                let stream = OTHER + u32::from(stream % 4);
                let mut message = Vec::new();
                match said {
                    PageSaid::Data(data) => push(&mut message, FromPage::Data, stream, &data),
                    PageSaid::Eof => push(&mut message, FromPage::Eof, stream, b""),
                    PageSaid::Reset => push(&mut message, FromPage::Reset, stream, b""),
                    PageSaid::Credit(more) => {
                        push_number(&mut message, FromPage::Credit, stream, more);
                    }
                }
                self.machine.from_page(&message, self.now);
                self.look();
            }
            Step::Signals(number) => {
                if let Some(signal) = Signal::numbered(i32::from(number)) {
                    self.machine.signal(HOSTILE, signal, self.now);
                    self.look();
                }
            }
            Step::Writes => {
                let path = format!("{DIRECTORY}/app.py");
                self.machine.file_changed(&path, self.now);
                self.look();
            }
            Step::Passes(milliseconds) => self.pass(Millis::from(milliseconds)),
        }
    }
}

impl Server {
    fn line(self) -> &'static str {
        match self {
            Self::Gunicorn => "gunicorn -w 2 app:app",
            Self::GunicornConfigured => "gunicorn -w 2 --preload app:app",
            Self::Uvicorn => "uvicorn app:app",
            Self::UvicornWorkers => "uvicorn app:app --workers 2",
            Self::UvicornReload => "uvicorn app:app --reload",
            Self::Uwsgi => "uwsgi --http-socket :8000 --master -p 2 -w app --lazy-apps",
            Self::UwsgiCheaper => {
                "uwsgi --http-socket :8000 --master -p 4 --cheaper 1 --idle 1 --cheap -w app"
            }
            Self::Daphne => "daphne -p 8000 app:app",
            Self::Scaled => "gunicorn --scale 2 -w 2 app:app",
        }
    }
}

impl Said {
    fn push_to(&self, message: &mut Vec<u8>) {
        // Kinds are among the first 48 numbers.
        if let Some(kind) = FromProcess::from_number(self.kind % 48) {
            push(message, kind, self.id.number(), &self.body.encode());
        }
    }
}

impl Id {
    fn number(self) -> u32 {
        match self {
            // Processes, connections and listeners have small numbers.
            Self::Near(number) => u32::from(number % 32),
            Self::Any(number) => number,
        }
    }
}

impl Time {
    fn millis(self) -> Millis {
        match self {
            Self::Soon(milliseconds) => Millis::from(milliseconds),
            Self::NotANumber => Millis::NAN,
            Self::Infinite => Millis::INFINITY,
            Self::MinusInfinite => Millis::NEG_INFINITY,
            Self::Greatest => Millis::MAX,
            Self::Any(time) => time,
        }
    }
}

impl Body {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Number(id) => id.number().to_le_bytes().to_vec(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Words(words) => {
                let mut bytes = Vec::new();
                words.iter().collect::<Strings>().encode_into(&mut bytes);
                bytes
            }
            Self::Settings(settings) => {
                let words: Vec<String> = settings.iter().map(Setting::word).collect();
                words.join(" ").into_bytes()
            }
            Self::Linger(after, time, most) => Linger {
                then: match after {
                    After::Tell => AfterClose::Tell,
                    After::Nothing => AfterClose::Nothing,
                    After::Accept(listener) => AfterClose::Accept(listener.number()),
                },
                timeout: time.millis(),
                most: *most,
            }
            .encode()
            .to_vec(),
            Self::Spans(spans) => {
                let mut bytes = Vec::new();
                for (connection, sequence, start, end) in spans {
                    Span {
                        connection: connection.number(),
                        sequence: u32::from(*sequence),
                        thread: 1,
                        name: Name::App,
                        start: start.millis(),
                        end: end.millis(),
                        on: 0,
                    }
                    .encode(&mut bytes);
                }
                bytes
            }
        }
    }
}

impl Setting {
    fn word(&self) -> String {
        match self {
            Self::Workers(number) => format!("--workers={number}"),
            Self::ManyWorkers(number) => format!("--workers={number}"),
            Self::Bind(port) => format!("--bind=:{port}"),
            Self::VictimsBind => format!("--bind=:{VICTIMS_PORT}"),
            Self::Threads(number) => format!("--threads={number}"),
            Self::Timeout(seconds) => format!("--timeout={seconds}"),
            Self::Text(text) => text.clone(),
        }
    }
}
