//! What a process says with a [`super::frame::FromProcess::Poll`].

/// Connections may be offered to the process: see [`super::Claims`].
pub const TAKES_OFFERS: u8 = 1;
/// The process does nothing but wait: of several that do, Linux wakes all, and the one that has
/// waited longest runs first and finds the connection. The others find nothing and wait anew,
/// behind those that wait already. Measured with two and three idle workers of gunicorn (sync):
/// they are served in turn.
pub const IN_TURN: u8 = 2;
