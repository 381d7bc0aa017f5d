//! One WebSocket connection and the app that has it (ASGI HTTP & WebSocket, "WebSocket"): the rules
//! of `receive` and `send`, as uvicorn has them with the library `websockets`
//! (`--ws websockets-sansio`, its default).
//!
//! What is to be done outside gathers in an [`Output`] after each call.

mod error;
mod event;
mod output;
mod response;
mod scope;
mod session;

pub use error::SessionError;
pub use event::{Fields, Message, Received};
pub use output::{Line, Output};
pub use scope::Scope;
pub use session::{Context, Session};

#[cfg(test)]
mod tests;
