//! What every worker of a process shares: its command line, its listeners, its way to the kernel
//! and to the log.

use crate::event_loop::{Interval, Key};
use crate::net::Claims;
use crate::net::frame::{Frame, FromProcess, ToProcess, frames, push};
use crate::os::{Millis, Pid, Stream};
use crate::servers::log;
use crate::servers::log::AccessFormat;
use crate::servers::{Launch, Level, Server};
use crate::trace::{Name, Span};
use std::collections::VecDeque;

use super::lines::OpenLine;

/// A listening socket that the process has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// Its number in the kernel.
    pub id: u32,
    /// The address as the command line has it.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A process, as far as it is none of its worker's business.
#[derive(Debug)]
pub struct ProcessContext {
    /// The command line.
    pub launch: Launch,
    /// The process id.
    pub pid: Pid,
    /// The master's process id.
    pub parent: Pid,
    /// The number that the process has with its master.
    pub slot: u32,
    /// Frames for the kernel.
    pub frames: Vec<u8>,
    /// The listening sockets.
    pub listeners: Vec<Listening>,
    /// Whether the machine has said that the addresses could be had: `None` until it did.
    pub bound: Option<bool>,
    /// How requests are logged, if they are (gunicorn).
    pub access_format: Option<AccessFormat>,
    /// What connections that are offered are claimed by; none where memory cannot be shared.
    pub claims: Option<Box<dyn Claims>>,
    /// Frames that need not leave by themselves: they go with the next that do, or when the thread
    /// waits.
    pub lazy: Vec<u8>,
    /// What the app prints is kept from the log: it has been printed by another process already.
    pub muted: bool,
    /// Hooks that the master's Python is to run.
    pub hooks: VecDeque<Vec<u8>>,
    /// The thread that is at work, for its spans.
    pub thread: u32,
    /// Requests begun.
    pub served: u32,
    /// When the worker was first asked for a request.
    pub began_at: Option<Millis>,
    spans: Vec<u8>,
    output: [OpenLine; 2],
    date: (u64, String),
}

impl ProcessContext {
    /// A process of the server that `launch` describes.
    #[must_use]
    pub fn new(launch: Launch, pid: Pid, parent: Pid) -> Self {
        let format = launch
            .gunicorn()
            .and_then(|gunicorn| gunicorn.access_log_format.as_deref());
        let access_format = format.and_then(|format| AccessFormat::parse(format).ok());
        Self {
            access_format,
            launch,
            pid,
            parent,
            slot: 1,
            frames: Vec::new(),
            listeners: Vec::new(),
            bound: None,
            claims: None,
            lazy: Vec::new(),
            muted: false,
            hooks: VecDeque::new(),
            thread: crate::event_loop::MAIN,
            served: 0,
            began_at: None,
            spans: Vec::new(),
            output: Default::default(),
            date: (0, String::new()),
        }
    }

    /// Takes a frame that concerns the process as a whole. Returns whether it was one.
    pub fn receive(&mut self, frame: Frame<'_, ToProcess>) -> bool {
        match frame.kind {
            ToProcess::Listening => {
                if let Some((port, host)) = frame.body.split_first_chunk() {
                    self.listeners.push(Listening {
                        id: frame.id,
                        host: String::from_utf8_lossy(host).into_owned(),
                        port: u16::from_le_bytes(*port),
                    });
                }
                self.bound = Some(true);
                true
            }
            ToProcess::Slot => {
                self.slot = frame.id;
                // uWSGI without a master loads the app once, and forks; here each process loads it,
                // and the first shows it.
                self.muted = self.launch.server() == Server::Uwsgi
                    && (frame.id != 1 || frame.body == [1])
                    && self.launch.preload
                    && !self.launch.master;
                true
            }
            ToProcess::Hook => {
                self.hooks.push_back(frame.body.to_vec());
                true
            }
            ToProcess::BindFailed => {
                self.bound = Some(false);
                true
            }
            _ => false,
        }
    }

    /// Tells the kernel something without a body.
    pub fn send(&mut self, kind: FromProcess, id: u32) {
        push(&mut self.frames, kind, id, b"");
    }

