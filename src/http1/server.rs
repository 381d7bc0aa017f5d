//! The server's end of a connection.
//!
//! ```text
//! Idle ─ first byte ─▶ Head ─ Request ─▶ Body ─ End ─▶ Complete ─ end_response(true) ─▶ Idle
//!                        │                 │               └────── end_response(false) ─▶ Closed
//!                        └──── error ──────┴──▶ Failed
//! ```

use super::body::Decoder;
use super::error::RequestError;
use super::event::Next;
use super::fields::Headers;
use super::input::Input;
use super::limits::Limits;
use super::message::{Framing, RequestHead};
use super::request_line::{self, RequestLine};
use super::rules::{BareLf, EmptyLines, LineEnd, Rules};
use super::section::{Most, Section};
use super::step::Step;
use super::{fields, framing};

/// What comes of a client. Nothing comes after [`Event::End`](super::Event::End) until
/// [`Connection::end_response`].
pub type Event<'a> = super::event::Event<'a, RequestHead>;

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No byte of a request has been read.
    Idle,
    /// Some of a request's head has been read.
    Head,
    /// The head has been read, its body not to its end.
    Body,
    /// The request has been read; the response is under way.
    Complete,
    /// Nothing more is read: the client or the server has ended the connection.
    Closed,
    /// Nothing more is read: what came was refused.
    Failed,
}

/// The server's end of one connection: takes bytes, yields requests, one at a time.
#[derive(Debug)]
pub struct Connection {
    rules: Rules,
    limits: Limits,
    input: Input,
    stage: Stage,
    /// Whether the request under way lets the connection go on.
    keep_alive: bool,
    /// Whether the rest of the request's body is thrown away: its response is already complete.
    discards: bool,
}

#[derive(Debug)]
enum Stage {
    Head(Head),
    Body(Decoder),
    Complete(Headers),
    Closed,
    /// The head, where the request was refused for what its fields say.
    Failed(Option<RequestHead>),
}

/// A head as it comes in.
#[derive(Debug, Default)]
struct Head {
    empty_line_skipped: bool,
    /// The request line, or what is wrong with it, to be said when the head is complete.
    line: Option<Result<RequestLine, RequestError>>,
    line_length: usize,
    section: Section,
    /// It was read and refused.
    refused: Option<RequestHead>,
}

impl Connection {
    /// A connection that has just been accepted.
    #[must_use]
    pub fn new(rules: Rules, limits: Limits) -> Connection {
        Connection {
            rules,
            limits,
            input: Input::default(),
            stage: Stage::Head(Head::default()),
            keep_alive: true,
            discards: false,
        }
    }

