//! The answer to a request that is refused or whose app failed, before anything else was sent.

/// Why a request is not passed to the app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Rejection {
    /// The status code of the answer.
    pub status: u16,
    /// The reason phrase: on the status line, and the title of the page.
    pub reason: &'static str,
    /// What the page says.
    pub message: String,
    /// The text of the exception that the real server raises, for the log.
    pub error: String,
    /// Whether the request was read far enough to stand in the access log.
    pub accessed: bool,
}

impl Rejection {
    /// The warning that gunicorn logs, without its prefix.
    #[must_use]
    pub fn log_line(&self, remote: &str) -> String {
        format!("Invalid request from ip={remote}: {}", self.error)
    }

    /// Appends gunicorn's page for it.
    pub fn write(&self, out: &mut Vec<u8>) {
        write(self.status, self.reason, &self.message, out);
    }
}

/// Appends gunicorn's error page, head and body. `message` holds characters of Latin-1; it is
/// escaped here.
pub fn write(status: u16, reason: &str, message: &str, out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(192 + message.len());
    for text in [
        "<html>\n  <head>\n    <title>",
        reason,
        "</title>\n  </head>\n  <body>\n    <h1><p>",
        reason,
    ] {
        body.extend_from_slice(text.as_bytes());
    }
    body.extend_from_slice(b"</p></h1>\n    ");
    for char in message.chars() {
        match char {
            '&' => body.extend_from_slice(b"&amp;"),
            '<' => body.extend_from_slice(b"&lt;"),
            '>' => body.extend_from_slice(b"&gt;"),
            '"' => body.extend_from_slice(b"&quot;"),
            '\'' => body.extend_from_slice(b"&#x27;"),
            _ => body.push(u8::try_from(char).unwrap_or(b'?')),
        }
    }
    body.extend_from_slice(b"\n  </body>\n</html>\n");

    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: text/html\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(&body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn gunicorns_page_for_a_failed_app_is_empty_but_for_its_title() {
        let mut out = Vec::new();
        write(500, "Internal Server Error", "", &mut out);
        let page = "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Type: text/html\r\n\
            Content-Length: 141\r\n\r\n<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n  <body>\n    \
            <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n";
        assert_eq!(String::from_utf8_lossy(&out), page);
    }

    #[test]
    fn gunicorns_page_for_a_bad_request_says_why_escaped() {
        let mut out = Vec::new();
        write(
            400,
            "Bad Request",
            "Invalid Method 'Invalid HTTP method: '<g&\"\u{e9}>''",
            &mut out,
        );
        let page = String::from_utf8_lossy(&out);
        assert!(page.contains("\r\nContent-Length: 202\r\n"), "{page}");
        assert!(
            out.windows(b"Invalid HTTP method: &#x27;&lt;g&amp;&quot;\xe9&gt;&#x27;&#x27;\n".len())
                .any(|window| window
                    == b"Invalid HTTP method: &#x27;&lt;g&amp;&quot;\xe9&gt;&#x27;&#x27;\n"),
            "{page}"
        );
    }
}
