//! What each server reads and refuses: bodies, and whether it keeps the connection.

use super::harness::{
    DAPHNE, GUNICORN, H11, HTTPTOOLS, Seen, UWSGI, keeps, reads, refusal, serve, with_fields,
};
use crate::testing::test;
use wasgi::http1::{Framing, RequestError};

#[test]
fn content_lengths() {
    for length in ["", "+5", "-5", "5 5", "0x5", "5_0", "\u{b2}"] {
        let bytes = with_fields(&format!("Content-Length: {length}"));
        for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
            assert!(
                matches!(refusal(server, &bytes), RequestError::ContentLength(_)),
                "{length:?}"
            );
        }
    }
    let framing = |server, fields: &str| serve(server, &with_fields(fields)).request(0).framing;
    assert_eq!(
        framing(GUNICORN, "Content-Length: 007 "),
        Framing::Length(7)
    );
    assert_eq!(
        framing(HTTPTOOLS, "Content-Length: 18446744073709551615"),
        Framing::Length(u64::MAX)
    );
    let beyond = "Content-Length: 18446744073709551616";
    for server in [GUNICORN, DAPHNE] {
        assert_eq!(framing(server, beyond), Framing::Length(u64::MAX));
        let digits = with_fields(&format!("Content-Length: {}", "1".repeat(4301)));
        assert!(matches!(
            refusal(server, &digits),
            RequestError::ContentLength(_)
        ));
    }
    assert!(matches!(
        refusal(HTTPTOOLS, &with_fields(beyond)),
        RequestError::ContentLength(_)
    ));
    let (same, different) = (
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
    );
    for server in [GUNICORN, HTTPTOOLS, DAPHNE] {
        assert_eq!(
            refusal(server, &with_fields(same)),
            RequestError::Repeated(b"Content-Length".to_vec())
        );
    }
    assert_eq!(framing(H11, same), Framing::Length(5));
    assert_eq!(framing(H11, "Content-Length: 5, 5"), Framing::Length(5));
    assert_eq!(
        refusal(H11, &with_fields(different)),
        RequestError::ContentLength(b"6".to_vec())
    );
    assert_eq!(framing(UWSGI, different), Framing::Length(6));
}

#[test]
fn transfer_codings() {
    let bytes = |coding: &str| with_fields(&format!("Transfer-Encoding: {coding}"));
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert_eq!(
            serve(server, &bytes("Chunked")).request(0).framing,
            Framing::Chunked
        );
    }
    let bad = |coding: &str| RequestError::TransferEncoding(coding.into());
    let unsupported = |coding: &str| RequestError::UnsupportedCoding(coding.into());
    for coding in ["chunked, gzip", "chunked, chunked", "gzip", "identity"] {
        assert_eq!(refusal(GUNICORN, &bytes(coding)), bad(coding));
        assert_eq!(refusal(HTTPTOOLS, &bytes(coding)), bad(coding));
        assert_eq!(refusal(H11, &bytes(coding)), unsupported(coding));
    }
    assert_eq!(
        refusal(GUNICORN, &bytes("foo, chunked")),
        unsupported("foo, chunked")
    );
    assert_eq!(
        serve(HTTPTOOLS, &bytes("foo, chunked")).request(0).framing,
        Framing::Chunked
    );
    let compressed = serve(GUNICORN, &bytes("gzip\r\nTransfer-Encoding: chunked"));
    assert_eq!(
        (
            compressed.request(0).framing,
            compressed.request(0).keep_alive
        ),
        (Framing::Chunked, false)
    );
    assert_eq!(
        serve(DAPHNE, &bytes("identity")).request(0).framing,
        Framing::Empty
    );
    assert_eq!(
        serve(UWSGI, &bytes("chunked")).request(0).framing,
        Framing::Empty
    );
}

#[test]
fn a_length_beside_chunked_is_how_requests_are_smuggled() {
    let both = with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked");
    assert_eq!(
        refusal(GUNICORN, &both),
        RequestError::ContentLength(b"5".to_vec())
    );
    assert_eq!(
        refusal(HTTPTOOLS, &both),
        RequestError::ContentLength(b"5".to_vec())
    );
    assert_eq!(serve(H11, &both).request(0).framing, Framing::Chunked);
    assert_eq!(serve(UWSGI, &both).request(0).framing, Framing::Length(5));
}

#[test]
fn chunked_in_http_1_0() {
    let bytes = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(
        refusal(GUNICORN, bytes),
        RequestError::TransferEncoding(b"chunked".to_vec())
    );
    assert!(reads(HTTPTOOLS, bytes));
}

