//! Messages to bytes.

use super::harness::{Got, fetch};
use crate::testing::test;
use wasgi::http1::{
    CONTINUE, ResponseHead, Version, encode_chunk, encode_chunk_upper, encode_head,
    encode_last_chunk,
};

#[test]
fn a_head_is_written_as_it_is_given() {
    let head = ResponseHead {
        version: Version::Http10,
        status: b"404 Nothing Here".to_vec(),
        headers: vec![
            (b"sErVeR".to_vec(), b"x".to_vec()),
            (b"Set-Cookie".to_vec(), b"a=1".to_vec()),
        ],
    };
    let mut out = b"before ".to_vec();
    encode_head(&head, &mut out);
    assert_eq!(
        out,
        b"before HTTP/1.0 404 Nothing Here\r\nsErVeR: x\r\nSet-Cookie: a=1\r\n\r\n"
    );
}

#[test]
fn a_chunk_has_its_size_in_hexadecimal() {
    let chunk = |length: usize| {
        let mut out = Vec::new();
        encode_chunk(&vec![b'x'; length], &mut out);
        let line = out.iter().position(|&byte| byte == b'\r').unwrap();
        String::from_utf8(out[..line].to_vec()).unwrap()
    };
    for length in [1, 9, 10, 15, 16, 255, 256, 4095, 4096, 65536] {
        assert_eq!(chunk(length), format!("{length:x}"));
    }
    let mut out = Vec::new();
    encode_chunk_upper(b"0123456789", &mut out);
    encode_last_chunk(&mut out);
    assert_eq!(out, b"A\r\n0123456789\r\n0\r\n\r\n");
}

#[test]
fn no_data_is_no_chunk() {
    let mut out = Vec::new();
    encode_chunk(b"", &mut out);
    assert!(out.is_empty());
}

#[test]
fn what_is_written_is_read() {
    let head = ResponseHead {
        version: Version::Http11,
        status: b"200 OK".to_vec(),
        headers: vec![(b"Transfer-Encoding".to_vec(), b"chunked".to_vec())],
    };
    let mut out = CONTINUE.to_vec();
    encode_head(&head, &mut out);
    encode_chunk(b"hello ", &mut out);
    encode_chunk(&[b'x'; 300], &mut out);
    encode_last_chunk(&mut out);
    let got = fetch(b"GET", &out, false);
    let Got::Response(response) = &got[0] else {
        panic!("{got:?}")
    };
    assert_eq!(response.head, head);
    assert_eq!(
        got[1..],
        [Got::Body([b"hello ", &[b'x'; 300][..]].concat()), Got::End]
    );
}
