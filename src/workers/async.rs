//! uvicorn's worker: all connections at once on one asyncio loop.
//!
//! The loop reads, writes and accepts only where Python's `select()` stands: frames that come while
//! the loop is blocked in the app wait in the inbox, as bytes wait in a kernel's buffers. So a
//! blocked worker accepts nothing, reads nothing and lets no timer fire.

mod accepting;
mod app_calls;
mod closing;
mod connection;
mod event;
mod reading;
mod socket;
mod watermarks;
mod websocket;
mod worker;

pub use app_calls::Sent;
pub use event::LoopEvent;
pub use worker::AsyncWorker;

#[cfg(test)]
mod bench;
#[cfg(test)]
mod h11_tests;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
#[path = "async_tests.rs"]
mod tests;
#[cfg(test)]
mod websocket_tests;
