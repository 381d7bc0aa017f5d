//! The computer: processes, the network between them, the masters that run servers, the client of the page.
//!
//! Sans-IO: what happens comes in with its time, what is to be done goes out as [`Output`]s and messages.

use std::collections::VecDeque;

use litemap::LiteMap;

use crate::Millis;
use crate::client::{Client, ServerId};
use crate::master::{Action, Event, Exit, Master, Pid, Signal, Stream};
use crate::net::frame::{Frame, Kind, frames, push};
use crate::net::{Deferral, ListenerId, Network};
use crate::servers::{self, Command, Launch, Server, Unsettled};
use crate::trace::{self, Name, Raw, Span};

/// The first process id: the machine's own `init` and its shell have those before.
const FIRST_PID: Pid = 10;
/// What servers are started from.
const SHELL: Pid = 1;
/// uvicorn's workers answer pings from a thread of their own: as long as the process is there, it is well.
const PONG_EVERY: Millis = 1000.0;
/// How long spans wait for an answer to travel with: to wake the page costs more than all else about them.
const SPANS_EVERY: Millis = 100.0;
/// Memory that a worker takes, as measured with a small app.
const MEGABYTES: u32 = 64;

/// What the machine wants done by its devices.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Start a process.
    Spawn {
        /// Its id.
        pid: Pid,
        /// Its parent's.
        parent: Pid,
        /// The server's command line.
        argv: Vec<String>,
        /// Its environment, names and values in turn.
        env: Vec<String>,
        /// Whether a master replaces it when it ends.
        replaced: bool,
    },
    /// End a process at once.
    Kill(Pid),
    /// A line of a server's log.
    Log {
        /// The server.
        server: ServerId,
        /// Which of its streams.
        stream: Stream,
        /// The line, without its end.
        line: String,
        /// When it was written.
        time: Millis,
    },
    /// Print a program's help, and exit with 0: see [`Command::Help`].
    Help {
        /// The server that asks.
        server: ServerId,
        /// Whose help it is.
        program: Server,
        /// What stands in it in braces, and what is printed there.
        words: Vec<(&'static str, String)>,
    },
    /// Read a uWSGI's settings, and answer by [`Machine::settled`].
    Settle {
        /// The server.
        server: ServerId,
        /// The words after the program's name.
        words: Vec<String>,
        /// Names and values in turn: see [`servers::Unsettled::env`].
        env: Vec<String>,
        /// The working directory.
        directory: String,
    },
    /// A server accepts.
    Listening {
        /// The server.
        server: ServerId,
        /// `http://host:port`
        address: String,
        /// The port.
        port: u16,
    },
    /// A server has exited.
    Exit {
        /// The server.
        server: ServerId,
        /// With this code.
        code: i32,
    },
}

#[derive(Debug)]
struct Running {
    launch: Launch,
    /// The environment of its processes, names and values in turn.
    env: Vec<String>,
    /// What it was started with.
    start: Start,
    master: Master,
    master_pid: Pid,
    /// The master's Python, if it needs one, is at work, or its settings are being read: what is next has to wait.
    busy: bool,
    /// What the master is still to be told, and what it still wants done.
    events: VecDeque<Event>,
    actions: VecDeque<Action>,
    started_at: Millis,
    /// By index into `Launch::binds`.
    listeners: LiteMap<usize, Held>,
    processes: Vec<Pid>,
    pong_at: Option<Millis>,
    /// The master waits for a connection.
    watches: bool,
}

/// What a server is started with.
#[derive(Debug, Clone)]
struct Start {
    command: StartCommand,
    env: Vec<(String, String)>,
    /// The working directory.
    directory: String,
}

impl Running {
    /// Whether the configuration is known.
    fn is_configured(&self) -> bool {
        !self.launch.interpreter || self.env.last().is_some_and(|settings| !settings.is_empty())
    }

    /// Takes a configuration that was read, perhaps not for the first time.
    fn configure(&mut self, launch: Launch, settings: Option<&str>) {
        self.env = flat(&self.start.env, &launch, settings);
        self.master.reconfigure(&launch);
        if launch.binds != self.launch.binds {
            // Workers that have the old listeners keep them until they end.
            for index in 0..self.launch.binds.len() {
                if let Some(held) = self.listeners.remove(&index) {
                    self.listeners.insert(index + RETIRED, held);
                }
            }
        }
        self.launch = launch;
    }
}

