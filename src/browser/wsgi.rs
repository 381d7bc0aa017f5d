//! What the Python of a WSGI app's request calls. The request's id is that of its connection; in a
//! worker that has but one, any.

use wasm_bindgen::prelude::wasm_bindgen;

use super::process::{BROKEN, PARK, Process};
use crate::os::Millis;
use crate::workers::Written;
use crate::workers::conversation::{Body, Raised, RaisedKind};

#[wasm_bindgen]
impl Process {
    /// The length of what is put of the body; 0 at its end; PARK; below that, an exception of
    /// length `-2 - result`.
    pub fn read_body(&mut self, id: u32, size: usize, now: Millis) -> i32 {
        let Some(conversation) = self.worker.conversation(id) else {
            return 0;
        };
        let body = conversation.read_body(&mut self.common, size, now);
        self.body(body)
    }

    /// What has come on the connection, where Python reads the requests: as `read_body`, but that
    /// every exception is `ConnectionResetError`.
    pub fn receive_raw(&mut self, id: u32, now: Millis) -> i32 {
        let Some(conversation) = self.worker.conversation(id) else {
            return 0;
        };
        let body = conversation.receive(&mut self.common, now);
        self.body(body)
    }

    /// Bytes for the client, where Python writes the responses: as `write`.
    pub fn send_raw(&mut self, id: u32, length: usize) -> i32 {
        let Some(conversation) = self.worker.conversation(id) else {
            return BROKEN;
        };
        let bytes = self.memory.read(length);
        let written = conversation.send(&mut self.common, &bytes);
        self.written(&written)
    }

    /// Python has read a request's head, or (`ends`) is done with its response.
    pub fn mark_raw(&mut self, id: u32, ends: bool, now: Millis) {
        self.at_work();
        if let Some(conversation) = self.worker.conversation(id) {
            self.threads.serve(if ends { 0 } else { id }, now);
            conversation.mark(&mut self.common, ends, now);
        }
    }

    /// 0; -1: raise `exc_info` again; else the length of an exception.
    pub fn start_response(&mut self, id: u32, length: usize, exc_info: bool) -> i32 {
        let Some(conversation) = self.worker.conversation(id) else {
            return 0;
        };
        let encoded = self.memory.read(length);
        match conversation.start_response(&encoded, exc_info) {
            Ok(()) => 0,
            Err(None) => -1,
            Err(Some(text)) => self.memory.raise(&text),
        }
    }

    /// 0; PARK; BROKEN; else the length of an exception.
    pub fn write(&mut self, id: u32, length: usize, now: Millis) -> i32 {
        let Some(conversation) = self.worker.conversation(id) else {
            return BROKEN;
        };
        let block = self.memory.read(length);
        let written = conversation.write(&mut self.common, &block, now);
        self.written(&written)
    }

    /// As `write`, about what was written before.
    pub fn flushed(&mut self, id: u32) -> i32 {
        let Some(conversation) = self.worker.conversation(id) else {
            return BROKEN;
        };
        let written = conversation.flushed();
        self.written(&written)
    }

    /// As `write`, for the end of the response.
    pub fn finish(&mut self, id: u32, now: Millis) -> i32 {
        self.at_work();
        let Some(conversation) = self.worker.conversation(id) else {
            return BROKEN;
        };
        let written = conversation.finish(&mut self.common, now);
        if matches!(written, Written::Done) {
            self.threads.serve(0, now);
        }
        self.written(&written)
    }

    /// The app raised; its traceback is put. `cause`: 0 any exception, 1 `StopIteration`, 2 the
    /// exception of `read_body`, 3 `OSError` without errno, 4 the exception of a body that is cut
    /// short, 5 `SystemExit`, 6 what is no `Exception`, 1000 + errno an `OSError` with it. Whether
    /// the exception ends the worker.
    pub fn raised_wsgi(
        &mut self,
        id: u32,
        length: usize,
        cause: i32,
        iterating: bool,
        now: Millis,
    ) -> bool {
        let traceback = self.memory.text(length);
        let Some(conversation) = self.worker.conversation(id) else {
            return false;
        };
        let kind = match cause {
            1 => RaisedKind::StopIteration,
            2 => RaisedKind::Rejected,
            4 => RaisedKind::NoMoreData,
            3 => RaisedKind::OsError(None),
            5 => RaisedKind::SystemExit,
            6 => RaisedKind::BaseException,
            1000.. => RaisedKind::OsError(Some(cause - 1000)),
            _ => RaisedKind::Exception,
        };
        let ends = conversation.raised(
            &mut self.common,
            Raised { kind, iterating },
            &traceback,
            now,
        );
        self.threads.serve(0, now);
        ends
    }
}

impl Process {
    fn body(&self, body: Body) -> i32 {
        match body {
            Body::Data(data) => {
                self.memory.put(&data);
                data.len() as i32
            }
            Body::End => 0,
            Body::Park => PARK,
            Body::Raise(text) => BROKEN - self.memory.raise(&text),
        }
    }

    fn written(&self, written: &Written) -> i32 {
        match written {
            Written::Done => 0,
            Written::Park => PARK,
            Written::Broken => BROKEN,
            Written::Raise(text) => self.memory.raise(text),
        }
    }
}
