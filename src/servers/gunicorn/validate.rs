//! gunicorn's checks of single settings, with its messages.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Failure;
use crate::servers::option::{Kind, OptionSpec};
use crate::servers::python;

/// Checks one setting.
pub(super) fn setting(option: &OptionSpec, value: &str) -> Result<(), Failure> {
    if option.kind == Kind::Int {
        return positive(python::int(value).unwrap_or(0));
    }
    let (choices, message): (&[&str], _) = match option.name() {
        "--header-map" => (
            &["drop", "refuse", "dangerous"],
            format!("Invalid header map behaviour: {value}"),
        ),
        "--asgi-loop" => (
            &["auto", "asyncio", "uvloop"],
            format!("Invalid ASGI loop: {value}"),
        ),
        "--asgi-lifespan" => (
            &["auto", "on", "off"],
            format!("Invalid ASGI lifespan: {value}"),
        ),
        "--http-parser" => (
            &["auto", "fast", "python"],
            "http_parser must be one of: auto, fast, python".to_owned(),
        ),
        "--reload-engine" => (
            &["auto", "poll", "inotify"],
            format!("Invalid reload_engine: {}", python::repr(value)),
        ),
        "--forwarded-allow-ips" => return trusted_peers(value),
        _ => return Ok(()),
    };
    if choices.contains(&&*value.trim_ascii().to_ascii_lowercase()) {
        return Ok(());
    }
    Err(Failure::Config(message))
}

/// Checks a number. gunicorn takes zero for positive.
pub(super) fn positive(number: i64) -> Result<(), Failure> {
    if number < 0 {
        return Err(Failure::Config(format!("Value must be positive: {number}")));
    }
    Ok(())
}

/// Checks a list of addresses and networks, as `ipaddress.ip_network` would (but for netmasks in
/// the place of a prefix).
pub(super) fn trusted_peers(list: &str) -> Result<(), Failure> {
    for peer in list.split(',').map(str::trim_ascii) {
        if matches!(peer, "" | "*") {
            continue;
        }
        let network = if peer.contains('/') {
            peer.parse::<IpNet>().ok()
        } else {
            peer.parse::<IpAddr>().ok().map(IpNet::from)
        };
        match network {
            Some(network) if network.trunc() == network => {}
            Some(_) => return Err(Failure::Config(format!("{peer} has host bits set"))),
            None => {
                return Err(Failure::Config(format!(
                    "{} does not appear to be an IPv4 or IPv6 network",
                    python::repr(peer)
                )));
            }
        }
    }
    Ok(())
}
