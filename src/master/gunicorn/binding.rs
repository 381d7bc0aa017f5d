//! How the arbiter starts, and how it comes to its addresses.

use super::arbiter::{Arbiter, Resume, State};
use crate::master::{Action, Hook};
use crate::os::Millis;
use crate::servers::{Level, host};

/// Attempts to have an address, a second apart.
pub(super) const BIND_ATTEMPTS: u32 = 5;
const BIND_PAUSE: Millis = 1000.0;

impl Arbiter {
    pub(super) fn start(&mut self, now: Millis, actions: &mut Vec<Action>) {
        self.log(now, Level::Info, "Starting gunicorn 27.0.1", actions);
        self.rebinding = false;
        self.hook(Hook::OnStarting, actions);
        self.bind(now, 0, actions);
    }

    /// Binds the address `index`, or goes on if there are no more.
    pub(super) fn bind(&mut self, now: Millis, index: usize, actions: &mut Vec<Action>) {
        if index < self.binds.len() {
            self.state = State::Binding { index, attempt: 1 };
            actions.push(Action::Bind(index));
            return;
        }
        let urls: Vec<String> = self
            .binds
            .iter()
            .map(|(host, port)| host::url(host, *port))
            .collect();
        let listening = format!("Listening at: {}", urls.join(","));
        if self.rebinding {
            self.log(now, Level::Info, &listening, actions);
            self.respawn(now, actions);
            return;
        }
        let listening = format!("{listening} ({})", self.pid);
        self.log(now, Level::Debug, "Arbiter booted", actions);
        self.log(now, Level::Info, &listening, actions);
        let using = format!("Using worker: {}", self.worker_class);
        self.log(now, Level::Info, &using, actions);
        if self.keeps_none {
            let message = "No keepalived connections can be handled. Check the number of worker \
                           connections and threads.";
            self.log(now, Level::Warning, message, actions);
        }
        self.hook(Hook::WhenReady, actions);
        self.manage_workers(now, Resume::Wait, actions);
    }

    pub(super) fn bound(&mut self, now: Millis, index: usize, ok: bool, actions: &mut Vec<Action>) {
        let State::Binding {
            index: expected,
            attempt,
        } = self.state
        else {
            return;
        };
        if index != expected {
            return;
        }
        if ok {
            self.bind(now, index + 1, actions);
            return;
        }
        let address = self.address(index);
        self.log(
            now,
            Level::Error,
            &format!("Connection in use: {address}"),
            actions,
        );
        let failed = format!("connection to {address} failed: [Errno 98] Address already in use");
        self.log(now, Level::Error, &failed, actions);
        self.log(now, Level::Debug, "Retrying in 1 second.", actions);
        self.state = State::BindPause {
            index,
            attempt: attempt + 1,
            until: now + BIND_PAUSE,
        };
    }

    /// An address as Python shows a tuple.
    pub(super) fn address(&self, index: usize) -> String {
        self.binds
            .get(index)
            .map_or_else(String::new, |(host, port)| format!("('{host}', {port})"))
    }
}
