//! All streams of the page, and their connections.

use std::collections::{BTreeMap, VecDeque};

use crate::bounds::REMEMBERED;
use crate::http1;
use crate::net::frame::{Frame, FromPage, ToPage, push, push_number};
use crate::net::{ClientEvent, ConnectError, ConnectionId, Network};
use crate::os::{Millis, Pid};
use crate::trace::Request;

use super::fetch::{self, Fetch};
use super::head::FetchHead;
use super::outgoing::Outgoing;
use super::seen::{Outcome, Seen, Times};
use super::socket::{self, Socket, SocketHead};
use super::stream::StreamId;

/// Kept connections to one port that wait for another request; more are closed.
const MOST_IDLE: usize = 256;

/// All streams of the page.
#[derive(Debug, Default)]
pub struct Client {
    streams: BTreeMap<StreamId, Stream>,
    connections: BTreeMap<ConnectionId, Owner>,
    /// Kept connections, the one used last at the end.
    idle: Vec<Idle>,
    /// Requests sent, of all servers.
    requests: u32,
    /// Frames for the page.
    pub page: Vec<u8>,
    /// Requests that are over, for the trace.
    pub seen: VecDeque<Seen>,
    /// Requests of which there is news to tell, if they are still on their way by then.
    news: Vec<StreamId>,
    /// The numbers of the page's requests in the trace, by their connection and place on it.
    numbers: BTreeMap<(ConnectionId, u32), u32>,
    /// Those of bare connections, of which only the processes tell.
    told: BTreeMap<(ConnectionId, u32), u32>,
}

#[derive(Debug)]
enum Stream {
    Bare(Bare),
    Fetch(Box<Fetch>),
    Socket(Box<Socket>),
}

impl Stream {
    /// What is known of its request; a bare connection carries what it wants.
    fn times(&mut self) -> Option<&mut Times> {
        match self {
            Self::Bare(_) => None,
            Self::Fetch(fetch) => Some(&mut fetch.times),
            Self::Socket(socket) => Some(&mut socket.times),
        }
    }

    /// Its request, as it is now.
    fn seen(&self, end: Option<(Millis, Outcome)>) -> Option<Seen> {
        let (port, number, stream, times) = match self {
            Self::Bare(_) => return None,
            Self::Fetch(fetch) => (fetch.head.port, fetch.number, fetch.stream, fetch.times),
            Self::Socket(socket) => (socket.port, socket.number, socket.stream, socket.times),
        };
        let request = Request {
            number,
            stream,
            process: times.process,
            sent_at: times.sent_at,
            accepted_at: times.accepted_at,
            head_at: times.head_at,
            end: end.map(|(at, outcome)| (at, outcome as u8)),
        };
        Some(Seen { port, request })
    }
}

/// A bare connection.
#[derive(Debug)]
struct Bare {
    connection: ConnectionId,
    /// The page sends nothing more.
    page_ended: bool,
    /// The server sends nothing more.
    server_ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Stream(StreamId),
    Idle,
}

#[derive(Debug)]
struct Idle {
    port: u16,
    connection: ConnectionId,
    http: http1::client::Connection,
    outgoing: Outgoing,
    /// Bytes consumed and not yet granted to the server anew.
    owed: u32,
    requests: u32,
}

impl Client {
    /// No streams.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number in the trace of a request of the page's: the `sequence`-th of its connection.
    fn request_number(&mut self, connection: ConnectionId, sequence: u32) -> u32 {
        self.requests = self.requests.wrapping_add(1);
        remember(&mut self.numbers, (connection, sequence), self.requests);
        self.requests
    }

