//! The environ (PEP 3333, "environ Variables"): what a request becomes for the app.
//!
//! It has two parts, each a list of [strings](crate::wire::strings): keys and values in turn, to be
//! decoded as Latin-1. The *constant* part is the same for each request of a worker:
//! [`constant_strings`]. The *request* part is [`strings`].
//!
//! The keys have the order of the real server's environ. gunicorn: the constants; then `wsgi.input`
//! and `gunicorn.socket`; the request part; last `wsgi.early_hints`. uWSGI: `wsgi.input` stands
//! behind the request part, and the constants behind it.

mod uwsgi_path;

use crate::gateway::Peer;
use crate::gateway::percent;
use crate::gateway::python::repr;
use crate::gateway::trust::Allowed;
use crate::http1::{RequestHead, Underscores};
use crate::servers::uwsgi::UwsgiSettings;
use crate::servers::{Launch, Server, WorkerClass};
use crate::wire::strings::Strings;
use crate::wsgi::error_page::Rejection;
use crate::wsgi::target::{self, Target};

/// A value of the constant part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constant {
    /// A native string.
    Text(&'static str),
    /// A truth value.
    Bool(bool),
    /// An object that only Python can make: the stream of `wsgi.errors`, the class of
    /// `wsgi.file_wrapper`, the tuple of `wsgi.version`.
    Object,
}

/// The constant part, in order.
#[must_use]
pub fn constants(launch: &Launch) -> Vec<(&'static str, Constant)> {
    let multithread =
        Constant::Bool(launch.worker_class != WorkerClass::Sync || launch.threads > 1);
    let multiprocess = Constant::Bool(launch.workers > 1);
    let run_once = Constant::Bool(false);
    match launch.server() {
        Server::Uwsgi => vec![
            ("wsgi.file_wrapper", Constant::Object),
            ("wsgi.version", Constant::Object),
            ("wsgi.errors", Constant::Object),
            ("wsgi.run_once", run_once),
            ("wsgi.multithread", multithread),
            ("wsgi.multiprocess", multiprocess),
            ("wsgi.url_scheme", Constant::Text("http")),
        ],
        // Of the others only gunicorn serves WSGI apps.
        _ => vec![
            ("wsgi.errors", Constant::Object),
            ("wsgi.version", Constant::Object),
            ("wsgi.multithread", multithread),
            ("wsgi.multiprocess", multiprocess),
            ("wsgi.run_once", run_once),
            ("wsgi.file_wrapper", Constant::Object),
            ("wsgi.input_terminated", Constant::Bool(true)),
            ("SERVER_SOFTWARE", Constant::Text("gunicorn/27.0.1")),
        ],
    }
}

/// The constant part: keys and values. The first byte of a value says what it is: `s` a string that
/// follows, `t` True, `f` False, `o` an object that Python supplies.
#[must_use]
pub fn constant_strings(launch: &Launch) -> Strings {
    let mut strings = Strings::new();
    for (key, value) in constants(launch) {
        strings.push(key);
        match value {
            Constant::Text(text) => strings.push(format!("s{text}")),
            Constant::Bool(true) => strings.push("t"),
            Constant::Bool(false) => strings.push("f"),
            Constant::Object => strings.push("o"),
        }
    }
    strings
}

/// Why there is no environ for a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironError {
    /// The request target is no URL; the request line follows.
    #[error("Invalid HTTP request line: {}", repr(.0))]
    Target(Vec<u8>),
    /// A header name has an underscore, and `--header-map refuse` is in force; the name follows, in
    /// upper case.
    #[error("Invalid HTTP header name: {}", repr(.0))]
    HeaderName(Vec<u8>),
    /// X-Forwarded-Proto and its like disagree about the scheme.
    #[error("Contradictory scheme headers")]
    SchemeHeaders,
    /// A trusted proxy's `SCRIPT_NAME` header, or the environment's `SCRIPT_NAME`, is no prefix of
    /// the path.
    #[error(
        "Configuration problem: Request path {} does not start with SCRIPT_NAME {}",
        repr(path),
        repr(script_name)
    )]
    ScriptName {
        /// The path, still percent-encoded.
        path: Vec<u8>,
        /// What should be its prefix.
        script_name: Vec<u8>,
    },
}

impl From<EnvironError> for Rejection {
    fn from(problem: EnvironError) -> Self {
        let error = problem.to_string();
        let message = match problem {
            EnvironError::Target(_) => format!("Invalid Request Line '{error}'"),
            _ => error.clone(),
        };
        let configuration = matches!(problem, EnvironError::ScriptName { .. });
        // gunicorn does not change the reason along with the status.
        let status = if configuration { 500 } else { 400 };
        Self {
            status,
            reason: "Bad Request",
            message,
            error,
            accessed: configuration,
        }
    }
}

