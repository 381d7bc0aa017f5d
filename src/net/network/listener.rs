//! A listener, its backlog, and who accepts from it.

use std::collections::VecDeque;

use crate::net::Deferral;
use crate::net::ids::{Address, ConnectionId, ListenerGroup};
use crate::os::Pid;

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) address: Address,
    pub(super) group: Option<ListenerGroup>,
    pub(super) backlog: usize,
    pub(super) deferral: Deferral,
    pub(super) waiting: VecDeque<ConnectionId>,
    /// Processes to wake at the next connection, in the order in which they began to wait.
    pub(super) pollers: Vec<Pid>,
    /// Those of them that are woken in turn: see [`crate::net::poll::IN_TURN`].
    pub(super) in_turn: Vec<Pid>,
    /// Processes that have polled or accepted.
    pub(super) accepters: Vec<Pid>,
    /// The last of them that has said that connections may be offered to it.
    pub(super) taker: Option<Pid>,
    /// The first of those that wait, as far as they are on offer.
    pub(super) offers: Vec<OnOffer>,
    /// The process that accepts the first that waits, whoever asks before.
    pub(super) kept_for: Option<Pid>,
}

/// A connection on offer.
#[derive(Debug)]
pub(super) struct OnOffer {
    pub(super) connection: ConnectionId,
    pub(super) pid: Pid,
    pub(super) slot: u32,
    /// Bytes that the process has been given with it.
    pub(super) sent: usize,
}
