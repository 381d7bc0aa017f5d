//! Connections that wait in a backlog, offered to the process that accepts from it.
//!
//! A kernel's accept queue is memory that every process reaches: `accept()` takes the first
//! connection without asking anybody. Here the queue is the kernel's own, and a message there and
//! back for each connection would cost more than the request. So the connections at its head are
//! told to the process ahead of time, each with a *claim*: a word of memory that both sides see.
//! Until somebody takes the claim the connection waits in the backlog as any other, and another
//! process that accepts gets it: who takes the claim first has the connection, and nobody else.

use super::frame::Accepted;
use super::ids::ConnectionId;

/// The words that kernel and processes share: see `www/worker/claims.js`. All operations have one
/// order for all threads.
pub trait Claims: std::fmt::Debug {
    /// The kernel offers a connection: it can be claimed by what this slot says.
    fn offer(&self, slot: u32, id: ConnectionId);
    /// Claims the connection. False where somebody else has.
    fn claim(&self, slot: u32, id: ConnectionId) -> bool;
    /// Whether nobody has claimed the connection.
    fn is_offered(&self, slot: u32, id: ConnectionId) -> bool;
}

/// Connections that can be on offer at once, of all listeners.
pub const SLOTS: u32 = 64;

/// The body of [`super::frame::ToProcess::Offer`].
#[derive(Debug, Clone, PartialEq)]
pub struct Offer<'a> {
    /// What an accept would have said.
    pub accepted: Accepted,
    /// Where the claim is.
    pub slot: u32,
    /// Whether the client ends its side as soon as the server has ended its own, whatever else
    /// happens.
    pub prompt: bool,
    /// What the client has sent.
    pub data: &'a [u8],
}

/// An [`Offer`] as bytes, but for its data, which follows.
#[must_use]
pub(super) fn encode_offer(accepted: Accepted, slot: u32, prompt: bool) -> [u8; 23] {
    let mut bytes = [0; 23];
    bytes[..18].copy_from_slice(&accepted.encode());
    bytes[18..22].copy_from_slice(&slot.to_le_bytes());
    bytes[22] = u8::from(prompt);
    bytes
}

impl<'a> Offer<'a> {
    /// From bytes.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (accepted, rest) = bytes.split_first_chunk::<18>()?;
        let (slot, rest) = rest.split_first_chunk()?;
        let (prompt, data) = rest.split_first()?;
        Some(Self {
            accepted: Accepted::decode(accepted)?,
            slot: u32::from_le_bytes(*slot),
            prompt: *prompt != 0,
            data,
        })
    }
}

/// Claims of one thread, for tests.
#[cfg(test)]
pub(crate) mod testing {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::{Claims, ConnectionId, SLOTS};

    #[derive(Debug, Clone)]
    pub(crate) struct Table(Rc<RefCell<Vec<ConnectionId>>>);

    impl Table {
        pub(crate) fn new() -> Self {
            Self(Rc::new(RefCell::new(vec![0; SLOTS as usize])))
        }
    }

    impl Claims for Table {
        fn offer(&self, slot: u32, id: ConnectionId) {
            self.0.borrow_mut()[slot as usize] = id;
        }

        fn claim(&self, slot: u32, id: ConnectionId) -> bool {
            let free = self.0.borrow()[slot as usize] == id;
            if free {
                self.0.borrow_mut()[slot as usize] = 0;
            }
            free
        }

        fn is_offered(&self, slot: u32, id: ConnectionId) -> bool {
            self.0.borrow()[slot as usize] == id
        }
    }
}
