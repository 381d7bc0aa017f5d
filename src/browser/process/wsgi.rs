//! What the Python of a WSGI app's request calls. The request's id is that of its connection; in a
//! sync worker, that of its core.

use std::rc::Rc;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::RequestId;
use crate::os::Millis;
use crate::workers::cores::Cores;
use crate::workers::threaded::ThreadedWorker;
use crate::workers::wsgi_connection::{Raised, RaisedKind, WsgiConnection};
use crate::workers::{ProcessContext, Written};
use crate::wsgi::environ::constant_strings;

use super::reply::{Full, Reply};
use super::state::Shared;
use super::worker::Worker;

/// What the app raised.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Any `Exception` but these.
    AnyException,
    /// `StopIteration`
    StopIteration,
    /// What `readBody` had it raise of a body that is no HTTP.
    RejectedBody,
    /// The same of a body that is cut short.
    NoMoreData,
    /// An `OSError`
    OsError,
    /// `SystemExit`
    SystemExit,
    /// What is no `Exception`.
    BaseException,
}

/// A worker that has connections with clients whose requests an app has.
pub(super) trait WsgiConnections: Worker {
    fn running(&mut self, id: u32) -> Option<&mut WsgiConnection>;
}

impl WsgiConnections for Cores {
    fn running(&mut self, id: u32) -> Option<&mut WsgiConnection> {
        self.running(id)
    }
}

impl WsgiConnections for ThreadedWorker {
    fn running(&mut self, id: u32) -> Option<&mut WsgiConnection> {
        self.running(id)
    }
}

/// The requests of a worker for WSGI apps.
#[wasm_bindgen]
pub struct WsgiRequests {
    shared: Rc<Shared<dyn WsgiConnections>>,
}

#[wasm_bindgen]
impl WsgiRequests {
    /// Puts the part of the environ that all requests share.
    #[wasm_bindgen(js_name = baseEnviron)]
    pub fn base_environ(&self) {
        let strings = self
            .shared
            .with(|base, _| constant_strings(&base.process.launch).encode());
        self.shared.memory.put(&strings, strings.len() as u32);
    }

    /// Reads at most so much of the body: Data, End, Park or Raise.
    #[wasm_bindgen(js_name = readBody)]
    pub fn read_body(&self, id: u32, size: usize, now: Millis) -> Reply {
        let body = self.with_connection(id, |process, connection| {
            connection.read_body(process, size, now)
        });
        self.reply(body, Reply::End)
    }

    /// What has come on the connection, where Python reads the requests: as `readBody`, but that
    /// every exception is `ConnectionResetError`.
    #[wasm_bindgen(js_name = receiveRaw)]
    pub fn receive_raw(&self, id: u32, now: Millis) -> Reply {
        let body = self.with_connection(id, |process, connection| connection.receive(process, now));
        self.reply(body, Reply::End)
    }

    /// Bytes for the client, where Python writes the responses: as `write`.
    #[wasm_bindgen(js_name = sendRaw)]
    pub fn send_raw(&self, id: u32, length: usize) -> Reply {
        let bytes = self.shared.memory.read(length);
        let written =
            self.with_connection(id, |process, connection| connection.send(process, &bytes));
        self.reply(written, Reply::Broken)
    }

    /// Python has read a request's head.
    #[wasm_bindgen(js_name = beginRaw)]
    pub fn begin_raw(&self, id: u32, now: Millis) {
        self.mark_raw(id, false, now);
    }

    /// Python is done with the response of the request whose head it has read.
    #[wasm_bindgen(js_name = endRaw)]
    pub fn end_raw(&self, id: u32, now: Millis) {
        self.mark_raw(id, true, now);
    }

    /// Done, Reraise or Raise.
    #[wasm_bindgen(js_name = startResponse)]
    pub fn start_response(&self, id: u32, length: usize, exc_info: bool) -> Reply {
        let encoded = self.shared.memory.read(length);
        let started = self.with_connection(id, |_, connection| {
            connection.start_response(&encoded, exc_info)
        });
        self.reply(started, Reply::Done)
    }

    /// A block of the response: Done, Park, Broken or Raise.
    pub fn write(&self, id: u32, length: usize, now: Millis) -> Reply {
        let block = self.shared.memory.read(length);
        let written = self.with_connection(id, |process, connection| {
            connection.write(process, &block, now)
        });
        self.reply(written, Reply::Broken)
    }

    /// Sends `103 Early Hints`: Done, or End where the client gets none. Without bytes it only
    /// asks.
    #[wasm_bindgen(js_name = earlyHints)]
    pub fn early_hints(&self, id: u32, length: usize) -> Reply {
        let bytes = self.shared.memory.read(length);
        let takes = self.with_connection(id, |process, connection| {
            connection.early_hints(process, &bytes)
        });
        if takes == Some(true) {
            Reply::Done
        } else {
            Reply::End
        }
    }

