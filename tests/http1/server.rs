//! The server's end of an HTTP/1.1 connection.

use crate::harness::{Seen, serve};
use wasgi::http1::{Framing, Limits, RequestError, Rules, Version};

const GUNICORN: (Rules, Limits) = (Rules::GUNICORN, Limits::gunicorn(4094, 100, 8190));

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
fn a_bare_lf_is_refused_by_gunicorn() {
    let seen = serve(GUNICORN, b"GET / HTTP/1.1\nHost: a\n\n");
    assert_eq!(seen.error(), &RequestError::BareLfInRequestLine);
}
