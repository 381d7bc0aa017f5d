//! A WebSocket's message that is larger than the shared buffer.

/// A message of which parts are yet to cross.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) bytes: Vec<u8>,
    /// Bytes of it that have crossed to Python.
    pub(super) taken: usize,
}
