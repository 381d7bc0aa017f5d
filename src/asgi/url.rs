//! The request target, taken apart as `httptools.parse_url` does it for uvicorn.

use crate::gateway::bytes::cut;

/// The parts of a request target that a scope shows, still percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Url<'a> {
    /// The path; not empty where a URL has been read.
    pub path: &'a [u8],
    /// The query, without its `?`; empty if there is none.
    pub query: &'a [u8],
}

/// Longest target that `http_parser` takes apart, bytes: it counts in 16 bits.
const LONGEST: usize = 65_535;

/// A request target as uvicorn takes it apart with h11: it may be anything.
#[must_use]
pub fn cut_query(target: &[u8]) -> Url<'_> {
    let (path, query) = cut(target, b'?');
    Url { path, query }
}

/// Takes a request target apart. `None`: it is in authority form, its authority is none, it has no
/// path, or it is too long; uvicorn answers as to a request that it cannot parse.
#[must_use]
pub fn split(target: &[u8]) -> Option<Url<'_>> {
    if target.len() > LONGEST {
        return None;
    }
    let relative = match target.first()? {
        b'/' | b'*' => target,
        _ => after_authority(target)?,
    };
    if !matches!(relative.first()?, b'/' | b'*') {
        return None;
    }
    let (relative, _fragment) = cut(relative, b'#');
    let (path, query) = cut(relative, b'?');
    Some(Url { path, query })
}

/// What follows `scheme://authority`; the scheme is of letters alone.
fn after_authority(target: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = cut(target, b':');
    let rest = rest.strip_prefix(b"//")?;
    let end = rest
        .iter()
        .position(|byte| b"/?#".contains(byte))
        .unwrap_or(rest.len());
    let (authority, relative) = rest.split_at(end);
    (scheme.iter().all(u8::is_ascii_alphabetic) && is_authority(authority)).then_some(relative)
}

fn is_authority(authority: &[u8]) -> bool {
    let host_port = match authority.iter().position(|&byte| byte == b'@') {
        Some(at) if at > 0 && authority[..at].iter().all(|&byte| is_user_info(byte)) => {
            &authority[at + 1..]
        }
        Some(_) => return false,
        None => authority,
    };
    let port = if let Some(bracketed) = host_port.strip_prefix(b"[") {
        let Some(end) = bracketed.iter().position(|&byte| byte == b']') else {
            return false;
        };
        if !is_bracketed_address(&bracketed[..end]) {
            return false;
        }
        &bracketed[end + 1..]
    } else {
        let end = host_port
            .iter()
            .position(|&byte| byte == b':')
            .unwrap_or(host_port.len());
        let (host, port) = host_port.split_at(end);
        if host.is_empty()
            || !host
                .iter()
                .all(|&byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        {
            return false;
        }
        port
    };
    match port {
        [] => true,
        [b':', digits @ ..] => std::str::from_utf8(digits).is_ok_and(|digits| {
            digits.bytes().all(|digit| digit.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        }),
        _ => false,
    }
}

/// Hexadecimal digits, colons and dots, then perhaps `%` and a zone (RFC 6874).
fn is_bracketed_address(address: &[u8]) -> bool {
    let end = address
        .iter()
        .position(|&byte| byte == b'%')
        .unwrap_or(address.len());
    let (address, zone) = address.split_at(end);
    let is_address = !address.is_empty()
        && address
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte));
    let is_zone = |byte: &u8| byte.is_ascii_alphanumeric() || b"%.-_~".contains(byte);
    is_address && zone.len() != 1 && zone.iter().all(is_zone)
}

/// `userinfo` (RFC 3986, section 3.2.1)
fn is_user_info(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.!~*'()%;:&=+$,".contains(&byte)
}
