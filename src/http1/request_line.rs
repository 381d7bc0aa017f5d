//! The request line (RFC 9112, section 3).

use std::borrow::Cow;

use super::message::Version;
use super::rules::{Methods, Rules, Targets, Versions};
use super::{RequestError, text};

/// A request line, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestLine {
    pub(super) method: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) version: Version,
    /// The version as it stands there.
    pub(super) protocol: Cow<'static, [u8]>,
    /// Whether this version keeps the connection without being asked to.
    pub(super) persistent: bool,
}

/// Methods that llhttp takes for HTTP.
const REGISTERED: [&[u8]; 35] = [
    b"DELETE",
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"COPY",
    b"LOCK",
    b"MKCOL",
    b"MOVE",
    b"PROPFIND",
    b"PROPPATCH",
    b"SEARCH",
    b"UNLOCK",
    b"BIND",
    b"REBIND",
    b"UNBIND",
    b"ACL",
    b"REPORT",
    b"MKACTIVITY",
    b"CHECKOUT",
    b"MERGE",
    b"M-SEARCH",
    b"NOTIFY",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"PATCH",
    b"PURGE",
    b"MKCALENDAR",
    b"LINK",
    b"UNLINK",
    b"SOURCE",
    b"QUERY",
];

/// Where what has come of a request cannot go on to be one, as far as that shows before the line's
/// end: llhttp looks at every byte as it comes. The bytes up to the first that no method has there.
pub(super) fn refused_start<'a>(start: &'a [u8], rules: &Rules) -> Option<&'a [u8]> {
    if rules.methods != Methods::Registered {
        return None;
    }
    let begins = |method: &&[u8]| {
        start
            .strip_prefix(*method)
            .is_some_and(|rest| rest.first().is_none_or(|&byte| byte == b' '))
    };
    if REGISTERED.iter().any(begins) {
        return None;
    }
    let is_prefix = |prefix: &[u8]| REGISTERED.iter().any(|method| method.starts_with(prefix));
    (1..=start.len())
        .map(|length| &start[..length])
        .find(|prefix| !is_prefix(prefix))
}

/// Reads `line`, which comes without its end.
pub(super) fn parse(line: &[u8], rules: &Rules) -> Result<RequestLine, RequestError> {
    let whole = || RequestError::RequestLine(line.to_vec());
    let (method, rest) = split_at_space(line).ok_or_else(whole)?;
    let rest = if rules.several_spaces {
        rest.trim_ascii_start()
    } else {
        rest
    };
    let (target, protocol) = match split_at_space(rest) {
        Some((target, protocol)) if rules.several_spaces => (target, protocol.trim_ascii_start()),
        Some(parts) => parts,
        None if rules.versions == Versions::Llhttp => (rest, &b"HTTP/0.9"[..]),
        None => return Err(whole()),
    };
    if !is_method(method, rules.methods) {
        return Err(RequestError::Method(method.to_vec()));
    }
    if !is_target(target, method, rules.targets) {
        return Err(whole());
    }
    let (version, persistent) = read_version(protocol, rules.versions)
        .ok_or_else(|| RequestError::Version(protocol.to_vec()))?;
    let method = if rules.uppercase_methods {
        method.to_ascii_uppercase()
    } else {
        method.to_vec()
    };
    Ok(RequestLine {
        method,
        target: target.to_vec(),
        version,
        protocol: as_written(protocol, version),
        persistent,
    })
}

/// What most clients write costs no memory of its own.
fn as_written(protocol: &[u8], version: Version) -> Cow<'static, [u8]> {
    if protocol == version.as_bytes() {
        Cow::Borrowed(version.as_bytes())
    } else {
        Cow::Owned(protocol.to_vec())
    }
}

fn split_at_space(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = bytes.iter().position(|&byte| byte == b' ')?;
    Some((&bytes[..space], &bytes[space + 1..]))
}

fn is_method(method: &[u8], methods: Methods) -> bool {
    match methods {
        Methods::Conventional => {
            (3..=20).contains(&method.len())
                && text::is_token(method)
                && !method
                    .iter()
                    .any(|&byte| byte.is_ascii_lowercase() || byte == b'#')
        }
        Methods::Registered => REGISTERED.contains(&method),
        Methods::Token => text::is_token(method),
        Methods::Any => true,
    }
}

fn is_target(target: &[u8], method: &[u8], targets: Targets) -> bool {
    if target.is_empty() || (targets != Targets::Any && !target.iter().all(u8::is_ascii_graphic)) {
        return false;
    }
    let connect = method == b"CONNECT";
    match targets {
        Targets::Forms => {
            if target == b"*" {
                method == b"OPTIONS"
            } else {
                connect || target.starts_with(b"/") || target.windows(3).any(|part| part == b"://")
            }
        }
        Targets::Url => {
            connect || target.starts_with(b"/") || target.starts_with(b"*") || has_scheme(target)
        }
        Targets::Visible | Targets::Any => true,
    }
}

fn has_scheme(target: &[u8]) -> bool {
    let letters = target
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    letters > 0 && target[letters..].starts_with(b"://")
}

/// The version, and whether it keeps the connection without being asked to.
fn read_version(version: &[u8], versions: Versions) -> Option<(Version, bool)> {
    let number = version.strip_prefix(b"HTTP/");
    let old = Some((Version::Http10, false));
    match (versions, number) {
        (_, Some(b"1.1")) => Some((Version::Http11, true)),
        (_, Some(b"1.0")) | (Versions::Any, _) | (Versions::Llhttp, Some(b"0.9")) => old,
        (Versions::Llhttp, Some(b"2.0")) => Some((Version::Http11, false)),
        (Versions::Minor, Some([b'1', b'.', minor])) if minor.is_ascii_digit() => {
            Some((Version::Http11, true))
        }
        (Versions::Digits, Some([major, b'.', minor]))
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            if (*major, *minor) > (b'1', b'1') {
                Some((Version::Http11, true))
            } else {
                old
            }
        }
        _ => None,
    }
}
