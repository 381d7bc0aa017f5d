//! What a server's command line says of its WebSocket connections.

use super::rules::Library;
use crate::os::Millis;

/// What the command line says of WebSocket connections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Whose answers clients and apps get.
    pub imitates: Library,
    /// The most bytes that a message may have (`--ws-max-size`).
    pub max_size: usize,
    /// The most bytes that a frame may have, where that is a limit of its own (daphne). 0: as many
    /// as a message.
    pub max_frame: usize,
    /// Messages that may wait for the app where the library counts them (`--ws-max-queue`). 0: as
    /// many as come.
    pub max_queue: usize,
    /// Milliseconds that the app may take to accept, where the library looks (daphne).
    pub handshake_timeout: Option<Millis>,
    /// Milliseconds between two pings (`--ws-ping-interval`).
    pub ping_interval: Option<Millis>,
    /// Milliseconds that a pong may take (`--ws-ping-timeout`).
    pub ping_timeout: Option<Millis>,
    /// Whether messages are compressed where the client can (`--ws-per-message-deflate`).
    pub compression: bool,
}

impl Default for Settings {
    /// uvicorn's.
    fn default() -> Self {
        Self {
            imitates: Library::Websockets,
            max_size: 16 * 1024 * 1024,
            max_frame: 0,
            max_queue: 32,
            handshake_timeout: None,
            ping_interval: Some(20_000.0),
            ping_timeout: Some(20_000.0),
            compression: true,
        }
    }
}
