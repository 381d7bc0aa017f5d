//! The machine: what there is on it, what the page asks for, its timers, and what goes out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::output::Output;
use super::page_window::PageWindow;
use super::running::Running;
use super::scale::Scale;
use super::server_id::{ServerId, ServerNumber};
use crate::bounds::PROCESSES;
use crate::client::Client;
use crate::master::Event;
use crate::net::frame::{FromPage, frames};
use crate::net::{Claims, Network};
use crate::os::{Millis, Pid, Signal};
use crate::servers::Files;

/// The first process id: the machine's own `init` and its shell have those before.
const FIRST_PID: Pid = 10;

/// The machine.
#[derive(Debug, Default)]
pub struct Machine {
    pub(super) net: Network,
    pub(super) client: Client,
    pub(super) servers: BTreeMap<ServerId, Running>,
    /// The server of each process.
    pub(super) processes: BTreeMap<Pid, ServerId>,
    /// Those of them that have accepted, or are about to.
    pub(super) accepting: BTreeSet<Pid>,
    pub(super) next_pid: Pid,
    /// When the app was done with the latest requests, by their number.
    pub(super) app_ends: BTreeMap<u32, Millis>,
    pub(super) outputs: VecDeque<Output>,
    pub(super) page: Vec<u8>,
    /// Spans that the page is not told yet, and when they are to leave by themselves.
    pub(super) spans: Vec<u8>,
    pub(super) spans_until: Option<Millis>,
    /// When the page is to hear of requests that are on their way.
    pub(super) news_at: Option<Millis>,
    /// Servers that have replicas.
    pub(super) scales: BTreeMap<ServerNumber, Scale>,
    /// How many workers may be asked for.
    pub(super) room: u32,
    /// Lines and spans on their way to the page.
    pub(super) window: PageWindow,
    /// The files of the project.
    pub(super) files: Files,
    pub(super) processors: u32,
}

impl Machine {
    /// A machine on which nothing runs.
    #[must_use]
    pub fn new() -> Self {
        Self {
            next_pid: FIRST_PID,
            processors: 1,
            room: PROCESSES,
            ..Self::default()
        }
    }

    pub(super) fn pid(&mut self) -> Pid {
        self.next_pid += 1;
        self.next_pid
    }

    // --- what the page asks for

    /// How many workers may be asked for, by the memory that there is.
    pub fn set_room(&mut self, room: u32) {
        self.room = room;
    }

    /// Sends the master of a server a signal.
    pub fn signal(&mut self, server: ServerNumber, signal: Signal, now: Millis) {
        for server in self.servers_of(server) {
            self.notify_master(server, Event::Signal(signal), now);
        }
        // Workers may have been killed: their clients hear of it.
        self.deliver_to_client(now);
    }

    /// The signal that ends a server in good order: SIGTERM, but for a uWSGI that would only
    /// reload.
    #[must_use]
    pub fn last_signal(&self, server: ServerNumber) -> Signal {
        let server = self.servers_of(server).pop();
        let running = server.and_then(|server| self.servers.get(&server));
        match running.and_then(|running| running.launch.uwsgi()) {
            Some(uwsgi) if !uwsgi.die_on_term => Signal::Int,
            _ => Signal::Term,
        }
    }

    /// A file of the working directory has changed: its absolute path.
    pub fn file_changed(&mut self, path: &str, now: Millis) {
        let servers: Vec<ServerId> = self.servers.keys().copied().collect();
        for server in servers {
            self.notify_master(server, Event::FileChanged(path.to_owned()), now);
        }
    }

    /// Connections can be offered from now on.
    pub fn share_claims(&mut self, claims: Box<dyn Claims>) {
        self.net.share_claims(claims);
    }

    /// Takes a message of the page: frames of its streams.
    pub fn from_page(&mut self, message: &[u8], now: Millis) {
        for frame in frames(message) {
            // Streams of the page have numbers from 1: this is of what is no stream's.
            if frame.kind == FromPage::Credit && frame.id == 0 {
                self.window.taken(frame.number());
            } else {
                self.client.from_page(&mut self.net, frame, now);
            }
        }
        self.deliver_to_client(now);
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
        let logs = self.servers.values();
        let logs = logs.flat_map(|running| [running.log.deadline(), running.spans.deadline()]);
        masters
            .chain(pongs)
            .chain(logs.flatten())
            .chain(self.net.deadline())
            .chain(self.spans_until)
            .chain(self.news_at)
            .min_by(f64::total_cmp)
    }

    /// Timers that are due.
    pub fn tick(&mut self, now: Millis) {
        self.net.tick(now);
        let servers: Vec<ServerId> = self.servers.keys().copied().collect();
        for server in servers {
            self.pong(server, now);
            self.log_dropped(server, now);
            let due = self
                .servers
                .get(&server)
                .and_then(|running| running.master.deadline());
            if due.is_some_and(|at| at <= now) {
                self.notify_waiting(server, now);
                self.notify_master(server, Event::Deadline, now);
            }
        }
        self.tell_news(now);
        self.deliver_to_client(now);
    }

    // --- what goes out

    /// Lets the client see what the network has for it.
    pub(super) fn deliver_events(&mut self, now: Millis) {
        while let Some((connection, event)) = self.net.next_client_event() {
            self.client
                .on_network(&mut self.net, connection, event, now);
        }
    }

    /// The same; then tells the page and the masters what has come of it.
    pub(super) fn deliver_to_client(&mut self, now: Millis) {
        self.deliver_events(now);
        while let Some(pid) = self.net.next_overrun() {
            let line = format!(
                "wasgi: process {pid} has sent more than a connection takes: the connection is \
                 reset."
            );
            self.output(pid, &line, now);
        }
        while let Some(pid) = self.net.next_turned() {
            if let Some(&server) = self.processes.get(&pid) {
                self.notify_master(server, Event::Heartbeat(pid), now);
            }
        }
        let watches = |(_, running): &(&ServerId, &Running)| running.watches;
        while let Some((&server, _)) = self.servers.iter().find(watches) {
            self.notify_waiting(server, now);
            if self
                .servers
                .get(&server)
                .is_some_and(|running| running.watches)
            {
                break;
            }
        }
        // Spans first, so that they are there when a response is complete. By themselves they do
        // not wake the page at once.
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
}
