#![allow(clippy::unwrap_used)]

use super::*;
use crate::net::frame::{Frame, FromProcess, ToProcess, frames};
use crate::net::{Claims, ConnectionId, ListenerId, Offer, Table};
use crate::os::Pid;
use crate::testing::test;

/// What A is offered: the connection, the slot of its claim, what it has sent.
type Offered = (ConnectionId, u32, Vec<u8>);

const A: Pid = 10;
const B: Pid = 11;
const TAKES_OFFERS: &[u8] = &[1];

/// A listener from which A accepts, and what A has been told.
struct Bench {
    net: Network,
    listener: ListenerId,
    claims: Table,
}

impl Bench {
    fn new(backlog: u32) -> Self {
        let mut net = Network::new();
        let claims = Table::new();
        net.share_claims(Box::new(claims.clone()));
        let listener = net.listen(("127.0.0.1".into(), 8000), backlog).unwrap();
        let mut bench = Self {
            net,
            listener,
            claims,
        };
        bench.says(A, FromProcess::Poll, listener, TAKES_OFFERS);
        bench
    }

    fn says(&mut self, pid: Pid, kind: FromProcess, id: u32, body: &[u8]) {
        self.net.from_process(pid, Frame { kind, id, body }, 0.0);
    }

    fn client(&mut self, bytes: &[u8]) -> ConnectionId {
        let id = self.net.connect(8000, 0.0).unwrap();
        self.net.send(id, bytes);
        id
    }

    fn told(&mut self) -> Vec<(Pid, ToProcess, u32, Vec<u8>)> {
        let mut all = Vec::new();
        for (pid, message) in self.net.take_outboxes() {
            all.extend(frames(&message).map(|f| (pid, f.kind, f.id, f.body.to_vec())));
        }
        all
    }

    /// What A is offered, in order.
    fn offered(&mut self) -> Vec<Offered> {
        let told = self.told().into_iter();
        told.filter(|(pid, kind, ..)| (*pid, *kind) == (A, ToProcess::Offer))
            .map(|(_, _, id, body)| {
                let offer = Offer::decode(&body).unwrap();
                (id, offer.slot, offer.data.to_vec())
            })
            .collect()
    }

    /// A takes what it was offered, as it does before anybody hears of it.
    fn takes(&mut self, offer: &Offered) -> bool {
        self.claims.claim(offer.1, offer.0)
    }

    fn accepts(&mut self, pid: Pid, most: u32) -> Vec<(ToProcess, u32)> {
        self.says(pid, FromProcess::Accept, self.listener, &most.to_le_bytes());
        let told = self.told().into_iter();
        told.filter(|its| its.0 == pid)
            .map(|its| (its.1, its.2))
            .collect()
    }
}

#[test]
fn who_accepts_alone_is_offered_what_waits_in_its_order_with_what_it_has_sent() {
    let mut bench = Bench::new(10);
    let ids = [bench.client(b"one"), bench.client(b"two")];
    let offers = bench.offered();
    assert_eq!(offers.iter().map(|offer| offer.0).collect::<Vec<_>>(), ids);
    assert_eq!(offers[0].2, b"one");
    assert_eq!(offers[1].2, b"two");
    assert_eq!(
        bench.net.waiting(bench.listener),
        2,
        "it waits until it is taken"
    );
}

#[test]
fn nothing_is_offered_where_two_accept() {
    let mut bench = Bench::new(10);
    bench.says(B, FromProcess::Poll, bench.listener, TAKES_OFFERS);
    bench.client(b"one");
    let kinds: Vec<_> = bench.told().iter().map(|told| told.1).collect();
    assert_eq!(kinds, [ToProcess::Readable, ToProcess::Readable]);
}

#[test]
fn a_connection_that_was_taken_is_its_process_s() {
    let mut bench = Bench::new(10);
    let id = bench.client(b"one");
    let offers = bench.offered();
    assert!(bench.takes(&offers[0]));
    bench.net.send(id, b"more");
    bench.says(A, FromProcess::Took, id, b"");
    assert_eq!(bench.net.server_of(id), Some(A));
    assert_eq!(bench.net.waiting(bench.listener), 0);
    assert_eq!(
        bench.told(),
        [(A, ToProcess::Data, id, b"more".to_vec())],
        "what came after the offer follows"
    );
}

