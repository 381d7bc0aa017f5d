//! What listeners and connections are known by.

/// A listening socket.
pub type ListenerId = u32;
/// A connection.
pub type ConnectionId = u32;
/// Listeners that share their port.
pub type ListenerGroup = u32;
/// A host as the command line wrote it, and a port. The machine has one loopback interface: hosts
/// are not told apart.
pub type Address = (String, u16);
