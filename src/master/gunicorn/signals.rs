//! What the arbiter does about signals.

use super::arbiter::{Arbiter, End, Resume, Wake};
use crate::master::{Action, Hook};
use crate::os::{Millis, Signal};
use crate::servers::Level;

impl Arbiter {
    /// Handles a signal in the main loop.
    pub(super) fn wake(&mut self, now: Millis, wake: Wake, actions: &mut Vec<Action>) {
        let signal = match wake {
            Wake::Child => {
                self.log(now, Level::Debug, "Handling signal: cld", actions);
                if let Err(failure) = self.reap_workers(now, actions) {
                    self.halt(now, Some(failure), actions);
                }
                return;
            }
            Wake::Signal(signal) => signal,
        };
        let handling = format!("Handling signal: {}", signal.name().to_ascii_lowercase());
        self.log(now, Level::Info, &handling, actions);
        match signal {
            Signal::Term => self.halt(now, None, actions),
            Signal::Int | Signal::Quit => self.stop(now, false, End::Halt, actions),
            Signal::Hup => self.reload(now, actions),
            Signal::Ttin => {
                self.set_workers(self.num_workers + 1, actions);
                self.manage_workers(now, Resume::Turn, actions);
            }
            Signal::Ttou if self.num_workers > 1 => {
                self.set_workers(self.num_workers - 1, actions);
                self.manage_workers(now, Resume::Turn, actions);
            }
            Signal::Usr1 => self.kill_workers(Signal::Usr1, actions),
            Signal::Usr2 => {
                let message = "USR2 signal ignored. A second master cannot be started here: use \
                               HUP to reload.";
                self.log(now, Level::Warning, message, actions);
            }
            Signal::Winch => self.log(
                now,
                Level::Debug,
                "SIGWINCH ignored. Not daemonized",
                actions,
            ),
            // KILL and ABRT have ended the master without a word.
            Signal::Ttou | Signal::Abrt | Signal::Kill => {}
        }
    }

    fn set_workers(&mut self, number: usize, actions: &mut Vec<Action>) {
        let old = std::mem::replace(&mut self.num_workers, number);
        let (new, old) = (number as u32, old as u32);
        self.hook(Hook::NworkersChanged { new, old }, actions);
    }
}
