//! What each server reads and refuses.

use crate::harness::{DAPHNE, GUNICORN, H11, HTTPTOOLS, UWSGI, refusal, serve, serve_and_close};
use wasgi::http1::{Framing, Limits, RequestError, Rules, Underscores, Version};

type Server = (Rules, Limits);

fn reads(server: Server, bytes: &[u8]) -> bool {
    serve(server, bytes).requests() == 1
}

fn with_fields(fields: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n").into_bytes()
}

fn keeps(server: Server, bytes: &[u8]) -> bool {
    serve(server, bytes).request(0).keep_alive
}

#[test]
fn empty_lines_before_a_request() {
    let after = |lines: &str| format!("{lines}GET / HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
    assert!(reads(GUNICORN, &after("\r\n")));
    assert_eq!(
        refusal(GUNICORN, &after("\r\n\r\n")),
        RequestError::RequestLine(Vec::new())
    );
    assert!(reads(HTTPTOOLS, &after("\n\r\n\r\n")));
    assert_eq!(
        refusal(H11, &after("\r\n")),
        RequestError::RequestLine(Vec::new())
    );
}

#[test]
fn lines_that_end_with_lf_alone() {
    let bytes = b"GET / HTTP/1.1\nHost: a\n\n";
    assert_eq!(refusal(GUNICORN, bytes), RequestError::BareLfInRequestLine);
    assert_eq!(refusal(HTTPTOOLS, bytes), RequestError::BareLfInRequestLine);
    assert!(reads(H11, bytes));
    assert!(serve(DAPHNE, bytes).0.is_empty(), "the line goes on");
    let fields = b"GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n";
    assert_eq!(refusal(GUNICORN, fields), RequestError::BareLfInFields);
    assert_eq!(serve(H11, fields).request(0).headers.len(), 2);
    assert_eq!(
        refusal(DAPHNE, fields),
        RequestError::FieldValue(b"Host".to_vec())
    );
}

#[test]
fn a_bad_request_line_is_refused_at_once_or_with_the_head() {
    assert_eq!(
        refusal(GUNICORN, b"GET /\r\n"),
        RequestError::RequestLine(b"GET /".to_vec())
    );
    assert_eq!(
        refusal(DAPHNE, b"GET /\r\n"),
        RequestError::RequestLine(b"GET /".to_vec())
    );
    assert!(serve(H11, b"GET /\r\n").0.is_empty());
    assert_eq!(
        refusal(H11, b"GET /\r\n\r\n"),
        RequestError::RequestLine(b"GET /".to_vec())
    );
}

#[test]
fn methods() {
    let request = |method: &str| format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes();
    let bad = |method: &str| RequestError::Method(method.into());
    for method in ["get", "A#BC", "GO", "AAAAAAAAAAAAAAAAAAAAA", "G(T"] {
        assert_eq!(refusal(GUNICORN, &request(method)), bad(method));
    }
    assert!(reads(GUNICORN, &request("BREW")));
    assert_eq!(refusal(HTTPTOOLS, &request("BREW")), bad("BREW"));
    assert!(reads(HTTPTOOLS, &request("M-SEARCH")));
    assert!(reads(H11, &request("get")));
    assert_eq!(refusal(H11, &request("G(T")), bad("G(T"));
    assert!(reads(UWSGI, &request("G(T")));
    let folded = (
        Rules {
            uppercase_methods: true,
            methods: Rules::H11.methods,
            ..Rules::GUNICORN
        },
        GUNICORN.1,
    );
    assert_eq!(serve(folded, &request("get")).request(0).method, b"GET");
}

#[test]
fn request_targets() {
    let line = |method: &str, target: &str| format!("{method} {target} HTTP/1.1");
    let request = |method: &str, target: &str| {
        [line(method, target), "\r\nHost: a\r\n\r\n".into()]
            .concat()
            .into_bytes()
    };
    let refuses = |server, method: &str, target: &str| {
        refusal(server, &request(method, target)) == RequestError::RequestLine(line(method, target).into())
    };
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert!(refuses(server, "GET", "/caf\u{e9}"));
        assert!(refuses(server, "GET", "/\u{1}"));
        assert!(reads(server, &request("GET", "/caf%C3%A9?x=\"1\"")));
        assert!(reads(server, &request("GET", "http://other.test:81/p")));
        assert!(reads(server, &request("OPTIONS", "*")));
        assert!(reads(server, &request("CONNECT", "a:1")));
    }
    assert!(refuses(GUNICORN, "GET", "*"));
    assert!(refuses(GUNICORN, "GET", "a:1"));
    assert!(reads(HTTPTOOLS, &request("GET", "*")));
    assert!(refuses(HTTPTOOLS, "GET", "a:1"));
    assert!(reads(H11, &request("GET", "a:1")));
    assert!(reads(UWSGI, &request("GET", "/caf\u{e9}")));
}

