//! What uWSGI prints of itself when it starts. Left out is what it says about the machine that it
//! runs on: kernel, memory pages, users.

use super::Uwsgi;
use crate::master::Action;
use crate::os::{Millis, Stream};
use crate::servers::log;

impl Uwsgi {
    pub(super) fn first_lines(&self, now: Millis, actions: &mut Vec<Action>) {
        for line in &self.options.said {
            say_parts(actions, &[line]);
        }
        let started = log::ctime(now);
        say_parts(
            actions,
            &["*** Starting uWSGI 2.0.31 (32bit) on [", &started, "] ***"],
        );
        say_parts(
            actions,
            &["current working directory: ", &self.options.directory],
        );
        if !self.options.master {
            let warning =
                "*** WARNING: you are running uWSGI without its master process manager ***";
            say(actions, warning, &[]);
        }
        if self.options.harakiri > 0 && !self.options.buffers {
            let warning = " *** WARNING: you have enabled harakiri without post buffering. \
                           Slow upload could be rejected on post-unbuffered webservers *** ";
            say(actions, warning, &[]);
        }
        for line in &self.options.warnings {
            say_parts(actions, &[line]);
        }
    }

    pub(super) fn say_bound(&self, address: &str, actions: &mut Vec<Action>) {
        let index = self.bound.to_string();
        let descriptor = (self.bound + 3).to_string();
        let how = match (self.options.router, self.reloaded) {
            (true, _) => ["uWSGI http", "", " bound on "],
            (false, false) => ["uwsgi socket ", &index, " bound to TCP address "],
            (false, true) => ["uwsgi socket ", &index, " inherited INET address "],
        };
        say_parts(actions, &[&how.concat(), address, " fd ", &descriptor]);
    }

    pub(super) fn say_mode(&self, actions: &mut Vec<Action>) {
        for line in [
            "Python version: 3.14.2",
            "python threads support enabled",
            "your server socket listen backlog is limited to % connections",
            "your mercy for graceful operations on workers is 60 seconds",
            match (self.options.count > 1, self.options.threads > 1) {
                _ if self.options.count == 0 => "*** Operational MODE: no-workers ***",
                (true, false) => "*** Operational MODE: preforking ***",
                (true, true) => "*** Operational MODE: preforking+threaded ***",
                (false, true) => "*** Operational MODE: threaded ***",
                (false, false) => "*** Operational MODE: single process ***",
            },
        ] {
            say(actions, line, &[self.options.backlog]);
        }
    }

    pub(super) fn say_forked(&mut self, actions: &mut Vec<Action>) {
        if self.options.count > 0 {
            let line = "*** uWSGI is running in multiple interpreter mode ***";
            say(actions, line, &[]);
        }
        if self.options.master {
            let line = if self.reloaded {
                "gracefully (RE)spawned uWSGI master process (pid: %)"
            } else {
                "spawned uWSGI master process (pid: %)"
            };
            say(actions, line, &[self.pid]);
        }
        let line = if self.options.master || self.options.count > 1 {
            "spawned uWSGI worker % (pid: %, cores: %)"
        } else {
            "spawned uWSGI worker % (and the only) (pid: %, cores: %)"
        };
        for (number, worker) in (1..).zip(&self.workers) {
            if let Some(pid) = worker.pid {
                say(actions, line, &[number, pid, self.options.threads]);
            }
        }
        if self.cheaper.cheap {
            self.begin_cheap(actions);
        }
        if self.options.router {
            say(
                actions,
                "spawned uWSGI http 1 (pid: %)",
                &[self.router_pid()],
            );
        }
        if self.options.no_such_algorithm {
            let line = "unable to find requested cheaper algorithm, falling back to spare";
            say(actions, line, &[]);
        }
    }

    /// The router is no process of its own here: it is what the kernel does with `--http`. It has a
    /// number for its lines.
    fn router_pid(&self) -> u32 {
        self.pid + 1000
    }

    pub(super) fn bury_router(&self, actions: &mut Vec<Action>) {
        if self.options.router {
            let line = "gateway \"uWSGI http 1\" has been buried (pid: %)";
            say(actions, line, &[self.router_pid()]);
        }
    }

    pub(super) fn say_reloading(&self, actions: &mut Vec<Action>) {
        say(actions, "binary reloading uWSGI...", &[]);
        say_parts(actions, &["chdir() to ", &self.options.directory]);
        say(actions, "running uwsgi", &[]);
    }
}

#[inline(never)]
fn say_parts(actions: &mut Vec<Action>, parts: &[&str]) {
    actions.push(Action::Log(Stream::Stderr, parts.concat()));
}

/// A line of the log. Each `%` of the text is the next number: `format!` would be several times as
/// large.
#[inline(never)]
pub(super) fn say(actions: &mut Vec<Action>, text: &str, numbers: &[u32]) {
    actions.push(Action::Log(Stream::Stderr, fill(text, numbers)));
}

/// A line with its time, as the original prints some.
#[inline(never)]
pub(super) fn say_when(now: Millis, actions: &mut Vec<Action>, text: &str, numbers: &[u32]) {
    let line = [&log::ctime(now), " - ", &fill(text, numbers)].concat();
    actions.push(Action::Log(Stream::Stderr, line));
}

pub(super) fn fill(text: &str, numbers: &[u32]) -> String {
    let mut line = String::with_capacity(text.len() + 16);
    let mut numbers = numbers.iter();
    for part in text.split_inclusive('%') {
        match part.strip_suffix('%') {
            Some(before) => {
                line.push_str(before);
                line.push_str(&numbers.next().copied().unwrap_or(0).to_string());
            }
            None => line.push_str(part),
        }
    }
    line
}
