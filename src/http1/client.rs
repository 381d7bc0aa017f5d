//! The client's end of a connection: one request at a time, and its response.

use super::body::Decoder;
use super::encode::{encode_chunk, encode_fields, encode_last_chunk};
use super::error::{RequestError, ResponseError};
use super::event::Next;
use super::input::Input;
use super::limits::Limits;
use super::message::{Framing, ResponseHead, Version};
use super::rules::{BareLf, Rules, Trailers};
use super::section::{Most, Section};
use super::step::Step;
use super::text;

/// Longest response head that is read, bytes.
const LONGEST_HEAD: usize = 1 << 20;

/// How chunked responses are read: what real servers send, and what breaks no framing.
const RULES: Rules = Rules {
    trailers: Trailers::Skip,
    ..Rules::H11
};

const LIMITS: Limits = Limits {
    request_line: 0,
    fields: 0,
    field_size: 0,
    head: LONGEST_HEAD,
    incomplete: None,
    line: 0,
};

/// A response's head, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The head. Field values that were folded over several lines are one line.
    pub head: ResponseHead,
    /// The status code, 100 to 999.
    pub code: u16,
    /// How the body is framed.
    pub framing: Framing,
    /// Whether the server would keep the connection.
    pub keep_alive: bool,
}

/// What comes of a server. Interim responses (1xx) are skipped, but for 101.
pub type Event<'a> = super::event::Event<'a, Response>;

/// The client's end of one connection.
#[derive(Debug)]
pub struct Connection {
    input: Input,
    stage: Stage,
    /// Whether the request under way is a HEAD request.
    head_only: bool,
    /// How the body of the request under way is sent.
    request_framing: Framing,
    keep_alive: bool,
}

#[derive(Debug)]
enum Stage {
    Idle,
    Head(Section),
    Body(Decoder),
    Closed,
    Failed,
}

impl Default for Connection {
    fn default() -> Self {
        Connection::new()
    }
}

impl Connection {
    /// A connection that has just been opened.
    #[must_use]
    pub fn new() -> Connection {
        Connection {
            input: Input::default(),
            stage: Stage::Idle,
            head_only: false,
            request_framing: Framing::Empty,
            keep_alive: true,
        }
    }

    /// Whether a request may be sent: none is under way, and neither end has closed the connection.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle) && !self.input.ended && self.input.rest().is_empty()
    }

    /// Appends a request's head to `out` and awaits its response. `Content-Length` or
    /// `Transfer-Encoding` is added as `body` says, unless `headers` have one of them; nothing else
    /// is. The last response must have ended.
    pub fn send_request(
        &mut self,
        method: &[u8],
        target: &[u8],
        headers: &[(Vec<u8>, Vec<u8>)],
        body: Framing,
        out: &mut Vec<u8>,
    ) {
        for part in [method, b" ", target, b" HTTP/1.1\r\n"] {
            out.extend_from_slice(part);
        }
        encode_fields(headers, out);
        let has = |name: &str| {
            headers
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
        };
        if !has("Content-Length") && !has("Transfer-Encoding") {
            match body {
                Framing::Length(length) => {
                    out.extend_from_slice(b"Content-Length: ");
                    out.extend_from_slice(length.to_string().as_bytes());
                    out.extend_from_slice(b"\r\n");
                }
                Framing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
                Framing::Empty | Framing::UntilClose => {}
            }
        }
        out.extend_from_slice(b"\r\n");
        self.head_only = method == b"HEAD";
        self.request_framing = body;
        if matches!(self.stage, Stage::Idle) {
            self.stage = Stage::Head(Section::default());
        }
    }

    /// Appends some of the request's body to `out`.
    pub fn send_body(&mut self, data: &[u8], out: &mut Vec<u8>) {
        match self.request_framing {
            Framing::Chunked => encode_chunk(data, out),
            _ => out.extend_from_slice(data),
        }
    }

    /// Appends the end of the request's body to `out`.
    pub fn send_end(&mut self, out: &mut Vec<u8>) {
        if self.request_framing == Framing::Chunked {
            encode_last_chunk(out);
        }
    }

    /// The server has sent `bytes`. Ask for events until there are none.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.input.push(bytes);
    }

    /// The server sends nothing more (end of file).
    pub fn receive_eof(&mut self) {
        self.input.ended = true;
    }

    /// What comes next; `None` until more is received.
    ///
    /// # Errors
    /// What came is no HTTP response, or was cut off. Afterwards there is nothing more.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, ResponseError> {
        match self.advance() {
            Ok(next) => Ok(next.event(&self.input)),
            Err(error) => {
                self.stage = Stage::Failed;
                Err(error)
            }
        }
    }

    fn advance(&mut self) -> Result<Next<Response>, ResponseError> {
        loop {
            match &mut self.stage {
                Stage::Idle if !self.input.rest().is_empty() => return Err(ResponseError::Unasked),
                Stage::Idle if self.input.ended => {
                    self.stage = Stage::Closed;
                    return Ok(Next::Closed);
                }
                Stage::Head(section) => {
                    let found = section
                        .find_end(&mut self.input, BareLf::EndsLine, Most::bytes(LONGEST_HEAD))
                        .map_err(head_error)?;
                    let Some(length) = found else {
                        return match (self.input.ended, self.input.rest().is_empty()) {
                            (false, _) => Ok(Next::Wait),
                            (true, true) => Err(ResponseError::EndBeforeHead),
                            (true, false) => Err(ResponseError::EndInHead),
                        };
                    };
                    let head = self.input.take(length);
                    let response = parse(self.input.slice(head), self.head_only)?;
                    if response.code / 100 == 1 && response.code != 101 {
                        self.stage = Stage::Head(Section::default());
                        continue;
                    }
                    self.keep_alive = response.keep_alive;
                    self.stage = Stage::Body(Decoder::new(response.framing));
                    return Ok(Next::Head(response));
                }
                Stage::Body(body) => match body
                    .next(&mut self.input, &RULES, &LIMITS)
                    .map_err(body_error)?
                {
                    Step::Wait => return Ok(Next::Wait),
                    Step::Data(range) => return Ok(Next::Body(range)),
                    Step::End => {
                        self.stage = if self.keep_alive {
                            Stage::Idle
                        } else {
                            Stage::Closed
                        };
                        return Ok(Next::End);
                    }
                },
                Stage::Idle | Stage::Closed | Stage::Failed => return Ok(Next::Wait),
            }
        }
    }

    /// Bytes received so far that [`Connection::next_event`] has dealt with, in all: what a
    /// receiver may grant its sender anew.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.input.consumed()
    }

    /// Takes what has been received after a response 101: the first bytes of the new protocol (RFC
    /// 9110, section 7.8). The connection reads nothing more.
    pub fn upgrade(&mut self) -> Vec<u8> {
        self.stage = Stage::Closed;
        self.input.take_rest()
    }
}

