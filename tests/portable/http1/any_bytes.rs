//! Whatever comes, in whatever pieces: nothing panics, and what is read does not depend on the
//! pieces.

use super::harness::{DAPHNE, GUNICORN, H11, HTTPTOOLS, UWSGI, fetch_pieces, serve_pieces};
use crate::testing::test;
use proptest::prelude::*;
use wasgi::http1::{Limits, Rules};

/// Small limits, so that they are reached.
const TIGHT: (Rules, Limits) = (
    Rules::GUNICORN,
    Limits {
        request_line: 24,
        fields: 3,
        field_size: 32,
        head: 80,
        incomplete: None,
        line: 0,
    },
);

/// Pieces of HTTP, put together at random: random bytes alone do not get far.
fn wire(lines: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(lines).prop_map(|line| line.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

const REQUESTS: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "POST /a HTTP/1.1\r\n",
    "GET / HTTP/1.0\r\n",
    "Host: a\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "Expect: 100-continue\r\n",
    "X_Y: z\r\n",
    "X: y\r\n folded\r\n",
    "\r\n",
    "\r",
    "\n",
    " ",
    "hello",
    "5\r\nhello\r\n",
    "5;a=b\r\n",
    "0\r\n\r\n",
    "0\r\nX: y\r\n\r\n",
    ":",
    "GET ",
];

const RESPONSES: &[&str] = &[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 404\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "X : y\r\n folded\r\n",
    "\r\n",
    "\r",
    "\n",
    "hello",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "0\r\nX: y\r\n\r\n",
    ":",
];

/// Cuts `bytes` at these places.
fn cut<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for &size in sizes.iter().cycle() {
        let (first, rest) = bytes.split_at(size.min(bytes.len()));
        pieces.push(first);
        bytes = rest;
        if bytes.is_empty() {
            break;
        }
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_server_reads_the_same_in_any_pieces(
        bytes in wire(REQUESTS),
        sizes in prop::collection::vec(1_usize..20, 1..8),
        eof: bool,
    ) {
        for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE, UWSGI, TIGHT] {
            let whole = serve_pieces(server, std::iter::once(&bytes[..]), eof);
            prop_assert_eq!(serve_pieces(server, cut(&bytes, &sizes).into_iter(), eof), whole);
        }
    }

    #[test]
    fn a_client_reads_the_same_in_any_pieces(
        bytes in wire(RESPONSES),
        sizes in prop::collection::vec(1_usize..20, 1..8),
        eof: bool,
    ) {
        for method in [&b"GET"[..], b"HEAD"] {
            let whole = fetch_pieces(method, std::iter::once(&bytes[..]), eof);
            prop_assert_eq!(fetch_pieces(method, cut(&bytes, &sizes).into_iter(), eof), whole);
        }
    }
}
