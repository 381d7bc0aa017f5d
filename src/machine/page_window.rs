//! Lines and spans on their way to the page, which it takes when it has time.

use std::collections::VecDeque;

use crate::bounds::{OVERHEAD, TO_PAGE};

/// What the page was sent and has not taken.
#[derive(Debug, Default)]
pub(super) struct PageWindow {
    /// The size of each, in bytes.
    sizes: VecDeque<u32>,
    bytes: u64,
}

impl PageWindow {
    /// Whether more may be sent.
    pub(super) fn is_open(&self) -> bool {
        self.bytes < TO_PAGE
    }

    /// A line or a frame of spans of this length is sent.
    pub(super) fn send(&mut self, length: usize) {
        let size = (length + OVERHEAD) as u32;
        self.sizes.push_back(size);
        self.bytes += u64::from(size);
    }

    /// The page has taken so many of them.
    pub(super) fn taken(&mut self, count: u32) {
        let count = self.sizes.len().min(count as usize);
        for size in self.sizes.drain(..count) {
            self.bytes -= u64::from(size);
        }
    }
}
