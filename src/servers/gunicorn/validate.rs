//! gunicorn's checks of single settings, with its messages.

use std::net::{IpAddr, Ipv4Addr};

use crate::servers::option::{Kind, Opt};
use crate::servers::python;

/// Checks one setting.
///
/// # Errors
/// gunicorn's message.
pub(super) fn setting(option: &Opt, text: &str) -> Result<(), String> {
    if option.kind == Kind::Int {
        return match python::int(text) {
            Some(n) if n < 0 => Err(format!("Value must be positive: {n}")),
            _ => Ok(()),
        };
    }
    let (choices, message): (&[&str], &str) = match option.names {
        "--header-map" => (&["drop", "refuse", "dangerous"], "Invalid header map behaviour: "),
        "--asgi-loop" => (&["auto", "asyncio", "uvloop"], "Invalid ASGI loop: "),
        "--asgi-lifespan" => (&["auto", "on", "off"], "Invalid ASGI lifespan: "),
        "--http-parser" => (&["auto", "fast", "python"], ""),
        "--reload-engine" if !["auto", "poll", "inotify"].contains(&text) => {
            return Err(["Invalid reload_engine: ", &python::repr(text)].concat());
        }
        "--forwarded-allow-ips" => return trusted_peers(text),
        _ => return Ok(()),
    };
    let lowered = text.trim().to_lowercase();
    if choices.contains(&lowered.as_str()) {
        Ok(())
    } else if message.is_empty() {
        Err("http_parser must be one of: auto, fast, python".to_owned())
    } else {
        Err([message, text].concat())
    }
}

/// Checks a list of addresses and networks, as `ipaddress.ip_network` would.
///
/// # Errors
/// gunicorn's message about the first that is none.
pub(super) fn trusted_peers(list: &str) -> Result<(), String> {
    for peer in list
        .split(',')
        .filter(|peer| !peer.is_empty())
        .map(str::trim)
        .filter(|&peer| peer != "*")
    {
        let (address, mask) = match peer.split_once('/') {
            Some((address, mask)) => (address, Some(mask)),
            None => (peer, None),
        };
        let host_bits = match (address.parse::<IpAddr>(), mask) {
            (Ok(_), None) => Some(false),
            (Ok(IpAddr::V4(v4)), Some(mask)) => {
                prefix(mask, 32).map(|bits| v4.to_bits().checked_shl(bits).unwrap_or(0) != 0)
            }
            (Ok(IpAddr::V6(v6)), Some(mask)) => {
                prefix(mask, 128).map(|bits| v6.to_bits().checked_shl(bits).unwrap_or(0) != 0)
            }
            (Err(_), _) => None,
        };
        match host_bits {
            Some(false) => {}
            Some(true) => return Err([peer, " has host bits set"].concat()),
            None => {
                return Err([
                    &python::repr(peer),
                    " does not appear to be an IPv4 or IPv6 network",
                ]
                .concat());
            }
        }
    }
    Ok(())
}

/// Length of a network's prefix: a number, or for IPv4 a mask.
fn prefix(mask: &str, most: u32) -> Option<u32> {
    if let Ok(netmask) = mask.parse::<Ipv4Addr>()
        && most == 32
    {
        let ones = netmask.to_bits().leading_ones();
        return (netmask.to_bits().count_ones() == ones).then_some(ones);
    }
    mask.parse().ok().filter(|&bits| bits <= most)
}