    /// The client has sent `bytes`. Ask for events until there are none.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.input.push(bytes);
    }

    /// The client sends nothing more (end of file). It may still read.
    pub fn receive_eof(&mut self) {
        self.input.ended = true;
    }

    /// What comes next; `None` until more is received or, after [`Event::End`], until the response
    /// is complete.
    ///
    /// # Errors
    /// What came is not HTTP by this connection's rules, or was cut off. Afterwards there is
    /// nothing more.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, RequestError> {
        match self.advance() {
            Ok(next) => Ok(next.event(&self.input)),
            Err(error) => {
                let refused = match &mut self.stage {
                    Stage::Head(head) => head.refused.take(),
                    _ => None,
                };
                self.stage = Stage::Failed(refused);
                Err(error)
            }
        }
    }

    fn advance(&mut self) -> Result<Next<RequestHead>, RequestError> {
        loop {
            match &mut self.stage {
                Stage::Head(head) => match head.read(&mut self.input, &self.rules, &self.limits)? {
                    Some(head) => {
                        self.keep_alive = head.keep_alive;
                        self.stage = Stage::Body(Decoder::new(head.framing));
                        return Ok(Next::Head(head));
                    }
                    None if !self.input.ended => {
                        let length = head.line_length + self.input.rest().len();
                        check_incomplete(length, &self.limits)?;
                        return Ok(Next::Wait);
                    }
                    None if self.state() == State::Head => return Err(RequestError::EndInHead),
                    None => {
                        self.stage = Stage::Closed;
                        return Ok(Next::Closed);
                    }
                },
                Stage::Body(body) => match body.next(&mut self.input, &self.rules, &self.limits)? {
                    Step::Wait => {
                        check_incomplete(self.input.rest().len(), &self.limits)?;
                        return Ok(Next::Wait);
                    }
                    Step::Data(_) if self.discards => {}
                    Step::Data(range) => return Ok(Next::Body(range)),
                    Step::End if self.discards => self.begin_request(),
                    Step::End => {
                        self.stage = Stage::Complete(body.take_trailers());
                        return Ok(Next::End);
                    }
                },
                Stage::Complete(_) | Stage::Closed | Stage::Failed(_) => return Ok(Next::Wait),
            }
        }
    }

    /// The trailers of the request under way, once it is complete: those of a chunked body, where
    /// the rules read them.
    #[must_use]
    pub fn trailers(&self) -> &[(Vec<u8>, Vec<u8>)] {
        match &self.stage {
            Stage::Complete(trailers) => trailers,
            _ => &[],
        }
    }

    /// Whether the connection can go on after the request under way with a response of this framing
    /// (RFC 9112, section 9.3). The server may still have reasons of its own to close it.
    #[must_use]
    pub fn can_keep(&self, response: Framing) -> bool {
        let usable = matches!(self.stage, Stage::Body(_) | Stage::Complete(_));
        usable && self.keep_alive && response != Framing::UntilClose && !self.input.ended
    }

    /// Whether it is known where the next request begins, or will be.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        matches!(self.stage, Stage::Body(_) | Stage::Complete(_))
    }

    /// The response to the request under way is complete. With `keep` the next request is read,
    /// after what is left of this one's body, which is thrown away; without, nothing more is read.
    pub fn end_response(&mut self, keep: bool) {
        match &self.stage {
            Stage::Failed(_) | Stage::Closed => {}
            _ if !keep => self.stage = Stage::Closed,
            Stage::Head(_) => {}
            Stage::Body(_) => self.discards = true,
            Stage::Complete(_) => self.begin_request(),
        }
    }

    fn begin_request(&mut self) {
        self.discards = false;
        self.input.rescan();
        self.stage = Stage::Head(Head::default());
    }

    /// Where the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.stage {
            Stage::Head(head) if head.line.is_none() && self.input.rest().is_empty() => State::Idle,
            Stage::Head(_) => State::Head,
            Stage::Body(_) => State::Body,
            Stage::Complete(_) => State::Complete,
            Stage::Closed => State::Closed,
            Stage::Failed(_) => State::Failed,
        }
    }

    /// Bytes received so far that [`Connection::next_event`] has dealt with, in all: those of heads
    /// as they come in, those of bodies once they have been yielded. What a receiver may grant its
    /// sender anew.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.input.consumed()
    }

    /// Bytes received that wait until they are asked for: a body's, or the next request's.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.input.waiting()
    }

    /// The head of the request that was refused last, where all of it could be read and what its
    /// fields say of the body is wrong.
    #[must_use]
    pub fn refused(&self) -> Option<&RequestHead> {
        match &self.stage {
            Stage::Failed(refused) => refused.as_ref(),
            _ => None,
        }
    }

    /// What has been received of the part of a head that is not complete.
    #[must_use]
    pub fn incomplete(&self) -> &[u8] {
        self.input.rest()
    }

    /// Throws away what has been received and not read.
    pub fn discard(&mut self) {
        self.input.take_rest();
    }

    /// Takes what has been received after the request under way: the first bytes of the protocol
    /// that the connection is upgraded to (RFC 9110, section 7.8). The connection reads nothing
    /// more.
    pub fn upgrade(&mut self) -> Vec<u8> {
        self.stage = Stage::Closed;
        self.input.take_rest()
    }
}

