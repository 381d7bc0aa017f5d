#![allow(clippy::unwrap_used, clippy::panic)]

mod bounds;
mod configuration;
mod forged;
mod log;
mod scale;
mod settings;
mod spans;

use super::{Machine, Output, ServerId, ServerNumber, StartCommand};
use crate::net::frame::{FromPage, FromProcess, ToPage, ToProcess, frames, push, push_number};
use crate::os::{Exit, Millis, Pid, Signal};
use crate::testing::test;
use crate::wire::strings::Strings;

const SERVER: ServerNumber = 1;

/// A machine whose processes the test plays.
struct Bench {
    machine: Machine,
    now: Millis,
    /// What processes were told.
    told: Vec<(Pid, ToProcess, u32)>,
    lines: Vec<String>,
    spawned: Vec<Pid>,
    /// Whether each of those may be replaced, so that another is kept ready.
    replaced: Vec<bool>,
    killed: Vec<Pid>,
    listening: Vec<String>,
    exits: Vec<(ServerNumber, i32)>,
}

impl Bench {
    fn start(line: &str) -> Self {
        let mut bench = Self {
            machine: Machine::new(),
            now: 1_000_000.0,
            told: Vec::new(),
            lines: Vec::new(),
            spawned: Vec::new(),
            replaced: Vec::new(),
            killed: Vec::new(),
            listening: Vec::new(),
            exits: Vec::new(),
        };
        bench.start_another(SERVER, line);
        bench
    }

    fn start_another(&mut self, server: ServerNumber, line: &str) {
        let command = StartCommand::Line(line.to_owned());
        self.machine
            .start(server, &command, &[], "/home/web", self.now);
        self.look();
    }

    fn look(&mut self) {
        while let Some(output) = self.machine.next_output() {
            match output {
                Output::Spawn { pid, replaced, .. } => {
                    self.spawned.push(pid);
                    self.replaced.push(replaced);
                }
                Output::Kill(pid) => self.killed.push(pid),
                Output::Log { line, .. } => self.lines.push(line),
                Output::Listening { address, .. } => self.listening.push(address),
                Output::Exit { server, code } => self.exits.push((server.number, code)),
            }
        }
        for (pid, message) in self.machine.take_messages() {
            self.told
                .extend(frames(&message).map(|frame| (pid, frame.kind, frame.id)));
        }
    }

    /// A process says something that has no body.
    fn says(&mut self, pid: Pid, kind: FromProcess, id: u32) {
        let mut message = Vec::new();
        push(&mut message, kind, id, b"");
        self.machine.from_process(pid, &message, self.now);
        self.look();
    }

    /// A process boots, loads its app and accepts.
    fn boots(&mut self, pid: Pid) {
        for kind in [
            FromProcess::Booted,
            FromProcess::Notify,
            FromProcess::Accepting,
        ] {
            self.says(pid, kind, 0);
        }
    }

    /// A process prints a line.
    fn log(&mut self, pid: Pid, line: &str) {
        let mut message = Vec::new();
        push(&mut message, FromProcess::Log, 2, line.as_bytes());
        self.machine.from_process(pid, &message, self.now);
        self.look();
    }

    fn exits(&mut self, pid: Pid, exit: Exit) {
        self.machine.exited(pid, exit, self.now);
        self.look();
    }

    fn signal(&mut self, signal: Signal) {
        self.machine.signal(SERVER, signal, self.now);
        self.look();
    }

    /// Time passes, every timer at its time.
    fn pass(&mut self, milliseconds: Millis) {
        let end = self.now + milliseconds;
        while let Some(at) = self.machine.deadline().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.machine.tick(self.now);
            self.look();
        }
        self.now = end;
    }

    fn has(&self, pid: Pid, kind: ToProcess) -> bool {
        self.told.iter().any(|told| told.0 == pid && told.1 == kind)
    }

    /// Why a fetch of the page fails, or what it was answered.
    fn fetch(&mut self, port: &str) -> Option<ToPage> {
        self.machine.from_page(&fetch(port), self.now);
        self.look();
        self.page()
    }

    /// Whether and how a stream of the page has failed.
    fn page(&mut self) -> Option<ToPage> {
        let page = self.machine.take_page();
        let kinds = frames::<ToPage>(&page).map(|frame| frame.kind);
        kinds
            .into_iter()
            .find(|kind| matches!(kind, ToPage::Refused | ToPage::Reset))
    }
}

/// A fetch of the page.
fn fetch(port: &str) -> Vec<u8> {
    let mut run = Vec::new();
    let strings = [port, "GET", "/", "0", "Host", "a"];
    strings.iter().collect::<Strings>().encode_into(&mut run);
    let mut message = Vec::new();
    push(&mut message, FromPage::Fetch, 9, &run);
    message
}

