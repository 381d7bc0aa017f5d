//! How much a server may log.

use crate::os::Millis;

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
    pub(super) fn admits(&mut self, length: usize, now: Millis) -> bool {
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
            "wasgi: {lines} line{s} not shown: a server may log {LINES_PER_SECOND} lines and \
             {} MiB a second.",
            BYTES_PER_SECOND / 1_048_576.0
        ))
    }
}