impl Head {
    /// The head, once it is complete.
    fn read(
        &mut self,
        input: &mut Input,
        rules: &Rules,
        limits: &Limits,
    ) -> Result<Option<RequestHead>, RequestError> {
        if self.line.is_none() {
            self.skip_empty_lines(input, rules.empty_lines);
            if let Some(start) = request_line::refused_start(input.rest(), rules) {
                return Err(RequestError::Method(start.to_vec()));
            }
            if let Some(first) = input.rest().first()
                && rules.visible_start
                && *first <= b' '
            {
                return Err(RequestError::RequestLine(Vec::new()));
            }
            let Some(length) = find_line(input, rules, limits)? else {
                return Ok(None);
            };
            let line = input.take(length);
            let line = input.slice(line);
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match request_line::parse(line, rules) {
                Err(error) if rules.request_line_first || line.is_empty() => return Err(error),
                line => self.line = Some(line),
            }
            self.line_length = length;
        }
        let limit = |line_length: usize| match limits.head {
            0 => 0,
            head => head.saturating_sub(line_length).max(1),
        };
        let most = if limits.line > 0 {
            Most {
                length: limit(self.line_length.saturating_sub(2)),
                line: limits.line,
            }
        } else {
            Most::bytes(limit(self.line_length))
        };
        let section = match self.section.find_end(input, rules.bare_lf, most) {
            Ok(None) => return Ok(None),
            Ok(Some(length)) => input.take(length),
            Err(RequestError::HeadTooLong { .. }) => {
                return Err(RequestError::HeadTooLong { limit: limits.head });
            }
            Err(error) => return Err(error),
        };
        let Some(line) = self.line.take() else {
            return Ok(None);
        };
        let headers = fields::parse(input.slice(section), rules, limits);
        match framing::complete(line?, headers?, rules) {
            Ok(head) => Ok(Some(head)),
            Err(refused) => {
                self.refused = Some(refused.head);
                Err(refused.error)
            }
        }
    }

    fn skip_empty_lines(&mut self, input: &mut Input, empty_lines: EmptyLines) {
        match empty_lines {
            EmptyLines::Refuse => {}
            EmptyLines::One => {
                if !self.empty_line_skipped && input.rest().starts_with(b"\r\n") {
                    input.take(2);
                    self.empty_line_skipped = true;
                }
            }
            EmptyLines::Any => {
                let empty = input
                    .rest()
                    .iter()
                    .take_while(|&&byte| byte == b'\r' || byte == b'\n')
                    .count();
                input.take(empty);
            }
        }
    }
}

/// Whether what waits for more bytes may be as long as it is.
fn check_incomplete(length: usize, limits: &Limits) -> Result<(), RequestError> {
    match limits.incomplete {
        Some(limit) if length > limit => Err(RequestError::HeadTooLong { limit }),
        _ => Ok(()),
    }
}

/// What gunicorn reads at once, bytes.
const GUNICORN_READ: usize = 8192;

/// The request line's length with its end, once that is there.
fn find_line(
    input: &mut Input,
    rules: &Rules,
    limits: &Limits,
) -> Result<Option<usize>, RequestError> {
    let limit = limits.request_line;
    loop {
        let lf = input.next_lf();
        let ends_with_cr = lf.is_some_and(|lf| input.rest()[..lf].ends_with(b"\r"));
        let size = lf.unwrap_or(input.rest().len()) - usize::from(ends_with_cr);
        // The bytes before a line end that has not come may hold its CR and one byte more: so
        // gunicorn counts.
        let most = if ends_with_cr { limit } else { limit + 2 };
        if limit > 0 && size > most {
            // It looks after each of its reads, and does not wait for the line's end.
            let size = if size + 2 > GUNICORN_READ {
                GUNICORN_READ
            } else {
                size
            };
            return Err(RequestError::RequestLineTooLong { size, limit });
        }
        if limits.head > 0 && size > limits.head {
            return Err(RequestError::HeadTooLong { limit: limits.head });
        }
        match lf {
            None => return Ok(None),
            Some(lf)
                if rules.line_end == LineEnd::BehindTwoSpaces
                    && !has_two_spaces(&input.rest()[..lf]) =>
            {
                let text = &input.rest()[..=lf];
                if let Some(line) = text.strip_suffix(b"\r\n\r\n") {
                    return Err(RequestError::RequestLine(line.to_vec()));
                }
            }
            Some(lf) if ends_with_cr || rules.bare_lf == BareLf::EndsLine => {
                return Ok(Some(lf + 1));
            }
            Some(_) if rules.bare_lf == BareLf::Refuse => {
                return Err(RequestError::BareLfInRequestLine);
            }
            Some(_) => {}
        }
    }
}

fn has_two_spaces(text: &[u8]) -> bool {
    text.iter().filter(|&&byte| byte == b' ').nth(1).is_some()
}
