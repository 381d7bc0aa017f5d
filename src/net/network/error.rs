//! What the network refuses.

use thiserror::Error;

use crate::bounds::CONNECTIONS;

/// Why an address could not be listened on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ListenError {
    /// Another listener has the port.
    #[error(
        "port {0} is in use by another server of this machine: stop that one or choose another port"
    )]
    AddressInUse(u16),
}

/// Why a connection could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// Nobody listens there.
    #[error("connection refused: nothing listens on port {0}")]
    Refused(u16),
    /// Each connection has a local port, and none is left (EADDRNOTAVAIL).
    #[error(
        "cannot assign requested address: {CONNECTIONS} connections are open, which is all that \
         there are local ports for: close some before you connect to port {0}"
    )]
    NoPorts(u16),
}
