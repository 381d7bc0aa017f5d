//! The request target (RFC 9112, section 3.2), taken apart as Python's `urllib.parse.urlsplit` does
//! it for gunicorn.

use std::net::Ipv6Addr;

use crate::gateway::bytes::cut;

/// The parts of a request target that an environ shows. Both are still percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    /// The path: empty for an absolute form without one.
    pub path: &'a [u8],
    /// The query, without its `?`; empty if there is none.
    pub query: &'a [u8],
}

/// Takes a request target apart. `None`: its authority has brackets around something that is no
/// IPv6 address.
#[must_use]
pub fn split(target: &[u8]) -> Option<Target<'_>> {
    // A target in origin form is a path, even where it begins with two slashes.
    let relative = if target.first() == Some(&b'/') {
        target
    } else {
        after_authority(after_scheme(target))?
    };
    let (relative, _fragment) = cut(relative, b'#');
    let (path, query) = cut(relative, b'?');
    Some(Target { path, query })
}

fn after_scheme(target: &[u8]) -> &[u8] {
    match target.iter().position(|&byte| byte == b':') {
        Some(colon) if is_scheme(&target[..colon]) => &target[colon + 1..],
        _ => target,
    }
}

/// `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )` (RFC 3986, section 3.1)
fn is_scheme(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
}

fn after_authority(text: &[u8]) -> Option<&[u8]> {
    let Some(rest) = text.strip_prefix(b"//") else {
        return Some(text);
    };
    let end = rest
        .iter()
        .position(|byte| b"/?#".contains(byte))
        .unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    match (authority.contains(&b'['), authority.contains(&b']')) {
        (false, false) => Some(rest),
        (true, true) => is_bracketed_host(cut(cut(authority, b'[').1, b']').0).then_some(rest),
        _ => None,
    }
}

fn is_bracketed_host(host: &[u8]) -> bool {
    if let Some(future) = host.strip_prefix(b"v") {
        // IPvFuture (RFC 3986, section 3.2.2)
        let (version, address) = cut(future, b'.');
        return !version.is_empty()
            && version.iter().all(u8::is_ascii_hexdigit)
            && !address.is_empty();
    }
    let (address, _zone) = cut(host, b'%');
    std::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::test;

    fn parts(target: &str) -> (&str, &str) {
        let target = split(target.as_bytes()).unwrap();
        (
            std::str::from_utf8(target.path).unwrap(),
            std::str::from_utf8(target.query).unwrap(),
        )
    }

    #[test]
    fn origin_form_is_a_path_and_a_query() {
        assert_eq!(parts("/a/b?c=1&d"), ("/a/b", "c=1&d"));
        assert_eq!(parts("/"), ("/", ""));
        assert_eq!(parts("/a?b?c"), ("/a", "b?c"));
        assert_eq!(parts("/a:b"), ("/a:b", ""));
    }

    #[test]
    fn two_slashes_at_the_start_are_no_authority() {
        assert_eq!(parts("//x//y"), ("//x//y", ""));
        assert_eq!(parts("//x[?y"), ("//x[", "y"));
    }

    #[test]
    fn a_fragment_is_dropped() {
        assert_eq!(parts("/a?b#c?d"), ("/a", "b"));
        assert_eq!(parts("/a#b"), ("/a", ""));
    }

    #[test]
    fn absolute_form_loses_scheme_and_authority() {
        assert_eq!(parts("http://other.test:81/p?q=1"), ("/p", "q=1"));
        assert_eq!(parts("http://other.test"), ("", ""));
        assert_eq!(parts("http://other.test?q"), ("", "q"));
        assert_eq!(parts("http://[::1]:80/p"), ("/p", ""));
    }

    #[test]
    fn asterisk_and_authority_form_are_read_as_urlsplit_reads_them() {
        assert_eq!(parts("*"), ("*", ""));
        assert_eq!(parts("example.test:443"), ("443", ""));
        assert_eq!(parts("127.0.0.1:443"), ("127.0.0.1:443", ""));
    }

    #[test]
    fn brackets_must_hold_an_ipv6_address() {
        for target in [
            "http://[::1/p",
            "http://::1]/p",
            "http://[127.0.0.1]/p",
            "http://[]/",
            "http://[v1]/",
        ] {
            assert_eq!(split(target.as_bytes()), None, "{target}");
        }
        assert!(split(b"http://[fe80::1%25eth0]/p").is_some());
        assert!(split(b"http://[v1.x]/p").is_some());
    }
}
