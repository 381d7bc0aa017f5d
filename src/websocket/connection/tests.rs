#![allow(clippy::unwrap_used)]

use super::*;
use crate::testing::test;
use crate::websocket::deflate::Window;
use proptest::prelude::*;

const LIMIT: usize = 1000;
const SHARED: Parameters = Parameters {
    server: Window {
        bits: 12,
        reset: false,
    },
    client: Window {
        bits: 12,
        reset: false,
    },
    memory_level: 5,
};

fn server() -> Connection {
    let mut server = Connection::new(Role::Server, Rules::WEBSOCKETS, LIMIT);
    server.open();
    server
}

fn client() -> Connection {
    let mut client = Connection::new(Role::Client, Rules::BROWSER, LIMIT);
    client.open();
    client
}

fn events(connection: &mut Connection) -> Vec<Event> {
    std::iter::from_fn(|| connection.next_event()).collect()
}

/// A client's frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let header = Header {
        fin: first & 0x80 != 0,
        reserved: first & frame::RESERVED,
        opcode: Opcode::of(first & 0x0f).unwrap(),
        mask: Some([1, 2, 3, 4]),
    };
    header.write(payload, &mut out);
    out
}

fn receives(bytes: &[u8]) -> (Vec<Event>, Vec<u8>) {
    let mut server = server();
    server.receive(bytes);
    (events(&mut server), server.take_output())
}

fn text(text: &str) -> Event {
    Event::Text(text.as_bytes().to_vec())
}

// RFC 6455, section 5.4: fragments

#[test]
fn fragments_make_one_message() {
    let bytes = [frame(0x01, b"a"), frame(0x00, b"b"), frame(0x80, b"c")].concat();
    assert_eq!(receives(&bytes).0, [text("abc")]);
}

#[test]
fn control_frames_come_between_fragments() {
    let bytes = [frame(0x02, b"a"), frame(0x89, b"p"), frame(0x80, b"b")].concat();
    let (events, output) = receives(&bytes);
    let binary = Event::Binary(b"ab".to_vec());
    assert_eq!(events, [Event::Ping(b"p".to_vec()), binary]);
    assert_eq!(output, b"\x8a\x01p");
}

#[test]
fn a_frame_may_come_byte_by_byte() {
    let mut server = server();
    for byte in frame(0x81, b"hello") {
        assert_eq!(server.next_event(), None);
        server.receive(&[byte]);
    }
    assert_eq!(events(&mut server), [text("hello")]);
}

// RFC 6455, sections 5.1 and 5.5: what fails a connection

#[test]
fn what_breaks_the_protocol_is_answered_by_its_code() {
    for (bytes, code, reason) in [
        (frame(0x80, b"x"), 1002, "unexpected continuation frame"),
        (
            [frame(0x01, b"x"), frame(0x81, b"y")].concat(),
            1002,
            "expected a continuation frame",
        ),
        (b"\x81\x01x".to_vec(), 1002, "incorrect masking"),
        (b"\x83\x80".to_vec(), 1002, "invalid opcode"),
        (frame(0xc1, b"x"), 1002, "reserved bits must be 0"),
        (frame(0x89, &[0; 126]), 1002, "control frame too long"),
        (frame(0x09, b"x"), 1002, "fragmented control frame"),
        (frame(0x88, b"x"), 1002, "close frame too short"),
        (
            frame(0x88, &999_u16.to_be_bytes()),
            1002,
            "invalid status code",
        ),
        (
            frame(0x88, b"\x03\xe8\xff"),
            1007,
            "invalid start byte at position 0",
        ),
        (
            [frame(0x01, b"x"), frame(0x88, b"")].concat(),
            1002,
            "incomplete fragmented message",
        ),
        (
            frame(0x81, &[b'x'; 1001]),
            1009,
            "frame with 1001 bytes exceeds limit of 1000 bytes",
        ),
        (
            [frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 401])].concat(),
            1009,
            "frame with 401 bytes after reading 600 bytes exceeds limit of 1000 bytes",
        ),
    ] {
        let mut server = server();
        server.receive(&bytes);
        let close = Close::new(code, reason);
        assert_eq!(server.failure(), Some(&close));
        let mut sent = Vec::new();
        Header::whole(Opcode::Close, None).write(&close.encode(), &mut sent);
        assert_eq!(server.take_output(), sent);
        server.receive(&frame(0x81, b"more"));
        assert_eq!(events(&mut server), []);
        assert_eq!(server.state(), State::Closed);
    }
}

