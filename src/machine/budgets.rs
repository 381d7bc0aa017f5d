//! How much a server may log, and how much its processes may tell for the trace.

use super::allowance::{Allowance, Dropped};
use crate::bounds::{LOG_BYTES, LOG_LINES, SPANS};
use crate::os::Millis;

/// What a server may still log.
#[derive(Debug)]
pub(super) struct LogBudget {
    lines: Allowance,
    bytes: Allowance,
    dropped: Dropped,
    /// When the last line came.
    at: Millis,
}

impl LogBudget {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            lines: Allowance::new(LOG_LINES, now),
            bytes: Allowance::new(LOG_BYTES, now),
            dropped: Dropped::default(),
            at: now,
        }
    }

    /// Whether a line of this length may be logged, where the page takes it; if not, it is counted.
    pub(super) fn admits(&mut self, length: usize, page_takes: bool, now: Millis) -> bool {
        self.at = now;
        let length = length as f64;
        let has_room = self.lines.left(now) >= 1.0 && self.bytes.left(now) >= length;
        // Who was dropped stays so until the log has said it.
        if self.dropped.is_none() && has_room && page_takes {
            self.lines.take(1.0);
            self.bytes.take(length);
            return true;
        }
        self.dropped.add(1, now);
        false
    }

    /// When the last line came.
    pub(super) fn at(&self) -> Millis {
        self.at
    }

    /// When the log is to say that lines were dropped.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.dropped.deadline()
    }

    /// What the log says of lines that were dropped.
    pub(super) fn dropped(&mut self) -> Option<String> {
        let count = self.dropped.take()?;
        let s = if count == 1 { " is" } else { "s are" };
        Some(format!(
            "wasgi: {count} line{s} not shown: a server may log {} lines and {} MiB a second.",
            LOG_LINES.per_second,
            LOG_BYTES.per_second / 1_048_576.0
        ))
    }
}

/// What a server's processes may still tell for the trace.
#[derive(Debug)]
pub(super) struct SpanBudget {
    spans: Allowance,
    dropped: Dropped,
}

impl SpanBudget {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            spans: Allowance::new(SPANS, now),
            dropped: Dropped::default(),
        }
    }

    /// How many of so many spans go into the trace, where the page takes them; the others are
    /// counted.
    pub(super) fn admit(&mut self, count: usize, page_takes: bool, now: Millis) -> usize {
        let left = if page_takes {
            self.spans.left(now) as usize
        } else {
            0
        };
        let admitted = count.min(left);
        self.spans.take(admitted as f64);
        if admitted < count {
            self.dropped.add(count - admitted, now);
        }
        admitted
    }

    /// When the log is to say that spans were dropped.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.dropped.deadline()
    }

    /// What the log says of spans that were dropped.
    pub(super) fn dropped(&mut self) -> Option<String> {
        let count = self.dropped.take()?;
        let s = if count == 1 { " is" } else { "s are" };
        Some(format!(
            "wasgi: {count} span{s} not in the trace: a server's processes may tell {} a second.",
            SPANS.per_second
        ))
    }
}
