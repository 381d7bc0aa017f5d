//! What processes log, within bounds, so that the page that shows it stays alive.

use super::{Machine, Output, ServerId};
use crate::os::{Millis, Stream};
use crate::workers::MOST_LINE;

/// Bytes of a line that a process sends: what it says of those that were longer has room beside
/// them.
const MOST_SENT: usize = MOST_LINE + 64;
/// Lines and bytes that a server may log at once, and how many more each second.
const LINES_AT_ONCE: f64 = 200_000.0;
const LINES_PER_SECOND: f64 = 20_000.0;
const BYTES_AT_ONCE: f64 = 33_554_432.0;
const BYTES_PER_SECOND: f64 = 8_388_608.0;
/// How long lines are dropped before the log says how many, in milliseconds.
const TOLD_EVERY: Millis = 1000.0;

/// What a server may still log.
#[derive(Debug)]
pub(super) struct LogBudget {
    lines: f64,
    bytes: f64,
    /// When that was so.
    at: Millis,
    dropped: Option<Dropped>,
}

/// Lines that were dropped.
#[derive(Debug, Clone, Copy)]
struct Dropped {
    lines: u32,
    /// When the first of them was.
    since: Millis,
}

impl LogBudget {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            lines: LINES_AT_ONCE,
            bytes: BYTES_AT_ONCE,
            at: now,
            dropped: None,
        }
    }

    /// Whether a line of this length may be logged; if not, it is counted.
    fn admits(&mut self, length: usize, now: Millis) -> bool {
        let seconds = (now - self.at).max(0.0) / 1000.0;
        self.at = now;
        self.lines = (self.lines + seconds * LINES_PER_SECOND).min(LINES_AT_ONCE);
        self.bytes = (self.bytes + seconds * BYTES_PER_SECOND).min(BYTES_AT_ONCE);
        // Who was dropped stays so until the log has said it.
        let length = length as f64;
        if self.dropped.is_none() && self.lines >= 1.0 && self.bytes >= length {
            self.lines -= 1.0;
            self.bytes -= length;
            return true;
        }
        let dropped = self.dropped.get_or_insert(Dropped {
            lines: 0,
            since: now,
        });
        dropped.lines = dropped.lines.saturating_add(1);
        false
    }

    /// When the last line came.
    pub(super) fn at(&self) -> Millis {
        self.at
    }

    /// When the log is to say that lines were dropped.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.dropped.map(|dropped| dropped.since + TOLD_EVERY)
    }

    /// What the log says of lines that were dropped.
    pub(super) fn dropped(&mut self) -> Option<String> {
        let Dropped { lines, .. } = self.dropped.take()?;
        let s = if lines == 1 { " is" } else { "s are" };
        Some(format!(
            "wasgi: {lines} line{s} not shown: a server may log {LINES_PER_SECOND} lines and {} MiB a second.",
            BYTES_PER_SECOND / 1_048_576.0
        ))
    }
}

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
