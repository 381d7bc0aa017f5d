//! Received bytes on their way to being read.

use std::ops::Range;

/// Above this capacity an emptied buffer is given back, bytes: a server holds thousands of idle
/// connections.
const KEPT_CAPACITY: usize = 4096;

/// Bytes that were received and not yet read, and how far they have been looked at: a line that
/// comes byte by byte is searched once, not once a byte.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    /// Bytes before it have been read.
    start: usize,
    /// Bytes before it hold no line end that has not been found. Never before `start`.
    scanned: usize,
    /// Bytes received in all.
    received: u64,
    /// Nothing more comes.
    pub(super) ended: bool,
}

impl Input {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_CAPACITY && bytes.len() <= KEPT_CAPACITY {
                self.bytes = Vec::new();
            }
            self.shift();
        } else if self.start > self.bytes.len() / 2 {
            // At least as many bytes have been read since the last time as are moved now: this
            // stays linear.
            self.bytes.drain(..self.start);
            self.shift();
        }
        self.bytes.extend_from_slice(bytes);
        self.received += bytes.len() as u64;
    }

    fn shift(&mut self) {
        self.scanned -= self.start;
        self.start = 0;
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Bytes at this place of the buffer, also read ones, until the next [`Input::push`].
    pub(super) fn slice(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// Reads up to `most` bytes and says where they are.
    pub(super) fn take(&mut self, most: usize) -> Range<usize> {
        let end = self.start + most.min(self.bytes.len() - self.start);
        let taken = self.start..end;
        self.start = end;
        self.scanned = self.scanned.max(end);
        taken
    }

    /// The next LF that has not been found yet: its distance from the first unread byte.
    pub(super) fn next_lf(&mut self) -> Option<usize> {
        if let Some(found) = self.bytes[self.scanned..]
            .iter()
            .position(|&byte| byte == b'\n')
        {
            self.scanned += found + 1;
            Some(self.scanned - 1 - self.start)
        } else {
            self.scanned = self.bytes.len();
            None
        }
    }

    /// Searching begins anew at the first unread byte.
    pub(super) fn rescan(&mut self) {
        self.scanned = self.start;
    }

    /// Bytes received that do not wait for being asked for, in all.
    pub(super) fn consumed(&self) -> u64 {
        self.received - self.waiting() as u64
    }

    /// Bytes that wait for being asked for, not for more bytes.
    pub(super) fn waiting(&self) -> usize {
        self.bytes.len() - self.scanned
    }

    /// Takes all that has not been read.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        let rest = self.bytes.split_off(self.start);
        self.bytes = Vec::new();
        self.start = 0;
        self.scanned = 0;
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn what_has_been_read_is_not_kept_although_something_is_always_left() {
        let mut input = Input::default();
        input.push(b"x");
        for _ in 0..10_000 {
            input.push(&[b'y'; 100]);
            input.take(100);
        }
        assert_eq!(input.rest(), b"y");
        assert_eq!(input.received, 1_000_001);
        assert!(
            input.bytes.capacity() < 1000,
            "{} bytes are kept",
            input.bytes.capacity()
        );
    }

    #[test]
    fn an_idle_connection_keeps_little_memory() {
        let mut input = Input::default();
        input.push(&[b'x'; 10_000]);
        input.take(10_000);
        input.push(b"y");
        assert!(input.bytes.capacity() <= KEPT_CAPACITY);
    }

    #[test]
    fn a_line_end_is_found_once() {
        let mut input = Input::default();
        input.push(b"a\nb");
        assert_eq!(input.next_lf(), Some(1));
        assert_eq!(input.next_lf(), None);
        assert_eq!(input.waiting(), 0);
        input.push(b"c\n");
        assert_eq!(input.next_lf(), Some(4));
    }
}
