#![allow(clippy::unwrap_used, clippy::panic)]

use super::connection::LEAST_GRANT;
use super::*;
use crate::net::frame::{Frame, FromProcess, ToProcess, frames};
use crate::net::poll;
use crate::net::{ConnectionId, ListenerId};
use crate::os::{Millis, Pid};
use crate::testing::test;

const A: Pid = 10;
const B: Pid = 11;

fn frame(kind: FromProcess, id: u32, body: &[u8]) -> Frame<'_, FromProcess> {
    Frame { kind, id, body }
}

/// What each process has been told since the last look.
fn told(net: &mut Network) -> Vec<(Pid, ToProcess, u32, Vec<u8>)> {
    let mut all = Vec::new();
    for (pid, message) in net.take_outboxes() {
        all.extend(frames(&message).map(|f| (pid, f.kind, f.id, f.body.to_vec())));
    }
    all
}

fn seen(net: &mut Network) -> Vec<(ConnectionId, ClientEvent)> {
    std::iter::from_fn(|| net.next_client_event()).collect()
}

fn listening() -> (Network, ListenerId) {
    let mut net = Network::new();
    let listener = net.listen(("127.0.0.1".into(), 8000), 2048).unwrap();
    (net, listener)
}

/// A connection that A has accepted, with nothing left to look at.
fn accepted() -> (Network, ConnectionId) {
    let (mut net, listener) = listening();
    let connection = net.connect(8000, 0.0).unwrap();
    net.from_process(
        A,
        frame(FromProcess::Accept, listener, &1_u32.to_le_bytes()),
        0.0,
    );
    told(&mut net);
    seen(&mut net);
    (net, connection)
}

#[test]
fn a_port_is_listened_on_once() {
    let (mut net, listener) = listening();
    assert_eq!(
        net.listen(("0.0.0.0".into(), 8000), 1),
        Err(ListenError::AddressInUse(8000))
    );
    net.close_listener(listener);
    assert!(net.listen(("0.0.0.0".into(), 8000), 1).is_ok());
}

#[test]
fn connecting_where_nobody_listens_is_refused() {
    assert_eq!(
        Network::new().connect(8000, 0.0),
        Err(ConnectError::Refused(8000))
    );
}

#[test]
fn a_connection_wakes_every_process_that_polls_and_each_only_once() {
    let (mut net, listener) = listening();
    net.from_process(A, frame(FromProcess::Poll, listener, b""), 0.0);
    net.from_process(B, frame(FromProcess::Poll, listener, b""), 0.0);
    net.connect(8000, 0.0).unwrap();
    net.connect(8000, 0.0).unwrap();
    let woken: Vec<_> = told(&mut net)
        .into_iter()
        .map(|(pid, kind, ..)| (pid, kind))
        .collect();
    assert_eq!(woken, [(A, ToProcess::Readable), (B, ToProcess::Readable)]);
}

#[test]
fn polling_a_listener_with_a_full_backlog_wakes_at_once() {
    let (mut net, listener) = listening();
    net.connect(8000, 0.0).unwrap();
    net.from_process(A, frame(FromProcess::Poll, listener, b""), 0.0);
    assert_eq!(told(&mut net)[0].1, ToProcess::Readable);
}

#[test]
fn accept_is_first_come_first_served_and_takes_no_more_than_asked() {
    let (mut net, listener) = listening();
    let first = net.connect(8000, 0.0).unwrap();
    let second = net.connect(8000, 1.0).unwrap();
    net.from_process(
        A,
        frame(FromProcess::Accept, listener, &1_u32.to_le_bytes()),
        2.0,
    );
    net.from_process(
        B,
        frame(FromProcess::Accept, listener, &100_u32.to_le_bytes()),
        2.0,
    );
    let answers: Vec<_> = told(&mut net)
        .into_iter()
        .map(|(pid, kind, id, _)| (pid, kind, id))
        .collect();
    assert_eq!(
        answers,
        [
            (A, ToProcess::Accepted, first),
            (A, ToProcess::AcceptEnd, listener),
            (B, ToProcess::Accepted, second),
            (B, ToProcess::AcceptEnd, listener)
        ]
    );
    assert_eq!(
        seen(&mut net),
        [
            (first, ClientEvent::Accepted(A)),
            (second, ClientEvent::Accepted(B))
        ]
    );
}