    /// A file that `sendRaw` sends, with so many bytes left in it: Data, with how many are to be
    /// sent; End, if none are; or Raise.
    #[wasm_bindgen(js_name = beginFile)]
    pub fn begin_file(&self, id: u32, left: f64, now: Millis) -> Reply {
        let begun = self.with_connection(id, |process, connection| {
            connection.begin_file(process, left as i64, now)
        });
        let full = match begun {
            Some(Ok(Some(bytes))) => {
                let bytes = u32::try_from(bytes.max(0)).unwrap_or(u32::MAX >> 1);
                Full::numbered(Reply::Data, bytes)
            }
            Some(Err(exception)) => Full::raise(&exception),
            Some(Ok(None)) | None => Reply::End.into(),
        };
        full.put(&self.shared.memory)
    }

    /// The file is sent.
    #[wasm_bindgen(js_name = endFile)]
    pub fn end_file(&self, id: u32) {
        self.with_connection(id, |process, connection| connection.end_file(process));
    }

    /// What the app has changed of its environ, as far as the access log shows it: a list of texts.
    #[wasm_bindgen(js_name = setChanged)]
    pub fn set_changed(&self, id: u32, length: usize) {
        let encoded = self.shared.memory.read(length);
        self.with_connection(id, |_, connection| connection.set_changed(&encoded));
    }

    /// The app's result ends by an exception, and its `close()` is about to be called.
    #[wasm_bindgen(js_name = beforeClose)]
    pub fn before_close(&self, id: u32, now: Millis) {
        self.with_connection(id, |process, connection| {
            connection.before_close(process, now);
        });
    }

    /// As `write`, about what was written before.
    pub fn flushed(&self, id: u32) -> Reply {
        let written = self.with_connection(id, |_, connection| connection.flushed());
        self.reply(written, Reply::Broken)
    }

    /// As `write`, for the end of the response.
    pub fn finish(&self, id: u32, now: Millis) -> Reply {
        let written = self.shared.with(|base, worker| {
            base.name_thread();
            let written = worker.running(id)?.finish(&mut base.process, now);
            if matches!(written, Written::Done) {
                base.threads.serve(None, now);
            }
            Some(written)
        });
        self.reply(written, Reply::Broken)
    }

    /// `write` and `finish`, for a response of one block. Unfinished: Park is what `write` said.
    #[wasm_bindgen(js_name = writeLast)]
    pub fn write_last(&self, id: u32, length: usize, now: Millis) -> Reply {
        match self.write(id, length, now) {
            Reply::Done => self.finish(id, now),
            Reply::Park => Reply::Unfinished,
            reply => reply,
        }
    }

    /// The app raised; its traceback is put. `errno` is an `OSError`'s that has one. Whether the
    /// exception ends the worker.
    pub fn raised(
        &self,
        id: u32,
        length: usize,
        cause: Cause,
        errno: Option<i32>,
        iterating: bool,
        now: Millis,
    ) -> bool {
        let traceback = self.shared.memory.text(length);
        let kind = match cause {
            Cause::AnyException => RaisedKind::Exception,
            Cause::StopIteration => RaisedKind::StopIteration,
            Cause::RejectedBody => RaisedKind::Rejected,
            Cause::NoMoreData => RaisedKind::NoMoreData,
            Cause::OsError => RaisedKind::OsError(errno),
            Cause::SystemExit => RaisedKind::SystemExit,
            Cause::BaseException => RaisedKind::BaseException,
        };
        let raised = Raised { kind, iterating };
        self.shared.with(|base, worker| {
            let Some(connection) = worker.running(id) else {
                return false;
            };
            let ends = connection.raised(&mut base.process, raised, &traceback, now);
            base.threads.serve(None, now);
            ends
        })
    }
}

impl WsgiRequests {
    pub(super) fn new(shared: Rc<Shared<dyn WsgiConnections>>) -> Self {
        Self { shared }
    }

    /// Does something with a connection, if there still is one.
    fn with_connection<T>(
        &self,
        id: u32,
        work: impl FnOnce(&mut ProcessContext, &mut WsgiConnection) -> T,
    ) -> Option<T> {
        self.shared
            .with(|base, worker| Some(work(&mut base.process, worker.running(id)?)))
    }

    /// Replies what a connection says, or `gone` where there is none any more.
    fn reply<T: Into<Full>>(&self, said: Option<T>, gone: Reply) -> Reply {
        said.map_or_else(|| gone.into(), Into::into)
            .put(&self.shared.memory)
    }

    fn mark_raw(&self, id: u32, ends: bool, now: Millis) {
        self.shared.with(|base, worker| {
            base.name_thread();
            if let Some(connection) = worker.running(id) {
                base.threads.serve((!ends).then_some(RequestId(id)), now);
                connection.mark(&mut base.process, ends, now);
            }
        });
    }
}
