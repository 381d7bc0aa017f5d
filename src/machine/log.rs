//! What servers log, within bounds, so that the page that shows it stays alive.

use super::computer::Machine;
use super::output::Output;
use super::server_id::ServerId;
use crate::bounds::LINE_BYTES;
use crate::os::{Millis, Stream};

/// Bytes of a line that a process sends: what it says of those that were longer has room beside
/// them.
pub(super) const SENT_BYTES: usize = LINE_BYTES + 64;

impl Machine {
    /// A line that a process, or its worker in its place, says.
    pub(super) fn log(&mut self, server: ServerId, stream: Stream, line: &[u8], now: Millis) {
        let line = line.get(..SENT_BYTES).unwrap_or(line);
        if self.admits_line(server, line.len(), now) {
            self.push_line(server, stream, String::from_utf8_lossy(line).into(), now);
        }
    }

    /// Whether a process may have a line of this length logged; if not, it is counted.
    pub(super) fn admits_line(&mut self, server: ServerId, length: usize, now: Millis) -> bool {
        let page_takes = self.window.is_open();
        let running = self.servers.get_mut(&server);
        running.is_some_and(|running| running.log.admits(length, page_takes, now))
    }

    /// A line for the page.
    pub(super) fn push_line(
        &mut self,
        server: ServerId,
        stream: Stream,
        mut line: String,
        time: Millis,
    ) {
        // What a process says of a request becomes a line of its master's.
        if line.len() > 4 * SENT_BYTES {
            line.truncate(line.floor_char_boundary(SENT_BYTES));
            line.push('…');
        }
        self.window.send(line.len());
        self.outputs.push_back(Output::Log {
            server,
            stream,
            line,
            time,
        });
    }

    /// Says how many lines and spans of a server were dropped, if it is time to.
    pub(super) fn log_dropped(&mut self, server: ServerId, now: Millis) {
        let Some(running) = self.servers.get_mut(&server) else {
            return;
        };
        let is_due = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        let mut notes = Vec::new();
        if is_due(running.log.deadline()) {
            notes.extend(running.log.dropped());
        }
        if is_due(running.spans.deadline()) {
            notes.extend(running.spans.dropped());
        }
        for note in notes {
            self.push_line(server, Stream::Stderr, note, now);
        }
    }
}
