//! Feeds connections in every way that bytes may come, and sees to it that what is read is the
//! same.

use wasgi::http1::client::{self, Response};
use wasgi::http1::server::{Connection, Event};
use wasgi::http1::{Framing, Limits, RequestError, RequestHead, ResponseError, Rules};

pub(crate) const GUNICORN: (Rules, Limits) = (Rules::GUNICORN, Limits::gunicorn(4094, 100, 8190));
pub(crate) const HTTPTOOLS: (Rules, Limits) = (Rules::HTTPTOOLS, Limits::HTTPTOOLS);
pub(crate) const H11: (Rules, Limits) = (Rules::H11, Limits::H11);
pub(crate) const DAPHNE: (Rules, Limits) = (Rules::DAPHNE, Limits::DAPHNE);
pub(crate) const UWSGI: (Rules, Limits) = (Rules::UWSGI, Limits::uwsgi(4096));

/// What a server's connection has yielded. Bodies are joined up to the next other event: how they
/// are cut depends on how they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Request(RequestHead),
    Body(Vec<u8>),
    End,
    Closed,
    Error(RequestError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log(pub(crate) Vec<Seen>);

impl Log {
    /// The `index`-th request.
    pub(crate) fn request(&self, index: usize) -> &RequestHead {
        let mut requests = self.0.iter().filter_map(|seen| match seen {
            Seen::Request(head) => Some(head),
            _ => None,
        });
        requests
            .nth(index)
            .unwrap_or_else(|| panic!("there is no request {index}: {self:?}"))
    }

    /// All bodies, joined.
    pub(crate) fn body(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|seen| {
                if let Seen::Body(data) = seen {
                    data.clone()
                } else {
                    Vec::new()
                }
            })
            .collect()
    }

    /// How many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.0
            .iter()
            .filter(|seen| matches!(seen, Seen::Request(_)))
            .count()
    }

    /// What the connection ended with.
    pub(crate) fn error(&self) -> &RequestError {
        match self.0.last() {
            Some(Seen::Error(error)) => error,
            _ => panic!("nothing was refused: {self:?}"),
        }
    }

    fn push(&mut self, seen: Seen) {
        match (self.0.last_mut(), seen) {
            (Some(Seen::Body(before)), Seen::Body(more)) => before.extend(more),
            (_, seen) => self.0.push(seen),
        }
    }
}

/// Takes all events; every request is answered at once and the connection kept.
fn drain(connection: &mut Connection, log: &mut Log) {
    loop {
        let seen = match connection.next_event() {
            Ok(None) => return,
            Ok(Some(Event::Head(head))) => Seen::Request(head),
            Ok(Some(Event::Body(data))) => {
                assert!(!data.is_empty(), "an empty body event");
                Seen::Body(data.to_vec())
            }
            Ok(Some(Event::End)) => Seen::End,
            Ok(Some(Event::Closed)) => Seen::Closed,
            // How much of a long line had come when it was refused depends on how it came.
            Err(RequestError::RequestLineTooLong { limit, .. }) => {
                Seen::Error(RequestError::RequestLineTooLong { size: 0, limit })
            }
            Err(error) => Seen::Error(error),
        };
        let ended = seen == Seen::End;
        log.push(seen);
        if ended {
            connection.end_response(true);
        }
    }
}

/// What a server reads from these pieces, in this order.
pub(crate) fn serve_pieces<'a>(
    (rules, limits): (Rules, Limits),
    pieces: impl Iterator<Item = &'a [u8]>,
    eof: bool,
) -> Log {
    let mut connection = Connection::new(rules, limits);
    let mut log = Log(Vec::new());
    let mut received = 0;
    let mut consumed = 0;
    for piece in pieces {
        connection.receive(piece);
        received += piece.len() as u64;
        drain(&mut connection, &mut log);
        assert!(connection.consumed() >= consumed, "bytes were taken back");
        consumed = connection.consumed();
        assert_eq!(consumed + connection.unread() as u64, received);
    }
    if eof {
        connection.receive_eof();
        drain(&mut connection, &mut log);
    }
    assert_eq!(
        connection.next_event(),
        Ok(None),
        "something came after everything"
    );
    log
}

