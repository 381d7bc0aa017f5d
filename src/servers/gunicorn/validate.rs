//! gunicorn's checks of single settings, with its messages.

use std::net::IpAddr;

use super::Failure;
use crate::servers::option::{Kind, Opt, listed, split, text, trim};
use crate::servers::python;

/// Checks one setting.
pub(super) fn setting(option: Opt, value: &str) -> Result<(), Failure> {
    if option.kind() == Kind::Int {
        return positive(python::int(value).unwrap_or(0));
    }
    let lowered = trim(value).to_ascii_lowercase();
    let (choices, before, after) = match option.name() {
        "--header-map" => (
            "drop refuse dangerous",
            "Invalid header map behaviour: ",
            value,
        ),
        "--asgi-loop" => ("auto asyncio uvloop", "Invalid ASGI loop: ", value),
        "--asgi-lifespan" => ("auto on off", "Invalid ASGI lifespan: ", value),
        "--http-parser" => (
            "auto fast python",
            "http_parser must be one of: auto, fast, python",
            "",
        ),
        "--reload-engine" => (
            "auto poll inotify",
            "Invalid reload_engine: ",
            &*python::repr(value),
        ),
        "--forwarded-allow-ips" => return trusted_peers(value),
        _ => return Ok(()),
    };
    if listed(&lowered, choices) {
        return Ok(());
    }
    let message = text(&[before, after]);
    Err(Failure::Config(message))
}

/// Checks a number. gunicorn takes zero for positive.
#[inline(never)]
pub(super) fn positive(number: i64) -> Result<(), Failure> {
    if number < 0 {
        return Err(Failure::Config(text(&[
            "Value must be positive: ",
            &number.to_string(),
        ])));
    }
    Ok(())
}

/// Checks a list of addresses and networks, as `ipaddress.ip_network` would (but for netmasks in
/// the place of a prefix).
#[inline(never)]
pub(super) fn trusted_peers(list: &str) -> Result<(), Failure> {
    for peer in list.split(',').map(trim) {
        if matches!(peer, "" | "*") {
            continue;
        }
        let (address, prefix) = match split(peer, '/') {
            Some((address, prefix)) => (address, prefix.parse().ok()),
            None => (peer, Some(128)),
        };
        // IPv4 addresses are moved to the top, so that both kinds have their first bit there.
        let bits = match address.parse() {
            Ok(IpAddr::V4(address)) => Some((u128::from(address.to_bits()) << 96, 32)),
            Ok(IpAddr::V6(address)) => Some((address.to_bits(), 128)),
            Err(_) => None,
        };
        let message = match (bits, prefix) {
            (Some((bits, most)), Some(prefix)) if prefix <= most || address == peer => {
                if bits.checked_shl(prefix).unwrap_or(0) == 0 {
                    continue;
                }
                text(&[peer, " has host bits set"])
            }
            _ => text(&[
                &python::repr(peer),
                " does not appear to be an IPv4 or IPv6 network",
            ]),
        };
        return Err(Failure::Config(message));
    }
    Ok(())
}
