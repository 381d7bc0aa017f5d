//! What every server's session has: its connection's bytes on one side, `receive` and `send` on
//! the other.

use std::fmt::Debug;

use crate::os::Millis;
use crate::wire::strings::Strings;

use super::error::SessionError;
use super::event::{Message, Received};
use super::output::Output;

/// What connection and app do not change: who asks for what, and how a response begins.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The client and the target as the log shows them: `127.0.0.1:50000`, `/ws?x=1`.
    pub client: String,
    /// See `client`.
    pub target: String,
    /// The header fields that the server adds to each response (`date`, `server`, `--header`).
    pub defaults: Strings,
}

/// How far a `send()` has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It returns.
    Done,
    /// It waits for [`Output::writable`], then sends the same once more.
    Waits,
}

/// How the app's call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// It returned; `str()` of what it returned, unless that is None.
    Returned(Option<&'a str>),
    /// It raised an exception.
    Raised,
    /// It raised the exception by which [`Session::send`] told it that the client is gone.
    Left,
}

/// A WebSocket connection between its client and its app, by the rules of one server. What is to
/// be done outside gathers in an [`Output`] after each call.
pub trait Session: Debug {
    /// Whether the app is to be called. A connection that it does not get is closed, or stays
    /// silent until it is lost.
    fn calls_app(&self) -> bool;

    /// Whether the loss of the connection is told after the app has ended: then `Ending` is told
    /// once more, and only that ends the session.
    fn outlives_app(&self) -> bool {
        false
    }

    /// The subprotocols that the client offers.
    fn subprotocols(&self) -> &[String];

    /// What is to be done.
    fn take_output(&mut self) -> Output;

    /// Whether bytes are to be read from the client.
    fn is_reading(&self) -> bool;

    /// When [`tick`](Self::tick) is due.
    fn deadline(&self) -> Option<Millis>;

    /// Timers: pings, and what a client may take to answer a close frame.
    fn tick(&mut self, now: Millis);

    /// Bytes came.
    fn receive_bytes(&mut self, bytes: &[u8], now: Millis);

    /// The connection is gone: the client ended it, or everything was sent after
    /// [`Output::close`].
    fn lost(&mut self);

    /// The server stops.
    fn shutdown(&mut self, date: &str);

    /// How many events wait for the app.
    fn waiting(&self) -> usize;

    /// `receive()`; `None`: the app waits until [`Output::wake`].
    fn receive(&mut self) -> Option<Received>;

    /// Whether sending this event waits for a client that does not read.
    fn waits_for_client(&self, message: &Message<'_>) -> bool;

    /// `send()`.
    ///
    /// # Errors
    /// What `send` raises in the app.
    fn send(
        &mut self,
        message: Message<'_>,
        now: Millis,
        date: &str,
    ) -> Result<Progress, SessionError>;

    /// The app's call has ended.
    fn ended(&mut self, ending: Ending<'_>, now: Millis, date: &str);
}