fn head_error(error: RequestError) -> ResponseError {
    match error {
        RequestError::HeadTooLong { limit } => ResponseError::HeadTooLong { limit },
        other => ResponseError::Chunked(Box::new(other)),
    }
}

fn body_error(error: RequestError) -> ResponseError {
    match error {
        RequestError::EndInBody { missing } => ResponseError::EndInBody { missing },
        RequestError::EndInChunkEnd(_) => ResponseError::EndInBody { missing: None },
        other => ResponseError::Chunked(Box::new(other)),
    }
}

/// Reads a response head, complete with its empty line.
fn parse(head: &[u8], head_only: bool) -> Result<Response, ResponseError> {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true);
    let lines = text::count_lines(head);
    let mut fields = vec![httparse::EMPTY_HEADER; lines];
    let mut response = httparse::Response::new(&mut fields);
    let line_end = head
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(head.len());
    let line = text::trim_end(
        head[..line_end]
            .strip_suffix(b"\r")
            .unwrap_or(&head[..line_end]),
    );
    let bad_line = || ResponseError::StatusLine(line.to_vec());
    match config.parse_response(&mut response, head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial)
        | Err(httparse::Error::Status | httparse::Error::Version | httparse::Error::Token) => {
            return Err(bad_line());
        }
        Err(error) => return Err(ResponseError::Fields(error)),
    }
    let (Some(minor), Some(code)) = (response.version, response.code) else {
        return Err(bad_line());
    };
    if code < 100 {
        return Err(bad_line());
    }
    let version = if minor == 0 {
        Version::Http10
    } else {
        Version::Http11
    };
    let status = line
        .get(version.as_bytes().len()..)
        .map(text::trim_start)
        .unwrap_or_default()
        .to_vec();
    let headers: Vec<_> = response
        .headers
        .iter()
        .map(|field| (field.name.as_bytes().to_vec(), unfold(field.value)))
        .collect();
    let head = ResponseHead {
        version,
        status,
        headers,
    };
    let framing = head.framing(code, head_only)?;
    let keep_alive = code != 101 && framing != Framing::UntilClose && head.persists();
    Ok(Response {
        head,
        code,
        framing,
        keep_alive,
    })
}

/// A value that is folded over several lines as one line.
fn unfold(value: &[u8]) -> Vec<u8> {
    if !value.contains(&b'\n') {
        return value.to_vec();
    }
    let lines: Vec<_> = value
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .collect();
    lines.join(&b' ')
}

impl ResponseHead {
    /// How the body after this head is framed (RFC 9112, section 6.3), given its status code and
    /// whether it answers a HEAD request.
    ///
    /// # Errors
    /// Content-Length is no number, or there are several that differ.
    pub fn framing(&self, code: u16, head_only: bool) -> Result<Framing, ResponseError> {
        if head_only || code / 100 == 1 || code == 204 || code == 304 {
            return Ok(Framing::Empty);
        }
        if let Some(codings) = self.values("Transfer-Encoding").last() {
            let last = text::list(codings).last().unwrap_or_default();
            return Ok(if last.eq_ignore_ascii_case(b"chunked") {
                Framing::Chunked
            } else {
                Framing::UntilClose
            });
        }
        let mut length = None;
        for value in self.values("Content-Length") {
            for member in text::list(value) {
                let number = text::number(member);
                if number.is_none() || length.is_some_and(|before| Some(before) != number) {
                    return Err(ResponseError::ContentLength(value.to_vec()));
                }
                length = number;
            }
        }
        Ok(match length {
            Some(0) => Framing::Empty,
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        })
    }

    /// Whether this head's version and Connection options let the connection go on (RFC 9112,
    /// section 9.3).
    #[must_use]
    pub fn persists(&self) -> bool {
        let has = |option: &str| {
            self.values("Connection").any(|value| {
                text::list(value).any(|member| member.eq_ignore_ascii_case(option.as_bytes()))
            })
        };
        match self.version {
            Version::Http11 => !has("close"),
            Version::Http10 => has("keep-alive") && !has("close"),
        }
    }
}
