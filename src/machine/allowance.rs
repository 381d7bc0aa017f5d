//! How much may come, by a rate, and how much was dropped.

use crate::bounds::Rate;
use crate::os::Millis;

/// How long something is dropped before the log says how much, in milliseconds.
const TOLD_EVERY: Millis = 1000.0;

/// How much may still come.
#[derive(Debug)]
pub(super) struct Allowance {
    rate: Rate,
    left: f64,
    /// When so much was left.
    at: Millis,
}

impl Allowance {
    pub(super) fn new(rate: Rate, now: Millis) -> Self {
        Self {
            rate,
            left: rate.at_once,
            at: now,
        }
    }

    /// How much may come now.
    pub(super) fn left(&mut self, now: Millis) -> f64 {
        let seconds = (now - self.at).max(0.0) / 1000.0;
        self.at = now;
        let Rate {
            at_once,
            per_second,
        } = self.rate;
        self.left = (self.left + seconds * per_second).min(at_once);
        self.left
    }

    /// So much has come.
    pub(super) fn take(&mut self, amount: f64) {
        self.left -= amount;
    }
}

/// What was dropped and not said yet.
#[derive(Debug, Default)]
pub(super) struct Dropped(Option<(u64, Millis)>);

impl Dropped {
    pub(super) fn add(&mut self, count: usize, now: Millis) {
        let (dropped, _) = self.0.get_or_insert((0, now));
        *dropped = dropped.saturating_add(count as u64);
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// When the log is to say so.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.0.map(|(_, since)| since + TOLD_EVERY)
    }

    /// How much it was, for the log to say.
    pub(super) fn take(&mut self) -> Option<u64> {
        self.0.take().map(|(count, _)| count)
    }
}
