//! Whatever a client sends, in whatever pieces: no panic, and the same requests as in one piece.
//!
//! The first byte chooses the server and whether the connection ends, the second how the rest is
//! cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wasgi::http1::server::{Connection, Event};
use wasgi::http1::{Limits, RequestError, Rules};

const SERVERS: [(Rules, Limits); 6] = [
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
        },
    ),
];

fuzz_target!(|input: &[u8]| {
    let [choice, cut, bytes @ ..] = input else {
        return;
    };
    let server = SERVERS[usize::from(choice >> 1) % SERVERS.len()];
    let ends = choice & 1 == 1;
    let whole = read(server, std::iter::once(bytes), ends);
    let pieces = read(server, bytes.chunks(usize::from(*cut).max(1)), ends);
    assert_eq!(whole, pieces);
});

/// Everything that is read, as text; bodies joined.
fn read<'a>(
    (rules, limits): (Rules, Limits),
    pieces: impl Iterator<Item = &'a [u8]>,
    ends: bool,
) -> String {
    let mut connection = Connection::new(rules, limits);
    let mut log = String::new();
    let mut body = Vec::new();
    for piece in pieces {
        connection.receive(piece);
        drain(&mut connection, &mut log, &mut body);
    }
    if ends {
        connection.receive_eof();
        drain(&mut connection, &mut log, &mut body);
    }
    log + &format!("{body:?}")
}

fn drain(connection: &mut Connection, log: &mut String, body: &mut Vec<u8>) {
    loop {
        let keep = match connection.next_event() {
            Ok(None) => return,
            Ok(Some(Event::Body(data))) => {
                assert!(!data.is_empty());
                body.extend_from_slice(data);
                continue;
            }
            Ok(Some(event)) => {
                *log += &format!("{:?} {event:?}\n", std::mem::take(body));
                event == Event::End
            }
            // How much of the line had come depends on the pieces.
            Err(RequestError::RequestLineTooLong { .. }) => {
                *log += "request line too long\n";
                false
            }
            Err(error) => {
                *log += &format!("{:?} {error:?} {error}\n", std::mem::take(body));
                false
            }
        };
        if keep {
            connection.end_response(true);
        }
    }
}