#[test]
fn a_server_spawns_its_workers_and_listens_when_they_accept() {
    let mut bench = Bench::start("gunicorn -w 2 app:app");
    bench.pass(1000.0);
    assert_eq!(bench.spawned.len(), 2);
    assert!(bench.listening.is_empty());
    for pid in bench.spawned.clone() {
        assert!(
            bench.has(pid, ToProcess::Listening),
            "a worker inherits the socket"
        );
        bench.boots(pid);
    }
    assert_eq!(bench.listening, ["http://127.0.0.1:8000"]);
}

#[test]
fn another_process_is_kept_ready_for_workers_and_for_a_master_that_becomes_a_new_one_in_a_reload() {
    let replaced = |line: &str| Bench::start(line).replaced;
    assert_eq!(replaced("gunicorn app:app"), [true]);
    assert_eq!(replaced("uvicorn app:app"), [false]);
    assert_eq!(replaced("gunicorn --preload app:app"), [false]);
    assert_eq!(
        replaced("uwsgi --master --http-socket :8000 -w app"),
        [true]
    );
}

#[test]
fn a_worker_that_dies_is_replaced_and_its_clients_are_told() {
    let mut bench = Bench::start("gunicorn app:app");
    let first = bench.spawned[0];
    bench.boots(first);
    bench.fetch("8000");
    let mut accept = Vec::new();
    push_number(&mut accept, FromProcess::Accept, 1, 1);
    bench.machine.from_process(first, &accept, bench.now);
    bench.look();
    assert!(bench.has(first, ToProcess::Accepted));
    bench.exits(first, Exit::Signal(Signal::Abrt));
    assert!(bench.page() == Some(ToPage::Reset));
    bench.pass(1000.0);
    assert_eq!(bench.spawned.len(), 2);
    assert!(
        bench
            .lines
            .iter()
            .any(|line| line.ends_with("was sent SIGABRT!")),
        "{:?}",
        bench.lines
    );
    assert!(bench.has(bench.spawned[1], ToProcess::Listening));
    assert_eq!(bench.exits, []);
}

#[test]
fn what_a_dead_process_still_says_is_not_heard() {
    let mut bench = Bench::start("gunicorn app:app");
    let first = bench.spawned[0];
    bench.exits(first, Exit::Code(1));
    let lines = bench.lines.len();
    let mut message = Vec::new();
    push(&mut message, FromProcess::Log, 2, b"from the grave");
    bench.machine.from_process(first, &message, bench.now);
    bench.exits(first, Exit::Code(1));
    bench.look();
    assert_eq!(bench.lines.len(), lines);
}

#[test]
fn term_ends_the_server_with_0_once_its_workers_have_left() {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    bench.signal(Signal::Term);
    bench.pass(1000.0);
    assert!(bench.has(worker, ToProcess::Signal));
    assert_eq!(bench.exits, []);
    bench.exits(worker, Exit::Code(0));
    bench.pass(1000.0);
    assert_eq!(bench.exits, [(SERVER, 0)]);
    assert!(bench.fetch("8000") == Some(ToPage::Refused));
}

