//! A connection that a worker for WSGI apps has, from its accept to its close: its requests, what
//! the app does with each, and what the log says of it.

mod app_calls;
mod head;
mod uwsgi;

use crate::gateway::{Peer, latin1};
use crate::http1::RequestHead;
use crate::http1::server::Connection;
use crate::net::frame::{Accepted, FromProcess, push};
use crate::net::{AfterClose, Linger};
use crate::os::{Millis, Stream};
use crate::servers::log;
use crate::servers::log::{AccessAtoms, Source};
use crate::trace::Name;
use crate::wire::strings::Strings;
use crate::wsgi::error_page::Rejection;
use crate::wsgi::outcome::{Access, Line};
use crate::wsgi::response::Response;

use super::wire::Wire;
use super::{Listening, ProcessContext, Written};
pub use app_calls::{Body, Lost, Raised, RaisedKind, StartRefused};
pub(super) use head::{Begun, Head};

/// How long an orderly close waits for the client to close (gunicorn's `close_graceful`).
const LINGER: Millis = 2000.0;
/// Bytes that an orderly close reads and throws away before it stops waiting.
const LINGER_BYTES: usize = 65_536;

/// A connection and its present request.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // Independent facts, each established at its own moment.
pub struct WsgiConnection {
    pub(super) wire: Wire,
    pub(super) http: Connection,
    pub(super) peer: Peer,
    pub(super) head: RequestHead,
    pub(super) response: Option<Response>,
    pub(super) accepted_at: Millis,
    pub(super) first_byte_at: Option<Millis>,
    pub(super) started_at: Millis,
    pub(super) body_ended: bool,
    /// Requests before this one.
    pub(super) sequence: u32,
    /// Whether the connection may carry another request, once the response is complete.
    pub(super) keeps: Option<bool>,
    /// Whether the app raised after the head of its answer was sent.
    pub(super) truncated: bool,
    /// Whether the client ends the connection as soon as the server has.
    pub(super) prompt: bool,
    /// Until when the client is waited for (uWSGI); `None`: as long as it wants.
    pub(super) wait_until: Option<Millis>,
    /// That time has come.
    pub(super) expired: bool,
    pub(super) unread: Vec<u8>,
    pub(super) rejection: Option<Rejection>,
    /// The environ, kept for the access log where its format asks for one.
    pub(super) environ: Strings,
    /// What the app has made of it, as far as the access log shows it: variables, `user`, and atoms
    /// like `{name}e`.
    pub(super) changed: Vec<(String, String)>,
}

pub(super) fn connection(
    process: &mut ProcessContext,
    id: u32,
    accepted: Accepted,
    listener: Option<Listening>,
    now: Millis,
) -> WsgiConnection {
    process.span((id, 0), Name::Backlog, accepted.connected_at, now);
    let local = listener.map_or_else(|| ("127.0.0.1".to_owned(), 0), |l| (l.host, l.port));
    WsgiConnection {
        wire: Wire::new(id, accepted.granted),
        http: Connection::new(process.launch.rules, process.launch.limits),
        peer: Peer {
            remote: ("127.0.0.1".to_owned(), accepted.peer_port),
            local,
        },
        head: RequestHead::empty(),
        response: None,
        accepted_at: now,
        first_byte_at: None,
        started_at: now,
        body_ended: false,
        sequence: 0,
        keeps: None,
        truncated: false,
        prompt: false,
        wait_until: None,
        expired: false,
        unread: Vec::new(),
        rejection: None,
        environ: Strings::new(),
        changed: Vec::new(),
    }
}

impl WsgiConnection {
    /// The request under way, as the trace knows it.
    pub(super) fn key(&self) -> (u32, u32) {
        (self.wire.id, self.sequence)
    }

    /// Notes for the trace since when the app has the request, if it got it after `after`.
    pub(super) fn note_open(&self, process: &mut ProcessContext, after: Millis) {
        if self.started_at > after {
            process.open_span(self.key(), Name::App, self.started_at);
        }
    }

