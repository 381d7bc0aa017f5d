//! The client's end of a connection.

use super::harness::{Got, fetch, fetch_pieces};
use crate::testing::test;
use wasgi::http1::client::{Connection, Event, Response};
use wasgi::http1::{Framing, ResponseError, Version};

fn response(got: &[Got]) -> &Response {
    match got.first() {
        Some(Got::Response(response)) => response,
        _ => panic!("no response: {got:?}"),
    }
}

fn body(got: &[Got]) -> Vec<u8> {
    got.iter()
        .flat_map(|got| {
            if let Got::Body(data) = got {
                data.clone()
            } else {
                Vec::new()
            }
        })
        .collect()
}

fn error(got: &[Got]) -> &ResponseError {
    match got.last() {
        Some(Got::Error(error)) => error,
        _ => panic!("no error: {got:?}"),
    }
}

#[test]
fn a_request_is_its_line_and_fields_and_the_framing_of_its_body() {
    let sent = |body| {
        let mut out = Vec::new();
        let headers = [(b"Host".to_vec(), b"lab.test".to_vec())];
        Connection::new().send_request(b"POST", b"/a?b", &headers, body, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        sent(Framing::Empty),
        "POST /a?b HTTP/1.1\r\nHost: lab.test\r\n\r\n"
    );
    assert_eq!(
        sent(Framing::Length(12)),
        "POST /a?b HTTP/1.1\r\nHost: lab.test\r\nContent-Length: 12\r\n\r\n"
    );
    assert_eq!(
        sent(Framing::Chunked),
        "POST /a?b HTTP/1.1\r\nHost: lab.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
}

#[test]
fn the_framing_that_the_caller_has_written_is_not_repeated() {
    let mut out = Vec::new();
    let headers = [(b"content-length".to_vec(), b"3".to_vec())];
    Connection::new().send_request(b"POST", b"/", &headers, Framing::Length(3), &mut out);
    assert_eq!(out, b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n");
}

#[test]
fn a_body_is_sent_as_it_is_framed() {
    let sent = |framing| {
        let mut connection = Connection::new();
        connection.send_request(b"POST", b"/", &[], framing, &mut Vec::new());
        let mut out = Vec::new();
        connection.send_body(b"hello", &mut out);
        connection.send_end(&mut out);
        out
    };
    assert_eq!(sent(Framing::Length(5)), b"hello");
    assert_eq!(sent(Framing::Chunked), b"5\r\nhello\r\n0\r\n\r\n");
}

#[test]
fn a_response_with_a_length() {
    let got = fetch(
        b"GET",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
        false,
    );
    let head = response(&got);
    assert_eq!(
        (head.code, head.framing, head.keep_alive),
        (200, Framing::Length(5), true)
    );
    assert_eq!(
        (head.head.version, head.head.status.as_slice()),
        (Version::Http11, &b"200 OK"[..])
    );
    assert_eq!(head.head.headers[1], (b"X-A".to_vec(), b"b".to_vec()));
    assert_eq!(got[1..], [Got::Body(b"hello".to_vec()), Got::End]);
}

#[test]
fn a_chunked_response() {
    let got = fetch(b"GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x\r\n0123456789\r\n0\r\nT: u\r\n\r\n", false);
    assert_eq!(response(&got).framing, Framing::Chunked);
    assert_eq!(got[1..], [Got::Body(b"hello0123456789".to_vec()), Got::End]);
}

#[test]
fn a_response_until_the_connection_ends() {
    let got = fetch(b"GET", b"HTTP/1.0 200 OK\r\n\r\nhello", true);
    assert_eq!(
        (response(&got).framing, response(&got).keep_alive),
        (Framing::UntilClose, false)
    );
    assert_eq!(got[1..], [Got::Body(b"hello".to_vec()), Got::End]);
}

#[test]
fn responses_without_body_whatever_their_fields_say() {
    for (method, status) in [
        ("HEAD", "200 OK"),
        ("GET", "204 No Content"),
        ("GET", "304 Not Modified"),
    ] {
        let bytes =
            format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
        let got = fetch(method.as_bytes(), bytes.as_bytes(), false);
        assert_eq!(response(&got).framing, Framing::Empty);
        assert_eq!(got[1..], [Got::End]);
    }
}

#[test]
fn interim_responses_are_skipped() {
    let got = fetch(b"POST", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false);
    assert_eq!(response(&got).code, 200);
}

#[test]
fn an_upgrade_gives_up_what_came_after_it() {
    let mut connection = Connection::new();
    connection.send_request(b"GET", b"/ws", &[], Framing::Empty, &mut Vec::new());
    connection.receive(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00",
    );
    let Ok(Some(Event::Head(response))) = connection.next_event() else {
        panic!("no response")
    };
    assert_eq!(response.code, 101);
    assert_eq!(connection.next_event(), Ok(Some(Event::End)));
    assert_eq!(connection.upgrade(), b"\x81\x00");
    assert!(!connection.is_idle());
}

#[test]
fn the_server_says_whether_it_keeps_the_connection() {
    let keeps = |head: &str| {
        let bytes = format!("{head}\r\nContent-Length: 0\r\n\r\n");
        response(&fetch(b"GET", bytes.as_bytes(), false)).keep_alive
    };
    assert!(keeps("HTTP/1.1 200 OK"));
    assert!(!keeps("HTTP/1.1 200 OK\r\nConnection: x, Close"));
    assert!(!keeps("HTTP/1.0 200 OK"));
    assert!(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive"));
}

#[test]
fn a_kept_connection_takes_the_next_request() {
    let mut connection = Connection::new();
    for _ in 0..2 {
        assert!(connection.is_idle());
        connection.send_request(b"GET", b"/", &[], Framing::Empty, &mut Vec::new());
        assert!(!connection.is_idle());
        connection.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        while connection.next_event().unwrap().is_some() {}
    }
    connection.receive_eof();
    assert!(!connection.is_idle());
    assert_eq!(connection.next_event(), Ok(Some(Event::Closed)));
}

#[test]
fn bytes_that_answer_no_request_are_an_error() {
    let mut connection = Connection::new();
    connection.receive(b"HTTP/1.1 408 Request Timeout\r\n\r\n");
    assert_eq!(connection.next_event(), Err(ResponseError::Unasked));
    let got = fetch(b"GET", b"HTTP/1.1 204 No Content\r\n\r\nmore", false);
    assert_eq!(error(&got), &ResponseError::Unasked);
}

#[test]
fn what_gunicorn_sends_without_start_response_is_a_typed_error() {
    let got = fetch(
        b"GET",
        b"HTTP/1.1 None\r\nServer: gunicorn\r\nConnection: close\r\n\r\nx",
        true,
    );
    assert_eq!(
        error(&got),
        &ResponseError::StatusLine(b"HTTP/1.1 None".to_vec())
    );
}

#[test]
fn status_lines_of_real_servers_are_read() {
    let status = |line: &str| {
        let got = fetch(b"HEAD", format!("{line}\r\n\r\n").as_bytes(), false);
        String::from_utf8_lossy(&response(&got).head.status).into_owned()
    };
    assert_eq!(status("HTTP/1.1 200"), "200");
    assert_eq!(status("HTTP/1.1 200 "), "200");
    assert_eq!(status("HTTP/1.1 299 What You Want"), "299 What You Want");
    assert_eq!(
        status("HTTP/1.0 500 Internal Server Error"),
        "500 Internal Server Error"
    );
}

#[test]
fn garbage_is_a_typed_error() {
    for bytes in [
        &b"hello\r\n\r\n"[..],
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 099 X\r\n\r\n",
        b"\r\n",
    ] {
        assert!(
            matches!(
                error(&fetch(b"GET", bytes, false)),
                ResponseError::StatusLine(_)
            ),
            "{bytes:?}"
        );
    }
    assert!(matches!(
        error(&fetch(
            b"GET",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            false
        )),
        ResponseError::Fields(_)
    ));
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
    assert!(matches!(
        error(&fetch(b"GET", chunked, false)),
        ResponseError::Chunked(_)
    ));
}

#[test]
fn lengths_that_contradict_each_other_are_an_error() {
    let framing = |fields: &str| {
        let got = fetch(
            b"GET",
            format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n").as_bytes(),
            false,
        );
        match &got[0] {
            Got::Response(response) => Ok(response.framing),
            Got::Error(error) => Err(error.clone()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        framing("Content-Length: 5\r\nContent-Length: 5"),
        Ok(Framing::Length(5))
    );
    let bad = |value: &str| Err(ResponseError::ContentLength(value.into()));
    assert_eq!(framing("Content-Length: 5\r\nContent-Length: 6"), bad("6"));
    assert_eq!(framing("Content-Length: five"), bad("five"));
    assert_eq!(
        framing("Content-Length: 5\r\nTransfer-Encoding: chunked"),
        Ok(Framing::Chunked)
    );
    assert_eq!(
        framing("Transfer-Encoding: chunked, gzip"),
        Ok(Framing::UntilClose)
    );
}

#[test]
fn the_end_of_the_connection_is_told_apart_by_where_it_comes() {
    let ended = |bytes: &[u8]| error(&fetch(b"GET", bytes, true)).clone();
    assert_eq!(ended(b""), ResponseError::EndBeforeHead);
    assert_eq!(ended(b"HTTP/1.1 200 OK\r\n"), ResponseError::EndInHead);
    assert_eq!(
        ended(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
        ResponseError::EndInBody { missing: Some(2) }
    );
    assert_eq!(
        ended(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        ResponseError::EndInBody { missing: None }
    );
}

#[test]
fn folded_and_spaced_fields_are_read() {
    let got = fetch(b"HEAD", b"HTTP/1.1 200 OK\r\nX : a\r\n  b\r\n\r\n", false);
    assert_eq!(
        response(&got).head.headers,
        [(b"X".to_vec(), b"a b".to_vec())]
    );
}

#[test]
fn a_head_without_end_is_refused() {
    let endless = std::iter::once(&b"HTTP/1.1 200 OK\r\n"[..])
        .chain(std::iter::repeat_n(&b"X: y\r\n"[..], 200_000));
    assert_eq!(
        error(&fetch_pieces(b"GET", endless, false)),
        &ResponseError::HeadTooLong { limit: 1 << 20 }
    );
}

#[test]
fn a_response_body_is_what_was_sent_in_any_pieces() {
    let got = fetch(
        b"GET",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\r\n\0\xff",
        true,
    );
    assert_eq!(body(&got), b"\r\n\0\xff");
}