fn serve_all_ways(server: (Rules, Limits), bytes: &[u8], eof: bool) -> Log {
    let whole = serve_pieces(server, std::iter::once(bytes), eof);
    for at in 0..=bytes.len() {
        let (first, second) = bytes.split_at(at);
        assert_eq!(
            serve_pieces(server, [first, second].into_iter(), eof),
            whole,
            "split at {at}"
        );
    }
    assert_eq!(
        serve_pieces(server, bytes.chunks(1), eof),
        whole,
        "byte by byte"
    );
    whole
}

/// What a server reads from `bytes`, which come at once, in two pieces cut anywhere, and byte by
/// byte: it is the same.
pub(crate) fn serve(server: (Rules, Limits), bytes: &[u8]) -> Log {
    serve_all_ways(server, bytes, false)
}

/// As [`serve`]; then the client ends the connection.
pub(crate) fn serve_and_close(server: (Rules, Limits), bytes: &[u8]) -> Log {
    serve_all_ways(server, bytes, true)
}

/// The error that a server refuses `bytes` with.
pub(crate) fn refusal(server: (Rules, Limits), bytes: &[u8]) -> RequestError {
    serve(server, bytes).error().clone()
}

/// What a client's connection has yielded, bodies joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Got {
    Response(Response),
    Body(Vec<u8>),
    End,
    Closed,
    Error(ResponseError),
}

/// What a client reads from these pieces after a request with `method`; `eof`: then the server ends
/// the connection.
pub(crate) fn fetch_pieces<'a>(
    method: &[u8],
    pieces: impl Iterator<Item = &'a [u8]>,
    eof: bool,
) -> Vec<Got> {
    let mut connection = client::Connection::new();
    connection.send_request(method, b"/", &[], Framing::Empty, &mut Vec::new());
    let mut log = Vec::new();
    for piece in pieces {
        connection.receive(piece);
        take(&mut connection, &mut log);
    }
    if eof {
        connection.receive_eof();
        take(&mut connection, &mut log);
    }
    assert_eq!(
        connection.next_event(),
        Ok(None),
        "something came after everything"
    );
    log
}

fn take(connection: &mut client::Connection, log: &mut Vec<Got>) {
    loop {
        let got = match connection.next_event() {
            Ok(None) => return,
            Ok(Some(client::Event::Head(response))) => Got::Response(response),
            Ok(Some(client::Event::Body(data))) => {
                assert!(!data.is_empty(), "an empty body event");
                Got::Body(data.to_vec())
            }
            Ok(Some(client::Event::End)) => Got::End,
            Ok(Some(client::Event::Closed)) => Got::Closed,
            Err(error) => Got::Error(error),
        };
        match (log.last_mut(), got) {
            (Some(Got::Body(before)), Got::Body(more)) => before.extend(more),
            (_, got) => log.push(got),
        }
    }
}

/// What a client reads from `bytes`, which come at once, in two pieces cut anywhere, and byte by
/// byte: it is the same.
pub(crate) fn fetch(method: &[u8], bytes: &[u8], eof: bool) -> Vec<Got> {
    let whole = fetch_pieces(method, std::iter::once(bytes), eof);
    for at in 0..=bytes.len() {
        let (first, second) = bytes.split_at(at);
        assert_eq!(
            fetch_pieces(method, [first, second].into_iter(), eof),
            whole,
            "split at {at}"
        );
    }
    assert_eq!(
        fetch_pieces(method, bytes.chunks(1), eof),
        whole,
        "byte by byte"
    );
    whole
}

/// Whether a server reads `bytes` as one request.
pub(crate) fn reads(server: (Rules, Limits), bytes: &[u8]) -> bool {
    serve(server, bytes).requests() == 1
}

/// A POST request with these fields after its Host.
pub(crate) fn with_fields(fields: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n").into_bytes()
}

/// Whether a server would keep the connection after the request `bytes`.
pub(crate) fn keeps(server: (Rules, Limits), bytes: &[u8]) -> bool {
    serve(server, bytes).request(0).keep_alive
}
