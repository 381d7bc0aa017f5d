//! What Python's `select()` returns.

use crate::os::Signal;

/// What happens to the app, for Python's `select()` to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoopEvent {
    /// A request begins; its scope as a run of strings.
    Request(u32, Vec<u8>),
    /// A WebSocket connection begins; its scope as a list of strings.
    Socket(u32, Vec<u8>),
    /// The connection under a WebSocket is gone: in the loop's next round its session is to be told
    /// ([`AsyncWorker::socket_lost`]).
    Lost(u32),
    /// A waiting `receive()` may go on.
    Receivable(u32),
    /// A waiting `send()` may go on.
    Writable(u32),
    /// The server is to stop, because of this signal.
    Stop(Signal),
}
