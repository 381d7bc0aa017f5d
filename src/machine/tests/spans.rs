//! When spans reach the page.

use super::*;
use crate::machine::trace::SPANS_EVERY;
use crate::net::frame::frames;
use crate::testing::test;

/// The kinds of the frames that the page is told.
fn kinds(message: &[u8]) -> Vec<ToPage> {
    frames(message).map(|frame| frame.kind).collect()
}

#[test]
fn spans_wait_for_an_answer_to_travel_with_and_leave_alone_after_a_while() {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    bench.says(worker, FromProcess::Spans, 0);
    bench.pass(SPANS_EVERY - 1.0);
    assert_eq!(kinds(&bench.machine.take_page()), []);
    bench.pass(2.0);
    assert_eq!(kinds(&bench.machine.take_page()), [ToPage::Spans]);
    bench.says(worker, FromProcess::Spans, 0);
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
    bench.says(worker, FromProcess::Spans, 0);
    bench.exits(worker, Exit::Code(0));
    assert_eq!(kinds(&bench.machine.take_spans()), [ToPage::Spans]);
    bench.pass(1000.0);
    assert_eq!(kinds(&bench.machine.take_page()), []);
}
