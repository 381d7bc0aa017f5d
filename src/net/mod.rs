//! The machine's network: listeners with a backlog, connections as byte streams, and the frames in
//! which the kernel and the processes speak of them.

mod claims;
mod deferral;
pub mod frame;
mod linger;
mod network;

pub use claims::{Claims, Offer, SLOTS};
pub use deferral::Deferral;
pub use linger::{AfterClose, Linger};
pub use network::{
    Address, ClientEvent, ConnectError, ConnectionId, ListenError, ListenerGroup, ListenerId,
    Network,
};

#[cfg(test)]
pub(crate) use claims::testing::Table;

/// Bytes that may be on their way in each direction of a connection before the receiver has
/// consumed any: the two socket buffers of a loopback connection in one. A sender beyond it waits.
pub const WINDOW: u32 = 256 * 1024;
