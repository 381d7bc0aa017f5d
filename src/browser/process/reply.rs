//! What a call replies to Python: one of a few words, and what comes with it in the shared memory.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::asgi::http::Received;
use crate::gateway::Exception;
use crate::workers::r#async::{LoopEvent, Sent};
use crate::workers::threaded::{Next as NextConnection, Taken};
use crate::workers::wsgi_connection::{Body, Lost, StartRefused};
use crate::workers::{Written, sync};

use super::memory::Memory;

/// What a call replies. In Python each has its name in capitals: `_wasgi.PARK`. What comes with it
/// is in the shared buffer: bytes, and a number at a place of its own.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// Nothing yet: wait, and ask again.
    Park,
    /// The same, for so many milliseconds at most.
    ParkFor,
    /// An exception is to be raised in the app, which is in the buffer: see
    /// [`Exception::strings`].
    Raise,
    /// `exc_info` is to be raised again.
    Reraise,
    /// The client is gone.
    Broken,
    /// Too much waits to be sent, and nothing was taken: send again after `Writable`.
    Blocked,
    /// The block waits for the client to take it: the response has not ended.
    Unfinished,

    /// A part of the body, of that length.
    Data,
    /// The same, and it is the last.
    LastData,
    /// The body has ended.
    End,
    /// The body does not come: the client has sent nothing for too long (uWSGI).
    BodyTimedOut,
    /// The same: the client has ended the connection (uWSGI).
    BodyCutShort,
    /// The client is gone, or has its response.
    Disconnect,

    /// A request of that number: its environ or scope is in the buffer.
    Request,
    /// The same, and it has a body.
    RequestWithBody,
    /// A connection of that number, for a thread of the pool.
    Connection,
    /// A WebSocket of that number: its scope is in the buffer.
    Socket,
    /// The connection under the WebSocket of that number is gone: `socket_lost` in the loop's next
    /// round.
    Lost,
    /// `websocket.connect`
    Connect,
    /// `websocket.receive`: text, of so many bytes; what of it is not in the buffer is asked for.
    Text,
    /// The same, of bytes.
    Bytes,
    /// `websocket.disconnect` with the code of that number.
    Disconnected,
    /// The same, with a reason: behind the code, as text.
    DisconnectedFor,
    /// Leave.
    Exit,
    /// Let other threads go first, and ask again.
    Yield,
    /// Let the worker's event loop turn, and ask again.
    Turn,

    /// `receive()` of the request of that number may go on.
    Receivable,
    /// `send()` of the request of that number may go on.
    Writable,
    /// The server is to stop, because of the signal of that number.
    Stop,
    /// There is no event.
    Nothing,

    /// The worker accepts.
    Accepting,
    /// The address could not be had.
    NoAddress,
}

/// A reply, and what comes with it.
pub(super) struct Full {
    reply: Reply,
    number: Option<u32>,
    bytes: Vec<u8>,
}

impl Full {
    pub(super) fn numbered(reply: Reply, number: u32) -> Self {
        Self {
            reply,
            number: Some(number),
            bytes: Vec::new(),
        }
    }

    pub(super) fn with_bytes(reply: Reply, bytes: Vec<u8>) -> Self {
        Self {
            reply,
            number: Some(bytes.len() as u32),
            bytes,
        }
    }

    /// A request: its environ or scope.
    pub(super) fn request(id: u32, bytes: Vec<u8>, has_body: bool) -> Self {
        Self {
            reply: if has_body {
                Reply::RequestWithBody
            } else {
                Reply::Request
            },
            number: Some(id),
            bytes,
        }
    }

    pub(super) fn raise(exception: &Exception) -> Self {
        Self::with_bytes(Reply::Raise, exception.strings().encode())
    }

    /// Puts what comes with the reply.
    pub(super) fn put(self, memory: &Memory) -> Reply {
        match self.number {
            Some(number) if self.bytes.is_empty() => memory.put_number(number),
            Some(number) => memory.put(&self.bytes, number),
            None => {}
        }
        self.reply
    }
}

