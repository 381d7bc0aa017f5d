//! When waits end by themselves: at most one timer for each thread.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::os::Millis;

use super::ids::ThreadId;

/// Timers that were cleared stay in the heap until they come up, or until they are most of it.
const SWEEP_FROM: usize = 64;

/// A heap by time, then by the order of setting. Times are compared by their bits: for positive
/// floats that is the same order.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(u64, u32, ThreadId)>>,
    /// The ticket of each thread's timer.
    set: BTreeMap<ThreadId, u32>,
    ticket: u32,
}

impl Timers {
    pub(super) fn set(&mut self, id: ThreadId, at: Millis) {
        self.ticket = self.ticket.wrapping_add(1);
        self.set.insert(id, self.ticket);
        self.heap
            .push(Reverse((at.max(0.0).to_bits(), self.ticket, id)));
    }

    pub(super) fn clear(&mut self, id: ThreadId) {
        self.set.remove(&id);
        if self.heap.len() > SWEEP_FROM && self.heap.len() > 2 * self.set.len() {
            let set = &self.set;
            self.heap
                .retain(|Reverse((_, ticket, id))| set.get(id) == Some(ticket));
        } else {
            self.drop_cleared();
        }
    }

    /// When the first is due.
    pub(super) fn first(&self) -> Option<Millis> {
        self.heap
            .peek()
            .map(|Reverse((at, _, _))| Millis::from_bits(*at))
    }

    /// The first that is due, with its time; it is cleared.
    pub(super) fn pop_due(&mut self, now: Millis) -> Option<(ThreadId, Millis)> {
        let at = self.first()?;
        if at > now {
            return None;
        }
        let Reverse((_, _, id)) = self.heap.pop()?;
        self.set.remove(&id);
        self.drop_cleared();
        Some((id, at))
    }

    /// Keeps the invariant that the heap's first timer is set.
    fn drop_cleared(&mut self) {
        while let Some(Reverse((_, ticket, id))) = self.heap.peek()
            && self.set.get(id) != Some(ticket)
        {
            self.heap.pop();
        }
    }
}

#[cfg(test)]
impl Timers {
    /// Timers in the heap, cleared ones included.
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }
}
