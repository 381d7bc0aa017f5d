//! Whatever a client sends, in whatever pieces: no panic, and the same requests as in one piece.

use crate::servers::{read, server};

/// The first byte chooses the server and whether the connection ends, the second how the rest is
/// cut.
pub fn check(input: &[u8]) {
    let [choice, cut, bytes @ ..] = input else {
        return;
    };
    let server = server(choice >> 1);
    let ends = choice & 1 == 1;
    let whole = read(server, std::iter::once(bytes), ends);
    let pieces = read(server, bytes.chunks(usize::from(*cut).max(1)), ends);
    assert_eq!(whole, pieces);
}
