//! What a server's command line says of its WebSocket connections.

use crate::os::Millis;

/// What the command line says of WebSocket connections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The most bytes that a message may have (`--ws-max-size`).
    pub max_size: usize,
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
            max_size: 16 * 1024 * 1024,
            ping_interval: Some(20_000.0),
            ping_timeout: Some(20_000.0),
            compression: true,
        }
    }
}
