//! How the arbiter stops: gracefully, quickly, or because a worker cannot boot.

use super::arbiter::{Arbiter, BootFailure, End, POLL, State, Wake};
use crate::master::{Action, Hook};
use crate::os::{Millis, Signal, Stream};
use crate::servers::Level;

/// How long workers may take after an INT or QUIT that hurries a graceful stop.
const QUICK_STOP: Millis = 2000.0;

impl Arbiter {
    /// Stops gracefully and exits: with 0, or because of a failure.
    pub(super) fn halt(
        &mut self,
        now: Millis,
        failure: Option<BootFailure>,
        actions: &mut Vec<Action>,
    ) {
        self.stop(now, true, End::Exit(failure), actions);
    }

    /// Tells all workers to end, and waits for them.
    pub(super) fn stop(
        &mut self,
        now: Millis,
        graceful: bool,
        end: End,
        actions: &mut Vec<Action>,
    ) {
        if !self.closed {
            self.closed = true;
            actions.push(Action::CloseListeners);
        }
        self.kill_workers(if graceful { Signal::Term } else { Signal::Quit }, actions);
        self.state = State::Stopping {
            limit: self.graceful_limit(now),
            poll: now,
            graceful,
            end,
        };
    }

    /// A poll of a stop.
    pub(super) fn poll_stop(
        &mut self,
        now: Millis,
        mut limit: Millis,
        mut graceful: bool,
        end: End,
        actions: &mut Vec<Action>,
    ) {
        if self.table.is_empty() || now >= limit {
            self.kill_workers(Signal::Kill, actions);
            match self.reap_workers(now, actions) {
                Ok(()) => self.stopped(now, end, actions),
                Err(failure) => self.halt_again(now, failure, end, actions),
            }
            return;
        }
        if graceful {
            // The original looks at one signal a poll; SIGCHLD is one of them and is passed over.
            if let Some(Wake::Signal(Signal::Int | Signal::Quit)) = self.queue.pop_front() {
                self.log(now, Level::Info, "Quick shutdown requested", actions);
                self.kill_workers(Signal::Quit, actions);
                graceful = false;
                limit = now + QUICK_STOP;
            }
        }
        self.state = State::Stopping {
            limit,
            poll: now + POLL,
            graceful,
            end,
        };
        if let Err(failure) = self.reap_workers(now, actions) {
            self.halt_again(now, failure, end, actions);
        }
    }

    /// The workers have ended, or their time is over.
    fn stopped(&mut self, now: Millis, end: End, actions: &mut Vec<Action>) {
        match end {
            End::Halt => self.halt(now, None, actions),
            End::Abandon => self.exit(255, actions),
            End::Exit(failure) => {
                let level = if failure.is_none() {
                    Level::Info
                } else {
                    Level::Error
                };
                self.log(now, level, "Shutting down: Master", actions);
                if let Some(BootFailure { reason, .. }) = failure {
                    self.log(now, level, &format!("Reason: {reason}"), actions);
                }
                self.hook(Hook::OnExit, actions);
                self.exit(failure.map_or(0, |failure| failure.code), actions);
            }
        }
    }

    /// A worker that failed to boot was reaped while the server stops.
    ///
    /// In a halt nothing catches that in the original: the master dies of its own exception, with
    /// exit code 1. It is what `gunicorn -w 4` with a missing module ends with.
    fn halt_again(
        &mut self,
        now: Millis,
        failure: BootFailure,
        end: End,
        actions: &mut Vec<Action>,
    ) {
        let End::Exit(first) = end else {
            self.halt(now, Some(failure), actions);
            return;
        };
        let halt = |failure: BootFailure| {
            format!(
                "gunicorn.errors.HaltServer: <HaltServer '{}' {}>",
                failure.reason, failure.code
            )
        };
        let traceback = format!(
            "Traceback (most recent call last):\n{}\n\n\
             During handling of the above exception, another exception occurred:\n\n\
             Traceback (most recent call last):\n{}",
            first.map_or_else(|| "StopIteration".to_owned(), halt),
            halt(failure)
        );
        actions.push(Action::Log(Stream::Stderr, traceback));
        self.exit(1, actions);
    }
}
