//! A connection that is a WebSocket, and which requests ask for one.

use crate::asgi::websocket::Session;
use crate::http1::RequestHead;
use crate::os::Millis;
use crate::servers::Level;
use crate::workers::ProcessContext;

use super::connection::upgrade;

/// A connection that has become a WebSocket, or was refused as one.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) connection: u32,
    pub(super) sequence: u32,
    pub(super) session: Session,
    pub(super) begun_at: Millis,
    pub(super) called_at: Option<Millis>,
    /// The app has been called and has not ended.
    pub(super) has_app: bool,
    /// The app waits in `receive()`.
    pub(super) waiting: bool,
    pub(super) client: Client,
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
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.session.deadline()
    }
}

/// Whether a request asks for a WebSocket, by what uvicorn looks at.
pub(super) fn asks(head: &RequestHead) -> bool {
    upgrade(head).is_some_and(|protocol| protocol.eq_ignore_ascii_case(b"websocket"))
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