#[test]
fn a_worker_that_does_not_leave_is_killed_after_the_graceful_timeout() {
    let mut bench = Bench::start("gunicorn --graceful-timeout 5 app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    bench.signal(Signal::Term);
    bench.pass(4000.0);
    assert!(bench.killed.is_empty());
    bench.pass(3000.0);
    assert_eq!(bench.killed, [worker]);
    assert_eq!(bench.exits, [(SERVER, 0)]);
}

#[test]
fn an_app_that_cannot_be_loaded_ends_the_server() {
    let mut bench = Bench::start("gunicorn nomod:app");
    let worker = bench.spawned[0];
    bench.says(worker, FromProcess::Booted, 0);
    bench.exits(worker, Exit::Code(3));
    bench.pass(1000.0);
    assert_eq!(bench.exits, [(SERVER, 3)]);
}

#[test]
fn a_process_without_a_master_binds_by_itself_and_gives_its_exit_code() {
    let mut bench = Bench::start("uvicorn app:app");
    let process = bench.spawned[0];
    assert!(!bench.has(process, ToProcess::Listening));
    bench.says(process, FromProcess::Booted, 0);
    assert!(bench.fetch("8000") == Some(ToPage::Refused));
    bench.says(process, FromProcess::Bind, 0);
    assert!(bench.has(process, ToProcess::Listening));
    bench.says(process, FromProcess::Accepting, 0);
    assert_eq!(bench.listening, ["http://127.0.0.1:8000"]);
    bench.exits(process, Exit::Code(9));
    assert_eq!(bench.exits, [(SERVER, 9)]);
    assert!(bench.fetch("8000") == Some(ToPage::Refused));
}

#[test]
fn a_port_in_use_is_told_to_the_second_server_and_free_again_after_the_first() {
    let mut bench = Bench::start("uvicorn app:app");
    let first = bench.spawned[0];
    bench.says(first, FromProcess::Bind, 0);
    bench.start_another(2, "uvicorn app:app");
    let second = bench.spawned[1];
    bench.says(second, FromProcess::Bind, 0);
    assert!(bench.has(second, ToProcess::BindFailed) && !bench.has(second, ToProcess::Listening));
    bench.exits(second, Exit::Code(3));
    assert_eq!(bench.exits, [(2, 3)]);
    bench.exits(first, Exit::Code(0));
    bench.start_another(3, "uvicorn app:app");
    let third = bench.spawned[2];
    bench.says(third, FromProcess::Bind, 0);
    assert!(bench.has(third, ToProcess::Listening));
}

#[test]
fn gunicorn_gives_up_on_a_port_in_use_after_five_tries() {
    let mut bench = Bench::start("gunicorn app:app");
    bench.start_another(2, "gunicorn app:app");
    assert_eq!(bench.exits, []);
    bench.pass(10_000.0);
    assert_eq!(bench.exits, [(2, 1)]);
    assert_eq!(bench.spawned.len(), 1);
}

#[test]
fn a_listener_closes_when_the_last_process_lets_it_go() {
    let mut bench = Bench::start("uvicorn app:app");
    let process = bench.spawned[0];
    bench.says(process, FromProcess::Bind, 0);
    bench.says(process, FromProcess::Accepting, 0);
    assert_eq!(bench.fetch("8000"), None);
    bench.says(process, FromProcess::Unlisten, 1);
    assert!(
        bench.page() == Some(ToPage::Reset),
        "it waited in the backlog"
    );
    assert!(bench.fetch("8000") == Some(ToPage::Refused));
}

#[test]
fn a_process_may_signal_its_master_and_its_siblings() {
    let mut bench = Bench::start("gunicorn -w 2 app:app");
    bench.pass(1000.0);
    let (first, second) = (bench.spawned[0], bench.spawned[1]);
    bench.boots(first);
    bench.boots(second);
    let kill = |bench: &mut Bench, pid: Pid, signal: Signal| {
        let mut message = Vec::new();
        push_number(&mut message, FromProcess::Kill, pid, signal.number() as u32);
        bench.machine.from_process(first, &message, bench.now);
        bench.look();
        bench.pass(1000.0);
    };
    kill(&mut bench, second, Signal::Kill);
    assert_eq!(bench.killed, [second]);
    assert_eq!(bench.spawned.len(), 3, "it is replaced");
    let master = bench.machine.servers[&ServerId::of(SERVER)].master_pid;
    kill(&mut bench, master, Signal::Term);
    assert!(bench.has(first, ToProcess::Signal));
    kill(&mut bench, 1, Signal::Kill);
    assert_eq!(bench.killed.len(), 1, "there is no such process");
}

#[test]
fn a_process_may_die_of_a_signal_that_nobody_handles() {
    let mut bench = Bench::start("uvicorn app:app");
    bench.pass(1000.0);
    let process = bench.spawned[0];
    bench.boots(process);
    let mut message = Vec::new();
    let number = Signal::Hup.number() as u32;
    push_number(&mut message, FromProcess::Die, 0, number);
    bench.machine.from_process(process, &message, bench.now);
    bench.look();
    assert_eq!(bench.killed, [process]);
    assert_eq!(bench.exits, [(SERVER, 129)]);
}

#[test]
fn a_line_that_starts_no_server_prints_and_exits() {
    let bench = Bench::start("gunicorn --bogus app:app");
    assert_eq!(bench.exits, [(SERVER, 2)]);
    assert!(
        bench
            .lines
            .last()
            .unwrap()
            .contains("unrecognized arguments: --bogus")
    );
    assert!(bench.spawned.is_empty());
}

#[test]
fn a_boot_loop_spawns_one_process_at_a_time_and_can_be_stopped() {
    let mut bench = Bench::start("gunicorn app:app");
    for round in 1..20 {
        assert_eq!(
            bench.spawned.len(),
            round,
            "the next one is spawned when the last has ended"
        );
        bench.exits(bench.spawned[round - 1], Exit::Code(1));
        bench.pass(200.0);
    }
    let last = *bench.spawned.last().unwrap();
    bench.signal(Signal::Term);
    bench.exits(last, Exit::Signal(Signal::Term));
    bench.pass(1000.0);
    assert_eq!(bench.exits, [(SERVER, 0)]);
}

#[test]
fn a_gunicorn_without_workers_listens_all_the_same() {
    let bench = Bench::start("gunicorn -w 0 app:app");
    assert_eq!((bench.listening.len(), bench.spawned.len()), (1, 0));
}