    /// The number of a request that a process tells of; `None`: the page has made no such request.
    /// Requests of bare connections, which nobody counts here, get theirs when they are first
    /// heard of.
    pub fn number_told(&mut self, connection: ConnectionId, sequence: u32) -> Option<u32> {
        let place = (connection, sequence);
        if let Some(number) = self.numbers.get(&place).or_else(|| self.told.get(&place)) {
            return Some(*number);
        }
        let is_bare = match self.connections.get(&connection) {
            Some(Owner::Stream(id)) => matches!(self.streams.get(id), Some(Stream::Bare(_))),
            Some(Owner::Idle) => false,
            // Its client has gone.
            None => true,
        };
        is_bare.then(|| {
            self.requests = self.requests.wrapping_add(1);
            remember(&mut self.told, place, self.requests);
            self.requests
        })
    }

    /// Takes a frame of the page.
    pub fn from_page(&mut self, net: &mut Network, frame: Frame<'_, FromPage>, now: Millis) {
        match frame.kind {
            FromPage::Fetch => match FetchHead::decode(frame.body) {
                Some(head) => self.fetch(net, frame.id, head, now),
                None => fail(
                    &mut self.page,
                    frame.id,
                    "the request head of the page cannot be read",
                ),
            },
            FromPage::Connect => self.connect(net, frame.id, frame.number() as u16, now),
            FromPage::Socket => match SocketHead::decode(frame.body) {
                Some(head) => self.open_socket(net, frame.id, head, now),
                None => fail(
                    &mut self.page,
                    frame.id,
                    "the page's request for a WebSocket cannot be read",
                ),
            },
            _ => self.on_stream(net, frame, now),
        }
    }

    /// Whether there is news of requests that are on their way.
    #[must_use]
    pub fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// The requests on their way of which there is news.
    pub fn take_news(&mut self) -> Vec<Seen> {
        let mut news = std::mem::take(&mut self.news);
        news.sort_unstable();
        news.dedup();
        let under_way = news.into_iter().filter_map(|id| self.streams.get(&id));
        under_way.filter_map(|stream| stream.seen(None)).collect()
    }

    /// A request is over.
    fn end(&mut self, id: StreamId, now: Millis, outcome: Outcome) {
        let stream = self.streams.get(&id);
        if let Some(seen) = stream.and_then(|stream| stream.seen(Some((now, outcome)))) {
            self.seen.push_back(seen);
        }
    }

    /// A process has accepted the connection of a request.
    fn accepted(&mut self, id: StreamId, pid: Pid, now: Millis) {
        if let Some(times) = self.streams.get_mut(&id).and_then(Stream::times) {
            times.accepted_at = Some(now);
            times.process = Some(pid);
            self.news.push(id);
        }
    }

    fn on_stream(&mut self, net: &mut Network, frame: Frame<'_, FromPage>, now: Millis) {
        let id = frame.id;
        match (self.streams.get_mut(&id), frame.kind) {
            (Some(Stream::Bare(bare)), FromPage::Data) => net.send(bare.connection, frame.body),
            (Some(Stream::Bare(bare)), FromPage::Eof) => {
                net.shutdown(bare.connection);
                bare.page_ended = true;
                if bare.server_ended {
                    self.forget(id);
                }
            }
            (Some(Stream::Bare(bare)), FromPage::Credit) => {
                net.grant(bare.connection, frame.number());
            }
            (Some(Stream::Fetch(fetch)), FromPage::Data) => fetch.upload(net, frame.body),
            (Some(Stream::Fetch(fetch)), FromPage::Eof) => fetch.upload_end(net),
            (Some(Stream::Fetch(fetch)), FromPage::Credit) => {
                fetch.consumed(net, frame.number());
            }
            (Some(Stream::Socket(socket)), FromPage::Text) => {
                socket.send(net, frame.body, true, &mut self.page);
            }
            (Some(Stream::Socket(socket)), FromPage::Binary) => {
                socket.send(net, frame.body, false, &mut self.page);
            }
            (Some(Stream::Socket(socket)), FromPage::Credit) => {
                socket.taken(net, frame.number());
            }
            (Some(Stream::Socket(socket)), FromPage::Close) => {
                let is_given_up = socket.close(net, frame.body);
                if is_given_up {
                    let why = "the WebSocket was closed before it was open";
                    self.socket_failed(net, id, why, now);
                }
            }
            (Some(_), FromPage::Reset) => {
                self.end(id, now, Outcome::Failed);
                self.forget(id)
                    .into_iter()
                    .for_each(|connection| net.reset(connection));
            }
            _ => {}
        }
    }