#[test]
fn chunk_sizes_and_extensions() {
    let chunked = |rest: &str| {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        [head, rest].concat().into_bytes()
    };
    let line = |line: &str| chunked(&format!("{line}\r\nhello\r\n0\r\n\r\n"));
    let accepts = |server, size: &str| serve(server, &line(size)).body() == b"hello";
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        for size in ["5", "05", "5;a", "5;a=b", "5;a=\"b c\";d"] {
            assert!(accepts(server, size), "{size:?}");
        }
        for size in ["", " 5", "0x5", "g", "-5", "5\n"] {
            assert!(
                matches!(refusal(server, &line(size)), RequestError::ChunkSize(_)),
                "{size:?}"
            );
        }
        assert_eq!(
            refusal(server, &chunked("5\r\nhello0\r\n\r\n")),
            // Those that look at each byte as it comes have not seen the second.
            RequestError::ChunkEnd(if server.0.chunk_end_by_byte {
                b"0".to_vec()
            } else {
                b"0\r".to_vec()
            })
        );
        assert_eq!(
            refusal(server, &chunked("5\r\nhello\rx")),
            RequestError::ChunkEnd(b"\rx".to_vec())
        );
    }
    let waits =
        |server, bytes: &[u8]| !matches!(serve(server, bytes).0.last(), Some(Seen::Error(_)));
    let digits = |count: usize| chunked(&format!("{}\r\n", "f".repeat(count)));
    // h11 takes up to 20 digits, Python any number of them.
    for (server, most) in [(HTTPTOOLS, 16), (H11, 20)] {
        assert!(waits(server, &digits(most)));
        assert!(matches!(
            refusal(server, &digits(most + 1)),
            RequestError::ChunkSize(_)
        ));
    }
    for server in [GUNICORN, DAPHNE] {
        assert!(waits(server, &digits(100)));
    }
    // A line feed alone does not end the line: more is waited for.
    for server in [GUNICORN, H11, DAPHNE] {
        assert!(waits(server, &chunked("0\n\n")));
    }
    assert!(matches!(
        refusal(HTTPTOOLS, &chunked("0\n\n")),
        RequestError::ChunkSize(_)
    ));
    assert!(accepts(GUNICORN, "5 ; a = b"));
    assert!(matches!(
        refusal(HTTPTOOLS, &line("5 ;a")),
        RequestError::ChunkSize(_)
    ));
    assert!(matches!(
        refusal(HTTPTOOLS, &line("5; a")),
        RequestError::ChunkExtension(_)
    ));
    assert!(accepts(H11, "5 \t"));
    assert!(matches!(
        refusal(GUNICORN, &line("5 ")),
        RequestError::ChunkSize(_)
    ));
    for extension in ["5;", "5;a b", "5;a=b c", "5;\u{1}", "5;a=\"b"] {
        assert!(
            matches!(
                refusal(GUNICORN, &line(extension)),
                RequestError::ChunkExtension(_)
            ),
            "{extension:?}"
        );
        assert!(
            matches!(
                refusal(HTTPTOOLS, &line(extension)),
                RequestError::ChunkExtension(_)
            ),
            "{extension:?}"
        );
        assert!(accepts(H11, extension));
    }
    assert!(accepts(HTTPTOOLS, "5;="));
    assert!(matches!(
        refusal(DAPHNE, &line("5;\u{1}")),
        RequestError::ChunkExtension(_)
    ));
}

#[test]
fn trailers() {
    let request = |trailers: &str| {
        format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{trailers}\r\n\r\n")
            .into_bytes()
    };
    let reads_all = |server, trailers: &str| serve(server, &request(trailers)).0.len() == 2;
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert!(reads_all(server, "X: y\r\nZ: z"));
    }
    assert_eq!(
        refusal(GUNICORN, &request("host: b")),
        RequestError::ForbiddenTrailer(b"host".to_vec())
    );
    assert_eq!(
        refusal(GUNICORN, &request("X y")),
        RequestError::FieldLine(b"X y".to_vec())
    );
    assert!(reads_all(HTTPTOOLS, "host: b"));
    assert_eq!(
        refusal(HTTPTOOLS, &request("Content-Length: 1")),
        RequestError::ForbiddenTrailer(b"Content-Length".to_vec())
    );
    assert!(reads_all(DAPHNE, "X y"));
}

#[test]
fn connection_options() {
    let request = |version: &str, value: &str| {
        format!("GET / HTTP/{version}\r\nHost: a\r\nConnection: {value}\r\n\r\n").into_bytes()
    };
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert!(keeps(server, &request("1.1", "keep-alive")));
        assert!(!keeps(server, &request("1.1", "Close")));
        assert!(!keeps(server, &request("1.0", "x")));
    }
    assert!(keeps(GUNICORN, &request("1.0", "Keep-Alive")));
    assert!(keeps(HTTPTOOLS, &request("1.0", "Keep-Alive, x")));
    assert!(!keeps(H11, &request("1.0", "Keep-Alive")));
    assert!(!keeps(DAPHNE, &request("1.0", "Keep-Alive")));
    assert!(
        keeps(GUNICORN, &request("1.1", "x, close")),
        "gunicorn reads the field as a whole"
    );
    assert!(
        keeps(GUNICORN, &request("1.1", "x\r\nConnection: close")),
        "gunicorn reads the first field"
    );
    for server in [HTTPTOOLS, H11] {
        assert!(!keeps(server, &request("1.1", "x, close")));
        assert!(!keeps(server, &request("1.1", "x\r\nConnection: close")));
    }
    assert!(!keeps(UWSGI, &request("1.1", "keep-alive")));
}

#[test]
fn connect_ends_a_connection_to_gunicorn() {
    let bytes = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(!keeps(GUNICORN, bytes));
    assert!(keeps(HTTPTOOLS, bytes));
}
