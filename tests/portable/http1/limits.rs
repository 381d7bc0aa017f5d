//! How much is read: exactly as much as the limits say.

use super::harness::{DAPHNE, GUNICORN, H11, HTTPTOOLS, reads, refusal, serve, serve_pieces};
use crate::testing::test;
use wasgi::http1::{Limits, RequestError, Rules};

fn line(length: usize) -> Vec<u8> {
    let target = "a".repeat(length - "GET / HTTP/1.1".len());
    format!("GET /{target} HTTP/1.1\r\n\r\n").into_bytes()
}

#[test]
fn a_request_line_may_be_as_long_as_the_limit() {
    let server = (Rules::GUNICORN, Limits::gunicorn(40, 100, 8190));
    assert_eq!(serve(server, &line(40)).requests(), 1);
    let error = refusal(server, &line(41));
    assert!(matches!(
        error,
        RequestError::RequestLineTooLong { limit: 40, .. }
    ));
}

#[test]
fn gunicorn_says_how_long_the_request_line_is() {
    let seen = |bytes: &[u8]| {
        let mut connection = wasgi::http1::server::Connection::new(GUNICORN.0, GUNICORN.1);
        connection.receive(bytes);
        connection.next_event().map(|_| ())
    };
    let too_long = |size| Err(RequestError::RequestLineTooLong { size, limit: 4094 });
    assert_eq!(seen(&line(5000)), too_long(5000));
    assert_eq!(seen(&line(5000)[..4096]), Ok(()));
    assert_eq!(seen(&line(5000)[..4097]), too_long(4097));
    // It reads so much at once.
    assert_eq!(seen(&line(70_000)), too_long(8192));
}

#[test]
fn a_limit_of_zero_is_none() {
    let server = (Rules::GUNICORN, Limits::gunicorn(0, 0, 0));
    let bytes = line(20_000);
    assert_eq!(
        serve_pieces(server, bytes.chunks(1000), false).requests(),
        1
    );
    assert_eq!(
        serve_pieces(HTTPTOOLS, bytes.chunks(1000), false).requests(),
        1
    );
}

#[test]
fn there_may_be_as_many_fields_as_the_limit() {
    let server = (Rules::GUNICORN, Limits::gunicorn(4094, 3, 8190));
    let request = |fields: usize| {
        ["GET / HTTP/1.1\r\n", &"X: y\r\n".repeat(fields), "\r\n"]
            .concat()
            .into_bytes()
    };
    assert_eq!(serve(server, &request(3)).requests(), 1);
    assert_eq!(
        refusal(server, &request(4)),
        RequestError::TooManyFields { limit: 3 }
    );
    assert_eq!(
        serve_pieces(HTTPTOOLS, [&request(1000)[..]].into_iter(), false)
            .request(0)
            .headers
            .len(),
        1000
    );
}

#[test]
fn a_field_may_be_as_long_as_the_limit_with_its_line_end() {
    let server = (Rules::GUNICORN, Limits::gunicorn(4094, 100, 20));
    let request = |length: usize| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "y".repeat(length - 5)
        )
        .into_bytes()
    };
    assert_eq!(serve(server, &request(20)).requests(), 1);
    assert_eq!(
        refusal(server, &request(21)),
        RequestError::FieldTooLong { limit: 20 }
    );
    let padded = b"GET / HTTP/1.1\r\nX:               y     \r\n\r\n";
    assert_eq!(
        refusal(server, padded),
        RequestError::FieldTooLong { limit: 20 }
    );
}

#[test]
fn a_head_may_be_as_long_as_the_limit() {
    let server = (
        Rules::H11,
        Limits {
            head: 40,
            ..Limits::H11
        },
    );
    let request = |length: usize| {
        format!(
            "GET / HTTP/1.1\r\nHost: {}\r\n\r\n",
            "a".repeat(length - 26)
        )
        .into_bytes()
    };
    assert_eq!(request(40).len(), 40);
    assert_eq!(serve(server, &request(40)).requests(), 1);
    assert_eq!(
        refusal(server, &request(41)),
        RequestError::HeadTooLong { limit: 40 }
    );
    assert_eq!(
        refusal(server, &line(100)),
        RequestError::HeadTooLong { limit: 40 }
    );
}

#[test]
fn a_head_without_end_is_refused_before_it_fills_the_memory() {
    for server in [GUNICORN, H11, DAPHNE] {
        let endless = std::iter::once(&b"GET / HTTP/1.1\r\n"[..])
            .chain(std::iter::repeat_n(&b"X: y\r\n"[..], 1_000_000));
        assert!(matches!(
            serve_pieces(server, endless, false).error(),
            RequestError::HeadTooLong { .. }
        ));
    }
}

#[test]
fn the_line_of_a_chunk_size_is_limited() {
    let server = (Rules::GUNICORN, Limits::gunicorn(4094, 100, 30));
    let request = |length: usize| {
        let extension = "x".repeat(length - 2);
        format!(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;{extension}\r\nx\r\n0\r\n\r\n"
        )
        .into_bytes()
    };
    assert_eq!(serve(server, &request(30)).body(), b"x");
    assert_eq!(
        refusal(server, &request(31)),
        RequestError::ChunkLineTooLong { limit: 30 }
    );
}

#[test]
fn trailers_are_limited() {
    let server = (
        Rules::H11,
        Limits {
            head: 60,
            ..Limits::H11
        },
    );
    let request = |length: usize| {
        let trailer = "y".repeat(length - 7);
        format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: {trailer}\r\n\r\n")
            .into_bytes()
    };
    assert_eq!(serve(server, &request(60)).0.len(), 2);
    assert_eq!(
        refusal(server, &request(61)),
        RequestError::HeadTooLong { limit: 60 }
    );
}

#[test]
fn a_head_that_is_taken_line_by_line_counts_lines_without_their_ends() {
    let request = |lines: &[usize]| {
        let mut bytes = b"GET / HTTP/1.1\r\n".to_vec();
        for length in lines {
            bytes.extend_from_slice(b"X: ");
            bytes.resize(bytes.len() + length - 3, b'v');
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    };
    // Twisted: 16384 for each line, and for all of them.
    assert!(reads(DAPHNE, &request(&[16_370])));
    let head = RequestError::HeadTooLong { limit: 16_384 };
    assert_eq!(refusal(DAPHNE, &request(&[16_371])), head);
    assert_eq!(refusal(DAPHNE, &request(&[8000, 8000, 371])), head);
    let line = RequestError::FieldTooLong { limit: 16_384 };
    assert_eq!(refusal(DAPHNE, &request(&[8000, 16_385])), line);
    let whole = request(&[70_000]);
    assert_eq!(refusal(DAPHNE, &whole[..16 + 16_386]), line);
    assert!(serve(DAPHNE, &whole[..16 + 16_385]).0.is_empty());
}
