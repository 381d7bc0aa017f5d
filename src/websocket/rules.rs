//! Where the libraries of the imitated servers differ: what they check, when, and in which words
//! they close a connection.

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
    /// The message is not beyond the limit.
    Limit,
}

/// How an end reads frames: an order of checks for each part of a frame, as soon as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The library.
    pub library: Library,
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
}

/// Who looks whether text is UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// The caller, when the message is complete.
    Caller,
    /// The connection, when the message is complete.
    Whole,
}

/// What is sent when the other end breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A close frame with code and reason.
    Close,
    /// Nothing: the caller ends the connection.
    Nothing,
}

/// A library that speaks WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    /// `websockets`, sans-IO: what uvicorn has by default.
    Websockets,
    /// What browsers do; the client in the page.
    Browser,
}

impl Rules {
    /// `websockets` 17.4 as `uvicorn --ws websockets-sansio` uses it.
    pub const WEBSOCKETS: Self = Self {
        library: Library::Websockets,
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
    };

    /// A browser's client (RFC 6455, section 5.2; WHATWG's `WebSocket`).
    pub const BROWSER: Self = Self {
        library: Library::Browser,
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
    };

    /// The reason in the close frame that answers a breach.
    #[must_use]
    pub fn reason(&self, violation: &Violation) -> String {
        match self.library {
            Library::Websockets | Library::Browser => violation.to_string(),
        }
    }
}