/// The request part: keys and values.
///
/// # Errors
/// The request is refused instead, with the [`Rejection`] made of the error.
pub fn strings(head: &RequestHead, peer: &Peer, launch: &Launch) -> Result<Strings, EnvironError> {
    match launch.uwsgi() {
        Some(settings) => Ok(uwsgi(head, peer, settings)),
        None => gunicorn(head, peer, launch),
    }
}

/// Pairs of a request part that are no headers: at most so many.
const OTHERS: usize = 12;

/// The pairs of an environ as they are written.
struct Pairs<'a> {
    strings: Strings,
    headers: &'a [(Vec<u8>, Vec<u8>)],
    /// The shapes that several headers have: only those can have namesakes.
    shared: u64,
}

impl<'a> Pairs<'a> {
    fn new(head: &'a RequestHead) -> Self {
        let headers = head.headers.as_slice();
        let bytes: usize = headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 5)
            .sum();
        let strings = Strings::with_capacity(
            bytes + 4 * head.target.len() + 256,
            2 * (headers.len() + OTHERS),
        );
        let (mut seen, mut shared) = (0, 0);
        for (name, _) in headers {
            let shape = shape(name);
            shared |= seen & shape;
            seen |= shape;
        }
        Self {
            strings,
            headers,
            shared,
        }
    }

    fn put(&mut self, key: &str, value: &[u8]) {
        self.strings.push_pair(key, value);
    }

    fn put_decimal(&mut self, key: &str, number: u16) {
        self.strings.push(key);
        self.strings
            .write(|text| text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()));
    }

    fn put_decoded(&mut self, key: &str, encoded: &[u8]) {
        self.strings.push(key);
        self.strings
            .write(|text| percent::decode_into(encoded, text));
    }

    /// Puts the header at `index`, with the values of its namesakes joined by `separator`; nothing
    /// if it is such a namesake itself.
    fn put_header(
        &mut self,
        index: usize,
        prefix: &[u8],
        separator: &[u8],
        is_dropped: impl Fn(&[u8]) -> bool,
    ) {
        let Some((name, value)) = self.headers.get(index) else {
            return;
        };
        let may_have_namesakes = self.shared & shape(name) != 0;
        let is_namesake =
            |(other, _): &&(Vec<u8>, Vec<u8>)| same_key(name, other) && !is_dropped(other);
        if may_have_namesakes
            && self
                .headers
                .iter()
                .take(index)
                .any(|header| is_namesake(&header))
        {
            return;
        }
        self.strings.write(|text| {
            text.extend_from_slice(prefix);
            text.extend(name.iter().map(|&byte| fold(byte)));
        });
        let headers = self.headers;
        self.strings.write(|text| {
            text.extend_from_slice(value);
            if may_have_namesakes {
                for (_, value) in headers.iter().skip(index + 1).filter(is_namesake) {
                    text.extend_from_slice(separator);
                    text.extend_from_slice(value);
                }
            }
        });
    }
}

/// One of 64 bits, the same for all names that make the same key.
fn shape(name: &[u8]) -> u64 {
    let letter = |at: usize| name.get(at).map_or(0, |&byte| usize::from(fold(byte)));
    1 << ((name.len() + 5 * letter(name.len() / 2) + 3 * letter(name.len().wrapping_sub(1))) % 64)
}

/// A letter of a header's name as it stands in the environ's key.
fn fold(byte: u8) -> u8 {
    const FOLDED: [u8; 256] = {
        let mut folded = [0; 256];
        let mut byte = 0_u8;
        loop {
            folded[byte as usize] = if byte == b'-' {
                b'_'
            } else {
                byte.to_ascii_uppercase()
            };
            if byte == u8::MAX {
                break folded;
            }
            byte += 1;
        }
    };
    FOLDED[usize::from(byte)]
}

fn same_key(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(&one, &other)| fold(one) == fold(other))
}

fn is(name: &[u8], other: &str) -> bool {
    name.eq_ignore_ascii_case(other.as_bytes())
}

/// Whether the peer may send forwarding headers (gunicorn's `--forwarded-allow-ips`).
#[must_use]
pub fn trusts(peer: &Peer, launch: &Launch) -> bool {
    Allowed::gunicorn(&launch.forwarded_allow_ips).contains(&peer.remote.0)
}

