//! What a process prints, and its server's log.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::net::frame::{FromProcess, push};
use crate::os::Millis;
use crate::os::Stream;
use crate::servers::Level;

use super::Process;

/// The level of a record in the server's log.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// uvicorn's own, below DEBUG.
    Trace,
    /// DEBUG
    Debug,
    /// INFO
    Info,
    /// WARNING
    Warning,
    /// ERROR
    Error,
    /// CRITICAL
    Critical,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Trace => Self::Trace,
            LogLevel::Debug => Self::Debug,
            LogLevel::Info => Self::Info,
            LogLevel::Warning => Self::Warning,
            LogLevel::Error => Self::Error,
            LogLevel::Critical => Self::Critical,
        }
    }
}

#[wasm_bindgen]
impl Process {
    /// What Python prints to standard output.
    pub fn stdout(&self, bytes: &[u8]) {
        self.print(Stream::Stdout, bytes);
    }

    /// What Python prints to standard error.
    pub fn stderr(&self, bytes: &[u8]) {
        self.print(Stream::Stderr, bytes);
    }

    /// A record of the server's log.
    pub fn log(&self, level: LogLevel, length: usize, now: Millis) {
        let text = self.shared.memory.text(length);
        self.shared
            .with(|base, _| base.process.log(level.into(), &text, now));
    }

    /// A core of uWSGI's is done with a request.
    #[wasm_bindgen(js_name = logRequest)]
    pub fn log_request(&self, core: u32, length: usize) {
        let line = self.shared.memory.read(length);
        self.shared
            .with(|base, _| push(&mut base.process.frames, FromProcess::Request, core, &line));
    }
}

impl Process {
    fn print(&self, stream: Stream, bytes: &[u8]) {
        self.shared
            .with(|base, _| base.process.output(stream, bytes));
    }
}
