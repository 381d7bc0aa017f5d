//! What a hostile or careless app may take of the machine and of the page: the bounds, with their
//! units and reasons. `docs/bounds.md` says what happens at each.

/// How much of something may come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// So much at once.
    pub at_once: f64,
    /// So much more each second after that.
    pub per_second: f64,
}

/// Bytes of a line that are kept; of the rest the log says how much there was.
pub const LINE_BYTES: usize = 1 << 16;

/// Lines that a server may log: a limit that was chosen, not measured.
pub const LOG_LINES: Rate = Rate {
    at_once: 200_000.0,
    per_second: 20_000.0,
};

/// Bytes that a server may log.
pub const LOG_BYTES: Rate = Rate {
    at_once: 33_554_432.0,
    per_second: 8_388_608.0,
};

/// Spans that the processes of a server may tell: chosen so that 20,000 requests a second with some
/// ten spans each stay well below it. The page keeps the last 200,000.
pub const SPANS: Rate = Rate {
    at_once: 500_000.0,
    per_second: 500_000.0,
};

/// Bytes of lines and spans that were sent to the page and that it has not taken: what it gets when
/// it is busy for long.
pub const TO_PAGE: u64 = 64 << 20;

/// What a line or a frame takes on its way to the page besides its bytes.
pub const OVERHEAD: usize = 64;

/// Connections that are open at once: the local ports that Linux has for them
/// (`ip_local_port_range`).
pub const CONNECTIONS: usize = 28_232;

/// Requests whose numbers and times the trace remembers, and connections whose process it does:
/// as many as can be on their way at once.
pub const REMEMBERED: usize = 1 << 15;

/// Bytes of WebSocket messages that the page was given and has not taken, of one WebSocket: beyond
/// it, what the server sends waits.
pub const MESSAGES: u32 = 1 << 20;

/// Events that wait for a master whose Python is at work, and signals that wait for a master. Linux
/// merges signals that wait; a thousand of one kind say no more than one.
pub const WAITING: usize = 1000;

/// Signals that the processes of a server may send to each other.
pub const SIGNALS: Rate = Rate {
    at_once: 1000.0,
    per_second: 1000.0,
};

/// Processes that may be asked for where nobody has said how much memory there is.
pub const PROCESSES: u32 = 256;

/// Processes that a server starts beyond its workers before one has accepted: then its `start`
/// waits no longer.
pub const VAIN_SPAWNS: u32 = 10;
