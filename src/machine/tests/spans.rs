//! When spans reach the page.

use super::*;
use crate::machine::trace::SPANS_EVERY;
use crate::net::frame::frames;
use crate::testing::test;
use crate::trace::{Name, Span};

/// The kinds of the frames that the page is told.
fn kinds(message: &[u8]) -> Vec<ToPage> {
    frames(message).map(|frame| frame.kind).collect()
}

/// A process tells of a span.
fn tell(bench: &mut Bench, pid: Pid) {
    let span = Span {
        connection: 0,
        sequence: 0,
        thread: 1,
        name: Name::Run,
        start: bench.now,
        end: bench.now,
        on: 0,
    };
    let mut body = Vec::new();
    span.encode(&mut body);
    let mut message = Vec::new();
    push(&mut message, FromProcess::Spans, 0, &body);
    bench.machine.from_process(pid, &message, bench.now);
    bench.look();
}

#[test]
fn spans_wait_for_an_answer_to_travel_with_and_leave_alone_after_a_while() {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    tell(&mut bench, worker);
    bench.pass(SPANS_EVERY - 1.0);
    assert_eq!(kinds(&bench.machine.take_page()), []);
    bench.pass(2.0);
    assert_eq!(kinds(&bench.machine.take_page()), [ToPage::Spans]);
    tell(&mut bench, worker);
    bench.machine.from_page(&fetch("8001"), bench.now);
    assert_eq!(
        kinds(&bench.machine.take_page()),
        [ToPage::Spans, ToPage::Refused]
    );
    bench.pass(1000.0);
    assert_eq!(kinds(&bench.machine.take_page()), [], "they are told once");
}

#[test]
fn spans_are_there_before_the_server_has_exited() {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    bench.signal(Signal::Term);
    tell(&mut bench, worker);
    bench.exits(worker, Exit::Code(0));
    assert_eq!(kinds(&bench.machine.take_spans()), [ToPage::Spans]);
    bench.pass(1000.0);
    assert_eq!(kinds(&bench.machine.take_page()), []);
}
