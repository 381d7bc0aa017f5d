//! What the async worker's Python asks.

use wasm_bindgen::prelude::wasm_bindgen;

use super::process::{BROKEN, Process, Worker};
use crate::asgi::http::{Part, Received};
use crate::os::Millis;
use crate::workers::r#async::{Happening, Sent};

/// What `next_event` returns where Python should let the worker's event loop turn.
const TURN: i32 = -2;
/// How long Python may run without the worker's event loop having turned, while its own loop goes
/// round.
const TURN_EVERY: Millis = 1.0;

#[wasm_bindgen]
impl Process {
    /// Python's loop begins or ends its wait in `select()`.
    pub fn polling(&mut self, on: bool, now: Millis) {
        if let Worker::Async(worker) = &mut self.worker {
            worker.set_polling(&mut self.common, on, now);
        }
    }

    /// The next event: `id << 2` and its kind, 0 a request (its scope is put), 1 receivable, 2
    /// writable, 3 stop (the signal's number). -1: none; -2: none, and the worker's event loop
    /// should turn.
    pub fn next_event(&mut self, now: Millis) -> i32 {
        let Worker::Async(worker) = &mut self.worker else {
            return -1;
        };
        match worker.next(&mut self.common, now) {
            Some(Happening::Request(id, scope)) => {
                self.memory.put(&scope);
                (id << 2) as i32
            }
            Some(Happening::Receivable(id)) => (id << 2 | 1) as i32,
            Some(Happening::Writable(id)) => (id << 2 | 2) as i32,
            Some(Happening::Stop(signal)) => signal.number() << 2 | 3,
            None if self.threads.has_not_turned_for(TURN_EVERY, now) => TURN,
            None => -1,
        }
    }

    /// `receive()`: the length of the body that is put `<< 2`, and 0 the last, 1 more, 2 a
    /// disconnect, 3 wait.
    pub fn receive(&mut self, id: u32, now: Millis) -> i32 {
        let Worker::Async(worker) = &mut self.worker else {
            return 2;
        };
        match worker.receive(&mut self.common, id, now) {
            Received::Wait => 3,
            Received::Disconnect => 2,
            Received::Request { body, more } => {
                self.memory.put(&body);
                (body.len() << 2) as i32 | i32::from(more)
            }
        }
    }

    /// 0; -1: wait for writable and send again; else the length of an exception.
    pub fn send_start(&mut self, id: u32, status: u32, length: usize) -> i32 {
        let Worker::Async(worker) = &mut self.worker else {
            return 0;
        };
        let headers = self.memory.read(length);
        let status = u16::try_from(status).unwrap_or(u16::MAX);
        let sent = worker.start(&mut self.common, id, status, &headers);
        self.sent(&sent)
    }

    /// Python refuses an `http.response.start`; the status is negative where there is none. 0:
    /// raise what Python has; -2: the client is gone, raise nothing; else the length of an
    /// exception that comes first.
    pub fn send_start_failed(&mut self, id: u32, status: i32) -> i32 {
        let Worker::Async(worker) = &mut self.worker else {
            return 0;
        };
        match worker.start_failed(&mut self.common, id, u16::try_from(status).ok()) {
            Some(sent) => self.sent(&sent),
            None => BROKEN,
        }
    }

    /// As `send_start`. `rest` bytes of the same body follow.
    pub fn send_body(
        &mut self,
        id: u32,
        length: usize,
        rest: usize,
        more: bool,
        now: Millis,
    ) -> i32 {
        let Worker::Async(worker) = &mut self.worker else {
            return 0;
        };
        let data = self.memory.read(length);
        let sent = worker.body(
            &mut self.common,
            id,
            Part {
                data: &data,
                rest,
                more,
            },
            now,
        );
        self.sent(&sent)
    }

    /// As `send_start`, for an event of another type.
    pub fn send_other(&mut self, id: u32, length: usize) -> i32 {
        let kind = self.memory.text(length);
        let Worker::Async(worker) = &mut self.worker else {
            return 0;
        };
        let sent = worker.other(id, &kind);
        self.sent(&sent)
    }

    fn sent(&self, sent: &Sent) -> i32 {
        match sent {
            Sent::Done => 0,
            Sent::Blocked => -1,
            Sent::Raise(text) => self.memory.raise(text),
        }
    }

    /// The app has returned: nothing (length -1), or something whose `str()` is put.
    pub fn returned(&mut self, id: u32, length: i32, now: Millis) {
        self.trace_threads();
        let result = usize::try_from(length)
            .ok()
            .map(|length| self.memory.text(length));
        if let Worker::Async(worker) = &mut self.worker {
            worker.returned(&mut self.common, id, result.as_deref(), now);
        }
    }

    /// The app has raised; its traceback is put.
    pub fn raised_asgi(&mut self, id: u32, length: usize, now: Millis) {
        self.trace_threads();
        let traceback = self.memory.text(length);
        if let Worker::Async(worker) = &mut self.worker {
            worker.raised(&mut self.common, id, &traceback, now);
        }
    }

    /// The server stops accepting.
    pub fn close_listeners(&mut self, now: Millis) {
        if let Worker::Async(worker) = &mut self.worker {
            worker.close_listeners(&mut self.common, now);
        }
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        match &self.worker {
            Worker::Async(worker) => worker.connections(),
            _ => 0,
        }
    }

    /// Responses completed.
    pub fn total(&self) -> u32 {
        match &self.worker {
            Worker::Async(worker) => worker.total(),
            _ => 0,
        }
    }
}
