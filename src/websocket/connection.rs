//! An open connection: messages and control frames both ways, and the closing handshake
//! (RFC 6455, sections 5 to 7).
//!
//! ```text
//! Open ─ close sent ─▶ Closing ─ close received ─▶ Closed
//!   ├─ close received, and answered ───────────────▶ Closed
//!   └─ the other end broke the protocol ───────────▶ Closed, `failure()` says how
//! ```

use std::collections::VecDeque;

use super::close::{self, Close};
use super::close_code;
use super::deflate::{Decoder, Encoder, InflateError, Parameters};
use super::frame::{self, Header, Length, Opcode, Prefix};
use super::rules::{Check, Closing, Failure, Library, Rules, Text};
use super::utf8;
use super::violation::Violation;

/// Which end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Frames come masked, and go unmasked.
    Server,
    /// Frames come unmasked, and go masked.
    Client,
}

/// What came of the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message of text: UTF-8, where the rules have the connection look.
    Text(Vec<u8>),
    /// A message of bytes.
    Binary(Vec<u8>),
    /// A ping; its answer is on its way.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// A close frame; it is answered, or is the answer to ours.
    Close(Close),
    /// The payload of a close frame, where the rules leave all of it to the caller.
    CloseFrame(Vec<u8>),
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The handshake is not complete: what comes is read, no message is sent.
    Opening,
    /// Messages go both ways.
    Open,
    /// A close frame was sent, none was received.
    Closing,
    /// Nothing more is sent, and what comes is thrown away.
    Closed,
}

/// Why something cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// A close frame was sent or received before.
    #[error("the connection is closing: nothing more can be sent")]
    Closing,
    /// The code is one that must not be sent.
    #[error("invalid status code")]
    Code,
    /// The reason is longer than a control frame.
    #[error("control frame too long")]
    Reason,
}

/// One end of a connection. What it sends gathers in [`take_output`](Self::take_output).
#[derive(Debug)]
pub struct Connection {
    role: Role,
    rules: Rules,
    /// Bytes that a message may have.
    limit: usize,
    state: State,
    input: Vec<u8>,
    /// Where the next frame begins.
    begin: usize,
    /// Bytes of a frame's payload, whose rest has not come, that are known to be UTF-8.
    arrived: usize,
    message: Option<Fragments>,
    encoder: Option<Encoder>,
    decoder: Option<Decoder>,
    masks: Masks,
    events: VecDeque<Event>,
    output: Vec<u8>,
    sent: Option<Close>,
    received: Option<Close>,
    failure: Option<Close>,
}

/// The fragments of a message so far.
#[derive(Debug)]
struct Fragments {
    opcode: Opcode,
    is_compressed: bool,
    data: Vec<u8>,
    /// Bytes of the data that are known to be UTF-8.
    checked: usize,
}

impl Fragments {
    /// Looks whether text is UTF-8 as far as it has come.
    fn check_text(&mut self) -> Result<(), Violation> {
        match utf8::decode(&self.data[self.checked..]) {
            Err(error) if error.is_cut_off() => self.checked += error.start,
            Err(error) => return Err(Violation::Text(error)),
            Ok(_) => self.checked = self.data.len(),
        }
        Ok(())
    }
}

/// A frame whose payload has come.
#[derive(Debug)]
struct Frame {
    prefix: Prefix,
    opcode: Opcode,
    payload: Vec<u8>,
}

impl Connection {
    /// A connection whose handshake is not complete. `limit` is the most bytes that a message may
    /// have.
    #[must_use]
    pub fn new(role: Role, rules: Rules, limit: usize) -> Self {
        Self {
            role,
            rules,
            limit,
            state: State::Opening,
            input: Vec::new(),
            begin: 0,
            arrived: 0,
            message: None,
            encoder: None,
            decoder: None,
            masks: Masks(0x9e37_79b9_7f4a_7c15),
            events: VecDeque::new(),
            output: Vec::new(),
            sent: None,
            received: None,
            failure: None,
        }
    }

    /// The handshake has agreed on compression.
    pub fn compress(&mut self, parameters: Parameters) {
        let (local, remote) = match self.role {
            Role::Server => (parameters.server, parameters.client),
            Role::Client => (parameters.client, parameters.server),
        };
        self.encoder = Some(Encoder::new(local, parameters.memory_level));
        self.decoder = Some(Decoder::new(remote));
    }

    /// Where a client's masks begin: a number that nobody can guess (RFC 6455, section 5.3).
    pub fn seed(&mut self, seed: u64) {
        self.masks = Masks(seed | 1);
    }

    /// The handshake is complete: messages can be sent.
    pub fn open(&mut self) {
        if self.state == State::Opening {
            self.state = State::Open;
        }
    }

