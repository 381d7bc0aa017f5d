//! What processes say and do, and how they start.

use super::computer::Machine;
use super::log::SENT_BYTES;
use super::output::Output;
use super::server_id::ServerId;
use crate::master::{Action, Event, MASTER_SLOT};
use crate::net::frame::{Frame, FromProcess, ToProcess, frames};
use crate::net::{AfterClose, Linger};
use crate::os::{Exit, Millis, Pid, Signal, Stream};
use crate::servers::Server;
use crate::servers::uwsgi::{RequestBegun, RequestEnded};

/// The exit code of a process that cannot boot: it tells masters not to try again.
const BOOT_FAILURE: i32 = 3;
/// What servers are started from.
pub(super) const SHELL: Pid = 1;

impl Machine {
    pub(super) fn start_process(
        &mut self,
        server: ServerId,
        pid: Pid,
        parent: Pid,
        slot: u32,
        again: bool,
    ) {
        let Some(running) = self.servers.get(&server) else {
            return;
        };
        let spawn = Output::Spawn {
            pid,
            parent,
            argv: running.launch.argv.clone(),
            env: running.env.clone(),
            configuration: running.launch.configuration.clone(),
            // A master with a Python forks for each worker: none can be ready before. That of uWSGI
            // becomes a new one in a reload.
            replaced: running.launch.master
                && !running.launch.master_has_python()
                && (slot != MASTER_SLOT || running.launch.server() == Server::Uwsgi),
            forks: if running.launch.master && slot == MASTER_SLOT {
                running.launch.workers
            } else {
                0
            },
        };
        self.processes.insert(pid, server);
        self.net
            .send_to_process(pid, ToProcess::Slot, slot, &[u8::from(again)]);
        self.inherit(server, pid);
        self.outputs.push_back(spawn);
    }

    /// Takes a message of a process.
    pub fn from_process(&mut self, pid: Pid, message: &[u8], now: Millis) {
        let Some(&server) = self.processes.get(&pid) else {
            return;
        };
        for frame in frames(message) {
            if !self.may_say(server, pid, frame) {
                continue;
            }
            match frame.kind {
                FromProcess::Log => {
                    let stream = Stream::of_descriptor(frame.id).unwrap_or(Stream::Stderr);
                    self.log(server, stream, frame.body, now);
                }
                FromProcess::Notify => self.notify_master(server, Event::Heartbeat(pid), now),
                FromProcess::Booted => self.notify_master(server, Event::Booted(pid), now),
                FromProcess::Accepting => {
                    // Once: a master's own process is asked for all workers by it.
                    if self.accepting.insert(pid) {
                        self.notify_master(server, Event::Accepting(pid), now);
                    }
                }
                FromProcess::Busy => {
                    let body = frame.body.get(..SENT_BYTES).unwrap_or(frame.body);
                    let begun = RequestBegun::read(body);
                    self.notify_master(server, Event::Busy(pid, frame.id, begun), now);
                }
                FromProcess::Request => {
                    let mut ended = Box::new(RequestEnded::read(frame.body));
                    let admits = |this: &mut Self| this.admits_line(server, frame.body.len(), now);
                    if ended.line.is_some() && !admits(self) {
                        ended.line = None;
                    }
                    self.notify_master(server, Event::Request(pid, frame.id, ended), now);
                }
                FromProcess::Hook => self.answered(server, frame, now),
                FromProcess::Bind => self.bind_for_process(server, pid, frame.id as usize),
                FromProcess::Unlisten => {
                    self.net.from_process(pid, frame, now);
                    self.let_go(server, |held| held.id == frame.id, pid);
                }
                FromProcess::Kill => self.kill(server, frame.id, frame.number(), now),
                FromProcess::Die => {
                    if let Some(signal) = Signal::numbered(frame.number() as i32)
                        && let Some(event) = self.end_process(server, pid, signal)
                    {
                        self.notify_master(server, event, now);
                    }
                }
                FromProcess::Spans => self.spans(server, pid, frame, now),
                _ => self.net.from_process(pid, frame, now),
            }
        }
        self.deliver_to_client(now);
    }

