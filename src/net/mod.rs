//! The machine's network: listeners with a backlog, connections as byte streams, and the frames in
//! which the kernel and the processes speak of them.

mod claims;
mod deferral;
pub mod frame;
mod ids;
mod linger;
mod network;
pub mod poll;
mod window;

pub use claims::{Claims, Offer, SLOTS};
pub use deferral::Deferral;
pub use ids::{Address, ConnectionId, ListenerGroup, ListenerId};
pub use linger::{AfterClose, Linger};
pub use network::{ClientEvent, ConnectError, ListenError, Network};
pub use window::WINDOW;

#[cfg(test)]
pub(crate) use claims::testing::Table;
