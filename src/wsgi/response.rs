//! `start_response`, `write` and the iteration of the app's result (PEP 3333, "The
//! `start_response()` Callable" and "Handling the Content-Length Header"), for one request.
//!
//! Status and headers come from Python as a list of [strings](crate::wire::strings): the status,
//! then name, value, name, value…
//! Characters become Latin-1 bytes; one beyond Latin-1 is sent as NUL, which every check here
//! refuses as the real server refuses that character.
//!
//! Python itself checks types: that status, names and values are `str`
//! (`TypeError: … is not a string`) and that a block is `bytes`. For a block that is not, it calls
//! [`Response::write`] with nothing, because gunicorn sends the head before it looks, and raises
//! `TypeError: … is not a byte`.

use std::borrow::Cow;

use crate::gateway::python;
use crate::http1::{self, RequestHead, Version};
use crate::servers::{Launch, Level, Server, WorkerClass};
use crate::wire::strings;
use crate::wsgi::error_page::{self, Rejection};
use crate::wsgi::field::{is_field_text, is_hop_by_hop, is_token, status_code, trim};
use crate::wsgi::outcome::{Access, Line, Outcome};
use crate::wsgi::start_error::StartError;

/// The exception that ended a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause<'a> {
    /// Any other `Exception`, or `SystemExit`.
    Exception,
    /// An `OSError` with this `errno`: gunicorn takes it for a trouble of the connection, even if
    /// the app raised it.
    OsError(Option<i32>),
    /// `StopIteration`, by which gunicorn's own parser ends.
    StopIteration,
    /// The client ended the connection inside the body, and the app read on.
    NoMoreData,
    /// The request's body turned out to be refused while the app read it.
    Rejected(&'a Rejection),
}

/// The response to one request: its state between the app's calls.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools)] // Independent facts, each established at its own moment.
pub struct Response {
    server: Server,
    version: Version,
    protocol: Cow<'static, [u8]>,
    method: Box<[u8]>,
    client_keeps: bool,
    must_close: bool,
    status: Option<Vec<u8>>,
    code: Option<u16>,
    /// The app's header lines, ready to send.
    lines: Vec<u8>,
    length: Option<i64>,
    chunked: bool,
    upgrade: bool,
    omits_body: bool,
    dropped_body: bool,
    head_sent: bool,
    /// Its line of the access log is written.
    accessed: bool,
    sent: u64,
}

impl Response {
    /// The response to a request. `may_keep` is whether the worker would keep the connection: never
    /// for gunicorn's sync worker, not for a worker that is about to leave.
    #[must_use]
    pub fn new(request: &RequestHead, launch: &Launch, may_keep: bool) -> Self {
        Self {
            server: launch.server(),
            version: request.version,
            protocol: request.protocol.clone(),
            method: request.method.as_slice().into(),
            client_keeps: request.keep_alive,
            must_close: !may_keep || launch.worker_class == WorkerClass::Sync,
            status: None,
            code: None,
            lines: Vec::new(),
            length: None,
            chunked: false,
            upgrade: false,
            omits_body: false,
            dropped_body: false,
            head_sent: false,
            accessed: false,
            sent: 0,
        }
    }

    /// Whether the head is on its way: an exception can no longer become an error page.
    #[must_use]
    pub fn head_sent(&self) -> bool {
        self.head_sent
    }

    /// Bytes of the body that were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// The status line's code and reason; `None` before `start_response()`.
    #[must_use]
    pub fn status(&self) -> Option<&[u8]> {
        self.status.as_deref()
    }

