//! Chunked bodies (RFC 9112, section 7.1). Whatever comes in the place of one, in whatever pieces,
//! reads the same as in one piece; what is sent in chunks is read as it was.

use wasgi::http1::client::{self, Connection};
use wasgi::http1::{Codings, Framing, encode_chunk, encode_chunk_upper, encode_last_chunk};

use crate::servers::{Server, read, server};

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The first byte chooses the server and whether the connection ends, the second how the rest is
/// cut.
pub fn check(input: &[u8]) {
    let [choice, cut, bytes @ ..] = input else {
        return;
    };
    let server = server(choice >> 1);
    let cut = usize::from(*cut).max(1);
    let ends = choice & 1 == 1;
    reads_the_same_in_pieces(server, bytes, cut, ends);
    reads_what_was_sent(server, bytes, cut);
}

fn reads_the_same_in_pieces(server: Server, bytes: &[u8], cut: usize, ends: bool) {
    let message = [REQUEST, bytes].concat();
    let whole = read(server, std::iter::once(&message[..]), ends);
    assert_eq!(whole, read(server, message.chunks(cut), ends));
    assert!(whole.bodies.len() <= bytes.len());
}

fn reads_what_was_sent(server: Server, bytes: &[u8], cut: usize) {
    let mut body = Vec::new();
    for (index, chunk) in bytes.chunks(cut).enumerate() {
        if index % 2 == 0 {
            encode_chunk(chunk, &mut body);
        } else {
            encode_chunk_upper(chunk, &mut body);
        }
    }
    encode_last_chunk(&mut body);
    // uWSGI leaves such a body to the app.
    if server.0.codings != Codings::Ignore {
        let request = [REQUEST, &body].concat();
        let sent = read(server, request.chunks(cut), false);
        assert_eq!((&sent.bodies[..], sent.ends), (bytes, 1), "{}", sent.log);
    }

    let mut connection = Connection::new();
    connection.send_request(b"GET", b"/", &[], Framing::Empty, &mut Vec::new());
    let mut received = Vec::new();
    let mut ends = 0;
    for piece in [RESPONSE, &body].concat().chunks(cut) {
        connection.receive(piece);
        while let Some(event) = connection.next_event().expect("it is well formed") {
            match event {
                client::Event::Body(data) => received.extend_from_slice(data),
                client::Event::End => ends += 1,
                _ => {}
            }
            if ends > 0 {
                break;
            }
        }
    }
    assert_eq!((&received[..], ends), (bytes, 1));
}
