//! The server's end of a connection: what is the same for every server.

use super::harness::{GUNICORN, H11, HTTPTOOLS, Seen, serve, serve_and_close};
use crate::testing::test;
use wasgi::http1::server::{Connection, Event, State};
use wasgi::http1::{Framing, RequestError, Version};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n";

#[test]
fn a_request_without_body_is_its_head_and_an_end() {
    let seen = serve(
        GUNICORN,
        b"GET /a?b=c HTTP/1.1\r\nHost: lab.test\r\nX-One:  1 \r\nx-one: 2\r\n\r\n",
    );
    let head = seen.request(0);
    assert_eq!(head.method, b"GET");
    assert_eq!(head.target, b"/a?b=c");
    assert_eq!(head.version, Version::Http11);
    assert_eq!(head.headers[1], (b"X-One".to_vec(), b"1".to_vec()));
    assert_eq!(head.values("X-ONE").collect::<Vec<_>>(), [b"1", b"2"]);
    assert_eq!(
        (head.framing, head.keep_alive, head.expects_continue),
        (Framing::Empty, true, false)
    );
    assert_eq!(seen.0[1..], [Seen::End]);
}

#[test]
fn a_request_without_fields_is_read() {
    let seen = serve(GUNICORN, b"GET / HTTP/1.0\r\n\r\n");
    assert!(seen.request(0).headers.is_empty());
    assert!(!seen.request(0).keep_alive);
}

#[test]
fn a_body_is_as_long_as_content_length_says() {
    let seen = serve(
        GUNICORN,
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    );
    assert_eq!(seen.request(0).framing, Framing::Length(5));
    assert_eq!(seen.0[1..], [Seen::Body(b"hello".to_vec()), Seen::End]);
}