#[test]
fn spaces_in_the_request_line() {
    let bytes = b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n";
    assert!(reads(HTTPTOOLS, bytes));
    assert_eq!(
        refusal(GUNICORN, bytes),
        RequestError::RequestLine(b"GET  /  HTTP/1.1".to_vec())
    );
    let trailing = b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n";
    assert_eq!(
        refusal(GUNICORN, trailing),
        RequestError::Version(b"HTTP/1.1 ".to_vec())
    );
    assert_eq!(
        refusal(HTTPTOOLS, trailing),
        RequestError::Version(b"HTTP/1.1 ".to_vec())
    );
}

#[test]
fn versions() {
    let request = |version: &str| format!("GET / {version}\r\nHost: a\r\n\r\n").into_bytes();
    let bad = |version: &str| RequestError::Version(version.into());
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert_eq!(
            serve(server, &request("HTTP/1.0")).request(0).version,
            Version::Http10
        );
        assert_eq!(refusal(server, &request("http/1.1")), bad("http/1.1"));
        assert_eq!(refusal(server, &request("HTTP/1.10")), bad("HTTP/1.10"));
    }
    assert_eq!(
        serve(GUNICORN, &request("HTTP/1.7")).request(0).version,
        Version::Http11
    );
    assert_eq!(refusal(GUNICORN, &request("HTTP/2.0")), bad("HTTP/2.0"));
    assert_eq!(refusal(HTTPTOOLS, &request("HTTP/1.7")), bad("HTTP/1.7"));
    assert!(!keeps(HTTPTOOLS, &request("HTTP/2.0")));
    assert!(reads(HTTPTOOLS, b"GET /\r\n\r\n"), "HTTP/0.9");
    assert_eq!(
        serve(H11, &request("HTTP/0.9")).request(0).version,
        Version::Http10
    );
    assert_eq!(refusal(DAPHNE, &request("HTTP/1.2")), bad("HTTP/1.2"));
}

#[test]
fn field_lines_without_name_or_colon() {
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE, UWSGI] {
        assert_eq!(
            refusal(server, &with_fields("X")),
            RequestError::FieldLine(b"X".to_vec())
        );
        assert_eq!(
            refusal(server, &with_fields(": x")),
            RequestError::FieldLine(b": x".to_vec())
        );
    }
}

#[test]
fn field_names() {
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert_eq!(
            refusal(server, &with_fields("X@: y")),
            RequestError::FieldName(b"X@".to_vec())
        );
        assert_eq!(
            refusal(server, &with_fields("X : y")),
            RequestError::FieldName(b"X ".to_vec())
        );
    }
    assert!(reads(UWSGI, &with_fields("X@: y")));
    let spaced = (
        Rules {
            space_before_colon: true,
            ..Rules::GUNICORN
        },
        GUNICORN.1,
    );
    assert_eq!(
        serve(spaced, &with_fields("X\t : y")).request(0).headers[1],
        (b"X".to_vec(), b"y".to_vec())
    );
}

#[test]
fn folded_values() {
    let bytes = with_fields("X: a\r\n\t b \r\n c\r\nY:\r\n d");
    assert_eq!(refusal(GUNICORN, &bytes), RequestError::Folding(b"X".to_vec()));
    assert_eq!(refusal(HTTPTOOLS, &bytes), RequestError::Folding(b"X".to_vec()));
    for server in [H11, DAPHNE] {
        let seen = serve(server, &bytes);
        assert_eq!(
            seen.request(0).headers[1..],
            [(b"X".to_vec(), b"a b c".to_vec()), (b"Y".to_vec(), b"d".to_vec())]
        );
    }
    let limits = Limits {
        field_size: 9,
        ..Limits::H11
    };
    assert_eq!(
        refusal((Rules::H11, limits), &with_fields("X: a\r\n b")),
        RequestError::FieldTooLong { limit: 9 }
    );
}

#[test]
fn field_values() {
    let control = with_fields("X: a\u{1}b");
    for server in [GUNICORN, HTTPTOOLS] {
        assert_eq!(refusal(server, &control), RequestError::FieldValue(b"X".to_vec()));
    }
    for server in [H11, DAPHNE, UWSGI] {
        assert_eq!(serve(server, &control).request(0).headers[1].1, b"a\x01b");
    }
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert_eq!(
            refusal(server, &with_fields("X: a\0b")),
            RequestError::FieldValue(b"X".to_vec())
        );
        assert_eq!(
            refusal(server, &with_fields("X: a\rb")),
            RequestError::FieldValue(b"X".to_vec())
        );
        let bytes = [&b"GET / HTTP/1.1\r\nHost: a\r\nX: caf\xc3\xa9\tb\r\n\r\n"[..]].concat();
        assert_eq!(serve(server, &bytes).request(0).headers[1].1, b"caf\xc3\xa9\tb");
    }
}