    /// The request is done with, and its body read; the next may come.
    pub(super) fn next_request(&mut self, now: Millis) {
        self.http.end_response(true);
        self.response = None;
        self.rejection = None;
        self.environ = Strings::new();
        self.changed.clear();
        self.first_byte_at = None;
        self.accepted_at = now;
        self.keeps = None;
        self.sequence += 1;
    }

    /// Begins the orderly close that the kernel carries out (see [`crate::net::Linger`]), and what
    /// follows it.
    pub(super) fn linger(&mut self, process: &mut ProcessContext, then: AfterClose) {
        // What came and was not read is the first to be thrown away.
        let unread = self.wire.read(&mut process.lazy).len();
        let linger = Linger {
            then,
            timeout: LINGER,
            most: LINGER_BYTES.saturating_sub(unread) as u32,
        };
        push(
            &mut process.frames,
            FromProcess::Linger,
            self.wire.id,
            &linger.encode(),
        );
    }
}

fn feed(c: &mut WsgiConnection, process: &mut ProcessContext, now: Millis) {
    if c.wire.is_readable() {
        c.first_byte_at.get_or_insert(now);
        c.http.receive(&c.wire.read(&mut process.lazy));
    }
    if c.wire.eof {
        c.http.receive_eof();
    }
}

fn send(c: &mut WsgiConnection, process: &mut ProcessContext, bytes: &[u8]) -> Written {
    c.wire.send(bytes, &mut process.frames);
    taken(c)
}

fn taken(c: &WsgiConnection) -> Written {
    if c.wire.broken {
        Written::Broken
    } else if c.wire.unsent() > 0 {
        Written::Park
    } else {
        Written::Done
    }
}

fn write_lines(
    process: &mut ProcessContext,
    c: &WsgiConnection,
    lines: &[Line],
    traceback: &str,
    now: Millis,
) {
    for line in lines {
        match line {
            Line::Log {
                level,
                text,
                traceback: true,
            } => {
                process.log(*level, &log::with_traceback(text, traceback), now);
            }
            Line::Log { level, text, .. } => process.log(*level, text, now),
            Line::Bare(text) => process.line(Stream::Stderr, text),
            Line::Access(access) => log_access(process, c, access, now),
        }
    }
}

fn log_access(process: &mut ProcessContext, c: &WsgiConnection, access: &Access, now: Millis) {
    if process.access_format.is_none() {
        return;
    }
    let changed = |name: &str| {
        let mut changed = c.changed.iter();
        let found = changed.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    let variable = |name: &str| {
        if let Some(value) = changed(name).or_else(|| changed(&format!("{{{name}}}e"))) {
            return Some(value);
        }
        let mut found = c
            .environ
            .pairs()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        found.next().map(|(_, value)| latin1::decode(value))
    };
    let lookup = |source: Source, name: &str| match source {
        Source::Request => c.head.values(name).last().map(latin1::decode),
        Source::Response => {
            let headers = c.response.as_ref()?.headers();
            headers
                .filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
                .last()
                .map(|(_, v)| latin1::decode(v))
        }
        Source::Environ => variable(name),
    };
    let (path, query) = (variable("PATH_INFO"), variable("QUERY_STRING"));
    let of_head = |name: &str, bytes: &[u8]| changed(name).unwrap_or_else(|| latin1::decode(bytes));
    let method = of_head("REQUEST_METHOD", &c.head.method);
    let target = of_head("RAW_URI", &c.head.target);
    let protocol = of_head("SERVER_PROTOCOL", &c.head.protocol);
    let remote = changed("REMOTE_ADDR").unwrap_or_else(|| c.peer.remote.0.clone());
    let user = changed("user");
    let line = process.access_format.as_ref().map(|format| {
        format.line(&AccessAtoms {
            now,
            pid: process.pid,
            remote_addr: &remote,
            user: user.as_deref(),
            method: &method,
            raw_uri: &target,
            path: path.as_deref().unwrap_or_default(),
            query: query.as_deref().unwrap_or_default(),
            protocol: &protocol,
            status: access.status.parse().ok(),
            sent: access.sent,
            duration: now - c.started_at,
            lookup: &lookup,
        })
    });
    if let Some(line) = line {
        process.line(Stream::Stdout, &line);
    }
}
