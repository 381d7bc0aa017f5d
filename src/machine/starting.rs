//! How a command line becomes a server: what it says is printed, settled, refused for want of room,
//! or started, once for each replica.

use std::collections::{BTreeMap, VecDeque};

use super::running::{Running, Start, flat, in_turn};
use super::scale::{REPLICA, Scale, page_id};
use super::{Machine, Output, PONG_EVERY, SHELL};
use crate::client::ServerId;
use crate::master::{Event, Master};
use crate::os::{Millis, Stream};
use crate::servers::{self, Command, Server, Unsettled};

/// Memory that a worker takes, as measured with a small app.
const MEGABYTES: u32 = 64;

/// A command, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartCommand {
    /// A line, to be split as a shell splits it.
    Line(String),
    /// Its words.
    Words(Vec<String>),
}

impl Machine {
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
    pub(super) fn run(
        &mut self,
        server: ServerId,
        command: &StartCommand,
        start: &Start,
        now: Millis,
    ) {
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
            Command::Print {
                stdout,
                stderr,
                code,
            } => {
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
                    listeners: BTreeMap::new(),
                    processes: Vec::new(),
                    pong_at: (launch.master && launch.server == Server::Uvicorn)
                        .then_some(now + PONG_EVERY),
                    launch,
                };
                self.servers.insert(server, running);
                if interpreter {
                    self.start_process(server, master_pid, SHELL, 0, false);
                } else {
                    self.tell_master(server, Event::Started, now);
                }
            }
        }
    }

    /// Reads a command where the project's files are what they are now.
    pub(super) fn parse(&self, command: &StartCommand, start: &Start) -> Command {
        let env = [&*self.facts, &start.env].concat();
        match command {
            StartCommand::Line(line) => servers::parse(line, &env, &start.directory),
            StartCommand::Words(words) => servers::parse_argv(words, &env, &start.directory),
        }
    }

    pub(super) fn settle_words(&mut self, server: ServerId, unsettled: Unsettled, start: &Start) {
        self.outputs.push_back(Output::Settle {
            server,
            words: unsettled.words,
            env: in_turn(&unsettled.env),
            directory: start.directory.clone(),
        });
        self.settling
            .push((server, start.clone(), unsettled.before));
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
            Command::Print {
                stdout,
                stderr,
                code,
            } => {
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

    pub(super) fn settling_of(&mut self, server: ServerId) -> Option<(Start, Vec<String>)> {
        let at = self.settling.iter().position(|(its, ..)| *its == server)?;
        let (_, start, before) = self.settling.swap_remove(at);
        Some((start, before))
    }

    /// What a command line may ask about the machine: see [`servers::FACT`]. `None`: it is no
    /// longer so.
    pub fn set_fact(&mut self, name: &str, value: Option<String>) {
        let name = [servers::FACT.encode_utf8(&mut [0; 4]), name].concat();
        self.facts.retain(|(known, _)| *known != name);
        self.facts.extend(value.map(|value| (name, value)));
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
                self.outputs.push_back(Output::Log {
                    server,
                    stream,
                    line,
                    time,
                });
            }
        }
    }
}
