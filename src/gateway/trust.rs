//! Whose forwarding headers are believed: lists of addresses and networks as command lines have
//! them.

use std::net::IpAddr;

use ipnet::IpNet;

/// The addresses, networks and names of a comma-separated list.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    list: &'a str,
    names: bool,
}

impl<'a> Allowed<'a> {
    /// gunicorn's `--forwarded-allow-ips`: addresses, networks, and `*` anywhere in the list.
    #[must_use]
    pub fn gunicorn(list: &'a str) -> Self {
        Self { list, names: false }
    }

    /// uvicorn's `--forwarded-allow-ips`: addresses, networks, literal names, or `*` alone.
    #[must_use]
    pub fn uvicorn(list: &'a str) -> Self {
        Self { list, names: true }
    }

    /// Whether everybody is believed.
    #[must_use]
    pub fn everybody(&self) -> bool {
        if self.names {
            self.list == "*"
        } else {
            self.items().any(|item| item == "*")
        }
    }

    /// Whether `host` is believed.
    #[must_use]
    pub fn contains(&self, host: &str) -> bool {
        if self.everybody() {
            return true;
        }
        match host.parse::<IpAddr>() {
            Ok(address) => self.items().any(|item| network_contains(item, address)),
            Err(_) => self.names && !host.is_empty() && self.items().any(|item| item == host),
        }
    }

    fn items(&self) -> impl Iterator<Item = &'a str> {
        self.list.split(',').map(str::trim)
    }
}

/// Whether an address, or a network, of the list has this address.
fn network_contains(item: &str, address: IpAddr) -> bool {
    match item.parse::<IpNet>() {
        Ok(network) => network.contains(&address),
        Err(_) => item.parse() == Ok(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn an_address_is_believed_however_it_is_written() {
        let allowed = Allowed::gunicorn("127.0.0.1, ::1");
        assert!(allowed.contains("127.0.0.1"));
        assert!(allowed.contains("0:0:0:0:0:0:0:1"));
        assert!(!allowed.contains("127.0.0.2"));
        assert!(!allowed.contains("::ffff:127.0.0.1"));
    }

    #[test]
    fn a_network_is_believed_up_to_its_prefix() {
        let allowed = Allowed::uvicorn("10.1.0.0/16,fd00::/8");
        assert!(allowed.contains("10.1.255.3"));
        assert!(!allowed.contains("10.2.0.1"));
        assert!(allowed.contains("fdff::1"));
        assert!(!allowed.contains("fe80::1"));
        assert!(Allowed::uvicorn("0.0.0.0/0").contains("8.8.8.8"));
        assert!(Allowed::uvicorn("::/0").contains("::8"));
        assert!(!Allowed::uvicorn("10.0.0.0/99").contains("10.0.0.0"));
    }

    #[test]
    fn uvicorn_believes_literal_names_and_gunicorn_none() {
        assert!(Allowed::uvicorn("proxy,127.0.0.1").contains("proxy"));
        assert!(!Allowed::gunicorn("proxy,127.0.0.1").contains("proxy"));
    }

    #[test]
    fn a_star_believes_everybody() {
        assert!(Allowed::gunicorn("127.0.0.1,*").contains("anything"));
        assert!(Allowed::uvicorn("*").contains("8.8.8.8"));
        assert!(
            !Allowed::uvicorn("127.0.0.1,*").contains("8.8.8.8"),
            "only a star alone, as in uvicorn"
        );
    }
}
