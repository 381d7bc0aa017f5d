//! The addresses of the machine.

use std::net::IpAddr;

use super::option::text;
use super::python;

/// `http://host:port`. A host with a colon is an IPv6 address and goes into brackets.
#[must_use]
pub fn url(host: &str, port: u16) -> String {
    let (open, close) = if host.as_bytes().contains(&b':') {
        ("[", "]")
    } else {
        ("", "")
    };
    text(&["http://", open, host, close, ":", &port.to_string()])
}

/// Why a server cannot listen on this host: the machine has a loopback interface and no other.
#[inline(never)]
pub(super) fn foreign(host: &str) -> Option<String> {
    let local = match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => matches!(host, "" | "localhost"),
    };
    let reason = " is not an address of this tab: use 127.0.0.1, 0.0.0.0 or localhost.";
    if local {
        None
    } else {
        Some(text(&[&python::repr(host), reason]))
    }
}
