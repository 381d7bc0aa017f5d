//! What masters are told, what they want done, and what the Python of those that have one answers.

use strum::FromRepr;

use super::computer::Machine;
use super::output::Output;
use super::processes::SHELL;
use super::server_id::ServerId;
use crate::bounds::{VAIN_SPAWNS, WAITING};
use crate::master::{Action, Event, Hook, MASTER_SLOT};
use crate::net::frame::{Frame, FromProcess, ToProcess};
use crate::os::{Exit, Millis, Pid, Signal, Stream};
use crate::servers::{self, Command, Configuration, Surroundings};

/// uvicorn's workers answer pings from a thread of their own: as long as the process is there, it
/// is well.
pub(super) const PONG_EVERY: Millis = 1000.0;

/// What the master's Python answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRepr)]
#[repr(u32)]
pub enum Answer {
    /// The configuration as a command line: at the start, and where it was to be read again.
    Settings,
    /// The hook has run.
    Done,
    /// The hook has raised.
    Raised,
}

impl Machine {
    pub(super) fn notify_master(&mut self, server: ServerId, event: Event, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        match event {
            // A master has no handlers for signals before it has read its configuration.
            Event::Signal(signal) if running.busy && !running.is_configured() => {
                self.exit(server, Exit::Signal(signal).shell_code());
            }
            // They come again, or say no more by being many.
            event if running.events.len() >= WAITING && event.may_be_left_out() => {}
            event => {
                running.events.push_back(event);
                self.run_master(server, now);
            }
        }
    }

    /// Tells a master how many connections wait to be accepted.
    pub(super) fn notify_waiting(&mut self, server: ServerId, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        let listeners = running.listeners.values();
        let waiting = listeners
            .map(|held| self.net.waiting(held.id))
            .sum::<usize>();
        running.watches &= waiting == 0;
        self.notify_master(server, Event::Waiting(waiting as u32), now);
    }

    pub(super) fn pong(&mut self, server: ServerId, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        if running.pong_at.is_none_or(|at| at > now) {
            return;
        }
        running.pong_at = Some(now + PONG_EVERY);
        for pid in running.processes.clone() {
            self.notify_master(server, Event::Heartbeat(pid), now);
        }
    }

    /// Lets the master go on, until it has to wait for its Python.
    pub(super) fn run_master(&mut self, server: ServerId, now: Millis) {
        while let Some(running) = self.servers.get_mut(&server)
            && !running.busy
        {
            if let Some(action) = running.actions.pop_front() {
                let answer = self.carry_out(server, action, now);
                if let Some(answer) = answer
                    && let Some(running) = self.servers.get_mut(&server)
                {
                    // What follows from the answer comes before what was to follow the action.
                    for action in running.master.handle(now, answer).into_iter().rev() {
                        running.actions.push_front(action);
                    }
                }
            } else if let Some(event) = running.events.pop_front() {
                running.actions.extend(running.master.handle(now, event));
            } else {
                return;
            }
        }
    }

