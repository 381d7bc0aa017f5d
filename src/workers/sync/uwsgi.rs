//! What is uWSGI's own in a worker that serves one connection at a time.
//!
//! It polls before it accepts, where gunicorn accepts before it polls; it closes without a word,
//! and with `--http11-socket` waits on the same connection for the next request before it looks at
//! any other.

use crate::http1::Version;
use crate::os::{Millis, Signal, Stream};
use crate::trace::Name;
use crate::workers::ProcessContext;
use crate::workers::wsgi_connection::WsgiConnection;

use super::{State, SyncWorker};

/// A worker that ends because it was told to, or has served its requests, exits with this code.
const RELOAD: i32 = 17;

impl SyncWorker {
    /// A signal. The others than HUP, and WINCH that says nothing, end the worker at once: its
    /// master sees to that.
    pub(super) fn signal_uwsgi(&mut self, process: &mut ProcessContext, signal: Signal) {
        if !matches!(signal, Signal::Hup | Signal::Winch) {
            return;
        }
        if signal == Signal::Hup {
            let (slot, pid) = (process.slot, process.pid);
            let line = format!("Gracefully killing worker {slot} (pid: {pid})...");
            process.line(Stream::Stderr, &line);
        }
        self.alive = false;
        self.ready = true;
        self.exit_code = RELOAD;
    }

    /// The request is done: the connection is closed, or kept for the next.
    pub(super) fn close_uwsgi(
        &mut self,
        process: &mut ProcessContext,
        mut c: Box<WsgiConnection>,
        now: Millis,
    ) {
        if c.response.is_some() {
            process.span(c.key(), Name::App, c.started_at, now);
        }
        let most = process.launch.max_requests;
        let uwsgi = process.launch.uwsgi();
        let least = uwsgi.map_or(0, |uwsgi| uwsgi.min_worker_lifetime);
        if self.alive
            && most.is_some_and(|most| process.served >= most)
            && process
                .began_at
                .is_some_and(|at| now - at >= f64::from(least) * 1000.0)
        {
            let line = format!("...The work of process {} is done. Seeya!", process.pid);
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
            // What is beyond the first read was never taken from the socket: it answers with a
            // reset.
            let read = c.http.consumed() + c.http.unread() as u64;
            if c.http.unread() > 0 && read > process.launch.limits.head as u64 {
                c.wire.receive(b"?");
            }
            c.wire.close(&mut process.frames);
            return;
        }
        c.next_request(now);
        c.wait(now);
        self.state = State::Reading(c);
    }
}

#[cfg(test)]
#[path = "uwsgi_tests.rs"]
mod tests;