#[test]
fn the_first_that_nobody_has_taken_goes_to_another_process_that_accepts() {
    let mut bench = Bench::new(10);
    let ids = [
        bench.client(b"one"),
        bench.client(b"two"),
        bench.client(b"three"),
    ];
    let offers = bench.offered();
    assert!(bench.takes(&offers[0]));
    let told = bench.accepts(B, 1);
    assert_eq!(told[0], (ToProcess::Accepted, ids[1]));
    assert!(!bench.takes(&offers[1]), "A comes too late for it");
    assert_eq!(
        bench.net.server_of(ids[0]),
        Some(A),
        "noticed before A has said so"
    );
    bench.says(A, FromProcess::Took, ids[0], b"");
    assert_eq!(bench.net.server_of(ids[0]), Some(A));
    assert_eq!(bench.accepts(B, 1)[0], (ToProcess::Accepted, ids[2]));
}

#[test]
fn what_was_on_offer_to_a_process_that_ends_waits_for_the_next() {
    let mut bench = Bench::new(10);
    let ids = [bench.client(b"one"), bench.client(b"two")];
    let offers = bench.offered();
    assert!(bench.takes(&offers[0]));
    bench.net.process_ended(A);
    let seen: Vec<_> = std::iter::from_fn(|| bench.net.next_client_event()).collect();
    assert!(
        seen.contains(&(ids[0], ClientEvent::Eof)),
        "A had it, and is no more"
    );
    assert_eq!(bench.accepts(B, 2)[0], (ToProcess::Accepted, ids[1]));
}

#[test]
fn a_slot_that_offers_another_connection_gives_nothing_to_who_comes_late() {
    let mut bench = Bench::new(10);
    bench.client(b"one");
    let late = bench.offered().remove(0);
    assert_eq!(bench.accepts(B, 1)[0].0, ToProcess::Accepted);
    bench.net.process_ended(B);
    bench.client(b"two");
    let next = bench.offered().remove(0);
    assert_eq!(next.1, late.1);
    assert!(!bench.takes(&late));
    assert!(bench.takes(&next));
}

#[test]
fn a_backlog_is_not_full_of_what_was_taken() {
    let mut bench = Bench::new(1);
    let ids = [bench.client(b"one"), bench.client(b"two")];
    let offers = bench.offered();
    assert!(bench.takes(&offers[0]));
    let third = bench.client(b"three");
    assert_eq!(bench.net.waiting(bench.listener), 2);
    let offered: Vec<_> = bench.offered().iter().map(|offer| offer.0).collect();
    assert_eq!(offered, [ids[1], third], "its SYN was not dropped");
    assert_eq!(bench.net.server_of(ids[0]), Some(A));
}

#[test]
fn what_is_too_large_to_offer_in_vain_is_accepted_by_asking() {
    let mut bench = Bench::new(10);
    let id = bench.client(&[b'x'; 9000]);
    let next = bench.client(b"small");
    let kinds: Vec<_> = bench.told().iter().map(|told| told.1).collect();
    assert_eq!(kinds, [ToProcess::Readable], "nor is what waits behind it");
    let listener = bench.listener;
    let told = [
        (ToProcess::Accepted, id),
        (ToProcess::Data, id),
        (ToProcess::AcceptEnd, listener),
        (ToProcess::Offer, next),
    ];
    assert_eq!(bench.accepts(A, 1), told);
}

#[test]
fn a_client_that_went_before_it_was_taken_has_reset_the_connection() {
    let mut bench = Bench::new(10);
    let id = bench.client(b"one");
    let offers = bench.offered();
    bench.net.reset(id);
    assert!(bench.takes(&offers[0]));
    bench.says(A, FromProcess::Took, id, b"");
    assert_eq!(bench.told(), [(A, ToProcess::Reset, id, Vec::new())]);
}

#[test]
fn a_closed_listener_resets_what_was_on_offer() {
    let mut bench = Bench::new(10);
    let id = bench.client(b"one");
    let offers = bench.offered();
    bench.net.close_listener(bench.listener);
    assert!(!bench.takes(&offers[0]));
    let seen: Vec<_> = std::iter::from_fn(|| bench.net.next_client_event()).collect();
    assert_eq!(seen, [(id, ClientEvent::Reset)]);
}
