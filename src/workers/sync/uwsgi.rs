//! What is uWSGI's own in a worker that serves one connection at a time.
//!
//! It polls before it accepts, where gunicorn accepts before it polls; it waits for a client for 4 s wherever it reads or
//! writes (`--socket-timeout`); it closes without a word, and with `--http11-socket` waits on the same connection for the next
//! request before it looks at any other.

use crate::Millis;
use crate::gateway::encoding;
use crate::http1::{RequestError, Version};
use crate::master::Stream;
use crate::net::frame::{Kind, push};
use crate::servers::log;
use crate::trace::Name;
use crate::workers::Process;

use super::conversation::{Conversation, latin1};
use super::{Body, State, SyncWorker};

/// How long a worker waits for a client.
pub(super) const SOCKET_TIMEOUT: Millis = 4000.0;
/// A worker is not replaced for its number of requests before this age (`--min-worker-lifetime`).
const LEAST_LIFETIME: Millis = 60_000.0;
/// A worker that ends because it was told to, or has served its requests, exits with this code.
pub(super) const RELOAD: i32 = 17;

/// The line for a head that is refused; none where the client said nothing.
pub(super) fn refusal(error: &RequestError, now: Millis) -> Option<String> {
    match error {
        RequestError::HeadTooLong { limit } => {
            Some(format!("invalid HTTP request size (max {limit})...skip"))
        }
        RequestError::EndInHead => Some("uwsgi_proto_http_parser() -> client closed connection".to_owned()),
        RequestError::FieldLine(_) => Some([&log::ctime(now), " - invalid HTTP request"].concat()),
        _ => None,
    }
}

/// A body that does not come: the line of the log, and the exception, whose message Python completes.
pub(super) fn body_missing(process: &mut Process, c: &Conversation, missing: u64, timeout: bool) -> Body {
    let length = match c.head.framing {
        crate::http1::Framing::Length(length) => length,
        _ => missing,
    };
    let consumed = length - missing.min(length);
    let what = if timeout { "Timeout" } else { "Error" };
    let mut line = format!(
        "[uwsgi-body-read] {what} reading {missing} bytes. Content-Length: {length} consumed: {consumed} left: {missing}"
    );
    if !timeout {
        line.push_str(" message: Client closed connection");
    }
    process.line(Stream::Stderr, &line);
    Body::Raise(["OSError\n", if timeout { "timeout" } else { "error" }].concat())
}

/// Tells the master what the worker is about to do.
pub(super) fn begin(process: &mut Process, c: &Conversation, now: Millis) {
    let mut text = [
        &c.peer.remote.0,
        " - ",
        &latin1(&c.head.method),
        " ",
        &latin1(&c.head.target),
    ]
    .concat();
    text.push_str(" since ");
    text.push_str(&((now / 1000.0) as u64).to_string());
    // Only a harakiri needs it before the answer.
    let frames = if process.launch.timeout > 0.0 {
        &mut process.frames
    } else {
        &mut process.lazy
    };
    push(frames, Kind::Busy, 0, text.as_bytes());
}

/// Reports a request that is done, with its line for the log.
fn report(process: &mut Process, c: &Conversation, now: Millis) {
    let mut line = String::new();
    if process.launch.access_log {
        let (mut vars, mut size) = (0, 0);
        for string in encoding::Strings::counted_pairs(&c.environ) {
            vars += 1;
            size += 2 + string.len();
        }
        let (status, fields, head) = c
            .response
            .as_ref()
            .map_or((500, 0, 0), |response| response.uwsgi_head());
        let sent = c.response.as_ref().map_or(0, |response| response.sent());
        line = format!(
            "[pid: {}|app: 0|req: \0] {} () {{{vars} vars in {size} bytes}} [{}] {} {} => generated {sent} bytes in {} msecs ({} {status}) {fields} headers in {head} bytes ({} switches on core 0)",
            process.pid,
            c.peer.remote.0,
            log::ctime(c.accepted_at),
            latin1(&c.head.method),
            latin1(&c.head.target),
            (now - c.accepted_at).max(0.0) as u64,
            if c.head.version == Version::Http10 {
                "HTTP/1.0"
            } else {
                "HTTP/1.1"
            },
            c.blocks,
        );
    }
    push(&mut process.frames, Kind::Request, 0, line.as_bytes());
}

impl SyncWorker {
    /// The request is done: the connection is closed, or kept for the next.
    pub(super) fn close_uwsgi(&mut self, process: &mut Process, mut c: Box<Conversation>, now: Millis) {
        if c.response.is_some() {
            process.span((c.wire.id, c.sequence), Name::App, c.started_at, now);
            report(process, &c, now);
        }
        let most = process.launch.max_requests;
        if self.alive && most.is_some_and(|most| self.served >= most) && now - self.born >= LEAST_LIFETIME {
            let line = [
                "...The work of process ",
                &process.pid.to_string(),
                " is done. Seeya!",
            ]
            .concat();
            process.line(Stream::Stderr, &line);
            self.alive = false;
            self.exit_code = RELOAD;
        }
        let kept = c.response.is_some()
            && process.launch.keep_alive > 0.0
            && c.body_ended
            && c.head.version == Version::Http11
            && c.http.unread() == 0
            && !c.wire.broken
            && self.alive;
        if !kept {
            // What is beyond the first read was never taken from the socket: it answers with a reset.
            let read = c.http.consumed() + c.http.unread() as u64;
            if c.http.unread() > 0 && read > process.launch.limits.head as u64 {
                c.wire.receive(b"?");
            }
            c.wire.close(&mut process.frames);
            return;
        }
        c.http.end_response(true);
        c.response = None;
        c.first_byte_at = None;
        c.accepted_at = now;
        c.blocks = 0;
        c.sequence += 1;
        self.wait(now);
        self.state = State::Reading(c);
    }

    /// The body's rest has not come in time.
    pub(super) fn body_late(&mut self, process: &mut Process) -> Body {
        let State::Running(c) = &mut self.state else {
            return Body::End;
        };
        c.http.receive_eof();
        match c.http.next_event() {
            Err(RequestError::EndInBody { missing }) => {
                c.body_ended = true;
                body_missing(process, c, missing.unwrap_or(0), true)
            }
            _ => Body::End,
        }
    }

    /// The thread is about to wait for the client.
    pub(super) fn wait(&mut self, now: Millis) {
        self.wait_until = now + SOCKET_TIMEOUT;
        self.expired = false;
    }

    /// Whether the client has taken too long, once.
    pub(super) fn is_over(&mut self) -> bool {
        std::mem::take(&mut self.expired)
    }
}
