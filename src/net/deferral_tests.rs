//! Connections that are not offered before their client has sent something.

use super::*;
use crate::net::{Deferral, ListenerId};
use crate::testing::test;

fn deferring(deferral: Deferral) -> (Network, ListenerId) {
    let mut net = Network::new();
    let listener = net.listen((String::new(), 8000), 100).unwrap_or_default();
    net.defer(listener, deferral);
    (net, listener)
}

#[test]
fn a_silent_client_is_not_offered_until_the_kernel_gives_up_waiting() {
    let (mut net, listener) = deferring(Deferral::Data);
    let _ = net.connect(8000, 1_000.0);
    assert_eq!(net.waiting(listener), 0);
    net.tick(8_100.0);
    assert_eq!(net.waiting(listener), 0);
    net.tick(8_200.0);
    assert_eq!(net.waiting(listener), 1);
}

#[test]
fn the_first_byte_or_the_end_makes_a_client_ready() {
    let (mut net, listener) = deferring(Deferral::Data);
    let first = net.connect(8000, 0.0).unwrap_or_default();
    let second = net.connect(8000, 0.0).unwrap_or_default();
    net.send(first, b"G");
    assert_eq!(net.waiting(listener), 1);
    net.send(first, b"ET");
    net.shutdown(second);
    assert_eq!(net.waiting(listener), 2);
    net.tick(9_000.0);
    assert_eq!(net.waiting(listener), 2);
}

#[test]
fn a_router_waits_for_the_whole_head_and_forgets_who_never_sends_it() {
    let (mut net, listener) = deferring(Deferral::Head);
    let ids: Vec<_> = (0..3)
        .map(|_| net.connect(8000, 0.0).unwrap_or_default())
        .collect();
    net.send(ids[0], b"GET / HTTP/1.1\r\n\r");
    net.send(ids[1], b"GET / HTTP/1.1\r\n\r");
    assert_eq!(net.waiting(listener), 0);
    net.send(ids[0], b"\n");
    assert_eq!(net.waiting(listener), 1);
    net.shutdown(ids[1]);
    net.tick(60_000.0);
    assert_eq!(net.waiting(listener), 1);
    let seen: Vec<_> = std::iter::from_fn(|| net.next_client_event()).collect();
    assert_eq!(
        seen,
        [(ids[1], ClientEvent::Eof), (ids[2], ClientEvent::Eof)]
    );
}

#[test]
fn a_client_that_breaks_off_before_it_is_offered_leaves_nothing() {
    let (mut net, listener) = deferring(Deferral::Data);
    let id = net.connect(8000, 0.0).unwrap_or_default();
    net.reset(id);
    net.tick(9_000.0);
    assert_eq!((net.waiting(listener), net.deadline()), (0, None));
}

#[test]
fn closing_the_listener_resets_those_that_are_deferred() {
    let (mut net, listener) = deferring(Deferral::Data);
    let id = net.connect(8000, 0.0).unwrap_or_default();
    net.close_listener(listener);
    assert_eq!(net.next_client_event(), Some((id, ClientEvent::Reset)));
    assert_eq!(net.deadline(), None);
}
