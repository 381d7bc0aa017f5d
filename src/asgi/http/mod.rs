//! One http request and its response (ASGI HTTP & WebSocket, "HTTP"): the rules of `receive` and
//! `send`, as uvicorn has them with httptools and, where [`h11`] is asked, with h11.
//!
//! Response headers come from Python as a list of [strings](crate::wire::strings): name, value,
//! name, value…
//!
//! Python raises what is not seen here: `KeyError` for an event without `status`, `TypeError` for
//! headers that are not bytes. uvicorn counts the response as started before it looks at them, so
//! it calls [`Cycle::start_failed`] then.

mod cycle;
mod event;
pub mod h11;
mod head;

pub use cycle::{Cycle, HIGH_WATER};
pub use event::{Outcome, Part, Progress, Received};
pub use h11::{Exchange, LocalError};
pub(crate) use head::default_headers;
pub(super) use head::write_status_line;

#[cfg(test)]
mod tests;
