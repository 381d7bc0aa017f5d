//! Requests, for which threads run and wait.

/// A request, by its number in the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub u32);
