//! What Python's `select()` returns, and what the loop does between.

use std::collections::VecDeque;

use crate::os::Signal;

/// What the loop has to do next, in this order.
#[derive(Debug)]
pub(super) enum Pending {
    /// Something happens to the app.
    Event(LoopEvent),
    /// The client of this connection has ended it. A loop sees that in its next iteration at the
    /// earliest, after the app has gone on with what came before.
    Ended {
        /// The connection.
        connection: u32,
        /// How it was ended.
        how: End,
    },
    /// The connection of this request is lost: asyncio says so in the iteration after its end.
    Gone(u32),
}

/// How a client ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// FIN
    Closed,
    /// RST
    Reset,
}

/// What is pending.
#[derive(Debug, Default)]
pub(super) struct Events(VecDeque<Pending>);

impl Events {
    /// Something happens to the app.
    pub(super) fn emit(&mut self, event: LoopEvent) {
        self.push(Pending::Event(event));
    }

    /// As [`Events::emit`], if there is something.
    pub(super) fn emit_all(&mut self, event: Option<LoopEvent>) {
        self.0.extend(event.map(Pending::Event));
    }

    /// The loop has something to do after everything else.
    pub(super) fn push(&mut self, pending: Pending) {
        self.0.push_back(pending);
    }

    /// What is next.
    pub(super) fn pop(&mut self) -> Option<Pending> {
        self.0.pop_front()
    }

    /// What was popped is next after all.
    pub(super) fn put_back(&mut self, pending: Pending) {
        self.0.push_front(pending);
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scope of a request that the app has not been called with.
    pub(super) fn scope_mut(&mut self, number: u32) -> Option<&mut Vec<u8>> {
        self.0.iter_mut().find_map(|pending| match pending {
            Pending::Event(LoopEvent::Request(id, scope)) if *id == number => Some(scope),
            _ => None,
        })
    }
}

/// What happens to the app, for Python's `select()` to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoopEvent {
    /// A request begins; its scope as a run of strings.
    Request(u32, Vec<u8>),
    /// A WebSocket connection begins; its scope as a list of strings.
    Socket(u32, Vec<u8>),
    /// The connection under a WebSocket is gone: in the loop's next round its session is to be told
    /// ([`AsyncWorker::socket_lost`]).
    Lost(u32),
    /// A waiting `receive()` may go on.
    Receivable(u32),
    /// A waiting `send()` may go on.
    Writable(u32),
    /// The server is to stop, because of this signal.
    Stop(Signal),
}
