//! What is uWSGI's own in a worker that serves one connection at a time.
//!
//! It polls before it accepts, where gunicorn accepts before it polls; it waits for a client for 4 s wherever it reads or
//! writes (`--socket-timeout`); it closes without a word, and with `--http11-socket` waits on the same connection for the next
//! request before it looks at any other.

use crate::Millis;
use crate::http1::{RequestError, Version};
use crate::master::Stream;
use crate::net::frame::{Kind, push};
use crate::servers::log;
use crate::trace::Name;
use crate::workers::Process;
use crate::workers::wire::Wire;

use super::conversation::{Conversation, latin1};
use super::{Body, State, SyncWorker};

/// How long a worker waits for a client.
pub(super) const SOCKET_TIMEOUT: Millis = 4000.0;
/// A worker is not replaced for its number of requests before this age (`--min-worker-lifetime`).
const LEAST_LIFETIME: Millis = 60_000.0;
/// A worker that ends because it was told to, or has served its requests, exits with this code.
pub(super) const RELOAD: i32 = 17;

/// Says why a head is refused, if the client said anything.
pub(super) fn refuse(process: &mut Process, wire: &mut Wire, error: Option<&RequestError>, now: Millis) {
    let line = match error {
        Some(RequestError::HeadTooLong { limit }) => {
            // The rest was never read: the close resets.
            wire.receive(b"?");
            ["invalid HTTP request size (max ", &limit.to_string(), ")...skip"].concat()
        }
        Some(RequestError::EndInHead) => "uwsgi_proto_http_parser() -> client closed connection".to_owned(),
        Some(RequestError::FieldLine(_)) => [&log::ctime(now), " - invalid HTTP request"].concat(),
        _ => return,
    };
    process.line(Stream::Stderr, &line);
}

/// A body that does not come: Python knows of what, and says it.
pub(super) fn no_body(what: &str) -> Body {
    Body::Raise(["OSError\n", what].concat())
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

impl SyncWorker {
    /// The request is done: the connection is closed, or kept for the next.
    pub(super) fn close_uwsgi(&mut self, process: &mut Process, mut c: Box<Conversation>, now: Millis) {
        if c.response.is_some() {
            process.span((c.wire.id, c.sequence), Name::App, c.started_at, now);
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
        c.sequence += 1;
        self.wait(now);
        self.state = State::Reading(c);
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

#[cfg(test)]
#[path = "uwsgi_tests.rs"]
mod tests;
