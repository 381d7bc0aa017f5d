//! What Linux does with handshakes while an accept queue is full.
//!
//! A SYN that finds it full is dropped, and sent again by its client's timer. Timers that expire
//! together send their SYNs together, before any handshake ends: all of them find the same room.
//! Those whose last ACK then finds none stay *half open*: the client has its connection and sends;
//! the server drops what it sends and takes the connection with whatever comes when there is room
//! (`tcp_abort_on_overflow` is 0). That is the client's data, sent again, or its answer to a
//! SYN-ACK that the server sends again.

use crate::os::Millis;

/// The kernel's clock (`CONFIG_HZ` is 250).
const JIFFY: Millis = 4.0;
/// Jiffies before a SYN or SYN-ACK is sent again (`TCP_TIMEOUT_INIT`: 1 s).
const FIRST_TIMEOUT: u64 = 250;
/// Times that a SYN is sent again after the same time (`tcp_syn_linear_timeouts`); each further one
/// waits twice as long.
const LINEAR_TIMEOUTS: u32 = 4;
/// Times that a SYN is sent again before a connect gives up (`tcp_syn_retries` and the linear
/// ones).
pub(super) const SYN_RETRIES: u32 = 6 + LINEAR_TIMEOUTS;
/// Times that a SYN-ACK is sent again (`tcp_synack_retries`).
pub(super) const SYN_ACK_RETRIES: u32 = 5;
/// Times that data is sent again before a connection is given up (`tcp_retries2`).
pub(super) const DATA_RETRIES: u32 = 15;
/// Jiffies before data is sent again: `TCP_RTO_MIN`, 200 ms, and a round trip below a jiffy.
const DATA_TIMEOUT: u64 = 51;
/// Longest time between two attempts, jiffies (`TCP_RTO_MAX`: 120 s).
const LONGEST_TIMEOUT: u64 = 30_000;

/// When a SYN is sent again that has been so for `attempt` times.
pub(super) fn next_syn(now: Millis, attempt: u32) -> Millis {
    expires(
        now,
        doubled(FIRST_TIMEOUT, attempt.saturating_sub(LINEAR_TIMEOUTS)),
    )
}

/// When a SYN-ACK is sent again.
pub(super) fn next_syn_ack(now: Millis, attempt: u32) -> Millis {
    expires(now, doubled(FIRST_TIMEOUT, attempt))
}

/// When data is sent again: first as a probe for a lost tail, then by the retransmission timer.
pub(super) fn next_data(now: Millis, attempt: u32) -> Millis {
    expires(now, doubled(DATA_TIMEOUT, attempt.saturating_sub(1)))
}

fn doubled(jiffies: u64, times: u32) -> u64 {
    (jiffies << times.min(16)).min(LONGEST_TIMEOUT)
}

/// When a timer of so many jiffies expires: timers lie in a wheel whose levels become coarser with
/// the time (`kernel/time/timer.c`), and none expires too early.
fn expires(now: Millis, jiffies: u64) -> Millis {
    /// Buckets of a level but for one, and by how many bits its buckets are wider than those of the
    /// level below.
    const BUCKETS: u64 = 63;
    const WIDER: u32 = 3;
    let mut shift = 0;
    while jiffies >= BUCKETS << shift {
        shift += WIDER;
    }
    let at = (now / JIFFY) as u64 + jiffies;
    let bucket = ((at >> shift) + 1) << shift;
    bucket as Millis * JIFFY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn a_syn_is_sent_five_times_a_second_apart_then_ever_more_seldom() {
        let mut at = 0.0;
        let mut waited = Vec::new();
        for attempt in 0..8 {
            let next = next_syn(at, attempt);
            waited.push(next - at);
            at = next;
        }
        assert_eq!(waited[..5], [1024.0; 5]);
        for (index, seconds) in [(5, 2.0), (6, 4.0), (7, 8.0)] {
            let late = waited[index] - seconds * 1000.0;
            assert!((0.0..=260.0).contains(&late), "{waited:?}");
        }
    }

    #[test]
    fn data_is_sent_again_as_it_was_measured() {
        // Seen on a real kernel, with the first at 1.060 s: 1.271 1.479 1.891 2.724 4.391 7.907.
        let mut at = 1060.0;
        let mut sent = Vec::new();
        for attempt in 0..6 {
            at = next_data(at, attempt);
            sent.push(at);
        }
        for (ours, seen) in sent
            .iter()
            .zip([1271.0, 1479.0, 1891.0, 2724.0, 4391.0, 7907.0])
        {
            let off: Millis = ours - seen;
            assert!(off.abs() < 260.0, "{sent:?}");
        }
    }
}