    fn forget(&mut self, id: StreamId) -> Option<ConnectionId> {
        let connection = match self.streams.remove(&id)? {
            Stream::Bare(bare) => bare.connection,
            Stream::Fetch(fetch) => fetch.connection,
            Stream::Socket(socket) => socket.connection,
        };
        self.connections.remove(&connection);
        Some(connection)
    }

    fn connect(&mut self, net: &mut Network, id: StreamId, port: u16, now: Millis) {
        match net.connect(port, now) {
            Ok(connection) => {
                let bare = Bare {
                    connection,
                    page_ended: false,
                    server_ended: false,
                };
                self.streams.insert(id, Stream::Bare(bare));
                self.connections.insert(connection, Owner::Stream(id));
                push(&mut self.page, ToPage::Head, id, b"");
            }
            Err(error) => refuse(&mut self.page, id, &error),
        }
    }

    fn open_socket(&mut self, net: &mut Network, id: StreamId, head: SocketHead, now: Millis) {
        match net.connect(head.port, now) {
            Ok(connection) => {
                let number = self.request_number(connection, 0);
                let socket = Socket::new(net, id, connection, number, head, now);
                self.streams.insert(id, Stream::Socket(Box::new(socket)));
                self.news.push(id);
                self.connections.insert(connection, Owner::Stream(id));
            }
            Err(error) => refuse(&mut self.page, id, &error),
        }
    }

    fn fetch(&mut self, net: &mut Network, id: StreamId, head: FetchHead, now: Millis) {
        let kept = self
            .idle
            .iter()
            .rposition(|idle| idle.port == head.port && idle.http.is_idle());
        if let Some(index) = kept {
            let idle = self.idle.remove(index);
            self.begin(net, id, head, idle, now);
        } else {
            self.fetch_anew(net, id, head, now);
        }
    }

    fn fetch_anew(&mut self, net: &mut Network, id: StreamId, head: FetchHead, now: Millis) {
        match net.connect(head.port, now) {
            Ok(connection) => {
                // What the page reads later is in its memory: see `complete`.
                net.ends_promptly(connection);
                let http = http1::client::Connection::new();
                let fresh = Idle {
                    port: head.port,
                    connection,
                    http,
                    outgoing: Outgoing::new(connection),
                    owed: 0,
                    requests: 0,
                };
                self.begin(net, id, head, fresh, now);
            }
            Err(error) => refuse(&mut self.page, id, &error),
        }
    }

    fn begin(&mut self, net: &mut Network, id: StreamId, head: FetchHead, on: Idle, now: Millis) {
        self.connections.insert(on.connection, Owner::Stream(id));
        let number = self.request_number(on.connection, on.requests);
        let on_consumed = on.http.consumed();
        let kept_by = net.server_of(on.connection).filter(|_| on.requests > 0);
        let mut fetch = Box::new(Fetch {
            stream: id,
            connection: on.connection,
            http: on.http,
            outgoing: on.outgoing,
            sequence: on.requests,
            number,
            head,
            times: Times::new(kept_by, now),
            upload_ended: false,
            undelivered: 0,
            answered: false,
            granted: on_consumed,
            owed: on.owed,
        });
        fetch.send_head(net);
        self.streams.insert(id, Stream::Fetch(fetch));
        self.news.push(id);
    }