/// Three connections, and A that has accepted one and will another at once.
fn one_kept() -> (Network, ListenerId, [ConnectionId; 3]) {
    let (mut net, listener) = listening();
    let clients = [(); 3].map(|()| net.connect(8000, 0.0).unwrap());
    let one = 1_u32.to_le_bytes();
    net.from_process(
        A,
        frame(FromProcess::AcceptAndKeepNext, listener, &one),
        0.0,
    );
    (net, listener, clients)
}

fn accept(net: &mut Network, pid: Pid, listener: ListenerId, number: u32) {
    net.from_process(
        pid,
        frame(FromProcess::Accept, listener, &number.to_le_bytes()),
        0.0,
    );
}

/// Who has accepted what.
fn accepted_by(net: &mut Network) -> Vec<(Pid, ConnectionId)> {
    let all = told(net).into_iter();
    all.filter(|(_, kind, ..)| *kind == ToProcess::Accepted)
        .map(|(pid, _, id, _)| (pid, id))
        .collect()
}

#[test]
fn who_accepts_another_at_once_finds_it_though_others_ask_between() {
    let (mut net, listener, [first, second, third]) = one_kept();
    accept(&mut net, B, listener, 100);
    accept(&mut net, B, listener, 100);
    net.from_process(B, frame(FromProcess::Poll, listener, b""), 0.0);
    accept(&mut net, A, listener, 1);
    assert_eq!(accepted_by(&mut net), [(A, first), (A, second), (B, third)]);
}

#[test]
fn what_was_kept_for_a_process_is_the_others_when_it_leaves() {
    let leave: [fn(&mut Network, ListenerId); 2] = [
        |net, listener| net.from_process(A, frame(FromProcess::Unlisten, listener, b""), 0.0),
        |net, _| net.process_ended(A),
    ];
    for leave in leave {
        let (mut net, listener, [_, second, third]) = one_kept();
        accept(&mut net, B, listener, 1);
        net.from_process(B, frame(FromProcess::Poll, listener, b""), 0.0);
        told(&mut net);
        leave(&mut net, listener);
        assert_eq!(told(&mut net)[0].1, ToProcess::Readable);
        accept(&mut net, B, listener, 1);
        assert_eq!(
            accepted_by(&mut net),
            [(B, second)],
            "{third} was B's before"
        );
    }
}

#[test]
fn bytes_sent_before_accept_wait_with_the_connection() {
    let (mut net, listener) = listening();
    let id = net.connect(8000, 0.0).unwrap();
    net.send(id, b"GET / ");
    net.send(id, b"HTTP/1.1");
    net.shutdown(id);
    assert!(told(&mut net).is_empty());
    net.from_process(
        A,
        frame(FromProcess::Accept, listener, &1_u32.to_le_bytes()),
        0.0,
    );
    let got: Vec<_> = told(&mut net)
        .into_iter()
        .map(|(_, kind, _, body)| (kind, body))
        .collect();
    assert_eq!(got[1], (ToProcess::Data, b"GET / HTTP/1.1".to_vec()));
    assert_eq!(got[2].0, ToProcess::Eof);
}

#[test]
fn a_client_that_gives_up_in_the_backlog_is_still_accepted_and_then_found_reset() {
    let (mut net, listener) = listening();
    let id = net.connect(8000, 0.0).unwrap();
    net.reset(id);
    assert_eq!(net.waiting(listener), 1);
    net.from_process(
        A,
        frame(FromProcess::Accept, listener, &1_u32.to_le_bytes()),
        0.0,
    );
    let kinds: Vec<_> = told(&mut net)
        .into_iter()
        .map(|(_, kind, ..)| kind)
        .collect();
    assert_eq!(
        kinds,
        [ToProcess::Accepted, ToProcess::Reset, ToProcess::AcceptEnd]
    );
}

#[test]
fn a_full_backlog_makes_the_connect_wait_for_its_retransmission() {
    let mut net = Network::new();
    let listener = net.listen(("127.0.0.1".into(), 80), 0).unwrap();
    net.connect(80, 0.0).unwrap();
    net.connect(80, 0.0).unwrap();
    assert_eq!((net.waiting(listener), net.deadline()), (1, Some(1024.0)));
    net.from_process(
        A,
        frame(FromProcess::Accept, listener, &1_u32.to_le_bytes()),
        0.0,
    );
    assert_eq!(net.waiting(listener), 0);
    net.tick(1023.0);
    assert_eq!(net.waiting(listener), 0);
    net.tick(1024.0);
    assert_eq!((net.waiting(listener), net.deadline()), (1, None));
}

