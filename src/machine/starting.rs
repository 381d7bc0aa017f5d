//! How a command line becomes a server: what it says is printed, refused for want of room, or
//! started, once for each replica.

use std::collections::{BTreeMap, VecDeque};

use super::allowance::Allowance;
use super::budgets::{LogBudget, SpanBudget};
use super::computer::Machine;
use super::masters::PONG_EVERY;
use super::output::Output;
use super::processes::SHELL;
use super::running::{Running, Start, StartCommand, environment};
use super::scale::Scale;
use super::server_id::{ServerId, ServerNumber};
use crate::bounds::SIGNALS;
use crate::master::{Event, MASTER_SLOT, Master};
use crate::os::{Millis, Stream};
use crate::servers::{self, Command, Configuration, Server, Surroundings};

/// Memory that a worker takes, as measured with a small app.
const MEGABYTES: u32 = 64;

impl Machine {
    /// Starts a server by its command line, given as a line or as words.
    pub fn start(
        &mut self,
        number: ServerNumber,
        command: &StartCommand,
        env: &[(String, String)],
        directory: &str,
        now: Millis,
    ) {
        let start = Start {
            command: command.clone(),
            env: env.to_vec(),
            directory: directory.to_owned(),
            // gunicorn reads this file if it is there; where "there" is, the command line may say.
            configuration: if self.files.any_named("gunicorn.conf.py") {
                Configuration::Unread
            } else {
                Configuration::CommandLine
            },
        };
        self.run(ServerId::of(number), &start, now);
    }

    /// Does what a command asks for.
    fn run(&mut self, server: ServerId, start: &Start, now: Millis) {
        let parsed = self.parse(start);
        if let Command::Serve(launch) = &parsed
            && server.replica.is_none()
        {
            let wanted = launch.scale.saturating_mul(launch.workers.max(1));
            if let Some(refusal) = self.refusal(wanted) {
                self.print(server, Vec::new(), vec![refusal], now);
                self.outputs.push_back(Output::Exit { server, code: 1 });
                return;
            }
            if launch.scale > 1 {
                self.scales.insert(server.number, Scale::new(launch.scale));
                for replica in 1..=launch.scale {
                    let replica = Some(replica);
                    let server = ServerId { replica, ..server };
                    self.run(server, start, now);
                }
                return;
            }
        }
        match parsed {
            Command::Print {
                stdout,
                stderr,
                code,
            } => {
                self.print(server, stdout, stderr, now);
                self.outputs.push_back(Output::Exit { server, code });
            }
            Command::Serve(launch) => {
                let launch = *launch;
                let master_pid = self.pid();
                let master_has_python = launch.master_has_python();
                let running = Running {
                    master: Master::new(&launch, master_pid),
                    master_pid,
                    busy: master_has_python,
                    events: VecDeque::new(),
                    actions: VecDeque::new(),
                    env: environment(&start.env, &launch),
                    start: start.clone(),
                    started_at: now,
                    watches: false,
                    log: LogBudget::new(now),
                    spans: SpanBudget::new(now),
                    signals: Allowance::new(SIGNALS, now),
                    vain_spawns: Some(0),
                    told_full: false,
                    listeners: BTreeMap::new(),
                    processes: Vec::new(),
                    pong_at: (launch.master && launch.server() == Server::Uvicorn)
                        .then_some(now + PONG_EVERY),
                    launch,
                };
                self.servers.insert(server, running);
                if master_has_python {
                    self.start_process(server, master_pid, SHELL, MASTER_SLOT, false);
                } else {
                    self.notify_master(server, Event::Started, now);
                }
            }
        }
    }

    /// Why so many workers cannot be started beside those that run, if they cannot.
    fn refusal(&self, wanted: u32) -> Option<String> {
        if let Some(refusal) = self.misfit(wanted) {
            return Some(refusal);
        }
        let running = self.processes.len() as u32;
        (running.saturating_add(wanted) > self.most_processes()).then(|| {
            let s = if wanted == 1 { "" } else { "s" };
            format!(
                "wasgi: there is no room for {wanted} worker{s} more in this tab, where {running} \
                 processes run. Each is a Python interpreter of its own, of about {MEGABYTES} MB: \
                 stop a server first."
            )
        })
    }

    /// Why a server cannot have so many workers, if it cannot.
    pub(super) fn misfit(&self, wanted: u32) -> Option<String> {
        let room = self.room;
        (wanted > room).then(|| {
            format!(
                "wasgi: {wanted} workers do not fit into this tab. Each is a Python interpreter of \
                 its own, of about {MEGABYTES} MB, and there is room for {room}: ask for fewer."
            )
        })
    }

    /// How many processes may run: a restart may need twice the workers, no more.
    pub(super) fn most_processes(&self) -> u32 {
        self.room.saturating_mul(2)
    }

    /// Reads a command where the project's files are what they are now.
    pub(super) fn parse(&self, start: &Start) -> Command {
        let surroundings = Surroundings {
            processors: self.processors,
            files: Some(&self.files),
            configuration: &start.configuration,
            ..Surroundings::new(&start.env, &start.directory)
        };
        match &start.command {
            StartCommand::Line(line) => servers::parse(line, &surroundings),
            StartCommand::Words(words) => servers::parse_argv(words, &surroundings),
        }
    }

    /// How many processors there are.
    pub fn set_processors(&mut self, processors: u32) {
        self.processors = processors;
    }

    /// There is a file or directory at this absolute path. A small file that a command line may
    /// name has a text.
    pub fn add_file(&mut self, path: &str, text: Option<String>) {
        self.files.add(path, text);
    }

    /// There is no file at this path any more.
    pub fn remove_file(&mut self, path: &str) {
        self.files.remove(path);
    }

    pub(super) fn print(
        &mut self,
        server: ServerId,
        stdout: Vec<String>,
        stderr: Vec<String>,
        time: Millis,
    ) {
        for (stream, lines) in [(Stream::Stdout, stdout), (Stream::Stderr, stderr)] {
            for line in lines {
                self.push_line(server, stream, line, time);
            }
        }
    }
}
