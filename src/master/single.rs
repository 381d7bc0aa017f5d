//! A server that is one process, without a master: uvicorn without `--workers`, daphne.
//!
//! The process logs its own lines, and its exit code is the server's. It also opens its own
//! listeners, when it comes to that (uvicorn: after the lifespan startup, so that connections are
//! refused until then, and a port in use is found out only there): a [`Single`] binds nothing.

use super::{Action, Event};
use crate::os::{Pid, Signal};

/// Passes signals on and waits for the end.
#[derive(Debug, Default)]
pub(super) struct Single {
    pid: Option<Pid>,
    /// Signals that came before the process.
    early: Vec<Signal>,
}

impl Single {
    pub(super) fn handle(&mut self, event: &Event, actions: &mut Vec<Action>) {
        match *event {
            Event::Started => actions.push(Action::Spawn {
                slot: 1,
                again: false,
            }),
            Event::Spawned { pid, .. } => {
                self.pid = Some(pid);
                actions.extend(
                    self.early
                        .drain(..)
                        .map(|signal| Action::Signal(pid, signal)),
                );
            }
            Event::Accepting(_) => actions.push(Action::Listening),
            Event::Signal(signal) => match self.pid {
                Some(pid) => actions.push(Action::Signal(pid, signal)),
                None => self.early.push(signal),
            },
            Event::Exited(_, exit) => actions.push(Action::Exit(exit.shell_code())),
            Event::Bound { .. }
            | Event::Booted(_)
            | Event::Heartbeat(_)
            | Event::Busy(..)
            | Event::Waiting(_)
            | Event::Request(..)
            | Event::HookFailed
            | Event::FileChanged(_)
            | Event::Deadline => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::master::Event;
    use crate::master::script::Stage;
    use crate::os::{Exit, Signal};
    use crate::testing::test;

    #[test]
    fn one_process_is_started_and_listens_when_it_accepts() {
        Stage::new("uvicorn app:app")
            .event(Event::Started)
            .accepts(8)
            .expect_in_short(&["spawn 8", "listening"]);
    }

    #[test]
    fn the_exit_code_is_that_of_the_process() {
        let mut stage = Stage::running("uvicorn app:app");
        stage.exits(8, Exit::Code(3)).expect_in_short(&["exit 3"]);
        assert_eq!(stage.code(), Some(3));
    }

    #[test]
    fn a_signal_reaches_the_process_and_ends_the_server_as_a_shell_sees_it() {
        Stage::running("uvicorn app:app")
            .signal(Signal::Term)
            .exits(8, Exit::Signal(Signal::Term))
            .expect_in_short(&["SIGTERM to 8", "exit 143"]);
    }
}
