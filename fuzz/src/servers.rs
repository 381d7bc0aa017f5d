//! The servers whose rules HTTP is read by, and what a connection of one reads.

use wasgi::http1::server::{Connection, Event};
use wasgi::http1::{Limits, RequestError, Rules};

/// A server's rules and limits.
pub(crate) type Server = (Rules, Limits);

const SERVERS: [Server; 6] = [
    (Rules::GUNICORN, Limits::gunicorn(4094, 100, 8190)),
    (Rules::HTTPTOOLS, Limits::HTTPTOOLS),
    (Rules::H11, Limits::H11),
    (Rules::DAPHNE, Limits::DAPHNE),
    (Rules::UWSGI, Limits::uwsgi(4096)),
    (
        Rules::GUNICORN,
        Limits {
            request_line: 24,
            fields: 3,
            field_size: 32,
            head: 80,
            incomplete: None,
            line: 0,
        },
    ),
];

/// The server that a number of an input stands for.
pub(crate) fn server(number: u8) -> Server {
    SERVERS[usize::from(number) % SERVERS.len()]
}

/// What a connection has read, as text with bodies joined, and all bodies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) log: String,
    pub(crate) bodies: Vec<u8>,
    /// Requests that were read to their end.
    pub(crate) ends: usize,
    body: Vec<u8>,
}

/// Lets a connection read these pieces.
pub(crate) fn read<'a>(
    (rules, limits): Server,
    pieces: impl Iterator<Item = &'a [u8]>,
    ends: bool,
) -> Read {
    let mut connection = Connection::new(rules, limits);
    let mut read = Read::default();
    for piece in pieces {
        connection.receive(piece);
        drain(&mut connection, &mut read);
    }
    if ends {
        connection.receive_eof();
        drain(&mut connection, &mut read);
    }
    read
}

fn drain(connection: &mut Connection, read: &mut Read) {
    loop {
        let keep = match connection.next_event() {
            Ok(None) => return,
            Ok(Some(Event::Body(data))) => {
                assert!(!data.is_empty());
                read.body.extend_from_slice(data);
                read.bodies.extend_from_slice(data);
                continue;
            }
            Ok(Some(event)) => {
                let body = std::mem::take(&mut read.body);
                read.log += &format!("{body:?} {event:?}\n");
                let is_end = event == Event::End;
                read.ends += usize::from(is_end);
                is_end
            }
            // How much of the line had come depends on the pieces.
            Err(RequestError::RequestLineTooLong { .. }) => {
                read.log += "request line too long\n";
                false
            }
            Err(error) => {
                let body = std::mem::take(&mut read.body);
                read.log += &format!("{body:?} {error:?} {error}\n");
                false
            }
        };
        if keep {
            connection.end_response(true);
        }
    }
}
