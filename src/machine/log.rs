//! What processes log, within bounds, so that the page that shows it stays alive.

use super::computer::Machine;
use super::output::Output;
use super::server_id::ServerId;
use crate::os::{Millis, Stream};
use crate::workers::MOST_LINE;

/// Bytes of a line that a process sends: what it says of those that were longer has room beside
/// them.
const MOST_SENT: usize = MOST_LINE + 64;
impl Machine {
    /// A line that a process, or its worker in its place, says.
    pub(super) fn log(&mut self, server: ServerId, stream: Stream, line: &[u8], now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        let line = line.get(..MOST_SENT).unwrap_or(line);
        if !running.log.admits(line.len(), now) {
            return;
        }
        self.outputs.push_back(Output::Log {
            server,
            stream,
            line: String::from_utf8_lossy(line).into_owned(),
            time: now,
        });
    }

    /// Says how many lines of a server were dropped, if it is time to.
    pub(super) fn log_dropped(&mut self, server: ServerId, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        if running.log.deadline().is_some_and(|at| at <= now)
            && let Some(line) = running.log.dropped()
        {
            self.outputs.push_back(Output::Log {
                server,
                stream: Stream::Stderr,
                line,
                time: now,
            });
        }
    }
}