/// A listener with this backlog, one connection being served, and so many more that try.
fn crowd(backlog: u32, clients: usize) -> (Network, ListenerId, Vec<ConnectionId>) {
    let mut net = Network::new();
    let listener = net.listen(("127.0.0.1".into(), 80), backlog).unwrap();
    let ids: Vec<ConnectionId> = (0..clients)
        .map(|_| {
            let id = net.connect(80, 0.0).unwrap();
            net.send(id, b"GET");
            id
        })
        .collect();
    (net, listener, ids)
}

/// One `accept()`; what happens until `now` has happened.
fn accept_at(net: &mut Network, listener: ListenerId, now: Millis) -> Vec<ConnectionId> {
    while let Some(at) = net.deadline().filter(|at| *at <= now) {
        net.tick(at);
    }
    let body = 1_u32.to_le_bytes();
    net.from_process(A, frame(FromProcess::Accept, listener, &body), now);
    let accepted = |(id, event)| matches!(event, ClientEvent::Accepted(_)).then_some(id);
    seen(net).into_iter().filter_map(accepted).collect()
}

#[test]
fn six_clients_of_a_backlog_of_one_are_served_without_a_pause() {
    let (mut net, listener, ids) = crowd(1, 5);
    let late = net.connect(80, 0.0).unwrap();
    net.send(late, b"GET");
    let mut served = Vec::new();
    for second in 0..6 {
        served.extend(accept_at(
            &mut net,
            listener,
            f64::from(second) * 1000.0 + 30.0,
        ));
    }
    assert_eq!(served.len(), 6, "{served:?}");
    assert_eq!(served[..2], ids[..2]);
    assert_eq!(
        served[2], late,
        "of timers that expire together the last set is the first"
    );
}

#[test]
fn syns_that_are_sent_again_together_all_find_the_room_for_one() {
    let (mut net, listener, _) = crowd(0, 3);
    accept_at(&mut net, listener, 0.0);
    net.tick(1024.0);
    assert_eq!(net.waiting(listener), 1);
    assert_eq!(
        net.deadline(),
        Some(1232.0),
        "the other one's data is sent again, not its SYN"
    );
    accept_at(&mut net, listener, 1100.0);
    net.tick(1232.0);
    assert_eq!((net.waiting(listener), net.deadline()), (1, None));
}

#[test]
fn a_client_that_gives_up_while_it_is_half_open_is_forgotten() {
    let (mut net, listener, ids) = crowd(0, 3);
    accept_at(&mut net, listener, 0.0);
    net.tick(1024.0);
    net.reset(ids[1]);
    accept_at(&mut net, listener, 1100.0);
    net.tick(60_000.0);
    assert_eq!((net.waiting(listener), net.deadline()), (0, None));
}

#[test]
fn idle_workers_that_wait_in_turn_are_served_in_turn() {
    let mut net = Network::new();
    let listener = net.listen(("127.0.0.1".into(), 80), 10).unwrap();
    let poll = |net: &mut Network, pid| {
        net.from_process(
            pid,
            frame(FromProcess::Poll, listener, &[poll::IN_TURN]),
            0.0,
        );
    };
    let accept = |net: &mut Network, pid| {
        let body = 1_u32.to_le_bytes();
        net.from_process(pid, frame(FromProcess::Accept, listener, &body), 0.0);
        poll(net, pid);
    };
    poll(&mut net, A);
    poll(&mut net, B);
    for first in [A, B, A, B] {
        let id = net.connect(80, 0.0).unwrap();
        // The other one is faster to ask, and finds nothing.
        let other = if first == A { B } else { A };
        accept(&mut net, other);
        assert_eq!(net.server_of(id), None);
        accept(&mut net, first);
        assert_eq!(net.server_of(id), Some(first));
    }
}

#[test]
fn a_connect_gives_up_after_the_last_retransmission() {
    let mut net = Network::new();
    net.listen(("127.0.0.1".into(), 80), 0).unwrap();
    net.connect(80, 0.0).unwrap();
    let late = net.connect(80, 0.0).unwrap();
    while let Some(at) = net.deadline() {
        net.tick(at);
    }
    assert_eq!(seen(&mut net), [(late, ClientEvent::TimedOut)]);
}

