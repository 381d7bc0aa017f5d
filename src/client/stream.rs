//! Streams of the page.

/// A stream of the page.
pub type StreamId = u32;
