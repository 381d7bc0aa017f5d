//! Whatever bytes come, in whatever pieces, a WebSocket connection neither panics nor gives more
//! than its limit, and how they were cut changes nothing.

use arbitrary::{Arbitrary, Unstructured};
use wasgi::websocket::deflate::{Parameters, Window};
use wasgi::websocket::{Connection, Event, Role, Rules};

const LIMIT: usize = 4096;

fn connection(flags: u8) -> Connection {
    let (role, rules) = if flags & 1 == 0 {
        (Role::Server, Rules::WEBSOCKETS)
    } else {
        (Role::Client, Rules::BROWSER)
    };
    let mut connection = Connection::new(role, rules, LIMIT);
    if flags & 2 != 0 {
        let window = |reset| Window { bits: 12, reset };
        connection.compress(Parameters {
            server: window(flags & 4 != 0),
            client: window(flags & 8 != 0),
            memory_level: 5,
        });
    }
    connection.open();
    connection
}

fn received(connection: &mut Connection) -> Vec<Event> {
    std::iter::from_fn(|| connection.next_event()).collect()
}

/// Flags, how the bytes are cut, and the bytes.
type Input = (u8, u8, Vec<u8>);

/// An [`Input`], as `arbitrary` reads it.
pub fn check(input: &[u8]) {
    let Ok((flags, step, bytes)) = Input::arbitrary_take_rest(Unstructured::new(input)) else {
        return;
    };
    let mut whole = connection(flags);
    whole.receive(&bytes);
    let events = received(&mut whole);
    for event in &events {
        if let Event::Text(data) | Event::Binary(data) = event {
            assert!(data.len() <= LIMIT);
        }
    }
    let mut pieces = connection(flags);
    let mut gathered = Vec::new();
    for piece in bytes.chunks(usize::from(step).max(1)) {
        pieces.receive(piece);
        gathered.extend(received(&mut pieces));
    }
    assert_eq!(events, gathered);
    assert_eq!(whole.failure(), pieces.failure());
    if flags & 1 == 0 {
        assert_eq!(whole.take_output(), pieces.take_output());
    }
}