    /// The master's Python has done what it was to do.
    pub(super) fn answered(
        &mut self,
        server: ServerId,
        frame: Frame<'_, FromProcess>,
        now: Millis,
    ) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        running.busy = false;
        match Answer::from_repr(frame.id) {
            Some(Answer::Settings) => {
                let settings = String::from_utf8_lossy(frame.body);
                let words = shlex::split(&settings).unwrap_or_default();
                let surroundings = Surroundings {
                    configuration: &Configuration::Read(words),
                    ..Surroundings::new(&running.start.env, &running.start.directory)
                };
                let command = servers::parse_argv(&running.launch.argv, &surroundings);
                self.configure(server, command, now);
            }
            Some(Answer::Raised) => running.events.push_front(Event::HookFailed),
            Some(Answer::Done) | None => {}
        }
        self.run_master(server, now);
    }

    /// Gives a server the configuration that was read, or ends it where that is none.
    fn configure(&mut self, server: ServerId, command: Command, now: Millis) {
        let (stdout, stderr, code) = match command {
            Command::Print {
                stdout,
                stderr,
                code,
            } => (stdout, stderr, code),
            Command::Serve(launch) => {
                let Some(refusal) = self.misfit(launch.workers) else {
                    if let Some(running) = self.servers.get_mut(&server) {
                        running.configure(*launch);
                        running.events.push_front(Event::Started);
                    }
                    return;
                };
                (Vec::new(), vec![refusal], 1)
            }
        };
        self.print(server, stdout, stderr, now);
        self.exit(server, code);
    }

    pub(super) fn carry_out(
        &mut self,
        server: ServerId,
        action: Action,
        now: Millis,
    ) -> Option<Event> {
        let is_full = self.is_full();
        let running = self.servers.get_mut(&server)?;
        match action {
            Action::Bind(index) => {
                let pid = running.master_pid;
                let ok = self.bind(server, index, pid).is_some();
                return Some(Event::Bound { index, ok });
            }
            Action::Hook(hook) => {
                if running.launch.master_has_python() {
                    running.busy = true;
                    let pid = running.master_pid;
                    self.run_hook(pid, hook);
                }
            }
            Action::Watch => running.watches = true,
            Action::Reread => {
                let start = running.start.clone();
                let command = self.parse(&start);
                self.configure(server, command, now);
            }
            Action::CloseListeners => {
                let pid = running.master_pid;
                self.let_go(server, |_| true, pid);
            }
            Action::Spawn { slot, .. } if is_full => {
                let is_vain = running.is_vain_spawn();
                // As where fork() fails.
                self.next_pid += 1;
                let pid = self.next_pid;
                running.events.push_back(Event::Exited(pid, Exit::Code(1)));
                if !std::mem::replace(&mut running.told_full, true) {
                    let line = format!(
                        "wasgi: no more processes can be started: {} run, and there is no room \
                         for more in this tab.",
                        self.processes.len()
                    );
                    self.push_line(server, Stream::Stderr, line, now);
                }
                if is_vain {
                    self.wait_no_longer(server, now);
                }
                return Some(Event::Spawned { slot, pid });
            }
            Action::Spawn { slot, again } => {
                let is_vain = running.is_vain_spawn();
                let parent = running.master_pid;
                let master_has_python = running.launch.master_has_python();
                running.told_full = false;
                let pid = self.pid();
                if master_has_python {
                    self.run_hook(parent, Hook::Spawned { age: slot, pid });
                }
                self.start_process(server, pid, parent, slot, again);
                if is_vain {
                    self.wait_no_longer(server, now);
                }
                return Some(Event::Spawned { slot, pid });
            }
            Action::Load => {
                let pid = running.master_pid;
                if self.processes.contains_key(&pid) {
                    // It executes itself anew.
                    running.processes.retain(|its| *its != pid);
                    self.outputs.push_back(Output::Kill(pid));
                    self.accepting.remove(&pid);
                }
                self.start_process(server, pid, SHELL, MASTER_SLOT, false);
            }
            Action::Signal(pid, signal @ Signal::Kill) => {
                return self.end_process(server, pid, signal);
            }
            Action::Signal(pid, signal) => {
                if self.processes.contains_key(&pid) {
                    self.net
                        .send_to_process(pid, ToProcess::Signal, signal.number() as u32, b"");
                }
            }
            Action::Log(stream, line) => self.push_line(server, stream, line, now),
            Action::Listening => {
                running.vain_spawns = None;
                let listening = running.listening(server);
                self.outputs.push_back(listening);
            }
            Action::Exit(code) => self.exit(server, code),
        }
        None
    }

    /// Processes of a server end again and again before they accept: the real server goes on for
    /// ever, with a client in its backlog. So does this one, and who started it hears so.
    fn wait_no_longer(&mut self, server: ServerId, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        running.vain_spawns = None;
        let line = format!(
            "wasgi: {} processes of this server have been started, and its workers have not come \
             to accept. It goes on trying, as the real server does.",
            running.launch.workers.saturating_add(VAIN_SPAWNS)
        );
        let listening = running.listening(server);
        self.push_line(server, Stream::Stderr, line, now);
        self.outputs.push_back(listening);
    }

    fn run_hook(&mut self, master: Pid, hook: Hook) {
        let call = hook.to_string();
        self.net
            .send_to_process(master, ToProcess::Hook, 0, call.as_bytes());
    }

    /// Whether no process can be started.
    fn is_full(&self) -> bool {
        self.processes.len() as u32 >= self.most_processes()
    }

    pub(super) fn exit(&mut self, server: ServerId, code: i32) {
        let Some(mut running) = self.servers.remove(&server) else {
            return;
        };
        let time = running.log.at();
        let notes = [running.log.dropped(), running.spans.dropped()];
        for note in notes.into_iter().flatten() {
            self.push_line(server, Stream::Stderr, note, time);
        }
        for pid in running.processes {
            self.processes.remove(&pid);
            self.accepting.remove(&pid);
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
}
