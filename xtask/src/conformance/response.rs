//! The responses in what a server sent, so that a difference can be named. What is none stays as it
//! is.

use serde_json::Value;

/// A response as far as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Response {
    /// The status line.
    pub(super) status: String,
    /// The other lines of the head.
    pub(super) fields: Vec<String>,
    /// The body as it was sent, chunks included.
    pub(super) body: String,
}

impl Response {
    /// What the app has told in JSON: its environ or scope, what it read.
    pub(super) fn told(&self) -> Option<serde_json::Map<String, Value>> {
        let text = self.body.as_str();
        let (from, to) = (text.find('{')?, text.rfind('}')?);
        match serde_json::from_str(text.get(from..=to)?) {
            Ok(Value::Object(told)) => Some(told),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|line| {
            let (its, value) = line.split_once(':')?;
            its.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// The responses, and what follows them and is none.
pub(super) fn split(mut text: &str) -> (Vec<Response>, &str) {
    let mut responses = Vec::new();
    while text.starts_with("HTTP/") {
        let Some((head, rest)) = text.split_once("\r\n\r\n") else {
            break;
        };
        let mut lines = head.split("\r\n").map(str::to_owned);
        let mut response = Response {
            status: lines.next().unwrap_or_default(),
            fields: lines.collect(),
            body: String::new(),
        };
        let length = body_length(&response, rest);
        let (body, rest) = rest.split_at_checked(length).unwrap_or((rest, ""));
        body.clone_into(&mut response.body);
        responses.push(response);
        text = rest;
    }
    (responses, text)
}

/// How much of `rest` is the body. Without a request's method this is a guess; both servers'
/// responses are split by the same.
fn body_length(response: &Response, rest: &str) -> usize {
    let status = response.status.split(' ').nth(1).unwrap_or_default();
    if rest.starts_with("HTTP/") || status.starts_with('1') || matches!(status, "204" | "304") {
        return if status == "101" { rest.len() } else { 0 };
    }
    if response.field("transfer-encoding") == Some("chunked") {
        return rest.find("0\r\n\r\n").map_or(rest.len(), |end| end + 5);
    }
    let length = response
        .field("content-length")
        .and_then(|value| value.parse::<usize>().ok());
    // Each char of the text is one byte that came.
    let Some(length) = length else {
        return rest.len();
    };
    rest.char_indices()
        .nth(length)
        .map_or(rest.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn responses_are_split_by_their_framing() {
        let text = "HTTP/1.1 100 Continue\r\n\r\n\
                    HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\u{e4}b\
                    HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n\
                    HTTP/1.1 204 X\r\nA: b\r\n\r\n\
                    HTTP/1.1 200 OK\r\n\r\nto the end";
        let (responses, rest) = split(text);
        let bodies: Vec<&str> = responses.iter().map(|one| one.body.as_str()).collect();
        assert_eq!(
            bodies,
            ["", "\u{e4}b", "1\r\na\r\n0\r\n\r\n", "", "to the end"]
        );
        assert_eq!((responses[3].fields[0].as_str(), rest), ("A: b", ""));
    }

    #[test]
    fn what_is_no_response_is_left() {
        assert_eq!(split("<html>"), (Vec::new(), "<html>"));
        let (responses, rest) = split("HTTP/1.1 200 OK\r\nContent-Len");
        assert_eq!((responses.len(), rest.len()), (0, 28));
    }

    #[test]
    fn an_app_tells_its_environ_in_any_framing() {
        let text = "HTTP/1.1 200 OK\r\n\r\nd\r\n{\"a\": {\"b\": 1}}\r\n";
        let told = split(text).0[0].told().unwrap();
        assert_eq!(told["a"]["b"], 1);
    }
}