    /// The message for the kernel, spans before the frames, so that they are there when a response
    /// is complete. Empty as long as there is only what need not leave by itself, unless it is
    /// asked for.
    pub fn take_message(&mut self, all: bool) -> Vec<u8> {
        if self.frames.is_empty() && !all {
            return Vec::new();
        }
        if self.spans.is_empty() && self.lazy.is_empty() {
            return std::mem::take(&mut self.frames);
        }
        let mut message =
            Vec::with_capacity(self.spans.len() + self.lazy.len() + self.frames.len() + 16);
        if !self.spans.is_empty() {
            push(&mut message, FromProcess::Spans, 0, &self.spans);
            self.spans.clear();
        }
        message.append(&mut self.lazy);
        message.append(&mut self.frames);
        message
    }

    /// An interval of a thread's life, for the trace: of the request that it worked for, if that is
    /// known.
    pub fn interval(&mut self, interval: &Interval, request: Option<(u32, u32)>) {
        let (connection, sequence) = request.unwrap_or_default();
        Span {
            connection,
            sequence,
            thread: interval.thread,
            name: interval.name,
            start: interval.start,
            end: interval.end,
            on: interval.key.map_or(0, Key::number),
        }
        .encode(&mut self.spans);
    }

    /// A span of the trace; one that took no time is left out.
    pub fn span(
        &mut self,
        (connection, sequence): (u32, u32),
        name: Name,
        start: Millis,
        end: Millis,
    ) {
        if end > start {
            Span {
                connection,
                sequence,
                thread: self.thread,
                name,
                start,
                end,
                on: 0,
            }
            .encode(&mut self.spans);
        }
    }

    /// A span that has begun and not ended.
    pub fn open_span(&mut self, (connection, sequence): (u32, u32), name: Name, start: Millis) {
        Span {
            connection,
            sequence,
            thread: self.thread,
            name,
            start,
            end: Millis::INFINITY,
            on: 0,
        }
        .encode(&mut self.spans);
    }

    /// The Date field's value now.
    pub fn date(&mut self, now: Millis) -> &str {
        let second = (now / 1000.0) as u64;
        if self.date.0 != second {
            self.date = (second, crate::http1::http_date(now));
        }
        &self.date.1
    }

    // --- the log

    /// Whether records of this level are logged.
    #[must_use]
    pub fn logs(&self, level: Level) -> bool {
        level >= self.launch.log_level
    }

    /// A record of the server's log, in its format. `text` may go on with a traceback on further
    /// lines.
    pub fn log(&mut self, level: Level, text: &str, now: Millis) {
        if !self.logs(level) {
            return;
        }
        let line = match self.launch.server() {
            Server::Gunicorn => log::gunicorn(now, self.pid, level, text),
            _ => match text
                .strip_suffix(']')
                .and_then(|text| text.rsplit_once('['))
            {
                // The process id has a colour of its own.
                Some((what, pid)) if pid.parse() == Ok(self.pid) && what.ends_with(' ') => {
                    log::uvicorn_process(
                        what.trim_end(),
                        self.pid,
                        false,
                        self.launch.uses_colors(),
                    )
                }
                _ => log::uvicorn(level, text, self.launch.uses_colors()),
            },
        };
        self.line(Stream::Stderr, &line);
    }

    /// Text as it is: a line, or several, such as a traceback.
    pub fn line(&mut self, stream: Stream, text: &str) {
        for line in text.split('\n') {
            self.push_line(stream, line.as_bytes());
        }
    }

    fn push_line(&mut self, stream: Stream, line: &[u8]) {
        push(
            &mut self.frames,
            FromProcess::Log,
            stream.descriptor(),
            line,
        );
    }

    /// What the app prints: lines go to the log as they end.
    pub fn output(&mut self, stream: Stream, bytes: &[u8]) {
        if self.muted {
            return;
        }
        let Self { output, frames, .. } = self;
        output[usize::from(stream == Stream::Stderr)].add(bytes, |line| {
            push(frames, FromProcess::Log, stream.descriptor(), line);
        });
    }

    /// The process ends: what it printed without a line end is a line too.
    pub fn flush_output(&mut self) {
        let Self { output, frames, .. } = self;
        for (line, stream) in output.iter_mut().zip([Stream::Stdout, Stream::Stderr]) {
            line.finish(|line| push(frames, FromProcess::Log, stream.descriptor(), line));
        }
    }

    /// The lines in a message, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn lines(message: &[u8]) -> Vec<String> {
        let lines = frames::<FromProcess>(message).filter(|frame| frame.kind == FromProcess::Log);
        lines
            .map(|frame| String::from_utf8_lossy(frame.body).into_owned())
            .collect()
    }
}