    /// Where the connection is.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// How the other end broke the protocol, if it did: the close frame that answers that.
    #[must_use]
    pub fn failure(&self) -> Option<&Close> {
        self.failure.as_ref()
    }

    /// The close frame that was sent.
    #[must_use]
    pub fn close_sent(&self) -> Option<&Close> {
        self.sent.as_ref()
    }

    /// The close frame that came.
    #[must_use]
    pub fn close_received(&self) -> Option<&Close> {
        self.received.as_ref()
    }

    /// Bytes came. Everything in them is read: see [`next_event`](Self::next_event) and
    /// [`failure`](Self::failure).
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.state == State::Closed {
            return;
        }
        self.feed(bytes);
        loop {
            match self.read() {
                Ok(true) => {}
                Ok(false) => break,
                Err(violation) => self.broken(&violation),
            }
            if self.state == State::Closed {
                self.input = Vec::new();
                self.begin = 0;
                return;
            }
        }
    }

    /// Bytes came, for [`read`](Self::read).
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Bytes that were not read.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.input.len() - self.begin
    }

    /// Reads one frame, for callers that read at their own pace; `false` where none is complete.
    ///
    /// # Errors
    /// The other end broke the protocol. What follows is the caller's to do.
    pub fn read(&mut self) -> Result<bool, Violation> {
        let frame = self.read_frame()?;
        let Some(frame) = frame else {
            self.input.drain(..self.begin);
            self.begin = 0;
            return Ok(false);
        };
        self.receive_frame(frame)?;
        Ok(true)
    }

    /// The next of what came.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What is to be sent.
    #[must_use]
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Sends a message of text.
    ///
    /// # Errors
    /// The connection is not open.
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.send(Opcode::Text, text.as_bytes())
    }

    /// Sends a message of bytes.
    ///
    /// # Errors
    /// The connection is not open.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.send(Opcode::Binary, bytes)
    }

    fn send(&mut self, opcode: Opcode, message: &[u8]) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closing);
        }
        match &mut self.encoder {
            None => self.write(0, opcode, message),
            Some(encoder) => {
                let compressed = encoder.encode(message);
                self.write(frame::RSV1, opcode, &compressed);
            }
        }
        Ok(())
    }

    /// Sends a ping, which the other end answers with the same payload of at most 125 bytes.
    ///
    /// # Errors
    /// The connection is closed.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if self.state == State::Closed {
            return Err(SendError::Closing);
        }
        self.write(
            0,
            Opcode::Ping,
            &payload[..payload.len().min(frame::MAX_CONTROL)],
        );
        Ok(())
    }

    /// Sends a close frame: the closing handshake begins.
    ///
    /// # Errors
    /// The connection is closing, or the frame cannot be sent.
    pub fn close(&mut self, close: Close) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closing);
        }
        if close.code != close_code::NO_STATUS && !close_code::may_be_sent(close.code) {
            return Err(SendError::Code);
        }
        if close.reason.len() > close::MAX_REASON {
            return Err(SendError::Reason);
        }
        self.write(0, Opcode::Close, &close.encode());
        self.sent = Some(close);
        self.state = State::Closing;
        Ok(())
    }

    /// Fails the connection (RFC 6455, section 7.1.7): a close frame is sent, unless one was, and
    /// nothing more is read.
    pub fn fail(&mut self, close: Close) {
        if self.state == State::Open && self.rules.failure == Failure::Close {
            self.write(0, Opcode::Close, &close.encode());
            self.sent = Some(close.clone());
        }
        self.state = State::Closed;
        self.failure = Some(close);
    }

    fn broken(&mut self, violation: &Violation) {
        let mut reason = self.rules.reason(violation);
        while reason.len() > close::MAX_REASON {
            reason.pop();
        }
        self.fail(Close::new(violation.code(), reason));
    }

    /// Sends a frame, whatever was sent before it: for callers that have rules of their own.
    pub fn write_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        self.write(0, opcode, payload);
    }

    fn write(&mut self, reserved: u8, opcode: Opcode, payload: &[u8]) {
        let mask = match self.role {
            Role::Server => None,
            Role::Client => Some(self.masks.next()),
        };
        let header = Header {
            reserved,
            ..Header::whole(opcode, mask)
        };
        header.write(payload, &mut self.output);
    }

    /// The next frame, as far as it has come.
    fn read_frame(&mut self) -> Result<Option<Frame>, Violation> {
        let input = &self.input[self.begin..];
        let Some(prefix) = Prefix::read(input) else {
            return Ok(None);
        };
        for check in self.rules.prefix {
            self.check(*check, prefix, None)?;
        }
        let Some(length) = prefix.length(input) else {
            return Ok(None);
        };
        for check in self.rules.length {
            self.check(*check, prefix, Some(length))?;
        }
        let opcode = Opcode::of(prefix.opcode()).ok_or(Violation::Opcode(prefix.opcode()))?;
        let Some((mask, begin)) = prefix.mask(length, input) else {
            return Ok(None);
        };
        // The limit was checked: a length beyond memory never gets here.
        let end = begin.saturating_add(usize::try_from(length.value).unwrap_or(usize::MAX));
        let Some(payload) = input.get(begin..end) else {
            self.check_arriving(prefix, opcode, mask, begin)?;
            return Ok(None);
        };
        let mut payload = payload.to_vec();
        self.begin += end;
        self.arrived = 0;
        if let Some(key) = mask {
            frame::apply_mask(&mut payload, key);
        }
        let (prefix, payload) = self.decompress(prefix, opcode, payload)?;
        for check in self.rules.frame {
            self.check(*check, prefix, Some(length))?;
        }
        Ok(Some(Frame {
            prefix,
            opcode,
            payload,
        }))
    }

    /// Looks whether what has come of a frame of text is UTF-8. Its payload begins at `begin` of
    /// the unread input.
    fn check_arriving(
        &mut self,
        prefix: Prefix,
        opcode: Opcode,
        mask: Option<[u8; 4]>,
        begin: usize,
    ) -> Result<(), Violation> {
        let is_compressed = prefix.reserved() & frame::RSV1 != 0;
        let (kind, is_compressed, tail) = match (opcode, &self.message) {
            (Opcode::Continuation, Some(message)) => (
                message.opcode,
                message.is_compressed,
                &message.data[message.checked..],
            ),
            _ => (opcode, is_compressed, &[][..]),
        };
        if self.rules.text != Text::Arriving || kind != Opcode::Text || is_compressed {
            return Ok(());
        }
        // What is known to be UTF-8 is not looked at again.
        let tail = if self.arrived == 0 { tail } else { &[] };
        let mut part = self.input[self.begin + begin + self.arrived..].to_vec();
        if let Some(mut key) = mask {
            key.rotate_left(self.arrived % 4);
            frame::apply_mask(&mut part, key);
        }
        let bytes = [tail, &part].concat();
        let checked = match utf8::decode(&bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.is_cut_off() => error.start,
            Err(error) => return Err(Violation::Text(error)),
        };
        self.arrived += checked.saturating_sub(tail.len());
        Ok(())
    }

    fn check(&self, check: Check, prefix: Prefix, length: Option<Length>) -> Result<(), Violation> {
        let number = prefix.opcode();
        let is_control = number >= Opcode::Close as u8;
        let is_continuation = number == Opcode::Continuation as u8;
        let length = length.unwrap_or(Length {
            value: prefix.short_length().into(),
            width: 0,
        });
        let broken = match check {
            Check::Opcode => Opcode::of(number)
                .is_none()
                .then_some(Violation::Opcode(number)),
            Check::Masking => {
                (prefix.is_masked() != (self.role == Role::Server)).then_some(Violation::Masking)
            }
            Check::Reserved => {
                let is_compressed = self.decoder.is_some() && !is_control && !is_continuation;
                let used = if is_compressed { frame::RSV1 } else { 0 };
                (prefix.reserved() & !used != 0).then_some(Violation::Reserved)
            }
            Check::Length => (!length.is_minimal()).then_some(Violation::Length(length)),
            Check::ControlLength => (is_control && length.value > frame::MAX_CONTROL as u64)
                .then_some(Violation::ControlTooLong),
            Check::ControlFragments => {
                (is_control && !prefix.fin()).then_some(Violation::ControlFragmented)
            }
            Check::NoMessageWithin => (!is_control && !is_continuation && self.message.is_some())
                .then_some(Violation::ExpectedContinuation(number)),
            Check::Continues => (is_continuation && self.message.is_none())
                .then_some(Violation::UnexpectedContinuation),
            Check::MessageLimit | Check::Arrived if is_control => None,
            Check::Arrived => {
                let header = 2 + length.width + if prefix.is_masked() { 4 } else { 0 };
                let arrived = self.unread().saturating_sub(header) as u64;
                (arrived.min(length.value) > self.room() as u64).then(|| self.too_big(None))
            }
            Check::Compressed => (self.decoder.is_some()
                && prefix.reserved() & frame::RSV1 != 0
                && (is_control || is_continuation))
                .then_some(Violation::CompressedContinuation),
            Check::Limit | Check::MessageLimit => {
                (length.value > self.room() as u64).then(|| self.too_big(Some(length.value)))
            }
        };
        broken.map_or(Ok(()), Err)
    }

    /// Bytes that the message under way may still have.
    fn room(&self) -> usize {
        let read = self
            .message
            .as_ref()
            .map_or(0, |message| message.data.len());
        self.limit.saturating_sub(read)
    }

    fn too_big(&self, size: Option<u64>) -> Violation {
        Violation::TooBig {
            size,
            read: self.message.as_ref().map(|message| message.data.len()),
            limit: self.limit,
        }
    }

    /// The frame as it was before it was compressed.
    fn decompress(
        &mut self,
        prefix: Prefix,
        opcode: Opcode,
        payload: Vec<u8>,
    ) -> Result<(Prefix, Vec<u8>), Violation> {
        let room = self.room();
        let Some(decoder) = &mut self.decoder else {
            return Ok((prefix, payload));
        };
        let marked = prefix.reserved() & frame::RSV1 != 0;
        match opcode {
            _ if opcode.is_control() => return Ok((prefix, payload)),
            Opcode::Continuation => {
                if !self.message.as_ref().is_some_and(|m| m.is_compressed) {
                    return Ok((prefix, payload));
                }
                if marked {
                    return Err(Violation::CompressedContinuation);
                }
            }
            _ if !marked => return Ok((prefix, payload)),
            _ => decoder.begin(),
        }
        if self.rules.imitates == Library::Wsproto
            && opcode != Opcode::Continuation
            && decoder.has_ended()
        {
            return Err(Violation::Decompression);
        }
        match decoder.decode(&payload, prefix.fin(), room) {
            Ok(payload) => Ok((prefix.decompressed(), payload)),
            Err(InflateError::Corrupt) => Err(Violation::Decompression),
            Err(InflateError::TooBig) => Err(self.too_big(None)),
        }
    }

    fn receive_frame(&mut self, frame: Frame) -> Result<(), Violation> {
        let Frame {
            prefix,
            opcode,
            payload,
        } = frame;
        match opcode {
            Opcode::Ping | Opcode::Pong
                if self.rules.imitates == Library::Wsproto
                    && self.message.as_ref().is_some_and(|m| m.is_compressed) =>
            {
                // wsproto forgets that the message around it is compressed.
                if let Some(message) = &mut self.message {
                    message.is_compressed = false;
                }
                return self.receive_frame(Frame {
                    prefix,
                    opcode,
                    payload,
                });
            }
            Opcode::Ping => {
                if self.sends_control() {
                    self.write(0, Opcode::Pong, &payload);
                }
                self.events.push_back(Event::Ping(payload));
            }
            Opcode::Pong => self.events.push_back(Event::Pong(payload)),
            Opcode::Close if self.rules.closing == Closing::Caller => {
                self.events.push_back(Event::CloseFrame(payload));
            }
            Opcode::Close => self.closed(&payload)?,
            Opcode::Continuation => {
                if let Some(message) = &mut self.message {
                    message.data.extend_from_slice(&payload);
                    if message.opcode == Opcode::Text && self.rules.text.checks_fragments() {
                        message.check_text()?;
                    }
                }
                if prefix.fin()
                    && let Some(message) = self.message.take()
                {
                    self.complete(message.opcode, message.data, message.checked)?;
                }
            }
            Opcode::Text | Opcode::Binary if prefix.fin() => self.complete(opcode, payload, 0)?,
            Opcode::Text | Opcode::Binary => {
                let mut message = Fragments {
                    opcode,
                    is_compressed: prefix.was_compressed(),
                    data: payload,
                    checked: 0,
                };
                if opcode == Opcode::Text && self.rules.text.checks_fragments() {
                    message.check_text()?;
                }
                self.message = Some(message);
            }
        }
        Ok(())
    }

    /// A message is complete; so many bytes of it are known to be UTF-8.
    fn complete(&mut self, opcode: Opcode, data: Vec<u8>, checked: usize) -> Result<(), Violation> {
        if opcode != Opcode::Text {
            self.events.push_back(Event::Binary(data));
            return Ok(());
        }
        if self.rules.text != Text::Caller {
            utf8::decode(&data[checked..]).map_err(Violation::Text)?;
        }
        self.events.push_back(Event::Text(data));
        Ok(())
    }

    fn closed(&mut self, payload: &[u8]) -> Result<(), Violation> {
        let close = Close::decode(payload)?;
        self.received = Some(close.clone());
        if self.message.is_some() {
            return Err(Violation::IncompleteMessage);
        }
        if self.state == State::Open {
            self.write(0, Opcode::Close, payload);
            self.sent = Some(close.clone());
        }
        self.state = State::Closed;
        self.events.push_back(Event::Close(close));
        Ok(())
    }

    fn sends_control(&self) -> bool {
        self.state != State::Closed
    }
}

/// A client's masks: xorshift64*.
#[derive(Debug)]
struct Masks(u64);

impl Masks {
    fn next(&mut self) -> [u8; 4] {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let [a, b, c, d, ..] = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes();
        [a, b, c, d]
    }
}

#[cfg(test)]
mod tests;