#[test]
fn small_grants_are_passed_on_together() {
    let (mut net, id) = accepted();
    for _ in 1..LEAST_GRANT {
        net.grant(id, 1);
        net.from_process(A, frame(FromProcess::Credit, id, &1_u32.to_le_bytes()), 0.0);
    }
    assert_eq!(kinds(&mut net), []);
    assert_eq!(seen(&mut net), []);
    net.grant(id, 1);
    net.from_process(A, frame(FromProcess::Credit, id, &1_u32.to_le_bytes()), 0.0);
    assert_eq!(kinds(&mut net), [(ToProcess::Credit, id)]);
    assert_eq!(seen(&mut net), [(id, ClientEvent::Credit(LEAST_GRANT))]);
}

#[test]
fn bytes_and_credit_go_both_ways() {
    let (mut net, id) = accepted();
    net.send(id, b"ping");
    net.grant(id, LEAST_GRANT);
    let to_server: Vec<_> = told(&mut net)
        .into_iter()
        .map(|(_, kind, _, body)| (kind, body))
        .collect();
    assert_eq!(
        to_server,
        [
            (ToProcess::Data, b"ping".to_vec()),
            (ToProcess::Credit, LEAST_GRANT.to_le_bytes().to_vec())
        ]
    );
    net.from_process(
        A,
        frame(FromProcess::Credit, id, &LEAST_GRANT.to_le_bytes()),
        0.0,
    );
    net.from_process(A, frame(FromProcess::Data, id, b"pong"), 0.0);
    let to_client = seen(&mut net);
    assert_eq!(
        to_client,
        [
            (id, ClientEvent::Credit(LEAST_GRANT)),
            (id, ClientEvent::Data(b"pong".to_vec()))
        ]
    );
}

#[test]
fn a_half_closed_connection_still_carries_the_other_direction() {
    let (mut net, id) = accepted();
    net.shutdown(id);
    assert_eq!(told(&mut net)[0].1, ToProcess::Eof);
    net.from_process(A, frame(FromProcess::Data, id, b"late"), 0.0);
    assert_eq!(seen(&mut net), [(id, ClientEvent::Data(b"late".to_vec()))]);
    net.from_process(A, frame(FromProcess::Eof, id, b""), 0.0);
    net.from_process(A, frame(FromProcess::Data, id, b"after the end"), 0.0);
    assert_eq!(seen(&mut net), [(id, ClientEvent::Eof)]);
}

#[test]
fn sending_to_a_closed_end_is_answered_by_a_reset() {
    let (mut net, id) = accepted();
    net.from_process(A, frame(FromProcess::Close, id, b""), 0.0);
    net.send(id, b"too late");
    assert_eq!(
        seen(&mut net),
        [(id, ClientEvent::Eof), (id, ClientEvent::Reset)]
    );
}

#[test]
fn a_process_cannot_speak_on_a_connection_of_another() {
    let (mut net, id) = accepted();
    net.from_process(B, frame(FromProcess::Data, id, b"forged"), 0.0);
    assert_eq!(seen(&mut net), []);
}

#[test]
fn a_dead_process_leaves_ends_of_file_or_resets_where_it_left_bytes_unread() {
    let (mut net, id) = accepted();
    net.process_ended(A);
    assert_eq!(seen(&mut net), [(id, ClientEvent::Eof)]);
    let (mut net, id) = accepted();
    net.send(id, b"never read");
    net.process_ended(A);
    assert_eq!(seen(&mut net), [(id, ClientEvent::Reset)]);
}

#[test]
fn closing_a_listener_resets_who_waits_there() {
    let (mut net, listener) = listening();
    let id = net.connect(8000, 0.0).unwrap();
    net.close_listener(listener);
    assert_eq!(seen(&mut net), [(id, ClientEvent::Reset)]);
    assert_eq!(net.connect(8000, 0.0), Err(ConnectError::Refused(8000)));
}

#[test]
fn nothing_is_kept_of_connections_that_both_ends_have_closed() {
    let (mut net, id) = accepted();
    net.from_process(A, frame(FromProcess::Close, id, b""), 0.0);
    net.shutdown(id);
    assert!(net.connections.is_empty());
    assert_eq!(net.server_of(id), None);
}

/// A connection whose server lingers, with a link to accept the next from the listener.
fn lingering(listener_has_next: bool) -> (Network, ConnectionId, ListenerId, Option<ConnectionId>) {
    let (mut net, listener) = listening();
    let id = net.connect(8000, 0.0).unwrap();
    net.from_process(
        A,
        frame(FromProcess::Accept, listener, &1_u32.to_le_bytes()),
        0.0,
    );
    let second = listener_has_next.then(|| net.connect(8000, 1.0).unwrap());
    let linger = crate::net::Linger {
        then: crate::net::AfterClose::Accept(listener),
        timeout: 2000.0,
        most: 10,
    };
    net.from_process(A, frame(FromProcess::Linger, id, &linger.encode()), 100.0);
    told(&mut net);
    (net, id, listener, second)
}