/// gunicorn's rules.
fn gunicorn(head: &RequestHead, peer: &Peer, launch: &Launch) -> Result<Strings, EnvironError> {
    let Some(Target { path, query }) = target::split(&head.target) else {
        let line = [&head.method, &b" "[..], &head.target, b" ", &head.protocol].concat();
        return Err(EnvironError::Target(line));
    };
    // Forwarding headers are rare: whether the peer may send them is found out only if it does.
    let trusted = || trusts(peer, launch);
    // A name with an underscore could pass itself off as another header (--header-map,
    // --forwarder-headers).
    let underscores = launch.rules.underscores;
    let is_suspect = |name: &[u8]| match underscores {
        Underscores::Keep => false,
        Underscores::Drop { except } | Underscores::Refuse { except } => {
            let is_forwarders =
                || except.iter().any(|known| *known == "*" || is(name, known)) && trusted();
            name.contains(&b'_') && !is_forwarders()
        }
    };

    let mut pairs = Pairs::new(head);
    pairs.put("REQUEST_METHOD", &head.method);
    pairs.put("QUERY_STRING", query);
    pairs.put("RAW_URI", &head.target);
    pairs.put("SERVER_PROTOCOL", &head.protocol);
    let mut secure = None;
    let set_in_env = launch
        .env
        .iter()
        .rev()
        .find(|(name, _)| name == "SCRIPT_NAME");
    let mut script_name = set_in_env.map_or(&b""[..], |(_, value)| value.as_bytes());
    for (index, (name, value)) in head.headers.iter().enumerate() {
        if is(name, "CONTENT-TYPE") {
            pairs.put("CONTENT_TYPE", value);
            continue;
        }
        if is(name, "CONTENT-LENGTH") {
            pairs.put("CONTENT_LENGTH", value);
            continue;
        }
        if is_suspect(name) {
            if matches!(underscores, Underscores::Refuse { .. }) {
                return Err(EnvironError::HeaderName(name.to_ascii_uppercase()));
            }
            continue;
        }
        if is(name, "SCRIPT_NAME") {
            script_name = value;
        }
        if let Some(means_secure) = secure_scheme(name)
            && trusted()
        {
            let now = value == means_secure;
            if secure.is_some_and(|before| before != now) {
                return Err(EnvironError::SchemeHeaders);
            }
            secure = Some(now);
        }
        pairs.put_header(index, b"HTTP_", b",", is_suspect);
    }
    pairs.put(
        "wsgi.url_scheme",
        if secure == Some(true) {
            b"https"
        } else {
            b"http"
        },
    );
    pairs.put("REMOTE_ADDR", peer.remote.0.as_bytes());
    pairs.put_decimal("REMOTE_PORT", peer.remote.1);
    pairs.put("SERVER_NAME", peer.local.0.as_bytes());
    pairs.put_decimal("SERVER_PORT", peer.local.1);
    let Some(path_info) = path.strip_prefix(script_name) else {
        return Err(EnvironError::ScriptName {
            path: path.to_vec(),
            script_name: script_name.to_vec(),
        });
    };
    pairs.put_decoded("PATH_INFO", path_info);
    pairs.put("SCRIPT_NAME", script_name);
    Ok(pairs.strings)
}

/// gunicorn's `secure_scheme_headers`: the value of the header `name` that means https.
fn secure_scheme(name: &[u8]) -> Option<&'static [u8]> {
    if name.len() < "X-FORWARDED-SSL".len() || !name[..2].eq_ignore_ascii_case(b"X-") {
        None
    } else if is(name, "X-FORWARDED-PROTO") {
        Some(b"https")
    } else if is(name, "X-FORWARDED-PROTOCOL") {
        Some(b"ssl")
    } else if is(name, "X-FORWARDED-SSL") {
        Some(b"on")
    } else {
        None
    }
}

/// uWSGI's rules; with `--http` there is a router before the worker. How many variables there may
/// be, Python knows.
fn uwsgi(head: &RequestHead, peer: &Peer, settings: &UwsgiSettings) -> Strings {
    let router = settings.router;
    let question = head.target.iter().position(|&byte| byte == b'?');
    let (path, query) = match question {
        Some(at) => (&head.target[..at], &head.target[at + 1..]),
        None => (&head.target[..], &b""[..]),
    };
    let mut pairs = Pairs::new(head);
    pairs.put("REQUEST_METHOD", &head.method);
    let path = uwsgi_path::of(path);
    if question.is_some() {
        pairs.put("PATH_INFO", &path);
        pairs.put("REQUEST_URI", &head.target);
    } else {
        pairs.put("REQUEST_URI", &head.target);
        pairs.put("PATH_INFO", &path);
    }
    pairs.put("QUERY_STRING", query);
    pairs.put("SERVER_PROTOCOL", &head.protocol);
    if router || !settings.manage_script_name {
        pairs.put("SCRIPT_NAME", b"");
    }
    // The name of the computer, as Python's `socket.gethostname` has it here.
    pairs.put("SERVER_NAME", b"emscripten");
    pairs.put_decimal("SERVER_PORT", peer.local.1);
    if router {
        pairs.put("UWSGI_ROUTER", b"http");
    }
    pairs.put("REMOTE_ADDR", peer.remote.0.as_bytes());
    if router {
        pairs.put_decimal("REMOTE_PORT", peer.remote.1);
    }
    for (index, (name, _)) in head.headers.iter().enumerate() {
        let bare = same_key(name, b"CONTENT_TYPE") || same_key(name, b"CONTENT_LENGTH");
        pairs.put_header(index, if bare { b"" } else { b"HTTP_" }, b", ", |_| false);
    }
    pairs.strings
}

#[cfg(test)]
mod tests;
