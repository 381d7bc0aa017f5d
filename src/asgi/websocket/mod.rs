//! One WebSocket connection and the app that has it (ASGI HTTP & WebSocket, "WebSocket"): the rules
//! of `receive` and `send`. Each server with a way of its own has a [`Session`] here.

mod autobahn;
mod error;
mod event;
mod gunicorn;
mod legacy;
mod library;
mod output;
mod response;
mod sansio;
mod scope;
mod session;
mod wsproto;

pub use error::SessionError;
pub use event::{Fields, Message, Received};
pub use library::{asks, begin, seen, upgrade};
pub use output::{End, Line, Output};
pub use scope::Scope;
pub use session::{Context, Ending, Progress, Session};

#[cfg(test)]
mod autobahn_tests;
#[cfg(test)]
mod tests;