#[test]
fn a_body_of_length_zero_is_none() {
    assert_eq!(
        serve(GUNICORN, b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            .request(0)
            .framing,
        Framing::Empty
    );
}

#[test]
fn chunks_are_joined_without_their_extensions() {
    let bytes = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
                  5\r\nhello\r\n6;ext=1;q=\"a;\\\"b\"\r\n world\r\n0\r\nX-Trailer: t\r\n\r\n";
    for server in [GUNICORN, HTTPTOOLS, H11] {
        let seen = serve(server, bytes);
        assert_eq!(seen.request(0).framing, Framing::Chunked);
        assert_eq!(
            seen.0[1..],
            [Seen::Body(b"hello world".to_vec()), Seen::End]
        );
    }
}

#[test]
fn trailers_are_there_once_the_request_is_complete() {
    let mut connection = Connection::new(HTTPTOOLS.0, HTTPTOOLS.1);
    connection.receive(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n");
    assert!(matches!(connection.next_event(), Ok(Some(Event::Head(_)))));
    assert!(connection.trailers().is_empty());
    assert_eq!(connection.next_event(), Ok(Some(Event::End)));
    assert_eq!(connection.trailers(), [(b"X".to_vec(), b"y".to_vec())]);
    connection.end_response(true);
    assert!(connection.trailers().is_empty());
}

#[test]
fn pipelined_requests_come_in_order() {
    let bytes = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiPOST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\
                  1\r\nx\r\n0\r\n\r\nGET /c HTTP/1.1\r\n\r\n";
    let seen = serve(GUNICORN, bytes);
    let targets: Vec<_> = (0..3)
        .map(|index| seen.request(index).target.clone())
        .collect();
    assert_eq!(targets, [b"/a", b"/b", b"/c"]);
    assert_eq!(seen.body(), b"hix");
}

#[test]
fn the_next_request_waits_for_the_response() {
    let mut connection = Connection::new(GUNICORN.0, GUNICORN.1);
    connection.receive(&[GET, GET].concat());
    assert!(matches!(connection.next_event(), Ok(Some(Event::Head(_)))));
    assert_eq!(connection.next_event(), Ok(Some(Event::End)));
    assert_eq!(connection.next_event(), Ok(None));
    assert_eq!(connection.state(), State::Complete);
    assert_eq!(connection.unread(), GET.len());
    assert_eq!(connection.consumed(), GET.len() as u64);
    connection.end_response(true);
    assert!(matches!(connection.next_event(), Ok(Some(Event::Head(_)))));
}

#[test]
fn a_connection_that_is_not_kept_reads_nothing_more() {
    let mut connection = Connection::new(GUNICORN.0, GUNICORN.1);
    connection.receive(&[GET, GET].concat());
    while connection.next_event().unwrap().is_some() {}
    connection.end_response(false);
    assert_eq!(connection.next_event(), Ok(None));
    assert_eq!(connection.state(), State::Closed);
}

#[test]
fn what_is_left_of_a_body_after_the_response_is_thrown_away() {
    let mut connection = Connection::new(GUNICORN.0, GUNICORN.1);
    connection.receive(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n01234");
    assert!(matches!(connection.next_event(), Ok(Some(Event::Head(_)))));
    assert_eq!(connection.next_event(), Ok(Some(Event::Body(b"01234"))));
    connection.end_response(true);
    assert_eq!(connection.state(), State::Body);
    connection.receive(b"567");
    assert_eq!(connection.next_event(), Ok(None));
    assert_eq!(connection.unread(), 0);
    connection.receive(b"89GET /next HTTP/1.1\r\n\r\n");
    let Ok(Some(Event::Head(head))) = connection.next_event() else {
        panic!("no request")
    };
    assert_eq!(head.target, b"/next");
}

#[test]
fn state_says_where_the_connection_is() {
    let mut connection = Connection::new(GUNICORN.0, GUNICORN.1);
    assert_eq!(connection.state(), State::Idle);
    connection.receive(b"POST / HT");
    assert_eq!(connection.next_event(), Ok(None));
    assert_eq!(connection.state(), State::Head);
    connection.receive(b"TP/1.1\r\nContent-Length: 1\r\n\r\n");
    assert!(connection.next_event().unwrap().is_some());
    assert_eq!(connection.state(), State::Body);
    connection.receive(b"x");
    while connection.next_event().unwrap().is_some() {}
    assert_eq!(connection.state(), State::Complete);
    connection.end_response(true);
    assert_eq!(connection.state(), State::Idle);
    connection.receive(b"\0\r\n");
    assert!(connection.next_event().is_err());
    assert_eq!(connection.state(), State::Failed);
    connection.end_response(true);
    assert_eq!(connection.state(), State::Failed);
}

#[test]
fn a_connection_is_kept_if_request_and_response_allow_it() {
    let keeps = |request: &[u8], response: Framing| {
        let mut connection = Connection::new(GUNICORN.0, GUNICORN.1);
        connection.receive(request);
        while connection.next_event().unwrap().is_some() {}
        connection.can_keep(response)
    };
    assert!(keeps(GET, Framing::Length(3)));
    assert!(keeps(GET, Framing::Chunked));
    assert!(!keeps(GET, Framing::UntilClose));
    assert!(!keeps(
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        Framing::Empty
    ));
    assert!(!keeps(b"GET / HTTP/1.0\r\n\r\n", Framing::Empty));
    assert!(keeps(
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        Framing::Empty
    ));
}

#[test]
fn the_end_of_the_connection_between_requests_is_no_error() {
    assert_eq!(serve_and_close(GUNICORN, b"").0, [Seen::Closed]);
    assert_eq!(
        serve_and_close(GUNICORN, GET).0[1..],
        [Seen::End, Seen::Closed]
    );
}

#[test]
fn the_end_of_the_connection_inside_a_head_is_told_apart() {
    for bytes in [
        &b"G"[..],
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
    ] {
        assert_eq!(
            serve_and_close(GUNICORN, bytes).0,
            [Seen::Error(RequestError::EndInHead)]
        );
    }
}

#[test]
fn the_end_of_the_connection_inside_a_body_is_told_apart() {
    let seen = serve_and_close(GUNICORN, b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel");
    assert_eq!(seen.body(), b"hel");
    assert_eq!(seen.error(), &RequestError::EndInBody { missing: Some(2) });
    let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cut = |rest: &[u8]| {
        serve_and_close(GUNICORN, &[chunked, rest].concat())
            .error()
            .clone()
    };
    for rest in [&b""[..], b"5", b"5\r\nhel", b"5\r\nhello\r\n"] {
        assert_eq!(cut(rest), RequestError::EndInBody { missing: None });
    }
    for rest in [&b"5\r\nhello"[..], b"0\r\n", b"0\r\nX: y\r\n"] {
        assert_eq!(cut(rest), RequestError::EndInChunkEnd(Vec::new()));
    }
    assert_eq!(
        cut(b"5\r\nhello\r"),
        RequestError::EndInChunkEnd(b"\r".to_vec())
    );
}

#[test]
fn a_head_that_waits_for_its_end_is_consumed_as_it_comes() {
    let mut connection = Connection::new(GUNICORN.0, GUNICORN.1);
    connection.receive(b"GET / HTTP/1.1\r\nHost: lab");
    assert_eq!(connection.next_event(), Ok(None));
    assert_eq!(connection.unread(), 0);
    assert_eq!(connection.consumed(), 25);
}

#[test]
fn a_body_is_consumed_as_it_is_yielded() {
    let head = b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n";
    let mut connection = Connection::new(GUNICORN.0, GUNICORN.1);
    connection.receive(&[&head[..], b"01234"].concat());
    assert!(connection.next_event().unwrap().is_some());
    assert_eq!(
        (connection.consumed(), connection.unread()),
        (head.len() as u64, 5)
    );
    assert_eq!(connection.next_event(), Ok(Some(Event::Body(b"01234"))));
    assert_eq!(
        (connection.consumed(), connection.unread()),
        (head.len() as u64 + 5, 0)
    );
}

#[test]
fn an_upgraded_connection_gives_up_what_came_after_the_request() {
    let mut connection = Connection::new(HTTPTOOLS.0, HTTPTOOLS.1);
    connection
        .receive(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05");
    while connection.next_event().unwrap().is_some() {}
    assert_eq!(connection.upgrade(), b"\x81\x05");
    assert_eq!(connection.state(), State::Closed);
}

#[test]
fn a_large_body_passes_without_being_kept() {
    let mut connection = Connection::new(HTTPTOOLS.0, HTTPTOOLS.1);
    connection.receive(b"POST / HTTP/1.1\r\nContent-Length: 16777216\r\n\r\n");
    assert!(connection.next_event().unwrap().is_some());
    let piece = vec![b'x'; 65536];
    let mut total = 0;
    for _ in 0..256 {
        connection.receive(&piece);
        while let Some(event) = connection.next_event().unwrap() {
            if let Event::Body(data) = event {
                total += data.len();
            }
        }
        assert_eq!(connection.unread(), 0);
    }
    assert_eq!(total, 16_777_216);
    assert_eq!(connection.state(), State::Complete);
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
    assert_eq!(
        error.to_string(),
        "the request line is too long (5000 > 4094)"
    );
    assert_eq!(
        RequestError::Method(b"caf\xe9".to_vec()).to_string(),
        "unknown method: café"
    );
}