/// Names and values of a process's environment, in turn; the settings come last.
fn flat(given: &[(String, String)], launch: &Launch, settings: Option<&str>) -> Vec<String> {
    let mut env = in_turn(given);
    env.extend(in_turn(&launch.env));
    if let Some(settings) = settings {
        env.extend([servers::SETTINGS.to_owned(), settings.to_owned()]);
    }
    env
}

fn in_turn(pairs: &[(String, String)]) -> Vec<String> {
    let in_turn = |(name, value): &(String, String)| [name.clone(), value.clone()];
    pairs.iter().flat_map(in_turn).collect()
}

/// Added to the index of a listener whose address the configuration no longer has.
const RETIRED: usize = 1 << 16;

/// What the master's Python answers.
#[derive(Debug)]
pub struct Answer;

impl Answer {
    /// The configuration, as [`servers::SETTINGS`] has it: at the start, and where it was to be read again.
    pub const SETTINGS: u32 = 0;
    /// The hook has run.
    pub const DONE: u32 = 1;
    /// The hook has raised.
    pub const RAISED: u32 = 2;
}

/// A listener lives for as long as a process has it.
#[derive(Debug)]
struct Held {
    id: ListenerId,
    holders: Vec<Pid>,
}

/// The machine.
#[derive(Debug, Default)]
pub struct Machine {
    net: Network,
    client: Client,
    servers: LiteMap<ServerId, Running>,
    /// Servers whose settings are being read, and the first words of what to go on with.
    settling: Vec<(ServerId, Start, Vec<String>)>,
    /// The server of each process.
    processes: LiteMap<Pid, ServerId>,
    next_pid: Pid,
    /// When the app was done with the latest requests, by their number.
    app_ends: LiteMap<u32, Millis>,
    outputs: VecDeque<Output>,
    page: Vec<u8>,
    /// Spans that the page is not told yet, and when they are to leave by themselves.
    spans: Vec<u8>,
    spans_until: Option<Millis>,
    /// Servers that have replicas.
    scales: LiteMap<ServerId, Scale>,
    /// How many workers may be asked for.
    room: u32,
    /// Names and values of [`servers::FACT`]s.
    facts: Vec<(String, String)>,
}

/// The replicas of a server: each is a server of its own, whose number has the replica's in its upper bits.
#[derive(Debug, Default)]
struct Scale {
    running: u32,
    /// Those that accept, or have exited: a bit for each.
    settled: u128,
    listening: Option<(String, u16)>,
    code: i32,
}

impl Scale {
    fn new(replicas: u32) -> Self {
        Self {
            running: replicas,
            settled: u128::MAX << replicas,
            ..Self::default()
        }
    }
}

/// Where a replica's number begins in a server's.
const REPLICA: u32 = 24;

/// A server as the page knows it.
fn page_id(server: ServerId) -> ServerId {
    server & ((1 << REPLICA) - 1)
}

impl Machine {
    /// A machine on which nothing runs.
    #[must_use]
    pub fn new() -> Self {
        Self {
            next_pid: FIRST_PID,
            room: u32::MAX,
            ..Self::default()
        }
    }

    fn pid(&mut self) -> Pid {
        self.next_pid += 1;
        self.next_pid
    }

    // --- what the page asks for

    /// Starts a server by its command line, given as a line or as words.
    pub fn start(
        &mut self,
        server: ServerId,
        command: &StartCommand,
        env: &[(String, String)],
        directory: &str,
        now: Millis,
    ) {
        let start = Start {
            command: command.clone(),
            env: env.to_vec(),
            directory: directory.to_owned(),
        };
        self.run(server, command, &start, now);
    }