#[test]
fn white_space_after_a_value() {
    assert_eq!(
        serve(GUNICORN, &with_fields("X: a \t ")).request(0).headers[1].1,
        b"a"
    );
    assert_eq!(
        serve(HTTPTOOLS, &with_fields("X: a \t ")).request(0).headers[1].1,
        b"a \t "
    );
}

#[test]
fn host() {
    let without = b"GET / HTTP/1.1\r\n\r\n";
    let twice = with_fields("host: b");
    for server in [GUNICORN, HTTPTOOLS, DAPHNE] {
        assert!(reads(server, without));
    }
    assert_eq!(refusal(H11, without), RequestError::MissingHost);
    assert!(reads(H11, b"GET / HTTP/1.0\r\n\r\n"));
    assert_eq!(
        refusal(GUNICORN, &twice),
        RequestError::Repeated(b"Host".to_vec())
    );
    assert_eq!(refusal(H11, &twice), RequestError::Repeated(b"Host".to_vec()));
    assert!(reads(HTTPTOOLS, &twice));
}

#[test]
fn a_repeated_content_type() {
    let twice = with_fields("Content-Type: a\r\ncontent-type: a");
    assert_eq!(
        refusal(GUNICORN, &twice),
        RequestError::Repeated(b"Content-Type".to_vec())
    );
    assert!(reads(H11, &twice));
}

#[test]
fn expectations() {
    let waits = |server, bytes: &[u8]| serve(server, bytes).request(0).expects_continue;
    let (known, unknown) = (with_fields("Expect: 100-Continue"), with_fields("Expect: fire"));
    for server in [GUNICORN, HTTPTOOLS, H11, DAPHNE] {
        assert!(waits(server, &known));
    }
    assert!(!waits(UWSGI, &known));
    assert_eq!(
        refusal(GUNICORN, &unknown),
        RequestError::Expectation(b"fire".to_vec())
    );
    assert!(!waits(HTTPTOOLS, &unknown));
    let old = b"POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n";
    assert!(!waits(GUNICORN, old));
    assert!(waits(HTTPTOOLS, old));
}

#[test]
fn field_names_with_an_underscore() {
    let bytes = with_fields("X_Under: 1\r\nScript_Name: /a\r\nX-Under: 2");
    let names = |server| {
        let seen = serve(server, &bytes);
        let names: Vec<_> = seen
            .request(0)
            .headers
            .iter()
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .collect();
        names.join(" ")
    };
    assert_eq!(names(GUNICORN), "Host Script_Name X-Under");
    assert_eq!(names(DAPHNE), "Host X-Under");
    assert_eq!(names(HTTPTOOLS), "Host X_Under Script_Name X-Under");
    let refusing = (
        Rules {
            underscores: Underscores::Refuse { except: &[] },
            ..Rules::GUNICORN
        },
        GUNICORN.1,
    );
    assert_eq!(
        refusal(refusing, &bytes),
        RequestError::FieldName(b"X_Under".to_vec())
    );
    let trusting = (
        Rules {
            underscores: Underscores::Refuse { except: &["*"] },
            ..Rules::GUNICORN
        },
        GUNICORN.1,
    );
    assert!(reads(trusting, &bytes));
}

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
    assert_eq!(framing(GUNICORN, "Content-Length: 007 "), Framing::Length(7));
    assert_eq!(
        framing(HTTPTOOLS, "Content-Length: 18446744073709551615"),
        Framing::Length(u64::MAX)
    );
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
        (compressed.request(0).framing, compressed.request(0).keep_alive),
        (Framing::Chunked, false)
    );
    assert_eq!(
        serve(DAPHNE, &bytes("identity")).request(0).framing,
        Framing::Empty
    );
    assert_eq!(serve(UWSGI, &bytes("chunked")).request(0).framing, Framing::Empty);
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
            RequestError::ChunkEnd(b"0\r".to_vec())
        );
        assert!(matches!(
            refusal(server, &chunked("fffffffffffffffff\r\n")),
            RequestError::ChunkSize(_)
        ));
    }
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

#[test]
fn nothing_comes_after_an_error() {
    let bytes = b"BAD\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    assert_eq!(serve_and_close(GUNICORN, bytes).0.len(), 1);
}

#[test]
fn errors_are_sentences() {
    let error = RequestError::RequestLineTooLong {
        size: 5000,
        limit: 4094,
    };
    assert_eq!(error.to_string(), "the request line is too long (5000 > 4094)");
    assert_eq!(
        RequestError::Method(b"caf\xe9".to_vec()).to_string(),
        "unknown method: café"
    );
}
