//! The addresses of the machine.

use std::net::IpAddr;

use super::python;

/// `http://host:port`. A host with a colon is an IPv6 address and goes into brackets.
#[must_use]
pub fn url(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("http://[{host}]:{port}")
    } else {
        format!("http://{host}:{port}")
    }
}

/// Why a server cannot listen on this host: the machine has a loopback interface and no other.
pub(super) fn foreign(host: &str) -> Option<String> {
    let local = match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => matches!(host, "" | "localhost"),
    };
    (!local).then(|| {
        format!(
            "{} is not an address of this tab: use 127.0.0.1, 0.0.0.0 or localhost.",
            python::repr(host)
        )
    })
}