    /// Does what a command asks for: the one of the start, or what it is settled into.
    fn run(&mut self, server: ServerId, command: &StartCommand, start: &Start, now: Millis) {
        let parsed = self.parse(command, start);
        if let Command::Serve(launch) = &parsed
            && server == page_id(server)
        {
            let wanted = launch.scale.saturating_mul(launch.workers.max(1));
            if wanted > self.room {
                let refusal = format!(
                    "wasgi: {wanted} workers do not fit into this tab. Each is a Python interpreter of its own, of about {MEGABYTES} MB, and there is room for {}: ask for fewer.",
                    self.room
                );
                self.print(server, Vec::new(), vec![refusal], now);
                self.outputs.push_back(Output::Exit { server, code: 1 });
                return;
            }
            if launch.scale > 1 {
                self.scales.insert(server, Scale::new(launch.scale));
                for replica in 1..=launch.scale {
                    let server = server | replica << REPLICA;
                    self.run(server, command, start, now);
                }
                return;
            }
        }
        match parsed {
            Command::Print { stdout, stderr, code } => {
                self.print(server, stdout, stderr, now);
                self.outputs.push_back(Output::Exit { server, code });
            }
            Command::Help { program, words } => self.outputs.push_back(Output::Help {
                server,
                program,
                words,
            }),
            Command::Settle(unsettled) => self.settle_words(server, *unsettled, start),
            Command::Serve(launch) => {
                let launch = *launch;
                let master_pid = self.pid();
                let interpreter = launch.interpreter;
                let running = Running {
                    master: Master::new(&launch, master_pid),
                    master_pid,
                    busy: interpreter,
                    events: VecDeque::new(),
                    actions: VecDeque::new(),
                    env: flat(&start.env, &launch, interpreter.then_some("")),
                    start: start.clone(),
                    started_at: now,
                    watches: false,
                    listeners: LiteMap::new(),
                    processes: Vec::new(),
                    pong_at: (launch.master && launch.server == Server::Uvicorn).then_some(now + PONG_EVERY),
                    launch,
                };
                self.servers.insert(server, running);
                if interpreter {
                    self.start_process(server, master_pid, SHELL, 0);
                } else {
                    self.tell_master(server, Event::Started, now);
                }
            }
        }
    }

    /// Reads a command where the project's files are what they are now.
    fn parse(&self, command: &StartCommand, start: &Start) -> Command {
        let env = [&*self.facts, &start.env].concat();
        match command {
            StartCommand::Line(line) => servers::parse(line, &env, &start.directory),
            StartCommand::Words(words) => servers::parse_argv(words, &env, &start.directory),
        }
    }

    fn settle_words(&mut self, server: ServerId, unsettled: Unsettled, start: &Start) {
        self.outputs.push_back(Output::Settle {
            server,
            words: unsettled.words,
            env: in_turn(&unsettled.env),
            directory: start.directory.clone(),
        });
        self.settling.push((server, start.clone(), unsettled.before));
    }

    /// What a uWSGI's settings are settled into, at its start or as it reloads.
    pub fn settled(&mut self, server: ServerId, mut answer: Vec<String>, now: Millis) {
        // Whoever has been ended meanwhile starts no more.
        let Some((start, mut words)) = self.settling_of(server) else {
            return;
        };
        words.append(&mut answer);
        let command = StartCommand::Words(words);
        let Some(running) = self.servers.get_mut(&server) else {
            self.run(server, &command, &start, now);
            return;
        };
        running.busy = false;
        match self.parse(&command, &start) {
            Command::Print { stdout, stderr, code } => {
                self.print(server, stdout, stderr, now);
                self.exit(server, code);
            }
            Command::Serve(launch) => {
                if let Some(running) = self.servers.get_mut(&server) {
                    running.configure(*launch, None);
                    running.events.push_front(Event::Started);
                }
                self.run_master(server, now);
            }
            // It executes itself, and now asks for its help.
            Command::Help { .. } | Command::Settle(_) => self.exit(server, 0),
        }
        self.settle(now);
    }

    fn settling_of(&mut self, server: ServerId) -> Option<(Start, Vec<String>)> {
        let at = self.settling.iter().position(|(its, ..)| *its == server)?;
        let (_, start, before) = self.settling.swap_remove(at);
        Some((start, before))
    }

    /// What a command line may ask about the machine: see [`servers::FACT`]. `None`: it is no longer so.
    pub fn set_fact(&mut self, name: &str, value: Option<String>) {
        let name = [servers::FACT.encode_utf8(&mut [0; 4]), name].concat();
        self.facts.retain(|(known, _)| *known != name);
        self.facts.extend(value.map(|value| (name, value)));
    }

    /// How many workers may be asked for, by the memory that there is.
    pub fn set_room(&mut self, room: u32) {
        self.room = room;
    }

