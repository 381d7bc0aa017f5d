//! The connections of the loop and the requests that the app has of them.

use std::collections::VecDeque;

use crate::asgi::http::Cycle;
use crate::asgi::status::phrase;
use crate::gateway::Peer;
use crate::http1::RequestHead;
use crate::http1::server::Connection;
use crate::os::{Millis, Stream};
use crate::servers::{Level, Server, log};
use crate::wire::strings::{self, Strings};
use crate::workers::ProcessContext;
use crate::workers::wire::Wire;

use super::event::{End, LoopEvent};

#[derive(Debug)]
// Independent facts, each established at its own moment.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct AsgiConnection {
    pub(super) wire: Wire,
    pub(super) http: Connection,
    pub(super) peer: Peer,
    pub(super) accepted_at: Millis,
    pub(super) first_byte_at: Option<Millis>,
    /// Requests begun.
    pub(super) requests: u32,
    /// The request that the app has.
    pub(super) request: Option<u32>,
    /// The request that was read last, or is being read: the one that is told of what comes. It is
    /// [`Self::request`], but where requests are read ahead.
    pub(super) reading: Option<u32>,
    /// Requests that were read ahead, with their scopes: the first one's turn comes after the
    /// response before.
    pub(super) pipeline: VecDeque<(u32, Vec<u8>)>,
    /// Nothing is read until the app receives, or its response is complete.
    pub(super) paused: bool,
    /// What follows the request that is being read is lost: it was sent for another protocol.
    pub(super) drops_rest: bool,
    /// How the client has ended the connection meanwhile.
    pub(super) ended: Option<End>,
    /// What h11 remembers from one request to the next.
    pub(super) past: Past,
    /// The WebSocket that it has become.
    pub(super) socket: Option<u32>,
    /// A handshake whose body has not come whole.
    pub(super) handshake: Option<Box<Handshake>>,
    pub(super) idle_since: Option<Millis>,
    pub(super) idle_until: Option<Millis>,
    pub(super) close_when_sent: bool,
    pub(super) blocked: bool,
    pub(super) written_at: Option<Millis>,
}

/// What of past requests matters for a connection with h11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Past {
    /// The last request was of HTTP/1.1 or later.
    pub(super) knows_chunks: bool,
    /// The response is complete, and the request is not.
    pub(super) is_answered: bool,
}

/// A request for a WebSocket that has a body. Twisted reads the body first; its bytes then are the
/// first frames.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) number: u32,
    pub(super) sequence: u32,
    pub(super) head: RequestHead,
    pub(super) body: Vec<u8>,
}

impl Handshake {
    /// Longest body, bytes. The real server has no limit.
    pub(super) const MOST: usize = 16 * 1024 * 1024;
}

#[derive(Debug)]
pub(super) struct AsgiRequest {
    pub(super) connection: u32,
    pub(super) sequence: u32,
    pub(super) cycle: Cycle,
    pub(super) client: String,
    pub(super) line: String,
    pub(super) begun_at: Millis,
    pub(super) called_at: Option<Millis>,
    /// The app waits in `receive()`.
    pub(super) waiting: bool,
}

pub(super) fn wake(request: &mut AsgiRequest, id: Option<u32>) -> Option<LoopEvent> {
    id.filter(|_| std::mem::take(&mut request.waiting))
        .map(LoopEvent::Receivable)
}

pub(super) fn append_trailers(list: &mut Vec<u8>, trailers: &[(Vec<u8>, Vec<u8>)]) {
    if trailers.is_empty() {
        return;
    }
    let names: Vec<Vec<u8>> = trailers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    let added = names
        .iter()
        .zip(trailers)
        .flat_map(|(name, (_, value))| [&name[..], &value[..]]);
    *list = strings::read(list)
        .chain(added)
        .collect::<Strings>()
        .encode();
}

pub(super) fn log_access(process: &mut ProcessContext, request: &AsgiRequest, status: u16) {
    if !process.launch.access_log || !process.logs(Level::Info) {
        return;
    }
    let mut words = request.line.splitn(3, ' ');
    let (method, target, version) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    if process.launch.server() == Server::Gunicorn {
        // gunicorn's handler for its access log, which uvicorn's worker class uses, writes the bare
        // message.
        let line = format!("{} - \"{}\" {status}", request.client, request.line);
        process.line(Stream::Stdout, &line);
        return;
    }
    let version = version.strip_prefix("HTTP/").unwrap_or(version);
    let line = log::uvicorn_access(
        &request.client,
        method,
        target,
        version,
        status,
        phrase(status),
        process.launch.uses_colors(),
    );
    process.line(Stream::Stdout, &line);
}