    /// Takes what the network tells a client.
    pub fn on_network(
        &mut self,
        net: &mut Network,
        connection: ConnectionId,
        event: ClientEvent,
        now: Millis,
    ) {
        match self.connections.get(&connection) {
            Some(Owner::Stream(id)) => {
                let id = *id;
                match self.streams.get_mut(&id) {
                    Some(Stream::Bare(_)) => self.on_bare(id, connection, event),
                    Some(Stream::Fetch(_)) => self.on_fetch(net, id, connection, event, now),
                    Some(Stream::Socket(_)) => self.on_socket(net, id, event, now),
                    None => {}
                }
            }
            Some(Owner::Idle) => self.on_idle(net, connection, &event),
            // A connection that nobody wants any more: whatever comes is answered by an end.
            None => {
                if event == ClientEvent::Eof {
                    net.shutdown(connection);
                }
            }
        }
    }

    fn on_bare(&mut self, id: StreamId, connection: ConnectionId, event: ClientEvent) {
        match event {
            ClientEvent::Data(data) => push(&mut self.page, ToPage::Data, id, &data),
            ClientEvent::Credit(bytes) => push_number(&mut self.page, ToPage::Credit, id, bytes),
            ClientEvent::Eof => {
                push(&mut self.page, ToPage::Eof, id, b"");
                if let Some(Stream::Bare(bare)) = self.streams.get_mut(&id) {
                    bare.server_ended = true;
                    if bare.page_ended {
                        self.forget(id);
                    }
                }
            }
            ClientEvent::Reset | ClientEvent::TimedOut => {
                fail(&mut self.page, id, lost_text(&event));
                self.streams.remove(&id);
                self.connections.remove(&connection);
            }
            ClientEvent::Accepted(_) => {}
        }
    }

    fn on_fetch(
        &mut self,
        net: &mut Network,
        id: StreamId,
        connection: ConnectionId,
        event: ClientEvent,
        now: Millis,
    ) {
        let Some(Stream::Fetch(fetch)) = self.streams.get_mut(&id) else {
            return;
        };
        let done = match event {
            ClientEvent::Accepted(pid) => {
                self.accepted(id, pid, now);
                return;
            }
            ClientEvent::Credit(bytes) => {
                fetch.credited(net, bytes, &mut self.page);
                return;
            }
            ClientEvent::Data(data) => fetch.receive(net, &data, &mut self.page, now),
            ClientEvent::Eof => fetch.receive_eof(&mut self.page, now),
            ClientEvent::Reset | ClientEvent::TimedOut => {
                fetch::Step::Failed(lost_text(&event).to_owned())
            }
        };
        match done {
            fetch::Step::Going => {}
            fetch::Step::Complete { keep } => self.complete(net, id, keep, now),
            fetch::Step::Failed(why) => {
                // A kept connection may have been closed while the request was on its way: it was
                // never read.
                let is_sent_again = fetch.sequence > 0 && !fetch.answered && fetch.can_retry();
                let outcome = if is_sent_again {
                    Outcome::SentAgain
                } else {
                    Outcome::Failed
                };
                self.end(id, now, outcome);
                let Some(Stream::Fetch(fetch)) = self.streams.remove(&id) else {
                    return;
                };
                self.connections.remove(&connection);
                net.reset(connection);
                if is_sent_again {
                    self.fetch_anew(net, id, fetch.head, now);
                } else {
                    fail(&mut self.page, id, &why);
                }
            }
        }
    }

    fn on_socket(&mut self, net: &mut Network, id: StreamId, event: ClientEvent, now: Millis) {
        let Some(Stream::Socket(socket)) = self.streams.get_mut(&id) else {
            return;
        };
        let step = match event {
            ClientEvent::Accepted(pid) => {
                self.accepted(id, pid, now);
                return;
            }
            ClientEvent::Credit(bytes) => {
                socket.credited(net, bytes, &mut self.page);
                return;
            }
            ClientEvent::Data(data) => socket.receive(net, &data, &mut self.page, now),
            ClientEvent::Eof => socket.receive_eof(net, &mut self.page, now),
            ClientEvent::Reset | ClientEvent::TimedOut => {
                socket::Step::Failed(lost_text(&event).to_owned())
            }
        };
        match step {
            socket::Step::Going => {}
            socket::Step::Closed => {
                self.end(id, now, Outcome::Complete);
                // The server closes the connection now.
                if let Some(connection) = self.forget(id) {
                    net.shutdown(connection);
                }
            }
            socket::Step::Failed(why) => self.socket_failed(net, id, &why, now),
        }
    }

