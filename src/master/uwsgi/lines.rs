//! What uWSGI prints of itself when it starts. Left out is what it says about the machine that it runs on: kernel, memory pages, users.

use super::{Uwsgi, say};
use crate::Millis;
use crate::master::Action;
use crate::servers::log;

impl Uwsgi {
    pub(super) fn first_lines(&self, now: Millis, actions: &mut Vec<Action>) {
        let line = [
            "*** Starting uWSGI 2.0.31 (32bit) on [",
            &log::ctime(now),
            "] ***",
        ];
        say(&line.concat(), actions);
        say(
            &["current working directory: ", self.directory()].concat(),
            actions,
        );
        if !self.launch.master {
            let line = "*** WARNING: you are running uWSGI without its master process manager ***";
            say(line, actions);
        }
        if self.launch.timeout > 0.0 {
            let line = " *** WARNING: you have enabled harakiri without post buffering. Slow upload could be rejected on post-unbuffered webservers *** ";
            say(line, actions);
        }
    }

    fn directory(&self) -> &str {
        self.launch.chdir.as_deref().unwrap_or_default()
    }

    pub(super) fn say_bound(&self, address: &str, actions: &mut Vec<Action>) {
        let descriptor = self.bound + 3;
        let line = match (self.launch.router, self.reloaded) {
            (true, _) => format!("uWSGI http bound on {address} fd {descriptor}"),
            (false, false) => {
                let index = self.bound;
                format!("uwsgi socket {index} bound to TCP address {address} fd {descriptor}")
            }
            (false, true) => {
                let index = self.bound;
                format!("uwsgi socket {index} inherited INET address {address} fd {descriptor}")
            }
        };
        say(&line, actions);
    }

    pub(super) fn say_mode(&self, actions: &mut Vec<Action>) {
        say("Python version: 3.14.2", actions);
        say("python threads support enabled", actions);
        let backlog = self.launch.backlog;
        say(
            &format!("your server socket listen backlog is limited to {backlog} connections"),
            actions,
        );
        say(
            "your mercy for graceful operations on workers is 60 seconds",
            actions,
        );
        let mode = if self.launch.workers > 1 {
            "preforking"
        } else {
            "single process"
        };
        say(&["*** Operational MODE: ", mode, " ***"].concat(), actions);
    }

    pub(super) fn say_forked(&self, actions: &mut Vec<Action>) {
        say("*** uWSGI is running in multiple interpreter mode ***", actions);
        if self.launch.master {
            let how = if self.reloaded {
                "gracefully (RE)spawned"
            } else {
                "spawned"
            };
            say(
                &format!("{how} uWSGI master process (pid: {})", self.pid),
                actions,
            );
        }
        let only = if self.launch.master || self.workers.len() > 1 {
            ""
        } else {
            "(and the only) "
        };
        for (index, worker) in self.workers.iter().enumerate() {
            let (number, pid) = (index + 1, worker.pid.unwrap_or(0));
            say(
                &format!("spawned uWSGI worker {number} {only}(pid: {pid}, cores: 1)"),
                actions,
            );
        }
        if self.launch.router {
            say(&format!("spawned uWSGI http 1 (pid: {})", self.router()), actions);
        }
    }

    /// The router is no process of its own here: it is what the kernel does with `--http`. It has a number for its lines.
    fn router(&self) -> u32 {
        self.pid + 1000
    }

    pub(super) fn bury_router(&self, actions: &mut Vec<Action>) {
        if self.launch.router {
            let line = format!(
                "gateway \"uWSGI http 1\" has been buried (pid: {})",
                self.router()
            );
            say(&line, actions);
        }
    }

    pub(super) fn say_reloading(&self, now: Millis, actions: &mut Vec<Action>) {
        say("binary reloading uWSGI...", actions);
        say(&["chdir() to ", self.directory()].concat(), actions);
        say("running uwsgi", actions);
        self.first_lines(now, actions);
    }
}