    /// A server, or its replicas.
    fn servers_of(&self, server: ServerId) -> Vec<ServerId> {
        let mut all: Vec<ServerId> = self.servers.keys().copied().collect();
        all.retain(|one| page_id(*one) == server);
        all
    }

    fn print(&mut self, server: ServerId, stdout: Vec<String>, stderr: Vec<String>, time: Millis) {
        for (stream, lines) in [(Stream::Stdout, stdout), (Stream::Stderr, stderr)] {
            for line in lines {
                self.outputs.push_back(Output::Log {
                    server,
                    stream,
                    line,
                    time,
                });
            }
        }
    }

    /// Sends the master of a server a signal.
    pub fn signal(&mut self, server: ServerId, signal: Signal, now: Millis) {
        // A program that still reads its settings has no handlers.
        if !self.servers.contains_key(&server) && self.settling_of(server).is_some() {
            let code = Exit::Signal(signal).shell_code();
            self.outputs.push_back(Output::Exit { server, code });
        }
        for server in self.servers_of(server) {
            self.tell_master(server, Event::Signal(signal), now);
        }
        // Workers may have been killed: their clients hear of it.
        self.settle(now);
    }

    /// The signal that ends a server in good order: SIGTERM, but for a uWSGI that would only reload.
    #[must_use]
    pub fn last_signal(&self, server: ServerId) -> Signal {
        let server = self.servers_of(server).pop().unwrap_or(server);
        match self.servers.get(&server).map(|running| &running.launch) {
            Some(launch) if launch.server == Server::Uwsgi && !launch.die_on_term => Signal::Int,
            _ => Signal::Term,
        }
    }

    /// A file of the working directory has changed: its absolute path.
    pub fn file_changed(&mut self, path: &str, now: Millis) {
        let servers: Vec<ServerId> = self.servers.keys().copied().collect();
        for server in servers {
            self.tell_master(server, Event::FileChanged(path.to_owned()), now);
        }
    }

    /// Takes a message of the page: frames of its streams.
    pub fn from_page(&mut self, message: &[u8], now: Millis) {
        for frame in frames(message) {
            self.client.from_page(&mut self.net, frame, now);
        }
        self.settle(now);
    }

    // --- what processes do

    /// Takes a message of a process.
    pub fn from_process(&mut self, pid: Pid, message: &[u8], now: Millis) {
        let Some(&server) = self.processes.get(&pid) else {
            return;
        };
        for frame in frames(message) {
            match frame.kind {
                Kind::Log => {
                    let stream = if frame.id == 1 {
                        Stream::Stdout
                    } else {
                        Stream::Stderr
                    };
                    let line = String::from_utf8_lossy(frame.body).into_owned();
                    self.outputs.push_back(Output::Log {
                        server,
                        stream,
                        line,
                        time: now,
                    });
                }
                Kind::Notify => self.tell_master(server, Event::Heartbeat(pid), now),
                Kind::Booted => self.tell_master(server, Event::Booted(pid), now),
                Kind::Accepting => self.tell_master(server, Event::Accepting(pid), now),
                Kind::Busy | Kind::Request => {
                    let text = String::from_utf8_lossy(frame.body).into_owned();
                    let event = match frame.kind {
                        Kind::Busy => Event::Busy(pid, frame.id, text),
                        _ => Event::Request(pid, frame.id, text),
                    };
                    self.tell_master(server, event, now);
                }
                Kind::Hook => self.answered(server, frame, now),
                Kind::Bind => self.bind_for_process(server, pid, frame.id as usize),
                Kind::Unlisten => {
                    self.net.from_process(pid, frame, now);
                    self.let_go(server, |held| held.id == frame.id, pid);
                }
                Kind::Kill => self.kill(server, frame.id, frame.number(), now),
                Kind::Spans => self.spans(server, pid, frame, now),
                _ => self.net.from_process(pid, frame, now),
            }
        }
        self.settle(now);
    }

    /// What a process, or its worker in its place, says on standard error.
    pub fn output(&mut self, pid: Pid, text: &str, now: Millis) {
        let Some(&server) = self.processes.get(&pid) else {
            return;
        };
        for line in text.lines() {
            let line = line.to_owned();
            self.outputs.push_back(Output::Log {
                server,
                stream: Stream::Stderr,
                line,
                time: now,
            });
        }
    }