    /// The app's header fields as they are sent, names in their own case (gunicorn's
    /// `%({name}o)s`).
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        lines(&self.lines).filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            Some((&line[..colon], line.get(colon + 2..line.len() - 2)?))
        })
    }

    /// `start_response(status, headers, exc_info)`: nothing goes out yet.
    ///
    /// # Errors
    /// What the call raises in the app. As in gunicorn, what was accepted before the error remains.
    pub fn start(&mut self, encoded: &[u8], exc_info: bool) -> Result<(), StartError> {
        if exc_info {
            if self.status.is_some() && self.head_sent {
                return Err(StartError::Reraise);
            }
        } else if self.status.is_some() {
            return Err(StartError::AlreadySet);
        }
        let mut strings = strings::read(encoded);
        let status = strings.next().ok_or(StartError::Encoding)?;
        if self.server == Server::Uwsgi {
            self.start_uwsgi(status, strings::pairs(strings));
            return Ok(());
        }
        self.start_gunicorn(status, strings::pairs(strings))
    }

    fn start_gunicorn<'h>(
        &mut self,
        status: &[u8],
        headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    ) -> Result<(), StartError> {
        let code = status_code(status).ok_or_else(|| StartError::Status(status.to_vec()))?;
        self.status = Some(status.to_vec());
        self.code = Some(code);
        for (name, value) in headers {
            self.add_header(name, value)?;
        }
        let forbids_length = matches!(code, 100..200 | 204);
        self.omits_body = forbids_length || code == 304 || self.is_head();
        if forbids_length && self.length.take().is_some() {
            let without: Vec<u8> = lines(&self.lines)
                .filter(|line| !is_length_line(line))
                .flatten()
                .copied()
                .collect();
            self.lines = without;
        }
        self.chunked = self.length.is_none() && self.version == Version::Http11 && !self.omits_body;
        Ok(())
    }

    fn add_header(&mut self, name: &[u8], value: &[u8]) -> Result<(), StartError> {
        if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
            return Err(StartError::Name(name.to_vec()));
        }
        if !value.iter().all(|&byte| is_field_text(byte)) {
            return Err(StartError::Value(name.to_vec()));
        }
        let value = trim(value);
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("content-length") {
            let length = python::int(value).ok_or_else(|| StartError::Length(value.to_vec()))?;
            self.length = Some(length);
        } else if is_hop_by_hop(name) {
            self.upgrade |= is("connection") && value.eq_ignore_ascii_case(b"upgrade");
            if !(is("upgrade") && value.eq_ignore_ascii_case(b"websocket")) {
                return Ok(());
            }
        }
        self.push_line(name, value);
        Ok(())
    }

    /// uWSGI passes on what it is given.
    fn start_uwsgi<'h>(
        &mut self,
        status: &[u8],
        headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    ) {
        self.lines.clear();
        self.code = status_code(status);
        self.status = Some(status.to_vec());
        for (name, value) in headers {
            self.push_line(name, value);
        }
    }

    fn push_line(&mut self, name: &[u8], value: &[u8]) {
        // Of uWSGI a field may have no name: then it has no colon.
        if !name.is_empty() {
            self.lines.extend_from_slice(name);
            self.lines.extend_from_slice(b": ");
        }
        self.lines.extend_from_slice(value);
        self.lines.extend_from_slice(b"\r\n");
    }

    /// A block of the body: `write(data)`, or an item of the app's result. The head goes out with
    /// the first one; as in gunicorn even if it is empty. `date` is the time now, as the Date field
    /// has it.
    ///
    /// # Errors
    /// What is raised in the app, or out of the iteration.
    pub fn write(&mut self, block: &[u8], date: &str, out: &mut Vec<u8>) -> Result<(), StartError> {
        if self.server == Server::Uwsgi {
            if !block.is_empty() {
                // Without start_response() there is a body without a head.
                self.send_uwsgi_head(out);
                out.extend_from_slice(block);
                self.sent += block.len() as u64;
            }
            return Ok(());
        }
        self.send_head(date, out)?;
        if self.omits_body {
            self.dropped_body |= !block.is_empty();
            return Ok(());
        }
        let block = match self.length {
            None => block,
            // Never more than the app's Content-Length.
            Some(length) => {
                let room = u64::try_from(length).unwrap_or(0).saturating_sub(self.sent);
                &block[..block.len().min(usize::try_from(room).unwrap_or(usize::MAX))]
            }
        };
        if block.is_empty() {
            return Ok(());
        }
        self.sent += block.len() as u64;
        if self.chunked {
            http1::encode_chunk_upper(block, out);
        } else {
            out.extend_from_slice(block);
        }
        Ok(())
    }

    /// Whether the app may send `103 Early Hints` (gunicorn's `wsgi.early_hints`): before the
    /// response begins, to a client that knows of them.
    #[must_use]
    pub fn takes_early_hints(&self) -> bool {
        !self.head_sent && self.version == Version::Http11
    }

    /// gunicorn's `wsgi.file_wrapper` around a file that the kernel sends, with so many bytes left
    /// in it: how many of them it sends, if the response has a body. They go out as they are, and
    /// are not counted; then comes [`end_file`](Self::end_file).
    ///
    /// # Errors
    /// As in [`write`](Self::write).
    pub fn begin_file(
        &mut self,
        left: i64,
        date: &str,
        out: &mut Vec<u8>,
    ) -> Result<Option<i64>, StartError> {
        let bytes = self.length.unwrap_or(left);
        self.send_head(date, out)?;
        if self.omits_body {
            self.dropped_body |= bytes > 0;
            return Ok(None);
        }
        if self.chunked {
            out.extend_from_slice(format!("{bytes:X}\r\n").as_bytes());
        }
        Ok(Some(bytes))
    }

    /// The file is sent.
    pub fn end_file(&self, out: &mut Vec<u8>) {
        if self.chunked {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// The app's result ends by an exception, and its `close()` is about to be called: what is
    /// logged before that.
    pub fn before_close(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        self.push_access(&mut lines);
        lines
    }

    fn push_access(&mut self, lines: &mut Vec<Line>) {
        self.push_warning(lines);
        if !std::mem::replace(&mut self.accessed, true) {
            lines.push(Line::Access(self.access()));
        }
    }

    /// The app's result is exhausted: what is left goes out. Then the caller writes the
    /// [`Outcome`]'s lines and calls the result's `close()`.
    ///
    /// # Errors
    /// What the server stumbles over; it is then to be told to [`raised`](Self::raised).
    pub fn finish(&mut self, date: &str, out: &mut Vec<u8>) -> Result<Outcome, StartError> {
        if self.server == Server::Uwsgi {
            self.send_uwsgi_head(out);
            return Ok(Outcome {
                keep_alive: false,
                lines: Vec::new(),
            });
        }
        self.send_head(date, out)?;
        if self.chunked {
            http1::encode_last_chunk(out);
        }
        let mut lines = Vec::new();
        self.push_access(&mut lines);
        Ok(Outcome {
            keep_alive: !self.should_close(),
            lines,
        })
    }

    /// The app raised an exception: on being called, or (`iterating`) while its result was iterated
    /// or written.
    ///
    /// `remote` is the client's address, for the log.
    pub fn raised(
        &mut self,
        request: &RequestHead,
        remote: &str,
        cause: Cause,
        iterating: bool,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let mut lines = Vec::new();
        if self.server == Server::Uwsgi {
            // The traceback goes to standard error, and the connection ends with what was sent; a
            // head that waits is sent first.
            self.send_uwsgi_head(out);
            return Outcome {
                keep_alive: false,
                lines,
            };
        }
        self.push_warning(&mut lines);
        if iterating {
            self.push_access(&mut lines);
        }
        let log = |level, text, traceback| Line::Log {
            level,
            text,
            traceback,
        };
        let refused = match cause {
            Cause::OsError(errno) => {
                lines.push(match errno {
                    Some(32) => log(Level::Debug, "Ignoring EPIPE".to_owned(), false),
                    Some(104) => log(Level::Debug, "Ignoring connection reset".to_owned(), false),
                    Some(107) => log(
                        Level::Debug,
                        "Ignoring socket not connected".to_owned(),
                        false,
                    ),
                    _ => log(
                        Level::Error,
                        "Socket error processing request.".to_owned(),
                        true,
                    ),
                });
                None
            }
            Cause::NoMoreData => {
                let text = "Ignored premature client disconnection. No more data after: None";
                lines.push(log(Level::Debug, text.to_owned(), false));
                None
            }
            _ if self.head_sent => {
                lines.push(log(Level::Error, "Error handling request".to_owned(), true));
                lines.push(log(Level::Debug, "Closing connection. ".to_owned(), false));
                None
            }
            Cause::StopIteration => {
                lines.push(log(Level::Debug, "Closing connection. ".to_owned(), false));
                None
            }
            Cause::Rejected(rejection) => {
                lines.push(log(Level::Warning, rejection.log_line(remote), false));
                Some((
                    rejection.status,
                    rejection.reason,
                    rejection.message.as_str(),
                ))
            }
            Cause::Exception => {
                let mut text = String::from("Error handling request ");
                text.extend(
                    request
                        .method
                        .iter()
                        .chain(b" ")
                        .chain(&request.target)
                        .map(|&byte| char::from(byte)),
                );
                lines.push(log(Level::Error, text, true));
                Some((500, "Internal Server Error", ""))
            }
        };
        if let Some((status, reason, message)) = refused {
            lines.push(Line::Access(Access {
                status: status.to_string(),
                sent: 0,
            }));
            error_page::write(status, reason, message, out);
        }
        Outcome {
            keep_alive: false,
            lines,
        }
    }

    fn send_head(&mut self, date: &str, out: &mut Vec<u8>) -> Result<(), StartError> {
        if self.head_sent {
            return Ok(());
        }
        if self.code.is_none() && !self.is_head() && !self.must_close && self.client_keeps {
            return Err(StartError::NotStarted);
        }
        out.reserve(self.lines.len() + 160);
        out.extend_from_slice(&self.protocol);
        out.push(b' ');
        // An app that returns without start_response() has the status that Python prints for none.
        out.extend_from_slice(self.status.as_deref().unwrap_or(b"None"));
        out.extend_from_slice(b"\r\nServer: gunicorn\r\nDate: ");
        out.extend_from_slice(date.as_bytes());
        out.extend_from_slice(if self.upgrade {
            b"\r\nConnection: upgrade\r\n"
        } else if self.should_close() {
            b"\r\nConnection: close\r\n"
        } else {
            b"\r\nConnection: keep-alive\r\n"
        });
        if self.chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        out.extend_from_slice(&self.lines);
        out.extend_from_slice(b"\r\n");
        self.head_sent = true;
        Ok(())
    }

    fn send_uwsgi_head(&mut self, out: &mut Vec<u8>) {
        if let Some(status) = &self.status
            && !self.head_sent
        {
            self.head_sent = true;
            out.extend_from_slice(&self.protocol);
            out.push(b' ');
            out.extend_from_slice(status);
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(&self.lines);
            out.extend_from_slice(b"\r\n");
        }
    }

    fn should_close(&self) -> bool {
        if self.must_close || !self.client_keeps {
            return true;
        }
        let ends_with_head = self.is_head()
            || self
                .code
                .is_some_and(|code| code < 200 || matches!(code, 204 | 304));
        self.length.is_none() && !self.chunked && !ends_with_head
    }

    fn is_head(&self) -> bool {
        *self.method == *b"HEAD"
    }

    fn access(&self) -> Access {
        let status = self.status.as_deref().unwrap_or(b"None");
        let code = status.split(|&byte| byte == b' ').next().unwrap_or(status);
        Access {
            status: code.iter().map(|&byte| char::from(byte)).collect(),
            sent: self.sent,
        }
    }

    fn push_warning(&mut self, lines: &mut Vec<Line>) {
        if !std::mem::take(&mut self.dropped_body) {
            return;
        }
        let mut text = String::from("WSGI app sent body bytes on a no-body response (method=");
        text.extend(self.method.iter().map(|&byte| char::from(byte)));
        text.push_str(" status=");
        text.push_str(&self.access().status);
        text.push_str("); dropping per RFC 9110.");
        lines.push(Line::Bare(text));
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}

fn is_length_line(line: &[u8]) -> bool {
    line.get(..15)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"content-length:"))
}

#[cfg(test)]
mod tests;
