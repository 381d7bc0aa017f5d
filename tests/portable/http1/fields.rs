//! What each server reads and refuses: fields.

use super::harness::{DAPHNE, GUNICORN, H11, HTTPTOOLS, UWSGI, reads, refusal, serve, with_fields};
use crate::testing::test;
use wasgi::http1::{Limits, RequestError, Rules, Underscores};

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
    assert_eq!(
        refusal(GUNICORN, &bytes),
        RequestError::Folding(b"X".to_vec())
    );
    assert_eq!(
        refusal(HTTPTOOLS, &bytes),
        RequestError::Folding(b"X".to_vec())
    );
    for server in [H11, DAPHNE] {
        let seen = serve(server, &bytes);
        assert_eq!(
            seen.request(0).headers[1..],
            [
                (b"X".to_vec(), b"a b  c".to_vec()),
                (b"Y".to_vec(), b"d".to_vec())
            ]
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
        assert_eq!(
            refusal(server, &control),
            RequestError::FieldValue(b"X".to_vec())
        );
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
        assert_eq!(
            serve(server, &bytes).request(0).headers[1].1,
            b"caf\xc3\xa9\tb"
        );
    }
}

#[test]
fn uwsgi_takes_a_value_as_it_stands_but_for_spaces_before_it() {
    let value = |field: &str| {
        serve(UWSGI, &with_fields(field)).request(0).headers[1]
            .1
            .clone()
    };
    assert_eq!(value("X:  a\t "), b"a\t ");
    assert_eq!(value("X:\ta"), b"\ta");
    assert_eq!(value("X: a\r\n  b\r\n\tc"), b"a\r\n  b\r\n\tc");
    assert_eq!(value("X: a\nY: b"), b"a\nY: b");
    assert_eq!(
        refusal(UWSGI, &with_fields("X: a\rb")),
        RequestError::FieldValue(b"X".to_vec())
    );
}

#[test]
fn white_space_after_a_value() {
    assert_eq!(
        serve(GUNICORN, &with_fields("X: a \t ")).request(0).headers[1].1,
        b"a"
    );
    assert_eq!(
        serve(HTTPTOOLS, &with_fields("X: a \t "))
            .request(0)
            .headers[1]
            .1,
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
    assert_eq!(
        refusal(H11, &twice),
        RequestError::Repeated(b"Host".to_vec())
    );
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
    let (known, unknown) = (
        with_fields("Expect: 100-Continue"),
        with_fields("Expect: fire"),
    );
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