    /// Whether a process may say this: user code runs in it, which may say anything. A listener is
    /// its own, hooks run in the master; whose connection it is, the network knows.
    fn may_say(&self, server: ServerId, pid: Pid, frame: Frame<'_, FromProcess>) -> bool {
        let Some(running) = self.servers.get(&server) else {
            return false;
        };
        let listener = match frame.kind {
            FromProcess::Hook => return pid == running.master_pid,
            FromProcess::Busy => return frame.id < running.launch.threads.max(1),
            FromProcess::Poll
            | FromProcess::Accept
            | FromProcess::AcceptAndKeepNext
            | FromProcess::Unlisten => frame.id,
            FromProcess::Linger => match Linger::decode(frame.body).map(|linger| linger.then) {
                Some(AfterClose::Accept(listener)) => listener,
                _ => return true,
            },
            _ => return true,
        };
        let held = running.listeners.values().find(|held| held.id == listener);
        held.is_some_and(|held| held.holders.contains(&pid))
    }

    /// What a process, or its worker in its place, says on standard error.
    pub fn output(&mut self, pid: Pid, text: &str, now: Millis) {
        let Some(&server) = self.processes.get(&pid) else {
            return;
        };
        for line in text.lines() {
            self.log(server, Stream::Stderr, line.as_bytes(), now);
        }
    }

    /// Whether a process has accepted, or is about to.
    #[must_use]
    pub fn has_accepted(&self, pid: Pid) -> bool {
        self.accepting.contains(&pid)
    }

    /// A process has ended.
    pub fn exited(&mut self, pid: Pid, exit: Exit, now: Millis) {
        let Some(server) = self.processes.remove(&pid) else {
            return;
        };
        self.accepting.remove(&pid);
        if let Some(running) = self.servers.get_mut(&server) {
            running.processes.retain(|its| *its != pid);
        }
        self.net.process_ended(pid);
        self.deliver_to_client(now);
        if self
            .servers
            .get(&server)
            .is_some_and(|running| running.master_pid == pid)
        {
            self.exit(server, exit.shell_code());
        }
        self.let_go(server, |_| true, pid);
        self.notify_master(server, Event::Exited(pid, exit), now);
        self.deliver_to_client(now);
    }

    /// The interpreter of a process cannot be started, however often it was tried. To its master it
    /// has failed to boot; the server of one that would try for ever ends.
    pub fn could_not_boot(&mut self, pid: Pid, now: Millis) {
        let Some(&server) = self.processes.get(&pid) else {
            return;
        };
        self.exited(pid, Exit::Code(BOOT_FAILURE), now);
        let running = self.servers.get(&server);
        if running.is_some_and(|running| !running.gives_up()) {
            self.exit(server, BOOT_FAILURE);
        }
    }

    /// A process sends another of its server, or the master, a signal.
    pub(super) fn kill(&mut self, server: ServerId, pid: Pid, number: u32, now: Millis) {
        let (Some(signal), Some(running)) = (
            Signal::numbered(number as i32),
            self.servers.get_mut(&server),
        ) else {
            return;
        };
        if running.signals.left(now) < 1.0 {
            return;
        }
        running.signals.take(1.0);
        if running.master_pid == pid {
            self.notify_master(server, Event::Signal(signal), now);
        } else if self.processes.get(&pid) == Some(&server)
            && let Some(event) = self.carry_out(server, Action::Signal(pid, signal), now)
        {
            self.notify_master(server, event, now);
        }
    }

    /// A process of a server ends at once, by a signal.
    pub(super) fn end_process(
        &mut self,
        server: ServerId,
        pid: Pid,
        signal: Signal,
    ) -> Option<Event> {
        self.processes.remove(&pid)?;
        self.accepting.remove(&pid);
        self.outputs.push_back(Output::Kill(pid));
        if let Some(running) = self.servers.get_mut(&server) {
            running.processes.retain(|its| *its != pid);
        }
        self.net.process_ended(pid);
        self.let_go(server, |_| true, pid);
        Some(Event::Exited(pid, Exit::Signal(signal)))
    }
}
