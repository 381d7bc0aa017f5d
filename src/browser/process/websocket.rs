//! What the Python of an asyncio worker calls for a WebSocket.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::asgi::websocket::{self, Received};
use crate::os::Millis;
use crate::wire::strings::{self, Strings};

use super::asgi::AsyncWorker;
use super::memory::SIZE;
use super::message::Message;
use super::reply::{Full, Reply};

/// What an app sends on a WebSocket. In Python each has its name in capitals.
#[wasm_bindgen]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketEvent {
    /// `websocket.accept`: a list of strings: the subprotocol, then names and values. The number is
    /// 0 where there is no subprotocol.
    Accept,
    /// `websocket.send` with `text`
    SendText,
    /// `websocket.send` with `bytes`
    SendBytes,
    /// `websocket.send` with neither.
    SendNothing,
    /// `websocket.close`: the reason.
    Close,
    /// `websocket.http.response.start`: a list of strings: names and values.
    ResponseStart,
    /// `websocket.http.response.body` with `more_body`
    ResponsePart,
    /// `websocket.http.response.body`
    ResponseEnd,
    /// An event of another type: its name.
    Other,
    /// daphne: the bytes of the response that opens the connection.
    Handshake,
    /// daphne: the bytes of a response that refuses it.
    Refusal,
    /// daphne: a ping, with its payload.
    Ping,
}

impl AsyncWorker {
    /// A message for Python: as much as fits is put, with the number of its bytes.
    fn put_message(&self, reply: Reply, bytes: Vec<u8>) -> Reply {
        let length = bytes.len();
        let mut message = self.message.borrow_mut();
        *message = Message { bytes, taken: 0 };
        let part = &message.bytes[..length.min(SIZE)];
        self.shared.memory.put(part, length as u32);
        message.taken = part.len();
        if message.taken == length {
            *message = Message::default();
        }
        reply
    }
}

#[wasm_bindgen]
impl AsyncWorker {
    /// `receive()`: Connect, Text, Bytes, Disconnected, `DisconnectedFor`, or Park until
    /// Receivable.
    #[wasm_bindgen(js_name = socketReceive)]
    pub fn socket_receive(&self, id: u32, now: Millis) -> Reply {
        let received = self
            .shared
            .with(|base, worker| worker.socket_receive(&mut base.process, id, now));
        match received {
            None => Reply::Park,
            Some(Received::Connect) => Reply::Connect,
            Some(Received::Text(text)) => self.put_message(Reply::Text, text.into_bytes()),
            Some(Received::Bytes(bytes)) => self.put_message(Reply::Bytes, bytes),
            Some(Received::Disconnect { code, reason: None }) => {
                Full::numbered(Reply::Disconnected, code.into()).put(&self.shared.memory)
            }
            Some(Received::Disconnect {
                code,
                reason: Some(reason),
            }) => {
                let left = Strings::from_iter([code.to_string(), reason]);
                Full::with_bytes(Reply::DisconnectedFor, left.encode()).put(&self.shared.memory)
            }
        }
    }

    /// The next part of a message that did not fit into the buffer.
    #[wasm_bindgen(js_name = socketRest)]
    pub fn socket_rest(&self) {
        let mut message = self.message.borrow_mut();
        let rest = &message.bytes[message.taken..];
        let part = &rest[..rest.len().min(SIZE)];
        self.shared.memory.put(part, part.len() as u32);
        let taken = part.len();
        message.taken += taken;
        if message.taken == message.bytes.len() {
            *message = Message::default();
        }
    }

    /// `send()`: Done, Blocked or Raise. The number is a close code or a status; `rest` bytes of
    /// the same event follow.
    #[wasm_bindgen(js_name = socketSend)]
    pub fn socket_send(
        &self,
        id: u32,
        event: SocketEvent,
        number: f64,
        length: usize,
        rest: usize,
        now: Millis,
    ) -> Reply {
        let part = self.shared.memory.read(length);
        let mut message = self.message.borrow_mut();
        let bytes = if message.bytes.is_empty() {
            part
        } else {
            message.bytes.extend_from_slice(&part);
            std::mem::take(&mut *message).bytes
        };
        if rest > 0 {
            message.bytes = bytes;
            return Reply::Done;
        }
        drop(message);
        let text = String::from_utf8_lossy(&bytes);
        let number = number as i64;
        let pairs = |list| strings::pairs(list).collect::<Vec<_>>();
        let mut list = strings::read(&bytes);
        let (subprotocol, headers) = match event {
            SocketEvent::Accept => {
                let subprotocol = list.next().unwrap_or_default();
                (String::from_utf8_lossy(subprotocol), pairs(list))
            }
            SocketEvent::ResponseStart => ("".into(), pairs(list)),
            _ => ("".into(), Vec::new()),
        };
        let message = match event {
            SocketEvent::Accept => websocket::Message::Accept {
                subprotocol: (number > 0).then_some(&*subprotocol),
                headers: &headers,
            },
            SocketEvent::SendText => websocket::Message::Text(&text),
            SocketEvent::SendBytes => websocket::Message::Bytes(&bytes),
            SocketEvent::SendNothing => websocket::Message::Nothing,
            SocketEvent::Close => websocket::Message::Close {
                code: number,
                reason: &text,
            },
            SocketEvent::ResponseStart => websocket::Message::ResponseStart {
                status: number,
                headers: &headers,
            },
            SocketEvent::ResponsePart | SocketEvent::ResponseEnd => {
                websocket::Message::ResponseBody {
                    body: &bytes,
                    more: event == SocketEvent::ResponsePart,
                }
            }
            SocketEvent::Other => websocket::Message::Other(&text),
            SocketEvent::Handshake => websocket::Message::Handshake(&bytes),
            SocketEvent::Refusal => websocket::Message::Refusal(&bytes),
            SocketEvent::Ping => websocket::Message::Ping(&bytes),
        };
        let sent = self
            .shared
            .with(|base, worker| worker.socket_send(&mut base.process, id, message, now));
        self.sent(sent)
    }

    /// The connection is gone.
    #[wasm_bindgen(js_name = socketLost)]
    pub fn socket_lost(&self, id: u32, now: Millis) {
        self.shared
            .with(|base, worker| worker.socket_lost(&mut base.process, id, now));
    }

    /// The app has returned: nothing, or something whose `str()` of that length is put.
    #[wasm_bindgen(js_name = socketReturned)]
    pub fn socket_returned(&self, id: u32, length: Option<usize>, now: Millis) {
        let result = length.map(|length| self.shared.memory.text(length));
        self.shared.with(|base, worker| {
            base.trace_threads(worker);
            worker.socket_returned(&mut base.process, id, result.as_deref(), now);
        });
    }

    /// The app has raised: its traceback is put, or it was told that the client is gone.
    #[wasm_bindgen(js_name = socketRaised)]
    pub fn socket_raised(&self, id: u32, length: Option<usize>, now: Millis) {
        let traceback = length.map(|length| self.shared.memory.text(length));
        self.shared.with(|base, worker| {
            base.trace_threads(worker);
            worker.socket_raised(&mut base.process, id, traceback.as_deref(), now);
        });
    }
}
