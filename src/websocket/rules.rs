//! Where the libraries of the imitated servers differ: what they check, when, and in which words
//! they close a connection.

use super::close_code;
use super::violation::Violation;

/// One thing to check of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The opcode is defined.
    Opcode,
    /// A client's frames are masked, a server's are not.
    Masking,
    /// No reserved bit is set but those that an extension uses.
    Reserved,
    /// The length is written in as few bytes as there can be.
    Length,
    /// Control frames carry at most 125 bytes.
    ControlLength,
    /// Control frames are not fragmented.
    ControlFragments,
    /// No message begins within another.
    NoMessageWithin,
    /// Continuations continue something.
    Continues,
    /// The message is not beyond the limit, and no control frame is.
    Limit,
    /// The message is not beyond the limit.
    MessageLimit,
    /// What has come of the message is not beyond the limit, whatever the frame says of its length.
    Arrived,
    /// Only the first frame of a message says that it is compressed.
    Compressed,
}

/// How an end reads frames: an order of checks for each part of a frame, as soon as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The library whose order of checks it is.
    pub imitates: Library,
    /// Once the first two bytes are there.
    pub prefix: &'static [Check],
    /// Once the length is there.
    pub length: &'static [Check],
    /// Once the whole frame is there, and was decompressed.
    pub frame: &'static [Check],
    /// Whether text that is not UTF-8 fails the connection here, or the caller looks.
    pub text: Text,
    /// What is sent when the other end breaks the protocol.
    pub failure: Failure,
    /// Who reads and answers close frames.
    pub closing: Closing,
}

/// Who looks whether text is UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// The caller, when the message is complete.
    Caller,
    /// The connection, when the message is complete.
    Whole,
    /// The connection, when a fragment is.
    Fragments,
    /// The connection, as it arrives; compressed text when a fragment is complete.
    Arriving,
}

impl Text {
    /// Whether a fragment is looked at before the message is complete.
    pub(super) fn checks_fragments(self) -> bool {
        matches!(self, Self::Fragments | Self::Arriving)
    }
}

/// What is sent when the other end breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A close frame with code and reason.
    Close,
    /// Nothing: the caller ends the connection.
    Nothing,
}

/// Who reads and answers close frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The connection.
    Connection,
    /// The caller.
    Caller,
}

/// A library that speaks WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// `websockets`, sans-IO: what uvicorn has by default.
    Websockets,
    /// `websockets.legacy`.
    Legacy,
    /// `autobahn`: what daphne has.
    Autobahn,
    /// gunicorn's own, of its `asgi` worker.
    Gunicorn,
    /// `wsproto`.
    Wsproto,
    /// What browsers do; the client in the page.
    Browser,
}

impl Rules {
    /// `websockets` 17.4 as `uvicorn --ws websockets-sansio` uses it.
    pub const WEBSOCKETS: Self = Self {
        imitates: Library::Websockets,
        prefix: &[Check::Opcode, Check::Masking],
        length: &[Check::Limit],
        frame: &[
            Check::Reserved,
            Check::ControlLength,
            Check::ControlFragments,
            Check::NoMessageWithin,
            Check::Continues,
        ],
        text: Text::Caller,
        failure: Failure::Close,
        closing: Closing::Connection,
    };

    /// `websockets.legacy` 17.4, which gives no reasons.
    pub const LEGACY: Self = Self {
        imitates: Library::Legacy,
        text: Text::Fragments,
        failure: Failure::Nothing,
        closing: Closing::Caller,
        ..Self::WEBSOCKETS
    };

    /// autobahn 26.10.2 as daphne uses it: without extensions. Whatever breaks the protocol resets
    /// the connection, without a word.
    pub const AUTOBAHN: Self = Self {
        imitates: Library::Autobahn,
        prefix: &[
            Check::Reserved,
            Check::Masking,
            Check::Opcode,
            Check::ControlFragments,
            Check::ControlLength,
            Check::NoMessageWithin,
            Check::Continues,
        ],
        length: &[Check::Length, Check::MessageLimit],
        frame: &[],
        text: Text::Arriving,
        failure: Failure::Nothing,
        closing: Closing::Caller,
    };

