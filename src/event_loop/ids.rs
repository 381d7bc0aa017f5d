//! What threads and requests are known by.

/// A thread's number in its process. Numbers are not used again.
pub type ThreadId = u32;

/// The thread that a process starts with.
pub const MAIN: ThreadId = 1;

/// A request, by its number in the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u32);
