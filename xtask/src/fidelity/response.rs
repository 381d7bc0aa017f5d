//! Responses as a client reads them from a connection.

/// What has been read of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    /// Its status code.
    pub(super) status: u16,
    /// Its body so far.
    pub(super) body: Vec<u8>,
    /// The bytes that it took, when it is whole.
    pub(super) whole: Option<usize>,
}

/// How a body ends.
enum Framing {
    Length(usize),
    Chunked,
    Close,
}

/// The response that `bytes` begin with, once its head is there. `closed`: no more will come.
pub(super) fn parse(bytes: &[u8], closed: bool) -> Option<Response> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(start) = head.parse(bytes).ok()? else {
        return None;
    };
    let status = head.code?;
    if (100..200).contains(&status) && status != 101 {
        let mut next = parse(&bytes[start..], closed)?;
        next.whole = next.whole.map(|length| start + length);
        return Some(next);
    }
    let rest = &bytes[start..];
    let (body, length) = match framing(status, head.headers) {
        Framing::Length(length) if rest.len() >= length => (rest[..length].to_vec(), Some(length)),
        Framing::Length(_) => (rest.to_vec(), None),
        Framing::Chunked => chunks(rest),
        Framing::Close => (rest.to_vec(), closed.then_some(rest.len())),
    };
    Some(Response {
        status,
        body,
        whole: length.map(|length| start + length),
    })
}

fn framing(status: u16, fields: &[httparse::Header]) -> Framing {
    let field = |name: &str| {
        let found = fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    if matches!(status, 101 | 204 | 304) {
        Framing::Length(0)
    } else if field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    {
        Framing::Chunked
    } else {
        match field("content-length").and_then(|value| value.trim().parse().ok()) {
            Some(length) => Framing::Length(length),
            None => Framing::Close,
        }
    }
}

/// The contents of chunks, and the bytes that they took if the last one is there.
fn chunks(bytes: &[u8]) -> (Vec<u8>, Option<usize>) {
    let mut body = Vec::new();
    let mut position = 0;
    while let Ok(httparse::Status::Complete((head, size))) =
        httparse::parse_chunk_size(&bytes[position..])
    {
        let start = position + head;
        let end = usize::try_from(size).map_or(usize::MAX, |size| start.saturating_add(size));
        body.extend_from_slice(&bytes[start.min(bytes.len())..end.min(bytes.len())]);
        // Trailers are not expected.
        let next = end.saturating_add(2);
        if next > bytes.len() {
            break;
        }
        if size == 0 {
            return (body, Some(next));
        }
        position = next;
    }
    (body, None)
}

/// The process that answered: the apps write `PID/THREAD`.
pub(super) fn process(body: &[u8]) -> Option<u32> {
    let text = String::from_utf8_lossy(body);
    text.match_indices('/').find_map(|(slash, _)| {
        let before = &text[..slash];
        let start = before
            .rfind(|character: char| !character.is_ascii_digit())
            .map_or(0, |index| index + 1);
        before[start..].parse().ok()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_response_is_whole_with_its_last_byte() {
        for response in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nHel\r\n2\r\nlo\r\n0\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nHello",
        ] {
            for end in 0..response.len() {
                let whole = parse(&response[..end], false).and_then(|response| response.whole);
                assert_eq!(whole, None, "{end} bytes");
            }
            let found = parse(&[response, b"HTTP/1.1"].concat(), false).unwrap();
            assert_eq!((found.status, &found.body[..]), (200, &b"Hello"[..]));
            assert_eq!(found.whole, Some(response.len()));
        }
    }

    #[test]
    fn without_a_length_a_response_is_whole_when_the_connection_closes() {
        let response = b"HTTP/1.1 200 OK\r\n\r\nHello";
        assert_eq!(parse(response, false).unwrap().whole, None);
        assert_eq!(parse(response, true).unwrap().whole, Some(response.len()));
    }

    #[test]
    fn a_response_that_is_cut_short_keeps_its_status() {
        let response = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart1", true).unwrap();
        assert_eq!((response.status, response.whole), (200, None));
    }

    #[test]
    fn the_process_is_the_number_before_a_slash() {
        for (body, process) in [
            ("123/MainThread /sleep", Some(123)),
            ("data: 0 45/x\n\ndata: 1 45/x\n\n", Some(45)),
            ("\"7/AnyIO worker thread\"", Some(7)),
            ("pong", None),
            ("a/b 8/c", Some(8)),
        ] {
            assert_eq!(super::process(body.as_bytes()), process, "{body}");
        }
    }
}
