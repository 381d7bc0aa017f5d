//! What the Python of an asyncio worker calls.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::asgi::http::Part;
use crate::os::Millis;
use crate::wire::strings;
use crate::workers::r#async::{self, Sent};

use super::message::Message;
use super::reply::{Full, Reply};
use super::state::Shared;

/// How long Python may run without the worker's event loop having turned, while its own loop goes
/// round.
const TURN_EVERY: Millis = 1.0;

/// A worker with all its connections on one asyncio loop.
#[wasm_bindgen]
pub struct AsyncWorker {
    pub(super) shared: Rc<Shared<r#async::AsyncWorker>>,
    /// A WebSocket's message on its way to or from Python, part by part.
    pub(super) message: RefCell<Message>,
}

#[wasm_bindgen]
impl AsyncWorker {
    /// Python's loop begins or ends its wait in `select()`.
    #[wasm_bindgen(js_name = setPolling)]
    pub fn set_polling(&self, polling: bool, now: Millis) {
        self.shared
            .with(|base, worker| worker.set_polling(&mut base.process, polling, now));
    }

    /// The next event: Request, Receivable, Writable, Stop; Nothing, or Turn where there is none
    /// and the worker's event loop should turn.
    #[wasm_bindgen(js_name = nextEvent)]
    pub fn next_event(&self, now: Millis) -> Reply {
        let event = self
            .shared
            .with(|base, worker| match worker.next(&mut base.process, now) {
                Some(event) => event.into(),
                None if !worker.is_ready() && base.threads.has_not_turned_for(TURN_EVERY, now) => {
                    Reply::Turn.into()
                }
                None => {
                    worker.end_turn();
                    Reply::Nothing.into()
                }
            });
        Full::put(event, &self.shared.memory)
    }

    /// `receive()`: Data, `LastData`, Disconnect, or Park until Receivable.
    pub fn receive(&self, id: u32, now: Millis) -> Reply {
        let received = self
            .shared
            .with(|base, worker| worker.receive(&mut base.process, id, now));
        Full::from(received).put(&self.shared.memory)
    }

    /// `http.response.start`: Done, Blocked or Raise.
    #[wasm_bindgen(js_name = sendStart)]
    pub fn send_start(&self, id: u32, status: u32, length: usize) -> Reply {
        let headers = self.shared.memory.read(length);
        let status = u16::try_from(status).unwrap_or(u16::MAX);
        let sent = self
            .shared
            .with(|base, worker| worker.start(&mut base.process, id, status, &headers));
        self.sent(sent)
    }

    /// The app has changed its scope: client, request line and method are put.
    #[wasm_bindgen(js_name = scopeChanged)]
    pub fn scope_changed(&self, id: u32, length: usize) {
        let put = self.shared.memory.read(length);
        let mut texts = strings::read(&put).map(|text| String::from_utf8_lossy(text).into_owned());
        let mut next = || texts.next().unwrap_or_default();
        let (client, line, method) = (next(), next(), next());
        self.shared
            .with(|_, worker| worker.changed(id, client, line, method == "HEAD"));
    }

    /// Python refuses an `http.response.start`, whose status it may have found. Done: raise what
    /// Python has; Broken: the client is gone, raise nothing; Raise: this comes first.
    #[wasm_bindgen(js_name = sendStartFailed)]
    pub fn send_start_failed(&self, id: u32, status: Option<i32>) -> Reply {
        let status = status.and_then(|status| u16::try_from(status).ok());
        let sent = self
            .shared
            .with(|base, worker| worker.start_failed(&mut base.process, id, status));
        match sent {
            Some(sent) => self.sent(sent),
            None => Reply::Broken,
        }
    }

    /// `http.response.body`: Done, Blocked or Raise. `rest` bytes of the same body follow.
    #[wasm_bindgen(js_name = sendBody)]
    pub fn send_body(&self, id: u32, length: usize, rest: usize, more: bool, now: Millis) -> Reply {
        let data = self.shared.memory.read(length);
        let part = Part {
            data: &data,
            rest,
            more,
        };
        let sent = self
            .shared
            .with(|base, worker| worker.body(&mut base.process, id, part, now));
        self.sent(sent)
    }

    /// An event of another type, whose name is put: as `sendBody`.
    #[wasm_bindgen(js_name = sendOther)]
    pub fn send_other(&self, id: u32, length: usize) -> Reply {
        let kind = self.shared.memory.text(length);
        let sent = self.shared.with(|_, worker| worker.other(id, &kind));
        self.sent(sent)
    }

    /// The app has returned: nothing, or something whose `str()` of that length is put.
    pub fn returned(&self, id: u32, length: Option<usize>, now: Millis) {
        let result = length.map(|length| self.shared.memory.text(length));
        self.shared.with(|base, worker| {
            base.trace_threads(worker);
            worker.returned(&mut base.process, id, result.as_deref(), now);
        });
    }

    /// The app has raised; its traceback is put.
    pub fn raised(&self, id: u32, length: usize, now: Millis) {
        let traceback = self.shared.memory.text(length);
        self.shared.with(|base, worker| {
            base.trace_threads(worker);
            worker.raised(&mut base.process, id, &traceback, now);
        });
    }

    /// The server stops accepting.
    #[wasm_bindgen(js_name = closeListeners)]
    pub fn close_listeners(&self, now: Millis) {
        self.shared
            .with(|base, worker| worker.close_listeners(&mut base.process, now));
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.shared.with(|_, worker| worker.connections())
    }

    /// Responses completed.
    pub fn total(&self) -> u32 {
        self.shared.with(|_, worker| worker.total())
    }
}

impl AsyncWorker {
    pub(super) fn new(shared: &Rc<Shared<r#async::AsyncWorker>>) -> Self {
        Self {
            shared: Rc::clone(shared),
            message: RefCell::default(),
        }
    }

    pub(super) fn sent(&self, sent: Sent) -> Reply {
        Full::from(sent).put(&self.shared.memory)
    }
}