#[test]
fn a_message_beyond_the_limit_is_refused_before_it_has_come() {
    let mut server = server();
    server.receive(b"\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00");
    assert_eq!(server.failure().unwrap().code, 1009);
}

#[test]
fn a_browser_looks_whether_text_is_utf8() {
    let mut client = client();
    client.receive(b"\x81\x01\xff");
    assert_eq!(client.failure().unwrap().code, 1007);
    assert_eq!(events(&mut client), []);
}

#[test]
fn text_is_looked_at_as_it_arrives_where_the_library_does() {
    let whole = frame(0x81, "a\u{e4}\u{2603}\u{1f600}\u{e4}".as_bytes());
    let broken = frame(0x81, b"ab\xc3\xa4\xffcd");
    // A fragment may end within a character.
    let parts = [frame(0x01, b"\xe2\x98"), frame(0x80, b"\x83x\xff")].concat();
    let fails_after = |rules: Rules, bytes: &[u8]| {
        let mut server = Connection::new(Role::Server, rules, LIMIT);
        server.open();
        (1..=bytes.len()).find(|length| {
            server.feed(&bytes[length - 1..*length]);
            loop {
                match server.read() {
                    Ok(true) => {}
                    Ok(false) => return false,
                    Err(_) => return true,
                }
            }
        })
    };
    for rules in [Rules::AUTOBAHN, Rules::WSPROTO] {
        assert_eq!(fails_after(rules, &whole), None);
        assert_eq!(fails_after(rules, &broken), Some(6 + 5));
        assert_eq!(fails_after(rules, &parts), Some(6 + 2 + 6 + 3));
        assert_eq!(fails_after(rules, &parts[..parts.len() - 1]), None);
    }
    // It waits for the end of the frame.
    assert_eq!(fails_after(Rules::LEGACY, &broken), Some(broken.len()));
}

#[test]
fn a_client_refuses_masked_frames() {
    let mut client = client();
    client.receive(&frame(0x81, b"x"));
    assert_eq!(
        client.failure(),
        Some(&Close::new(1002, "incorrect masking"))
    );
}

// RFC 6455, section 7: closing

#[test]
fn a_close_is_echoed_and_ends_the_connection() {
    let (events, output) = receives(&[frame(0x88, b"\x03\xe9gone"), frame(0x81, b"late")].concat());
    assert_eq!(events, [Event::Close(Close::new(1001, "gone"))]);
    assert_eq!(output, b"\x88\x06\x03\xe9gone");
}

#[test]
fn an_own_close_waits_for_the_answer() {
    let mut server = server();
    server.close(Close::new(1000, "")).unwrap();
    assert_eq!(server.take_output(), b"\x88\x02\x03\xe8");
    assert_eq!(server.state(), State::Closing);
    assert_eq!(server.send_text("x"), Err(SendError::Closing));
    server.receive(&frame(0x89, b"p"));
    assert_eq!(server.take_output(), b"\x8a\x01p");
    server.receive(&frame(0x88, b"\x03\xe8"));
    assert_eq!(server.take_output(), b"");
    assert_eq!(server.state(), State::Closed);
}

#[test]
fn a_close_that_cannot_be_sent_changes_nothing() {
    let mut server = server();
    assert_eq!(server.close(Close::new(1006, "")), Err(SendError::Code));
    assert_eq!(
        server.close(Close::new(1000, "r".repeat(124))),
        Err(SendError::Reason)
    );
    assert_eq!(server.close(Close::new(1000, "r".repeat(123))), Ok(()));
}

