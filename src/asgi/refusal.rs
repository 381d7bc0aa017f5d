//! What servers of ASGI apps answer to a request that they cannot parse; the connection is closed
//! then.

use std::borrow::Cow;

use crate::asgi::http::{LocalError, default_headers, write_status_line};
use crate::http1::RequestError;
use crate::servers::Launch;

/// gunicorn's asgi worker: what its parser says, as plain text. Nothing where the client has ended
/// the connection.
pub fn gunicorn(error: &RequestError, out: &mut Vec<u8>) {
    use RequestError as E;
    let fixed = |status: u16, text: &'static str| (status, Cow::Borrowed(text.as_bytes()));
    let (status, text) = match error {
        E::EndInHead | E::EndInBody { .. } | E::EndInChunkEnd(_) => return,
        E::RequestLineTooLong { .. } => fixed(414, "Request line is too large"),
        E::TooManyFields { .. } => fixed(431, "Too many headers"),
        E::FieldTooLong { .. } | E::HeadTooLong { .. } => {
            fixed(431, "Request header field is too large")
        }
        E::UnsupportedCoding(what) => (501, Cow::Borrowed(&what[..])),
        E::Method(what) | E::Version(what) | E::FieldName(what) | E::FieldLine(what) => {
            (400, Cow::Borrowed(&what[..]))
        }
        E::Repeated(name) => {
            let mut name = name.clone();
            if !name.eq_ignore_ascii_case(b"content-length") {
                name.make_ascii_lowercase();
            }
            (
                400,
                Cow::Owned([b"Duplicate ", &name[..], b" header"].concat()),
            )
        }
        E::BareLfInRequestLine | E::BareLfInFields => fixed(
            400,
            "Bare LF as line terminator, CRLF required (RFC 9112 section 2.2)",
        ),
        E::ChunkSize(_) => fixed(400, "Invalid character in chunk size"),
        E::RequestLine(_) => fixed(400, "Invalid request line"),
        _ => fixed(400, "Invalid header"),
    };
    write_status_line(status, out);
    out.extend_from_slice(b"Content-Type: text/plain\r\nContent-Length: ");
    out.extend_from_slice(itoa::Buffer::new().format(text.len()).as_bytes());
    out.extend_from_slice(b"\r\nConnection: close\r\n\r\n");
    out.extend_from_slice(&text);
}

/// What uvicorn says of a request that it cannot parse, in the log and to the client.
pub const INVALID: &str = "Invalid HTTP request received.";

/// What uvloop writes of an exception that nobody has caught where bytes came.
#[must_use]
pub fn fatal(error: &LocalError) -> String {
    format!(
        "Fatal error on transport TCPTransport\nTraceback (most recent call last):\n\
         h11._util.LocalProtocolError: {error}"
    )
}

/// daphne's: `400 Bad Request` alone, and not a word to a line that is too long.
pub fn daphne(error: Option<&RequestError>, out: &mut Vec<u8>) {
    use RequestError as E;
    let is_silent = matches!(
        error,
        Some(E::RequestLineTooLong { .. } | E::FieldTooLong { .. })
    );
    if !is_silent {
        out.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    }
}

/// uvicorn's answer to what httptools cannot parse: `400 Bad Request`, and the connection
/// closes. The log says [`INVALID`], level WARNING.
pub fn uvicorn(launch: &Launch, date: &str, out: &mut Vec<u8>) {
    write_status_line(400, out);
    for (name, value) in default_headers(launch, date).pairs() {
        for part in [name, b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(
        b"content-type: text/plain; charset=utf-8\r\ncontent-length: 30\r\n\
          connection: close\r\n\r\n",
    );
    out.extend_from_slice(INVALID.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn answer(error: &RequestError) -> String {
        let mut out = Vec::new();
        gunicorn(error, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn what_offends_is_the_text() {
        let text = "HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\
            Connection: close\r\n\r\nfoo";
        assert_eq!(
            answer(&RequestError::UnsupportedCoding(b"foo".to_vec())),
            text
        );
        assert!(answer(&RequestError::TooManyFields { limit: 1 }).starts_with("HTTP/1.1 431 "));
        let host = answer(&RequestError::Repeated(b"Host".to_vec()));
        assert!(host.ends_with("\r\n\r\nDuplicate host header"), "{host}");
    }

    #[test]
    fn daphne_says_nothing_to_a_line_that_is_too_long() {
        let answer = |error: Option<RequestError>| {
            let mut out = Vec::new();
            daphne(error.as_ref(), &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        let bad = "HTTP/1.1 400 Bad Request\r\n\r\n";
        assert_eq!(answer(None), bad);
        assert_eq!(answer(Some(RequestError::HeadTooLong { limit: 9 })), bad);
        assert_eq!(answer(Some(RequestError::FieldTooLong { limit: 9 })), "");
        let line = RequestError::RequestLineTooLong { size: 10, limit: 9 };
        assert_eq!(answer(Some(line)), "");
    }

    #[test]
    fn who_has_gone_is_not_answered() {
        assert_eq!(answer(&RequestError::EndInHead), "");
    }
}