    /// A process has ended.
    pub fn exited(&mut self, pid: Pid, exit: Exit, now: Millis) {
        let Some(server) = self.processes.remove(&pid) else {
            return;
        };
        if let Some(running) = self.servers.get_mut(&server) {
            running.processes.retain(|its| *its != pid);
        }
        self.net.process_ended(pid);
        self.settle(now);
        if self
            .servers
            .get(&server)
            .is_some_and(|running| running.master_pid == pid)
        {
            self.exit(server, exit.shell_code());
        }
        self.let_go(server, |_| true, pid);
        self.tell_master(server, Event::Exited(pid, exit), now);
        self.settle(now);
    }

    // --- time

    /// Whether nobody is connected to anything.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.net.is_quiet()
    }

    /// When [`tick`](Self::tick) is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let masters = self
            .servers
            .values()
            .filter(|running| !running.busy)
            .filter_map(|running| running.master.deadline());
        let pongs = self.servers.values().filter_map(|running| running.pong_at);
        masters
            .chain(pongs)
            .chain(self.net.deadline())
            .chain(self.spans_until)
            .min_by(f64::total_cmp)
    }

    /// Timers that are due.
    pub fn tick(&mut self, now: Millis) {
        self.net.tick(now);
        let servers: Vec<ServerId> = self.servers.keys().copied().collect();
        for server in servers {
            self.pong(server, now);
            let due = self
                .servers
                .get(&server)
                .and_then(|running| running.master.deadline());
            if due.is_some_and(|at| at <= now) {
                self.tell_waiting(server, now);
                self.tell_master(server, Event::Deadline, now);
            }
        }
        self.settle(now);
    }

    fn pong(&mut self, server: ServerId, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        if running.pong_at.is_none_or(|at| at > now) {
            return;
        }
        running.pong_at = Some(now + PONG_EVERY);
        for pid in running.processes.clone() {
            self.tell_master(server, Event::Heartbeat(pid), now);
        }
    }

    /// A process sends another of its server, or the master, a signal.
    fn kill(&mut self, server: ServerId, pid: Pid, number: u32, now: Millis) {
        let (Some(signal), Some(running)) = (Signal::numbered(number as i32), self.servers.get(&server))
        else {
            return;
        };
        if running.master_pid == pid {
            self.tell_master(server, Event::Signal(signal), now);
        } else if self.processes.get(&pid) == Some(&server)
            && let Some(event) = self.carry_out(server, Action::Signal(pid, signal), now)
        {
            self.tell_master(server, event, now);
        }
    }

    // --- what masters do

    /// Tells a master how many connections wait to be accepted.
    fn tell_waiting(&mut self, server: ServerId, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        let listeners = running.listeners.values();
        let waiting = listeners.map(|held| self.net.waiting(held.id)).sum::<usize>();
        running.watches &= waiting == 0;
        self.tell_master(server, Event::Waiting(waiting as u32), now);
    }

    fn tell_master(&mut self, server: ServerId, event: Event, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        match event {
            // A master has no handlers for signals before it has read its configuration.
            Event::Signal(signal) if running.busy && !running.is_configured() => {
                self.exit(server, Exit::Signal(signal).shell_code());
            }
            event => {
                running.events.push_back(event);
                self.run_master(server, now);
            }
        }
    }

    /// Lets the master go on, until it has to wait for its Python.
    fn run_master(&mut self, server: ServerId, now: Millis) {
        while let Some(running) = self.servers.get_mut(&server)
            && !running.busy
        {
            if let Some(action) = running.actions.pop_front() {
                let answer = self.carry_out(server, action, now);
                if let Some(answer) = answer
                    && let Some(running) = self.servers.get_mut(&server)
                {
                    running.actions.extend(running.master.handle(now, answer));
                }
            } else if let Some(event) = running.events.pop_front() {
                running.actions.extend(running.master.handle(now, event));
            } else {
                return;
            }
        }
    }

    /// The master's Python has done what it was to do.
    fn answered(&mut self, server: ServerId, frame: Frame<'_>, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        running.busy = false;
        match frame.id {
            Answer::SETTINGS => {
                let settings = String::from_utf8_lossy(frame.body);
                let mut env = running.start.env.clone();
                env.push((servers::SETTINGS.to_owned(), settings.clone().into_owned()));
                match servers::parse_argv(&running.launch.argv, &env, &running.start.directory) {
                    Command::Print { stdout, stderr, code } => {
                        self.print(server, stdout, stderr, now);
                        self.exit(server, code);
                        return;
                    }
                    Command::Serve(launch) => running.configure(*launch, Some(&settings)),
                    // Whose help is wanted has no configuration to be read, and uWSGI's is read elsewhere.
                    Command::Help { .. } | Command::Settle(_) => {}
                }
                running.events.push_front(Event::Started);
            }
            Answer::RAISED => running.events.push_front(Event::HookFailed),
            _ => {}
        }
        self.run_master(server, now);
    }

    fn carry_out(&mut self, server: ServerId, action: Action, now: Millis) -> Option<Event> {
        let running = self.servers.get_mut(&server)?;
        match action {
            Action::Bind(index) => {
                let pid = running.master_pid;
                let ok = self.bind(server, index, pid).is_some();
                return Some(Event::Bound { index, ok });
            }
            Action::Hook(name, [first, second]) => {
                if running.launch.interpreter {
                    running.busy = true;
                    let pid = running.master_pid;
                    let call = format!("{name} {first} {second}");
                    self.net.tell_process(pid, Kind::Hook, 0, call.as_bytes());
                }
            }
            Action::Watch => running.watches = true,
            Action::Reread => {
                let start = running.start.clone();
                running.busy = true;
                if let Command::Settle(unsettled) = self.parse(&start.command, &start) {
                    self.settle_words(server, *unsettled, &start);
                }
            }
            Action::CloseListeners => {
                let pid = running.master_pid;
                self.let_go(server, |_| true, pid);
            }
            Action::Spawn { slot } if self.processes.len() as u32 / 2 >= self.room => {
                // As where fork() fails: a restart may need twice the workers, no more.
                let pid = self.next_pid + 1;
                self.next_pid = pid;
                running.events.push_back(Event::Exited(pid, Exit::Code(1)));
                return Some(Event::Spawned { slot, pid });
            }
            Action::Spawn { slot } => {
                let parent = running.master_pid;
                let interpreter = running.launch.interpreter;
                let pid = self.pid();
                if interpreter {
                    let call = format!("spawned {slot} {pid}");
                    self.net.tell_process(parent, Kind::Hook, 0, call.as_bytes());
                }
                self.start_process(server, pid, parent, slot);
                return Some(Event::Spawned { slot, pid });
            }
            Action::Load => {
                let pid = running.master_pid;
                if self.processes.contains_key(&pid) {
                    // It executes itself anew.
                    running.processes.retain(|its| *its != pid);
                    self.outputs.push_back(Output::Kill(pid));
                }
                self.start_process(server, pid, SHELL, 0);
            }
            Action::Signal(pid, Signal::Kill) => {
                if self.processes.contains_key(&pid) {
                    self.outputs.push_back(Output::Kill(pid));
                    self.processes.remove(&pid);
                    running.processes.retain(|its| *its != pid);
                    self.net.process_ended(pid);
                    self.let_go(server, |_| true, pid);
                    return Some(Event::Exited(pid, Exit::Signal(Signal::Kill)));
                }
            }
            Action::Signal(pid, signal) => {
                if self.processes.contains_key(&pid) {
                    self.net
                        .tell_process(pid, Kind::Signal, signal.number() as u32, b"");
                }
            }
            Action::Log(stream, line) => {
                self.outputs.push_back(Output::Log {
                    server,
                    stream,
                    line,
                    time: now,
                });
            }
            Action::Listening => {
                let (host, port) = running.launch.binds.first().cloned().unwrap_or_default();
                let address = servers::host::url(&host, port);
                self.outputs.push_back(Output::Listening {
                    server,
                    address,
                    port,
                });
            }
            Action::Exit(code) => self.exit(server, code),
        }
        None
    }

    fn start_process(&mut self, server: ServerId, pid: Pid, parent: Pid, slot: u32) {
        let Some(running) = self.servers.get(&server) else {
            return;
        };
        let spawn = Output::Spawn {
            pid,
            parent,
            argv: running.launch.argv.clone(),
            env: running.env.clone(),
            // A master with a Python forks for each worker: none can be ready before.
            replaced: running.launch.master && slot > 0 && !running.launch.interpreter,
        };
        self.processes.insert(pid, server);
        self.net.tell_process(pid, Kind::Slot, slot, b"");
        self.inherit(server, pid);
        self.outputs.push_back(spawn);
    }

    fn exit(&mut self, server: ServerId, code: i32) {
        self.settling_of(server);
        let Some(running) = self.servers.remove(&server) else {
            return;
        };
        for pid in running.processes {
            self.processes.remove(&pid);
            self.net.process_ended(pid);
            self.outputs.push_back(Output::Kill(pid));
        }
        for (_, held) in running.listeners {
            self.net.close_listener(held.id);
        }
        for (_, port) in &running.launch.binds {
            self.client.port_closed(&mut self.net, *port);
        }
        self.outputs.push_back(Output::Exit { server, code });
    }

    fn bind(&mut self, server: ServerId, index: usize, holder: Pid) -> Option<ListenerId> {
        let running = self.servers.get_mut(&server)?;
        let address = running.launch.binds.get(index)?.clone();
        let backlog = running.launch.backlog;
        let group = if server == page_id(server) {
            0
        } else {
            page_id(server)
        };
        let id = self.net.share(address, backlog, group).ok()?;
        if running.launch.server == Server::Uwsgi {
            let router = running.launch.router;
            self.net
                .defer(id, if router { Deferral::Head } else { Deferral::Data });
        }
        let holders = vec![holder];
        running.listeners.insert(index, Held { id, holders });
        Some(id)
    }

    fn bind_for_process(&mut self, server: ServerId, pid: Pid, index: usize) {
        if self.bind(server, index, pid).is_some() {
            self.tell_listeners(server, pid);
        } else {
            self.net.tell_process(pid, Kind::BindFailed, index as u32, b"");
        }
    }

    /// A new process has the listeners that its parent had.
    fn inherit(&mut self, server: ServerId, pid: Pid) {
        if let Some(running) = self.servers.get_mut(&server) {
            running.processes.push(pid);
            for (_, held) in running
                .listeners
                .iter_mut()
                .filter(|(index, _)| **index < RETIRED)
            {
                held.holders.push(pid);
            }
        }
        self.tell_listeners(server, pid);
    }

    fn tell_listeners(&mut self, server: ServerId, pid: Pid) {
        let Some(running) = self.servers.get(&server) else {
            return;
        };
        for (index, held) in &running.listeners {
            let Some((host, port)) = running.launch.binds.get(*index) else {
                continue;
            };
            let mut body = port.to_le_bytes().to_vec();
            body.extend_from_slice(host.as_bytes());
            self.net.tell_process(pid, Kind::Listening, held.id, &body);
        }
    }

    /// A process closes its copy of some listeners; the last one to do so closes them.
    fn let_go(&mut self, server: ServerId, which: impl Fn(&Held) -> bool, pid: Pid) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        for held in running
            .listeners
            .iter_mut()
            .map(|(_, held)| held)
            .filter(|held| which(held))
        {
            held.holders.retain(|holder| *holder != pid);
        }
        running.listeners.retain(|_, held| {
            let kept = !held.holders.is_empty();
            if !kept {
                self.net.close_listener(held.id);
            }
            kept
        });
    }

    // --- the trace

    fn spans(&mut self, server: ServerId, pid: Pid, frame: Frame<'_>, now: Millis) {
        let Some(running) = self.servers.get(&server) else {
            return;
        };
        let mut records = Vec::with_capacity(frame.body.len() * 2);
        for span in Span::decode_all(frame.body) {
            // What a thread does for no request in particular has no connection.
            let number = match span.connection {
                0 => 0,
                connection => self.client.request_number(connection, span.sequence),
            };
            if span.name == Name::App as u8 {
                self.app_ends.insert(number, span.end);
            }
            trace::encode_record(number, pid, &span, running.started_at, &mut records);
        }
        push(&mut self.spans, Kind::Spans, page_id(server), &records);
        self.spans_until.get_or_insert(now + SPANS_EVERY);
    }

    /// What the client saw: the connect, and the last byte of the answer.
    fn client_spans(&mut self, now: Millis) {
        while let Some(seen) = self.client.seen.pop_front() {
            let on_port = |running: &Running| running.launch.binds.iter().any(|bind| bind.1 == seen.port);
            let found = self.servers.iter().find(|(_, running)| on_port(running));
            let Some((server, running)) = found else { continue };
            let mut records = Vec::new();
            let mut record = |name: Name, start: Millis, end: Millis| {
                let span = Raw {
                    connection: 0,
                    sequence: 0,
                    thread: 0,
                    name: name as u8,
                    start,
                    end,
                    on: 0,
                };
                trace::encode_record(
                    seen.number,
                    seen.process.unwrap_or(0),
                    &span,
                    running.started_at,
                    &mut records,
                );
            };
            record(Name::Connect, seen.sent_at, seen.sent_at);
            if let Some(end) = self.app_ends.remove(&seen.number) {
                record(Name::Write, end, seen.complete_at);
            }
            push(&mut self.spans, Kind::Spans, page_id(*server), &records);
            self.spans_until.get_or_insert(now + SPANS_EVERY);
        }
        while self.app_ends.len() > 4096
            && let Some((&oldest, _)) = self.app_ends.first()
        {
            self.app_ends.remove(&oldest);
        }
    }

    // --- what goes out

    /// Lets the client see what the network has for it.
    fn settle(&mut self, now: Millis) {
        while let Some((connection, event)) = self.net.next_client_event() {
            self.client.on_network(&mut self.net, connection, event, now);
        }
        while let Some(pid) = self.net.next_turned() {
            if let Some(&server) = self.processes.get(&pid) {
                self.tell_master(server, Event::Heartbeat(pid), now);
            }
        }
        let watches = |(_, running): &(&ServerId, &Running)| running.watches;
        while let Some((&server, _)) = self.servers.iter().find(watches) {
            self.tell_waiting(server, now);
            if self.servers.get(&server).is_some_and(|running| running.watches) {
                break;
            }
        }
        // Spans first, so that they are there when a response is complete. By themselves they do not wake the page at once.
        self.client_spans(now);
        if !self.client.page.is_empty() || self.spans_until.is_some_and(|at| at <= now) {
            let mut spans = self.take_spans();
            self.page.append(&mut spans);
        }
        self.page.append(&mut self.client.page);
    }

    /// The message for the page, if there is one.
    #[must_use]
    pub fn take_page(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.page)
    }

    /// A message for the page with the spans that it has not been told yet: after a server's exit it has no use for them.
    #[must_use]
    pub fn take_spans(&mut self) -> Vec<u8> {
        self.spans_until = None;
        std::mem::take(&mut self.spans)
    }

    /// The messages for processes.
    #[must_use]
    pub fn take_messages(&mut self) -> Vec<(Pid, Vec<u8>)> {
        self.net.take_outboxes()
    }

    /// What is to be done next.
    pub fn next_output(&mut self) -> Option<Output> {
        loop {
            let output = self.outputs.pop_front()?;
            if let Some(output) = self.of_scale(output) {
                return Some(output);
            }
        }
    }

    /// What a replica's output is to the page: its lines tell its number, and all replicas together listen and exit.
    fn of_scale(&mut self, output: Output) -> Option<Output> {
        let (Output::Log { server, .. } | Output::Listening { server, .. } | Output::Exit { server, .. }) =
            output
        else {
            return Some(output);
        };
        let (replica, server) = (server >> REPLICA, page_id(server));
        let scale = self.scales.get_mut(&server).filter(|_| replica > 0);
        let Some(scale) = scale else {
            return Some(output);
        };
        let settled = scale.settled == u128::MAX;
        match output {
            Output::Log {
                stream, line, time, ..
            } => {
                let line = format!("replica-{replica}  | {line}");
                return Some(Output::Log {
                    server,
                    stream,
                    line,
                    time,
                });
            }
            Output::Listening { address, port, .. } => scale.listening = Some((address, port)),
            Output::Exit { code, .. } => {
                scale.running -= 1;
                scale.code = scale.code.max(code);
            }
            _ => {}
        }
        scale.settled |= 1 << (replica - 1);
        if scale.running == 0 {
            let code = scale.code;
            self.scales.remove(&server);
            return Some(Output::Exit { server, code });
        }
        if settled || scale.settled != u128::MAX {
            return None;
        }
        let (address, port) = scale.listening.take()?;
        Some(Output::Listening {
            server,
            address,
            port,
        })
    }
}

/// A command, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartCommand {
    /// A line, to be split as a shell splits it.
    Line(String),
    /// Its words.
    Words(Vec<String>),
}

#[cfg(test)]
mod tests;
