//! The kernel's side of the network: who listens, who waits in which backlog, which bytes go to
//! whom.

mod backlog;
mod client;
mod connection;
mod error;
mod event;
mod handshake;
mod listener;
mod offers;
mod owners;
mod processes;
mod state;

pub use error::{ConnectError, ListenError};
pub use event::ClientEvent;
pub use state::Network;

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "offers_tests.rs"]
mod offers_tests;

#[cfg(test)]
#[path = "deferral_tests.rs"]
mod deferral_tests;
