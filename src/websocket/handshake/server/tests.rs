#![allow(clippy::unwrap_used)]

use super::*;
use crate::http1::{Framing, Version};
use crate::testing::test;

const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
const VERSION: (&str, &str) = ("sec-websocket-version", "13");
const UPGRADE: (&str, &str) = ("upgrade", "websocket");
const CONNECTION: (&str, &str) = ("connection", "Upgrade");

fn head(fields: &[(&str, &str)]) -> RequestHead {
    RequestHead {
        method: b"GET".to_vec(),
        target: b"/ws".to_vec(),
        version: Version::Http11,
        protocol: Version::Http11.as_bytes().into(),
        headers: fields
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect(),
        framing: Framing::Empty,
        keep_alive: true,
        expects_continue: false,
    }
}

fn refusal(fields: &[(&str, &str)]) -> (u16, String) {
    let refusal = accept(&head(fields), Some(Offer::UVICORN))
        .unwrap_err()
        .unwrap();
    (refusal.status, refusal.reason)
}

#[test]
fn a_request_with_everything_is_accepted() {
    let more = [
        ("sec-websocket-protocol", "a,  b"),
        ("Sec-WebSocket-Protocol", "c"),
    ];
    let head = head(&[&[UPGRADE, CONNECTION, KEY, VERSION][..], &more].concat());
    let accepted = accept(&head, Some(Offer::UVICORN)).unwrap();
    assert_eq!(accepted.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(accepted.subprotocols, ["a", "b", "c"]);
    assert_eq!(accepted.extensions, None);
}

#[test]
fn what_is_missing_is_said() {
    for (fields, status, reason) in [
        (
            &[UPGRADE, KEY, VERSION][..],
            426,
            "missing Connection header",
        ),
        (&[CONNECTION, KEY, VERSION], 426, "missing Upgrade header"),
        (
            &[UPGRADE, CONNECTION, VERSION],
            400,
            "missing Sec-WebSocket-Key header",
        ),
        (
            &[UPGRADE, CONNECTION, KEY],
            400,
            "missing Sec-WebSocket-Version header",
        ),
    ] {
        assert_eq!(refusal(fields), (status, reason.to_owned()));
    }
}

#[test]
fn keys_are_read_as_python_reads_base64() {
    let text = |key: &str| decoded_length(key.as_bytes()).map_err(|error| error.clone());
    for (key, length) in [
        ("", 0),
        ("abcd", 3),
        ("ab==", 1),
        ("abc=", 2),
        ("abcd====", 3),
    ] {
        assert_eq!(text(key), Ok(length), "{key}");
    }
    for (key, error) in [
        ("=", "Leading padding not allowed"),
        ("ab", "Incorrect padding"),
        ("ab=", "Incorrect padding"),
        ("ab===", "Excess data after padding"),
        ("ab==cd", "Excess data after padding"),
        ("a=bc", "Discontinuous padding not allowed"),
        ("ab=c", "Discontinuous padding not allowed"),
        ("ab c", "Only base64 data is allowed"),
        (
            "abcde",
            "Invalid base64-encoded string: number of data characters (5) cannot be 1 more than a \
             multiple of 4",
        ),
    ] {
        assert_eq!(text(key), Err(error.to_owned()), "{key}");
    }
}

#[test]
fn a_body_silences_the_library() {
    for field in [("content-length", "3"), ("transfer-encoding", "chunked")] {
        let head = head(&[UPGRADE, CONNECTION, KEY, VERSION, field]);
        assert_eq!(accept(&head, None), Err(Err(Silence { logged: None })));
    }
    let empty = head(&[UPGRADE, CONNECTION, KEY, VERSION, ("content-length", "0")]);
    assert!(accept(&empty, None).is_ok());
}

#[test]
fn a_head_beyond_the_limits_is_answered_in_the_log_alone() {
    let logged = |head: &RequestHead| match accept(head, None) {
        Err(Err(silence)) => silence.logged,
        other => unreachable!("{other:?}"),
    };
    let value = "v".repeat(8192 - "x: \r\n".len());
    let longer = format!("{value}v");
    let base = [UPGRADE, CONNECTION, KEY, VERSION];
    assert!(accept(&head(&[&base[..], &[("x", &value)]].concat()), None).is_ok());
    assert_eq!(
        logged(&head(&[&base[..], &[("x", &longer)]].concat())),
        Some(431)
    );
    let many = [&base[..], &[("x", "y"); 125]].concat();
    assert_eq!(logged(&head(&many)), Some(431));
    assert!(accept(&head(&many[..128]), None).is_ok());
    let mut long = head(&base);
    long.target = vec![b'/'; 8192];
    assert_eq!(logged(&long), Some(414));
}
