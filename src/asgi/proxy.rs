//! What trusted proxies say about the client (uvicorn's `--proxy-headers`).

use std::borrow::Cow;

use crate::gateway::trust::Allowed;
use crate::gateway::{Peer, latin1, python};
use crate::http1::message::RequestHead;
use crate::servers::Launch;

/// Who asks, and how, as the app is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `http` or what X-Forwarded-Proto says.
    pub scheme: Cow<'a, str>,
    /// The client's address, as text.
    pub host: Cow<'a, str>,
    /// The client's port; 0 where a proxy has not said it.
    pub port: i64,
}

/// The client of a request: the peer, or the one that a trusted peer's headers name.
#[must_use]
pub fn origin<'a>(head: &'a RequestHead, peer: &'a Peer, launch: &'a Launch) -> Origin<'a> {
    let mut origin = Origin {
        scheme: Cow::Borrowed("http"),
        host: Cow::Borrowed(peer.remote.0.as_str()),
        port: peer.remote.1.into(),
    };
    if !launch.proxy_headers {
        return origin;
    }
    let is_proxy_header =
        |name: &[u8]| name.len() > 14 && name[..12].eq_ignore_ascii_case(b"x-forwarded-");
    if !head.headers.iter().any(|(name, _)| is_proxy_header(name)) {
        return origin;
    }
    let trusted = Allowed::uvicorn(&launch.forwarded_allow_ips);
    if !trusted.contains(&peer.remote.0) {
        return origin;
    }
    if let Some(scheme) = head.values("x-forwarded-proto").last() {
        let scheme = latin1::decode(scheme);
        let scheme = scheme.trim();
        if matches!(scheme, "http" | "https" | "ws" | "wss") {
            origin.scheme = Cow::Owned(scheme.to_owned());
        }
    }
    let mut forwarded: Option<String> = None;
    for value in head.values("x-forwarded-for") {
        let value = latin1::decode(value);
        forwarded =
            Some(forwarded.map_or_else(|| value.clone(), |before| format!("{before}, {value}")));
    }
    if let Some(forwarded) = forwarded {
        let (host, port) = client(&forwarded, trusted);
        if !host.is_empty() {
            origin.host = Cow::Owned(host.to_owned());
            origin.port = port;
        }
    }
    origin
}

/// The first host, seen from the last proxy, that is not a trusted one; the very first if all are.
fn client<'a>(forwarded: &'a str, trusted: Allowed) -> (&'a str, i64) {
    let first = || host_port(forwarded.split(',').next().unwrap_or_default().trim());
    if trusted.everybody() {
        return first();
    }
    forwarded
        .rsplit(',')
        .map(|item| host_port(item.trim()))
        .find(|(host, _)| !trusted.contains(host))
        .unwrap_or_else(first)
}

/// Host and port of `host`, `host:port`, `[host]` or `[host]:port`; the port is 0 where it is none.
fn host_port(item: &str) -> (&str, i64) {
    let int = |text: &str| python::int(text.as_bytes());
    if let Some(bracketed) = item.strip_prefix('[') {
        return match bracketed.split_once(']') {
            Some((host, "")) => (host, 0),
            Some((host, rest)) => match rest.strip_prefix(':') {
                Some(port) => (host, int(port).unwrap_or(0)),
                None => (item, 0),
            },
            None => (item, 0),
        };
    }
    match item.split_once(':') {
        Some((host, port)) if !port.contains(':') => {
            int(port).map_or((item, 0), |port| (host, port))
        }
        _ => (item, 0),
    }
}
