//! Pings that find out whether the other end is still there (RFC 6455, section 5.5.2).

use crate::os::Millis;

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// A ping with this payload is to be sent.
    Ping([u8; 4]),
    /// No pong came in time.
    TimedOut,
}

/// The pings of one connection: the next is sent an interval after the last, less the time that
/// the last one's pong took.
#[derive(Debug)]
pub struct KeepAlive {
    /// Milliseconds between two pings.
    interval: Option<Millis>,
    /// Milliseconds that a pong may take.
    timeout: Option<Millis>,
    ping_at: Option<Millis>,
    /// The ping whose pong has not come: its payload, when it was sent, until when it may take.
    pending: Option<([u8; 4], Millis, Option<Millis>)>,
    /// How long the last pong took.
    round_trip: Millis,
    payload: u32,
}

impl KeepAlive {
    /// Pings that have not begun. An interval of zero means none.
    #[must_use]
    pub fn new(interval: Option<Millis>, timeout: Option<Millis>) -> Self {
        Self {
            interval: interval.filter(|interval| *interval > 0.0),
            timeout,
            ping_at: None,
            pending: None,
            round_trip: 0.0,
            payload: 0x5741_5347,
        }
    }

    /// The connection is open.
    pub fn start(&mut self, now: Millis) {
        self.ping_at = self
            .interval
            .map(|interval| now + (interval - self.round_trip).max(0.0));
    }

    /// No ping is sent any more.
    pub fn stop(&mut self) {
        self.ping_at = None;
        self.pending = None;
    }

    /// When [`tick`](Self::tick) is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let timeout = self.pending.and_then(|(_, _, until)| until);
        match (self.ping_at, timeout) {
            (Some(ping), Some(timeout)) => Some(ping.min(timeout)),
            (ping, timeout) => ping.or(timeout),
        }
    }

    /// What is due by now.
    pub fn tick(&mut self, now: Millis) -> Option<Due> {
        if self
            .pending
            .and_then(|(_, _, until)| until)
            .is_some_and(|until| until <= now)
        {
            self.stop();
            return Some(Due::TimedOut);
        }
        if self.ping_at.is_none_or(|at| at > now) {
            return None;
        }
        self.ping_at = None;
        // A number that a stray pong is not likely to have.
        self.payload = self
            .payload
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223)
            ^ now.to_bits() as u32;
        let payload = self.payload.to_be_bytes();
        self.pending = Some((payload, now, self.timeout.map(|timeout| now + timeout)));
        if self.timeout.is_none() {
            self.start(now);
        }
        Some(Due::Ping(payload))
    }

    /// A pong came. One that answers another ping than the last is ignored.
    pub fn pong(&mut self, payload: &[u8], now: Millis) {
        let Some((_, sent_at, until)) = self.pending.filter(|(sent, _, _)| sent == payload) else {
            return;
        };
        self.pending = None;
        self.round_trip = now - sent_at;
        if until.is_some() {
            self.start(now);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;

    fn ping(keep_alive: &mut KeepAlive, now: Millis) -> [u8; 4] {
        match keep_alive.tick(now) {
            Some(Due::Ping(payload)) => payload,
            other => unreachable!("no ping but {other:?}"),
        }
    }

    #[test]
    fn a_ping_is_sent_each_interval_less_the_round_trip() {
        let mut keep_alive = KeepAlive::new(Some(1000.0), Some(500.0));
        assert_eq!(keep_alive.deadline(), None);
        keep_alive.start(0.0);
        assert_eq!(keep_alive.deadline(), Some(1000.0));
        assert_eq!(keep_alive.tick(999.0), None);
        let payload = ping(&mut keep_alive, 1000.0);
        assert_eq!(keep_alive.deadline(), Some(1500.0));
        keep_alive.pong(&payload, 1100.0);
        assert_eq!(keep_alive.deadline(), Some(2000.0));
    }

    #[test]
    fn a_pong_that_does_not_come_ends_it() {
        let mut keep_alive = KeepAlive::new(Some(1000.0), Some(500.0));
        keep_alive.start(0.0);
        ping(&mut keep_alive, 1000.0);
        keep_alive.pong(b"what", 1200.0);
        assert_eq!(keep_alive.tick(1499.0), None);
        assert_eq!(keep_alive.tick(1500.0), Some(Due::TimedOut));
        assert_eq!(keep_alive.deadline(), None);
    }

    #[test]
    fn without_a_timeout_pings_go_on() {
        let mut keep_alive = KeepAlive::new(Some(1000.0), None);
        keep_alive.start(0.0);
        ping(&mut keep_alive, 1000.0);
        assert_eq!(keep_alive.deadline(), Some(2000.0));
        ping(&mut keep_alive, 2000.0);
    }

    #[test]
    fn an_interval_of_zero_means_no_pings() {
        let mut keep_alive = KeepAlive::new(Some(0.0), Some(1.0));
        keep_alive.start(0.0);
        assert_eq!(keep_alive.deadline(), None);
    }
}
