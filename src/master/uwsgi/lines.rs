//! What uWSGI prints of itself when it starts. Left out is what it says about the machine that it
//! runs on: kernel, memory pages, users.

use super::state::Uwsgi;
use crate::master::Action;
use crate::os::{Millis, Stream};
use crate::servers::log;
use crate::servers::uwsgi::CheaperAlgorithm;

impl Uwsgi {
    pub(super) fn first_lines(&self, now: Millis, actions: &mut Vec<Action>) {
        for line in &self.settings.printed {
            say(actions, line.as_str());
        }
        let started = log::ctime(now);
        say(
            actions,
            format!("*** Starting uWSGI 2.0.31 (32bit) on [{started}] ***"),
        );
        say(
            actions,
            format!("current working directory: {}", self.directory),
        );
        if !self.launch.master {
            let warning =
                "*** WARNING: you are running uWSGI without its master process manager ***";
            say(actions, warning);
        }
        if self.settings.harakiri.is_some() && self.settings.post_buffering.is_none() {
            let warning = " *** WARNING: you have enabled harakiri without post buffering. \
                           Slow upload could be rejected on post-unbuffered webservers *** ";
            say(actions, warning);
        }
        if let Some(line) = &self.settings.warning {
            say(actions, line.as_str());
        }
        for line in &self.settings.static_files.printed {
            say(actions, line.as_str());
        }
    }

    pub(super) fn say_bound(&self, address: &str, actions: &mut Vec<Action>) {
        let index = self.bound;
        let how = match (self.settings.router, self.reloaded) {
            (true, _) => "uWSGI http bound on".to_owned(),
            (false, false) => format!("uwsgi socket {index} bound to TCP address"),
            (false, true) => format!("uwsgi socket {index} inherited INET address"),
        };
        // Standard streams have the descriptors before those of sockets.
        say(actions, format!("{how} {address} fd {}", index + 3));
    }

    pub(super) fn say_mode(&self, actions: &mut Vec<Action>) {
        say(actions, "Python version: 3.14.2");
        say(actions, "python threads support enabled");
        say(
            actions,
            format!(
                "your server socket listen backlog is limited to {} connections",
                self.launch.backlog
            ),
        );
        say(
            actions,
            "your mercy for graceful operations on workers is 60 seconds",
        );
        let mode = match (self.launch.workers > 1, self.launch.threads > 1) {
            _ if self.launch.workers == 0 => "no-workers",
            (true, false) => "preforking",
            (true, true) => "preforking+threaded",
            (false, true) => "threaded",
            (false, false) => "single process",
        };
        say(actions, format!("*** Operational MODE: {mode} ***"));
    }

    pub(super) fn say_forked(&mut self, actions: &mut Vec<Action>) {
        if self.launch.workers > 0 && !self.settings.single_interpreter {
            let line = "*** uWSGI is running in multiple interpreter mode ***";
            say(actions, line);
        }
        let threads = self.launch.threads;
        if self.launch.master {
            let how = if self.reloaded {
                "gracefully (RE)spawned"
            } else {
                "spawned"
            };
            let pid = self.pid;
            say(actions, format!("{how} uWSGI master process (pid: {pid})"));
        }
        let only = if self.launch.master || self.launch.workers > 1 {
            ""
        } else {
            " (and the only)"
        };
        for (number, worker) in (1..).zip(&self.workers) {
            if let Some(pid) = worker.pid {
                say(
                    actions,
                    format!("spawned uWSGI worker {number}{only} (pid: {pid}, cores: {threads})"),
                );
            }
        }
        if self.adaptation.cheap {
            self.begin_cheap(actions);
        }
        if self.settings.router {
            let pid = self.router_pid();
            say(actions, format!("spawned uWSGI http 1 (pid: {pid})"));
        }
        if self.settings.cheaper_algorithm == CheaperAlgorithm::Unknown {
            let line = "unable to find requested cheaper algorithm, falling back to spare";
            say(actions, line);
        }
    }

    /// The router is no process of its own here: it is what the kernel does with `--http`. It has a
    /// number for its lines.
    fn router_pid(&self) -> u32 {
        self.pid + 1000
    }

    pub(super) fn bury_router(&self, actions: &mut Vec<Action>) {
        if self.settings.router {
            let pid = self.router_pid();
            say(
                actions,
                format!("gateway \"uWSGI http 1\" has been buried (pid: {pid})"),
            );
        }
    }

    pub(super) fn say_reloading(&self, actions: &mut Vec<Action>) {
        say(actions, "binary reloading uWSGI...");
        say(actions, format!("chdir() to {}", self.directory));
        say(actions, "running uwsgi");
    }
}

/// A line of the log.
pub(super) fn say(actions: &mut Vec<Action>, line: impl Into<String>) {
    actions.push(Action::Log(Stream::Stderr, line.into()));
}

/// A line with its time, as the original prints some.
pub(super) fn say_when(now: Millis, actions: &mut Vec<Action>, line: &str) {
    say(actions, format!("{} - {line}", log::ctime(now)));
}
