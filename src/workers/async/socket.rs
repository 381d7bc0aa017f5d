//! A connection that is a WebSocket, and which requests ask for one.

use std::collections::VecDeque;

use crate::asgi::websocket::Session;
use crate::os::Millis;
use crate::servers::Level;
use crate::workers::ProcessContext;

/// A connection that has become a WebSocket, or was refused as one.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) connection: u32,
    pub(super) sequence: u32,
    pub(super) session: Box<dyn Session>,
    pub(super) begun_at: Millis,
    pub(super) called_at: Option<Millis>,
    /// The app has been called and has not ended.
    pub(super) has_app: bool,
    /// The app waits in `receive()`.
    pub(super) waiting: bool,
    pub(super) times: Times,
    pub(super) client: Client,
}

/// When what happened that the trace tells of.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// When each event came that waits for the app.
    pub(super) arrived: VecDeque<Millis>,
    /// Since when the app waits in `receive()`.
    pub(super) receiving: Option<Millis>,
    /// Since when the app waits in `send()`.
    pub(super) sending: Option<Millis>,
}

/// Whether the client is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// As far as anybody knows.
    Here,
    /// It has gone; that is seen once everything that it sent was read.
    Ended,
    /// It has gone, and the session knows.
    Lost,
}

impl Socket {
    /// The request that it began as.
    pub(super) fn request(&self) -> (u32, u32) {
        (self.connection, self.sequence)
    }

    /// Notes when events came for the app that were not there before.
    pub(super) fn note_arrivals(&mut self, now: Millis) {
        self.times.arrived.resize(self.session.waiting(), now);
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        self.session.deadline()
    }
}

/// What uvicorn says of an upgrade that it does not make.
pub(super) fn warn_unsupported(process: &mut ProcessContext, now: Millis) {
    process.log(Level::Warning, "Unsupported upgrade request.", now);
    if process.launch.asgi.websocket.is_none() {
        process.log(
            Level::Warning,
            "No supported WebSocket library detected. Please use \"pip install \
             'uvicorn[standard]'\", or install 'websockets' or 'wsproto' manually.",
            now,
        );
    }
}