    /// wsproto 1.3.2, which uvicorn closes without a word where it is broken.
    pub const WSPROTO: Self = Self {
        imitates: Library::Wsproto,
        prefix: &[Check::Opcode, Check::ControlFragments, Check::ControlLength],
        length: &[
            Check::Length,
            Check::Compressed,
            Check::Reserved,
            Check::Masking,
            Check::Arrived,
        ],
        frame: &[Check::NoMessageWithin, Check::Continues],
        text: Text::Arriving,
        failure: Failure::Nothing,
        closing: Closing::Caller,
    };

    /// gunicorn 27.0.1, `gunicorn/asgi/websocket.py`. It has no extensions.
    pub const GUNICORN: Self = Self {
        imitates: Library::Gunicorn,
        prefix: &[Check::Reserved, Check::Opcode, Check::Masking],
        length: &[
            Check::Length,
            Check::NoMessageWithin,
            Check::ControlFragments,
            Check::ControlLength,
            Check::MessageLimit,
        ],
        frame: &[Check::Continues],
        text: Text::Caller,
        failure: Failure::Nothing,
        closing: Closing::Caller,
    };

    /// A browser's client (RFC 6455, section 5.2; WHATWG's `WebSocket`).
    pub const BROWSER: Self = Self {
        imitates: Library::Browser,
        prefix: &[
            Check::Opcode,
            Check::Masking,
            Check::Reserved,
            Check::ControlFragments,
            Check::NoMessageWithin,
            Check::Continues,
        ],
        length: &[Check::Length, Check::ControlLength, Check::Limit],
        frame: &[],
        text: Text::Whole,
        failure: Failure::Close,
        closing: Closing::Connection,
    };

    /// The code that goes with a breach: what the app is told, and the close frame says if there is
    /// one.
    #[must_use]
    pub fn code(&self, violation: &Violation) -> u16 {
        match (self.imitates, violation) {
            (Library::Wsproto, Violation::Decompression) => close_code::INVALID_DATA,
            _ => violation.code(),
        }
    }

    /// The reason in the close frame that answers a breach.
    #[must_use]
    pub fn reason(&self, violation: &Violation) -> String {
        match self.imitates {
            Library::Websockets | Library::Legacy | Library::Autobahn | Library::Browser => {
                violation.to_string()
            }
            Library::Gunicorn => gunicorns(violation).to_owned(),
            Library::Wsproto => wsprotos(violation),
        }
    }
}

fn gunicorns(violation: &Violation) -> &'static str {
    match violation {
        Violation::Reserved => "RSV bits set",
        Violation::Opcode(_) => "Reserved opcode",
        Violation::Masking => "Frame not masked",
        Violation::Length(length) if length.width == 2 => "Non-minimal length",
        Violation::Length(_) => "Invalid length",
        Violation::ExpectedContinuation(_) => "Expected continuation",
        Violation::UnexpectedContinuation => "Unexpected continuation",
        Violation::TooBig { .. } => "Message too big",
        // The others are not looked for.
        _ => "Invalid control frame",
    }
}

fn wsprotos(violation: &Violation) -> String {
    let text = match violation {
        Violation::Opcode(number) => return format!("Invalid opcode {number:#x}"),
        Violation::ControlFragmented => "Invalid attempt to fragment control frame",
        Violation::ControlTooLong => "Control frame with payload len > 125",
        Violation::Length(length) if length.width == 2 => {
            "Payload length used 2 bytes when 1 would have sufficed"
        }
        Violation::Length(length) if length.value <= 0xffff => {
            "Payload length used 8 bytes when 2 would have sufficed"
        }
        Violation::Length(_) => "8-byte payload length with non-zero MSB",
        Violation::CompressedContinuation | Violation::Decompression => "error in extension",
        Violation::Reserved => "Reserved bit set unexpectedly",
        Violation::Masking => "server received unexpected unmasked frame",
        Violation::UnexpectedContinuation => "unexpected CONTINUATION",
        Violation::ExpectedContinuation(number) => {
            let name = if *number == 1 { "TEXT" } else { "BINARY" };
            return format!("expected CONTINUATION, got <Opcode.{name}: {number}>");
        }
        other => return other.to_string(),
    };
    text.to_owned()
}
