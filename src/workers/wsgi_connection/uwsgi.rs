//! What is uWSGI's own with a connection: it waits for a client for 4 s wherever it reads or writes
//! (`--socket-timeout`), tells the master of a request before the app has it, and refuses a head in
//! a line of its log, not to the client.

use crate::gateway::latin1;
use crate::http1::RequestError;
use crate::net::frame::{FromProcess, push};
use crate::os::{Millis, Stream};
use crate::servers::log;
use crate::servers::uwsgi::{RequestBegun, UwsgiSettings};
use crate::workers::ProcessContext;

use super::WsgiConnection;

/// How long a worker waits for a client.
const SOCKET_TIMEOUT: Millis = 4000.0;

impl WsgiConnection {
    /// Says why a head is refused, if the client said anything.
    pub(super) fn refuse_uwsgi(
        &mut self,
        process: &mut ProcessContext,
        error: Option<&RequestError>,
        now: Millis,
    ) {
        let line = match error {
            Some(RequestError::HeadTooLong { limit }) => {
                // The rest was never read: the close resets.
                self.wire.receive(b"?");
                format!("invalid HTTP request size (max {limit})...skip")
            }
            Some(RequestError::EndInHead) => {
                "uwsgi_proto_http_parser() -> client closed connection".to_owned()
            }
            Some(RequestError::FieldLine(_)) => {
                format!("{} - invalid HTTP request", log::ctime(now))
            }
            _ => return,
        };
        process.line(Stream::Stderr, &line);
    }

    /// Tells the master what a thread of the worker is about to do. From here on the client is
    /// waited for only where the app waits.
    pub(in crate::workers) fn announce(
        &mut self,
        process: &mut ProcessContext,
        core: u32,
        now: Millis,
    ) {
        self.wait_until = None;
        let begun = RequestBegun {
            client: self.peer.remote.0.clone(),
            method: latin1::decode(&self.head.method),
            target: latin1::decode(&self.head.target),
            since: (now / 1000.0) as u64,
        };
        // Only a harakiri and --cheaper need it before the answer.
        let uwsgi = process.launch.uwsgi();
        let frames = if uwsgi.is_some_and(UwsgiSettings::watches_requests) {
            &mut process.frames
        } else {
            &mut process.lazy
        };
        push(frames, FromProcess::Busy, core, &begun.encode());
    }

    /// The thread is about to wait for the client.
    pub(in crate::workers) fn wait(&mut self, now: Millis) {
        self.wait_until = Some(now + SOCKET_TIMEOUT);
        self.expired = false;
    }

    /// Whether the client has taken too long, once.
    pub(super) fn is_over(&mut self) -> bool {
        std::mem::take(&mut self.expired)
    }
}