    fn socket_failed(&mut self, net: &mut Network, id: StreamId, why: &str, now: Millis) {
        self.end(id, now, Outcome::Failed);
        if let Some(connection) = self.forget(id) {
            net.shutdown(connection);
        }
        fail(&mut self.page, id, why);
    }

    fn complete(&mut self, net: &mut Network, id: StreamId, keep: bool, now: Millis) {
        self.end(id, now, Outcome::Complete);
        let Some(Stream::Fetch(fetch)) = self.streams.remove(&id) else {
            return;
        };
        let mut fetch = *fetch;
        let connection = fetch.connection;
        // What the page has not read yet is in its memory: the connection is free for the next
        // answer.
        fetch.grant_rest(net);
        self.connections.remove(&connection);
        let same_port = self
            .idle
            .iter()
            .filter(|idle| idle.port == fetch.head.port)
            .count();
        if keep && fetch.upload_ended && fetch.outgoing.waiting() == 0 && same_port < MOST_IDLE {
            self.connections.insert(connection, Owner::Idle);
            self.idle.push(Idle {
                port: fetch.head.port,
                connection,
                http: fetch.http,
                outgoing: fetch.outgoing,
                owed: fetch.owed,
                requests: fetch.sequence + 1,
            });
        } else {
            net.shutdown(connection);
        }
    }

    fn on_idle(&mut self, net: &mut Network, connection: ConnectionId, event: &ClientEvent) {
        let Some(index) = self
            .idle
            .iter()
            .position(|idle| idle.connection == connection)
        else {
            return;
        };
        match event {
            ClientEvent::Credit(bytes) => {
                self.idle[index].outgoing.credited(net, *bytes);
            }
            ClientEvent::Accepted(_) => {}
            _ => {
                self.idle.remove(index);
                self.connections.remove(&connection);
                net.shutdown(connection);
            }
        }
    }

    /// A server has ended: kept connections to its port are of no use.
    pub fn port_closed(&mut self, net: &mut Network, port: u16) {
        let closed: Vec<Idle> = self.idle.extract_if(.., |idle| idle.port == port).collect();
        for idle in closed {
            self.connections.remove(&idle.connection);
            net.shutdown(idle.connection);
        }
    }
}

/// Notes a request's number.
fn remember(
    numbers: &mut BTreeMap<(ConnectionId, u32), u32>,
    place: (ConnectionId, u32),
    number: u32,
) {
    numbers.insert(place, number);
    // Connection ids grow: the smallest are the oldest, and no longer asked for.
    if numbers.len() > REMEMBERED {
        numbers.pop_first();
    }
}

/// Tells the page that a stream has failed, and why.
fn fail(page: &mut Vec<u8>, id: StreamId, why: &str) {
    push(page, ToPage::Reset, id, why.as_bytes());
}

/// Tells the page that nothing listens where it wanted to connect.
fn refuse(page: &mut Vec<u8>, id: StreamId, error: &ConnectError) {
    push(page, ToPage::Refused, id, error.to_string().as_bytes());
}

fn lost_text(event: &ClientEvent) -> &'static str {
    if *event == ClientEvent::TimedOut {
        "the connection timed out: the backlog stayed full"
    } else {
        "the connection was reset by the server"
    }
}

#[cfg(test)]
#[path = "socket_tests.rs"]
mod socket_tests;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