fn kinds(net: &mut Network) -> Vec<(ToProcess, u32)> {
    told(net)
        .into_iter()
        .map(|(_, kind, id, _)| (kind, id))
        .collect()
}

#[test]
fn a_lingering_server_accepts_the_next_connection_only_when_the_client_has_closed() {
    let (mut net, id, listener, second) = lingering(true);
    assert!(seen(&mut net).contains(&(id, ClientEvent::Eof)));
    assert_eq!((net.waiting(listener), net.deadline()), (1, Some(2100.0)));
    net.shutdown(id);
    assert_eq!(
        kinds(&mut net),
        [
            (ToProcess::Accepted, second.unwrap()),
            (ToProcess::AcceptEnd, listener)
        ]
    );
    assert_eq!((net.next_turned(), net.deadline()), (Some(A), None));
}

#[test]
fn what_a_client_sends_to_a_lingering_server_is_thrown_away_up_to_a_limit() {
    let (mut net, id, listener, _) = lingering(false);
    seen(&mut net);
    net.send(id, b"12345");
    assert_eq!(seen(&mut net), [(id, ClientEvent::Credit(5))]);
    assert_eq!(kinds(&mut net), []);
    net.send(id, b"67890");
    assert_eq!(kinds(&mut net), [(ToProcess::AcceptEnd, listener)]);
    net.send(id, b"too late");
    assert!(seen(&mut net).contains(&(id, ClientEvent::Reset)));
}

#[test]
fn a_silent_client_holds_a_lingering_server_for_its_timeout() {
    let (mut net, _, listener, _) = lingering(false);
    net.tick(2099.0);
    assert_eq!(kinds(&mut net), []);
    net.tick(2100.0);
    assert_eq!(kinds(&mut net), [(ToProcess::AcceptEnd, listener)]);
}

#[test]
fn a_client_that_is_gone_before_the_linger_does_not_hold_the_server() {
    let (mut net, listener) = listening();
    let id = net.connect(8000, 0.0).unwrap();
    net.from_process(
        A,
        frame(FromProcess::Accept, listener, &1_u32.to_le_bytes()),
        0.0,
    );
    net.reset(id);
    told(&mut net);
    let linger = crate::net::Linger {
        then: crate::net::AfterClose::Accept(listener),
        timeout: 2000.0,
        most: 10,
    };
    net.from_process(A, frame(FromProcess::Linger, id, &linger.encode()), 100.0);
    assert_eq!(kinds(&mut net), [(ToProcess::AcceptEnd, listener)]);
}

#[test]
fn an_unlinked_linger_ends_without_accepting() {
    let (mut net, id, listener, _) = lingering(true);
    net.from_process(A, frame(FromProcess::Unlink, 0, b""), 150.0);
    net.shutdown(id);
    assert_eq!(kinds(&mut net), [(ToProcess::Closed, id)]);
    assert_eq!(net.waiting(listener), 1);
}

#[test]
fn a_process_that_dies_while_it_lingers_leaves_nothing_behind() {
    let (mut net, id, _, _) = lingering(false);
    net.process_ended(A);
    assert_eq!(net.deadline(), None);
    net.shutdown(id);
    assert!(net.connections.is_empty());
}

#[test]
fn listeners_of_a_group_get_connections_in_turn() {
    let mut net = Network::new();
    let listeners = [1, 2, 3].map(|_| net.share((String::new(), 80), 10, Some(7)).unwrap());
    assert!(net.share((String::new(), 80), 10, Some(8)).is_err());
    assert!(net.listen((String::new(), 80), 10).is_err());
    let mut turns = Vec::new();
    for _ in 0..4 {
        let before = listeners.map(|listener| net.waiting(listener));
        net.connect(80, 0.0).unwrap();
        let after = listeners.map(|listener| net.waiting(listener));
        turns.extend((0..3).filter(|at| after[*at] > before[*at]));
    }
    assert_eq!(turns, [0, 1, 2, 0]);
    net.close_listener(listeners[1]);
    net.connect(80, 0.0).unwrap();
    assert_eq!(net.waiting(listeners[2]), 2);
}
