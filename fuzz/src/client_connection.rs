//! Whatever a server answers, in whatever pieces: no panic, and the same responses as in one piece.

use wasgi::http1::Framing;
use wasgi::http1::client::{Connection, Event};

/// The first byte chooses the method and whether the connection ends, the second how the rest is
/// cut.
pub fn check(input: &[u8]) {
    let [choice, cut, bytes @ ..] = input else {
        return;
    };
    let method = if choice & 2 == 0 {
        &b"GET"[..]
    } else {
        b"HEAD"
    };
    let ends = choice & 1 == 1;
    let whole = read(method, std::iter::once(bytes), ends);
    let pieces = read(method, bytes.chunks(usize::from(*cut).max(1)), ends);
    assert_eq!(whole, pieces);
}

/// Everything that is read, as text; bodies joined. A kept connection is asked again.
fn read<'a>(method: &[u8], pieces: impl Iterator<Item = &'a [u8]>, ends: bool) -> String {
    let mut connection = Connection::new();
    connection.send_request(method, b"/", &[], Framing::Empty, &mut Vec::new());
    let mut log = String::new();
    let mut body = Vec::new();
    for piece in pieces {
        connection.receive(piece);
        drain(&mut connection, method, &mut log, &mut body);
    }
    if ends {
        connection.receive_eof();
        drain(&mut connection, method, &mut log, &mut body);
    }
    log + &format!("{body:?}")
}

fn drain(connection: &mut Connection, method: &[u8], log: &mut String, body: &mut Vec<u8>) {
    loop {
        match connection.next_event() {
            Ok(None) => return,
            Ok(Some(Event::Body(data))) => {
                assert!(!data.is_empty());
                body.extend_from_slice(data);
            }
            Ok(Some(event)) => {
                *log += &format!("{:?} {event:?}\n", std::mem::take(body));
                if event == Event::End {
                    connection.send_request(method, b"/", &[], Framing::Empty, &mut Vec::new());
                }
            }
            Err(error) => *log += &format!("{:?} {error:?} {error}\n", std::mem::take(body)),
        }
    }
}