impl From<Reply> for Full {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            number: None,
            bytes: Vec::new(),
        }
    }
}

impl From<Body> for Full {
    fn from(body: Body) -> Self {
        match body {
            Body::Data(data) => Self::with_bytes(Reply::Data, data),
            Body::End => Reply::End.into(),
            Body::Park => Reply::Park.into(),
            Body::Lost(Lost::TimedOut) => Reply::BodyTimedOut.into(),
            Body::Lost(Lost::CutShort) => Reply::BodyCutShort.into(),
            Body::Raise(exception) => Self::raise(&exception),
        }
    }
}

impl From<Written> for Full {
    fn from(written: Written) -> Self {
        match written {
            Written::Done => Reply::Done.into(),
            Written::Park => Reply::Park.into(),
            Written::Broken => Reply::Broken.into(),
            Written::Raise(exception) => Self::raise(&exception),
        }
    }
}

/// What `start_response` says.
impl From<Result<(), StartRefused>> for Full {
    fn from(started: Result<(), StartRefused>) -> Self {
        match started {
            Ok(()) => Reply::Done.into(),
            Err(StartRefused::Reraise) => Reply::Reraise.into(),
            Err(StartRefused::Raise(exception)) => Self::raise(&exception),
        }
    }
}

impl From<NextConnection> for Full {
    fn from(next: NextConnection) -> Self {
        match next {
            NextConnection::Submit(id) => Self::numbered(Reply::Connection, id),
            NextConnection::Park => Reply::Park.into(),
            NextConnection::Exit => Reply::Exit.into(),
        }
    }
}

impl Full {
    /// What a sync worker's thread does next.
    pub(super) fn next(next: sync::Next) -> Self {
        match next {
            sync::Next::Request {
                id,
                environ,
                has_body,
            } => Self::request(id, environ, has_body),
            sync::Next::Park => Reply::Park.into(),
            sync::Next::Exit => Reply::Exit.into(),
        }
    }

    /// What a thread does with a connection.
    pub(super) fn taken(taken: Taken, connection: u32) -> Self {
        match taken {
            Taken::Request { environ, has_body } => Self::request(connection, environ, has_body),
            Taken::Done => Reply::Done.into(),
            Taken::ParkFor(time) if time.is_finite() => {
                Self::numbered(Reply::ParkFor, time.max(0.0).ceil() as u32)
            }
            Taken::Park | Taken::ParkFor(_) => Reply::Park.into(),
        }
    }
}

impl From<LoopEvent> for Full {
    fn from(event: LoopEvent) -> Self {
        match event {
            LoopEvent::Request(id, scope) => Self::request(id, scope, false),
            LoopEvent::Socket(id, scope) => Self {
                reply: Reply::Socket,
                number: Some(id),
                bytes: scope,
            },
            LoopEvent::Lost(id) => Self::numbered(Reply::Lost, id),
            LoopEvent::Receivable(id) => Self::numbered(Reply::Receivable, id),
            LoopEvent::Writable(id) => Self::numbered(Reply::Writable, id),
            LoopEvent::Stop(signal) => Self::numbered(Reply::Stop, signal.number() as u32),
        }
    }
}

impl From<Received> for Full {
    fn from(received: Received) -> Self {
        match received {
            Received::Wait => Reply::Park.into(),
            Received::Disconnect => Reply::Disconnect.into(),
            Received::Request { body, more } => {
                Self::with_bytes(if more { Reply::Data } else { Reply::LastData }, body)
            }
        }
    }
}

impl From<Sent> for Full {
    fn from(sent: Sent) -> Self {
        match sent {
            Sent::Done => Reply::Done.into(),
            Sent::Blocked => Reply::Blocked.into(),
            Sent::Raise(exception) => Self::raise(&exception),
        }
    }
}
