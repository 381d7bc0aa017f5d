//! A stage for masters: a virtual clock, a machine that carries out what can be carried out at
//! once, and a record of all that happened, to be compared line by line.

use super::{Action, Event, Master};
use crate::os::{Exit, Millis, Pid, Signal, Stream};
use crate::servers::{self, Command, Launch};

/// When the scripts begin: 2026-11-22 10:00:00 UTC.
const BEGIN: Millis = 1_795_341_600_000.0;

/// The master's pid; workers get those after it.
pub(super) const MASTER: Pid = 7;

/// What a command line asks for.
pub(super) fn launch(line: &str) -> Launch {
    match servers::parse(line, &servers::Surroundings::new(&[], "/home/user")) {
        Command::Serve(launch) => *launch,
        printed @ servers::Command::Print { .. } => unreachable!("{line} prints {printed:?}"),
    }
}

/// A master on the stage.
pub(super) struct Stage {
    master: Master,
    now: Millis,
    next_pid: Pid,
    /// Attempts to bind that fail before one succeeds.
    pub(super) address_in_use: u32,
    /// How the master's process ends where it loads the app; `None`: it has it loaded.
    pub(super) load_fails: Option<Exit>,
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
            load_fails: None,
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
        for action in self.master.handle(self.now, event) {
            if let Some(answer) = self.carry_out(action) {
                self.event(answer);
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
            Action::Load => {
                let loaded = Event::Accepting(MASTER);
                let answer = self
                    .load_fails
                    .map_or(loaded, |exit| Event::Exited(MASTER, exit));
                ("load".into(), Some(answer))
            }
            Action::Watch => ("watch".into(), None),
            Action::Reread => ("reread".into(), Some(Event::Started)),
            Action::CloseListeners => ("close".into(), None),
            Action::Spawn { slot, .. } => {
                self.next_pid += 1;
                (
                    format!("spawn {}", self.next_pid),
                    Some(Event::Spawned {
                        slot,
                        pid: self.next_pid,
                    }),
                )
            }
            Action::Hook(hook) => (format!("hook {hook}"), None),
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
            let next = self.master.deadline();
            assert!(
                next.is_none_or(|next| next > self.now),
                "the clock stands still"
            );
        }
        self.now = end;
        self
    }

    /// The configuration was read again.
    pub(super) fn reconfigure(&mut self, line: &str) -> &mut Self {
        self.master.reconfigure(&launch(line));
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
        assert_eq!(
            record,
            expected,
            "left is what happened:\n{}",
            record.join("\n")
        );
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
        assert_eq!(
            record,
            expected,
            "left is what happened:\n{}",
            record.join("\n")
        );
        self
    }

    /// How often `what` happened since the last look.
    pub(super) fn count(&mut self, what: &str) -> usize {
        std::mem::take(&mut self.record)
            .iter()
            .filter(|line| line.contains(what))
            .count()
    }

    /// What the server exited with.
    pub(super) fn code(&self) -> Option<i32> {
        self.code
    }

    /// The last pid that was given out.
    pub(super) fn last_pid(&self) -> Pid {
        self.next_pid
    }
}

mod tests {
    use super::*;
    use crate::testing::test;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Pass(u32),
        Signal(Signal),
        Accepts(u8),
        Heartbeat(u8),
        Exits(u8, Exit),
    }

    fn signals() -> impl Strategy<Value = Signal> {
        use Signal::{Hup, Int, Quit, Term, Ttin, Ttou, Usr1, Usr2, Winch};
        prop::sample::select(vec![
            Hup, Hup, Ttin, Ttin, Ttou, Ttou, Usr1, Usr2, Winch, Int, Quit, Term,
        ])
    }

    fn steps() -> impl Strategy<Value = Step> {
        let exit = prop_oneof![
            prop::sample::select(vec![0, 0, 1, 1, 3, 4, 255]).prop_map(Exit::Code),
            prop::sample::select(vec![Signal::Kill, Signal::Term]).prop_map(Exit::Signal),
        ];
        prop_oneof![
            4 => (0_u32..3_000).prop_map(Step::Pass),
            1 => signals().prop_map(Step::Signal),
            4 => any::<u8>().prop_map(Step::Accepts),
            2 => any::<u8>().prop_map(Step::Heartbeat),
            2 => (any::<u8>(), exit).prop_map(|(worker, exit)| Step::Exits(worker, exit)),
        ]
    }

    proptest! {
        /// The stage itself fails on an action after the exit and on a deadline that does not move.
        #[test]
        fn no_order_of_events_makes_a_master_spin_or_act_after_its_exit(
            line in prop::sample::select(vec![
                "gunicorn app:app",
                "gunicorn -w 3 -t 2 --graceful-timeout 3 app:app",
                "uvicorn --workers 3 app:app",
                "uvicorn app:app",
                "uwsgi --http-socket :8000 -p 3 --master --harakiri 2",
                "uwsgi --http-socket :8000 -p 3 --lazy-apps",
            ]),
            steps in prop::collection::vec(steps(), 0..80),
        ) {
            let mut stage = Stage::new(line);
            stage.event(Event::Started);
            let mut gone = vec![MASTER];
            for step in steps {
                let living: Vec<Pid> = (MASTER..=stage.last_pid())
                    .filter(|pid| !gone.contains(pid))
                    .collect();
                let pick = |number: u8| {
                    living.get(usize::from(number) % living.len().max(1)).copied()
                };
                match step {
                    Step::Pass(duration) => { stage.pass(f64::from(duration)); }
                    Step::Signal(signal) => { stage.signal(signal); }
                    Step::Accepts(worker) => { pick(worker).map(|pid| stage.accepts(pid)); }
                    Step::Heartbeat(worker) => {
                        pick(worker).map(|pid| stage.event(Event::Heartbeat(pid)));
                    }
                    Step::Exits(worker, exit) => {
                        if let Some(pid) = pick(worker) {
                            gone.push(pid);
                            stage.exits(pid, exit);
                        }
                    }
                }
                if stage.code().is_some() {
                    break;
                }
            }
            stage.event(Event::Deadline).pass(10_000.0);
        }

        #[test]
        fn term_ends_every_server_once_its_workers_have_ended(
            line in prop::sample::select(vec!["gunicorn -w 3 app:app", "uvicorn --workers 3 app:app", "uvicorn app:app"]),
            before in 0_u32..5_000,
        ) {
            let mut stage = Stage::running(line);
            for _ in 0..before / 1_000 {
                for pid in MASTER + 1..=stage.last_pid() {
                    stage.event(Event::Heartbeat(pid));
                }
                stage.pass(1_000.0);
            }
            stage.signal(Signal::Term).pass(600.0);
            for pid in MASTER + 1..=stage.last_pid() {
                stage.exits(pid, Exit::Signal(Signal::Term));
            }
            stage.pass(300.0);
            prop_assert_eq!(stage.code(), Some(if line.contains('3') { 0 } else { 143 }));
        }
    }
}
