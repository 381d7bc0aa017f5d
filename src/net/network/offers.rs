//! Which of the waiting connections are on offer, to whom, and how it becomes known who took them:
//! see [`crate::net::Claims`].
//!
//! Offers are made where one process alone accepts from a listener. They are the first of those
//! that wait, in their order, so that nobody gets a connection before one that came earlier.

use super::listener::{Listener, OnOffer};
use super::processes::{FIRST_READ, accepted, first_read};
use super::state::Network;
use crate::net::claims::{Claims, SLOTS, encode_offer};
use crate::net::frame::{ToProcess, push_parts};
use crate::net::ids::{ConnectionId, ListenerId};
use crate::os::Pid;

/// Connections of a listener that are on offer at once.
const MOST: usize = 16;

impl Listener {
    /// The process that connections are offered to.
    fn taker(&self) -> Option<Pid> {
        self.taker.filter(|pid| self.accepters == [*pid])
    }

    /// Whether no connection is on offer to another process.
    pub(super) fn is_offered_to(&self, pid: Pid) -> bool {
        self.offers.iter().all(|offer| offer.pid == pid)
    }
}

impl Network {
    /// Connections can be offered from now on.
    pub fn share_claims(&mut self, claims: Box<dyn Claims>) {
        self.claims = Some(claims);
        self.slots = (0..SLOTS).collect();
    }

    /// The client of this connection ends its side as soon as the server has ended its own.
    pub fn ends_promptly(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.prompt = true;
        }
    }

    /// A process accepts from this listener. That it takes offers it says once.
    pub(super) fn accepts(&mut self, pid: Pid, id: ListenerId, takes_offers: bool) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            if !listener.accepters.contains(&pid) {
                listener.accepters.push(pid);
            }
            if takes_offers {
                listener.taker = Some(pid);
            }
        }
    }

    /// Offers what can be offered.
    pub(super) fn offer_all(&mut self) {
        if self.claims.is_some() {
            let ids: Vec<ListenerId> = self.listeners.keys().copied().collect();
            for id in ids {
                self.offer(id);
            }
        }
    }

    /// Offers what can be offered of a listener's connections.
    pub(super) fn offer(&mut self, id: ListenerId) {
        let (Some(claims), Some(listener)) = (&self.claims, self.listeners.get_mut(&id)) else {
            return;
        };
        let Some(pid) = listener.taker().filter(|pid| listener.is_offered_to(*pid)) else {
            return;
        };
        while listener.offers.len() < MOST
            && let Some(&connection_id) = listener.waiting.get(listener.offers.len())
            && let Some(connection) = self.connections.get(&connection_id)
        {
            let sent = connection.early.data.len();
            // The end of a stream, and what is too large to be sent in vain, take the longer way.
            if connection.client_eof || connection.early.reset || sent > FIRST_READ as usize {
                break;
            }
            let Some(slot) = self.slots.pop() else {
                break;
            };
            claims.offer(slot, connection_id);
            let accepted = accepted(id, connection_id, connection.connected_at, first_read(sent));
            let head = encode_offer(accepted, slot, connection.prompt);
            let outbox = self.outboxes.entry(pid).or_default();
            push_parts(
                outbox,
                ToProcess::Offer,
                connection_id,
                &[&head, &connection.early.data],
            );
            listener.offers.push(OnOffer {
                connection: connection_id,
                pid,
                slot,
                sent,
            });
        }
    }

    /// The next connection for a process that accepts. None that is on offer to itself: it sees
    /// those.
    pub(super) fn next_waiting(&mut self, pid: Pid, id: ListenerId) -> Option<ConnectionId> {
        if !self.listeners.get(&id)?.is_offered_to(pid) {
            self.withdraw(id, None);
        }
        let listener = self.listeners.get_mut(&id)?;
        if listener.offers.is_empty() {
            listener.waiting.remove(listener.kept_from(pid))
        } else {
            None
        }
    }

    /// A process says that it has taken a connection.
    pub(super) fn took(&mut self, pid: Pid, connection: ConnectionId) {
        let Some(id) = self.connections.get(&connection).map(|its| its.listener) else {
            return;
        };
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        let its = |offer: &OnOffer| offer.connection == connection && offer.pid == pid;
        // It may have been noticed before.
        if let Some(index) = listener.offers.iter().position(its) {
            let offer = listener.offers.remove(index);
            self.taken(id, &offer);
        }
    }

    /// The offers to a process, or all, hold no longer. What was taken of them is its process's,
    /// which has not said so yet.
    pub(super) fn withdraw(&mut self, id: ListenerId, pid: Option<Pid>) {
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        let its = |offer: &mut OnOffer| pid.is_none_or(|pid| offer.pid == pid);
        let withdrawn: Vec<OnOffer> = listener.offers.extract_if(.., its).collect();
        for offer in withdrawn {
            let claims = self.claims.as_ref();
            if claims.is_some_and(|claims| claims.claim(offer.slot, offer.connection)) {
                self.slots.push(offer.slot);
            } else {
                self.taken(id, &offer);
            }
        }
    }

    /// Whether a connection is on offer, or was when that was looked at last.
    #[must_use]
    pub fn has_offers(&self) -> bool {
        let mut listeners = self.listeners.values();
        listeners.any(|listener| !listener.offers.is_empty())
    }

    /// Looks which connections on offer have been claimed: a process that computes does not say.
    pub fn notice_claims(&mut self) {
        let Some(claims) = &self.claims else {
            return;
        };
        let mut taken = Vec::new();
        for (&id, listener) in &mut self.listeners {
            let is_taken = |offer: &mut OnOffer| !claims.is_offered(offer.slot, offer.connection);
            taken.extend(
                listener
                    .offers
                    .extract_if(.., is_taken)
                    .map(|offer| (id, offer)),
            );
        }
        for (id, offer) in taken {
            self.taken(id, &offer);
        }
    }

    fn taken(&mut self, id: ListenerId, offer: &OnOffer) {
        self.slots.push(offer.slot);
        if let Some(listener) = self.listeners.get_mut(&id) {
            listener
                .waiting
                .retain(|waiting| *waiting != offer.connection);
        }
        self.give(offer.pid, id, offer.connection, Some(offer.sent));
    }
}
