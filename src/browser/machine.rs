//! The computer ([`crate::machine`]) in the words of the control plane.

use super::protocol::{
    CommandLine, FromMachine, Identity, Listening, LogLine, ServerExited, SignalTo, Start,
};
use crate::machine::{self, Output, StartCommand};
use crate::net::Claims;
use crate::os::{Exit, Millis, Pid, Signal};

/// A process that is to be started.
#[derive(Debug)]
pub struct Spawn {
    /// Which one.
    pub process: Identity,
    /// Whether a master replaces it when it ends.
    pub replaced: bool,
    /// How many processes it will fork when it has loaded its app.
    pub forks: u32,
}

/// What the machine wants done by its devices.
#[derive(Debug)]
pub enum Wanted {
    /// Start a process.
    Spawn(Spawn),
    /// End a process at once.
    Kill(Pid),
    /// Tell the page.
    Tell(FromMachine),
    /// Send the page frames.
    Send(Vec<u8>),
}

/// The computer. After each call, [`next_wanted`](Self::next_wanted),
/// [`take_messages`](Self::take_messages) and [`take_page`](Self::take_page) say, in this order,
/// what is to be done.
#[derive(Debug)]
pub struct Machine {
    inner: machine::Machine,
    /// The working directory of every process.
    directory: String,
    /// What is wanted behind what was said last.
    next: Option<Wanted>,
}

impl Machine {
    /// A machine on which nothing runs. Processes work in `directory`.
    #[must_use]
    pub fn new(directory: String) -> Self {
        Self {
            inner: machine::Machine::new(),
            directory,
            next: None,
        }
    }

    /// Starts a server.
    pub fn start(&mut self, start: Start, now: Millis) {
        let Start {
            server,
            command,
            env,
        } = start;
        let command = match command {
            CommandLine::Line(line) => StartCommand::Line(line),
            CommandLine::Words(words) => StartCommand::Words(words),
        };
        self.inner
            .start(server, &command, &env, &self.directory, now);
    }

    /// Sends a server's master a signal. Returns whether there is one of this name.
    pub fn signal(&mut self, signal: SignalTo, now: Millis) -> bool {
        let SignalTo { server, name } = signal;
        let signal = match name {
            None => Some(self.inner.last_signal(server)),
            Some(name) => Signal::named(&name),
        };
        if let Some(signal) = signal {
            self.inner.signal(server, signal, now);
        }
        signal.is_some()
    }

    /// What connections are claimed by, where memory can be shared.
    pub fn share_claims(&mut self, claims: Box<dyn Claims>) {
        self.inner.share_claims(claims);
    }

    /// How many workers may be asked for, by the memory that there is.
    pub fn set_room(&mut self, room: u32) {
        self.inner.set_room(room);
    }

    /// How many processors there are.
    pub fn set_processors(&mut self, processors: u32) {
        self.inner.set_processors(processors);
    }

    /// There is a file or directory at this absolute path, perhaps with a text that a command line
    /// may ask for.
    pub fn add_file(&mut self, path: &str, text: Option<String>) {
        self.inner.add_file(path, text);
    }

    /// There is no file at this path any more.
    pub fn remove_file(&mut self, path: &str) {
        self.inner.remove_file(path);
    }

    /// A file of the working directory has changed: its absolute path.
    pub fn file_changed(&mut self, path: &str, now: Millis) {
        self.inner.file_changed(path, now);
    }

    /// A message of the page.
    pub fn deliver_page(&mut self, message: &[u8], now: Millis) {
        self.inner.from_page(message, now);
    }

    /// A message of a process.
    pub fn deliver_process(&mut self, pid: Pid, message: &[u8], now: Millis) {
        self.inner.from_process(pid, message, now);
    }

    /// What a process's worker says in its place.
    pub fn output(&mut self, pid: Pid, text: &str, now: Millis) {
        self.inner.output(pid, text, now);
    }

    /// Whether a process has accepted, or is about to.
    #[must_use]
    pub fn has_accepted(&self, pid: Pid) -> bool {
        self.inner.has_accepted(pid)
    }

    /// A process has ended: with this exit code, or by the signal of this negative number.
    pub fn exited(&mut self, pid: Pid, status: i32, now: Millis) {
        let exit = Signal::numbered(-status).map_or(Exit::Code(status), Exit::Signal);
        self.inner.exited(pid, exit, now);
    }

    /// The interpreter of a process cannot be started, however often it was tried.
    pub fn could_not_boot(&mut self, pid: Pid, now: Millis) {
        self.inner.could_not_boot(pid, now);
    }

    /// Whether nobody is connected to anything.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.inner.is_quiet()
    }

    /// When `tick` is due; infinite if never.
    #[must_use]
    pub fn deadline(&self) -> Millis {
        self.inner.deadline().unwrap_or(Millis::INFINITY)
    }

    /// Timers that are due.
    pub fn tick(&mut self, now: Millis) {
        self.inner.tick(now);
    }

    /// What is wanted next.
    pub fn next_wanted(&mut self) -> Option<Wanted> {
        if let Some(wanted) = self.next.take() {
            return Some(wanted);
        }
        let wanted = match self.inner.next_output()? {
            Output::Spawn {
                pid,
                parent,
                argv,
                env,
                configuration,
                replaced,
                forks,
            } => Wanted::Spawn(Spawn {
                process: Identity {
                    argv,
                    env,
                    configuration,
                    pid,
                    ppid: parent,
                    directory: self.directory.clone(),
                },
                replaced,
                forks,
            }),
            Output::Kill(pid) => Wanted::Kill(pid),
            Output::Log {
                server,
                stream,
                line,
                time,
            } => Wanted::Tell(FromMachine::Log(LogLine {
                server: server.number,
                stream: stream.into(),
                line,
                time,
            })),
            Output::Listening {
                server,
                address,
                port,
            } => Wanted::Tell(FromMachine::Listening(Listening {
                server: server.number,
                address,
                port,
            })),
            Output::Exit { server, code } => {
                let exit = Wanted::Tell(FromMachine::Exit(ServerExited {
                    server: server.number,
                    code,
                }));
                // Its last spans come before it has exited.
                let spans = self.inner.take_spans();
                if spans.is_empty() {
                    exit
                } else {
                    self.next = Some(exit);
                    Wanted::Send(spans)
                }
            }
        };
        Some(wanted)
    }

    /// Takes the frames for each process.
    pub fn take_messages(&mut self) -> Vec<(Pid, Vec<u8>)> {
        self.inner.take_messages()
    }

    /// Takes the frames for the page.
    pub fn take_page(&mut self) -> Vec<u8> {
        self.inner.take_page()
    }
}
