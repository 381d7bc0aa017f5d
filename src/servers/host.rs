//! The addresses of the machine.

use std::net::IpAddr;

/// Whether a server can listen on this host: the machine has a loopback interface and no other.
pub(super) fn is_local(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => matches!(host, "" | "localhost"),
    }
}
