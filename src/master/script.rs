//! A stage for masters: a virtual clock, a machine that carries out what can be carried out at once, and a record of all that happened, to be
//! compared line by line.

use super::{Action, Event, Exit, Master, Pid, Signal, Stream};
use crate::Millis;
use crate::servers::{self, Command, Launch};

/// When the scripts begin: 2026-11-22 10:00:00 UTC.
const BEGIN: Millis = 1_795_341_600_000.0;

/// The master's pid; workers get those after it.
pub(super) const MASTER: Pid = 7;

/// What a command line asks for.
pub(super) fn launch(line: &str) -> Launch {
    match servers::parse(line, &[], "/home/user") {
        Command::Serve(launch) => *launch,
        printed @ Command::Print { .. } => unreachable!("{line} prints {printed:?}"),
    }
}

/// A master on the stage.
pub(super) struct Stage {
    master: Master,
    now: Millis,
    next_pid: Pid,
    /// Attempts to bind that fail before one succeeds.
    pub(super) address_in_use: u32,
    record: Vec<String>,
    code: Option<i32>,
}

impl Stage {
    /// A command line, before its master starts.
    pub(super) fn new(line: &str) -> Stage {
        Stage {
            master: Master::new(&launch(line), MASTER),
            now: BEGIN,
            next_pid: MASTER,
            address_in_use: 0,
            record: Vec::new(),
            code: None,
        }
    }

    /// A server whose workers all accept; what it did until then is forgotten.
    pub(super) fn running(line: &str) -> Stage {
        let mut stage = Stage::new(line);
        stage.event(Event::Started);
        stage.pass(200.0);
        for number in 1..=launch(line).workers {
            stage.accepts(MASTER + number);
        }
        stage.pass(100.0);
        stage.record.clear();
        stage
    }

    /// An event, now.
    pub(super) fn event(&mut self, event: Event) -> &mut Self {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.master.handle(self.now, event) {
                if let Some(answer) = self.carry_out(action) {
                    events.insert(0, answer);
                }
            }
        }
        self
    }

    fn carry_out(&mut self, action: Action) -> Option<Event> {
        assert_eq!(self.code, None, "{action:?} after the exit");
        let at = self.now - BEGIN;
        let (what, answer) = match action {
            Action::Bind(index) => {
                let ok = self.address_in_use == 0;
                self.address_in_use -= u32::from(!ok);
                (format!("bind {index}"), Some(Event::Bound { index, ok }))
            }
            Action::CloseListeners => ("close".into(), None),
            Action::Spawn { slot } => {
                self.next_pid += 1;
                (
                    format!("spawn {}", self.next_pid),
                    Some(Event::Spawned {
                        slot,
                        pid: self.next_pid,
                    }),
                )
            }
            Action::Signal(pid, signal) => (format!("SIG{} to {pid}", signal.name()), None),
            Action::Log(stream, line) => {
                assert_eq!(stream, Stream::Stderr);
                (line, None)
            }
            Action::Listening => ("listening".into(), None),
            Action::Exit(code) => {
                self.code = Some(code);
                (format!("exit {code}"), None)
            }
        };
        self.record.push(format!("{:.2} {what}", at / 1000.0));
        answer
    }

    /// Time passes, with the deadlines in it.
    pub(super) fn pass(&mut self, duration: Millis) -> &mut Self {
        let end = self.now + duration;
        while let Some(deadline) = self.master.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.event(Event::Deadline);
        }
        self.now = end;
        self
    }

    pub(super) fn signal(&mut self, signal: Signal) -> &mut Self {
        self.event(Event::Signal(signal))
    }

    pub(super) fn exits(&mut self, pid: Pid, exit: Exit) -> &mut Self {
        self.event(Event::Exited(pid, exit))
    }

    /// A worker boots, loads the app and accepts.
    pub(super) fn accepts(&mut self, pid: Pid) -> &mut Self {
        self.event(Event::Booted(pid)).event(Event::Accepting(pid))
    }

    /// What happened since the last look, each with its time in seconds since the beginning.
    #[track_caller]
    pub(super) fn expect(&mut self, expected: &[&str]) -> &mut Self {
        let record = std::mem::take(&mut self.record);
        assert_eq!(record, expected, "left is what happened:\n{}", record.join("\n"));
        self
    }

    /// What happened since the last look, without times; log lines without their prefix.
    #[track_caller]
    pub(super) fn expect_in_short(&mut self, expected: &[&str]) -> &mut Self {
        let record: Vec<String> = std::mem::take(&mut self.record)
            .into_iter()
            .map(|line| {
                let what = line.split_once(' ').map_or("", |(_, what)| what);
                what.split_once("+0000] [7] ")
                    .map_or(what, |(_, message)| message)
                    .to_owned()
            })
            .collect();
        assert_eq!(record, expected, "left is what happened:\n{}", record.join("\n"));
        self
    }

    /// How often `what` happened since the last look.
    pub(super) fn count(&mut self, what: &str) -> usize {
        std::mem::take(&mut self.record)
            .iter()
            .filter(|line| line.contains(what))
            .count()
    }

    pub(super) fn code(&self) -> Option<i32> {
        self.code
    }
}