#[test]
fn before_the_handshake_is_complete_nothing_is_sent_but_pongs() {
    let mut server = Connection::new(Role::Server, Rules::WEBSOCKETS, LIMIT);
    server.receive(&[frame(0x81, b"early"), frame(0x89, b"p")].concat());
    assert_eq!(events(&mut server)[0], text("early"));
    assert_eq!(server.take_output(), b"\x8a\x01p");
    assert_eq!(server.send_text("x"), Err(SendError::Closing));
    server.receive(&frame(0x83 & 0x80, b""));
    assert_eq!(server.take_output(), b"");
    assert!(server.failure().is_some());
}

// RFC 7692

#[test]
fn compressed_messages_are_marked() {
    let mut server = server();
    server.compress(SHARED);
    server.send_text("Hello").unwrap();
    assert_eq!(
        server.take_output(),
        b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"
    );
    server.receive(&frame(0xc1, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]));
    server.receive(&frame(0x81, b"plain"));
    assert_eq!(events(&mut server), [text("Hello"), text("plain")]);
}

#[test]
fn compressed_fragments_are_marked_once() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let mut server = server();
    server.compress(SHARED);
    server.receive(&[frame(0x41, &hello[..3]), frame(0x80, &hello[3..])].concat());
    assert_eq!(events(&mut server), [text("Hello")]);
    server.receive(&[frame(0x41, &hello[..3]), frame(0xc0, &hello[3..])].concat());
    let close = Close::new(1002, "RSV1 bit set in continuation frame");
    assert_eq!(server.failure(), Some(&close));
}

#[test]
fn a_bomb_is_refused() {
    let bomb = Encoder::new(SHARED.client, 8).encode(&vec![0; 1_000_000]);
    assert!(bomb.len() < 2000);
    let mut server = Connection::new(Role::Server, Rules::WEBSOCKETS, 100_000);
    server.compress(SHARED);
    server.open();
    server.receive(&frame(0xc1, &bomb));
    let close = Close::new(1009, "frame exceeds limit of 100000 bytes");
    assert_eq!(server.failure(), Some(&close));
}

proptest! {
    #[test]
    fn messages_arrive_as_they_were_sent(
        messages in prop::collection::vec((any::<bool>(), "\\PC{0,200}"), 0..8),
        compressed: bool,
        from_client: bool,
        cuts in prop::collection::vec(1_usize..50, 1..20),
    ) {
        let (mut sender, mut receiver) = if from_client {
            (client(), server())
        } else {
            (server(), client())
        };
        if compressed {
            sender.compress(SHARED);
            receiver.compress(SHARED);
        }
        let mut expected = Vec::new();
        for (is_text, message) in messages {
            if is_text {
                sender.send_text(&message).unwrap();
                expected.push(Event::Text(message.into_bytes()));
            } else {
                sender.send_binary(message.as_bytes()).unwrap();
                expected.push(Event::Binary(message.into_bytes()));
            }
        }
        sender.close(Close::new(1000, "done")).unwrap();
        expected.push(Event::Close(Close::new(1000, "done")));
        let sent = sender.take_output();
        let mut rest = &sent[..];
        let mut cuts = cuts.iter().cycle();
        let mut received = Vec::new();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            receiver.receive(now);
            received.extend(events(&mut receiver));
            rest = later;
        }
        prop_assert_eq!(received, expected);
        sender.receive(&receiver.take_output());
        prop_assert_eq!(sender.state(), State::Closed);
    }

    #[test]
    fn whatever_comes_the_connection_stays_within_its_limit(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        compressed: bool,
    ) {
        let mut server = server();
        if compressed {
            server.compress(SHARED);
        }
        server.receive(&bytes);
        for event in events(&mut server) {
            if let Event::Text(data) | Event::Binary(data) = event {
                prop_assert!(data.len() <= LIMIT);
            }
        }
    }
}
