//! How a command line becomes a server: what it says is printed, refused for want of room, or
//! started, once for each replica.

use std::collections::{BTreeMap, VecDeque};

use super::running::{Running, Start, flat};
use super::scale::{REPLICA, Scale, page_id};
use super::{Machine, Output, PONG_EVERY, SHELL};
use crate::client::ServerId;
use crate::master::{Event, Master};
use crate::os::{Millis, Stream};
use crate::servers::{self, Command, Server};

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
        self.run(server, &start, now);
    }

    /// Does what a command asks for.
    fn run(&mut self, server: ServerId, start: &Start, now: Millis) {
        let parsed = self.parse(start);
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
                let interpreter = launch.interpreter;
                let running = Running {
                    master: Master::new(&launch, master_pid),
                    master_pid,
                    busy: interpreter,
                    events: VecDeque::new(),
                    actions: VecDeque::new(),
                    env: flat(&start.env, &launch),
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
    pub(super) fn parse(&self, start: &Start) -> Command {
        let env = [&*self.facts, &start.env].concat();
        match &start.command {
            StartCommand::Line(line) => servers::parse(line, &env, &start.directory),
            StartCommand::Words(words) => servers::parse_argv(words, &env, &start.directory),
        }
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
