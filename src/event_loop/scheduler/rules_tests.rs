//! The rules of the GIL, of waiting and of waking, one by one.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::testing::test;

const SECOND: Millis = 1000.0;

fn wait(name: Name, key: Option<Key>, timeout: Option<Millis>) -> Wait {
    Wait {
        name,
        key,
        timeout,
        again: false,
        request: None,
    }
}

fn lock(number: u32) -> Wait {
    wait(Name::Lock, Some(Key::Object(number)), None)
}

fn sleep(time: Millis) -> Wait {
    wait(Name::Sleep, None, Some(time))
}

fn io(number: u32) -> Wait {
    wait(Name::Io, Some(Key::Object(number)), None)
}

/// Resumes who is next; returns its number and how its wait ended.
fn next(event_loop: &mut EventLoop, now: Millis) -> Option<(ThreadId, Option<Outcome>)> {
    event_loop.next(now).map(|next| (next.thread, next.outcome))
}

#[test]
fn a_new_thread_starts_when_its_parent_waits() {
    let mut threads = EventLoop::new(0.0);
    let child = threads.spawn(1.0);
    assert_eq!(next(&mut threads, 1.0), None);
    threads.wait(lock(1), 2.0);
    assert_eq!(next(&mut threads, 2.0), Some((child, None)));
}

#[test]
fn nobody_is_resumed_while_a_thread_holds_the_gil() {
    let mut threads = EventLoop::new(0.0);
    threads.spawn(0.0);
    threads.spawn(0.0);
    threads.yield_now(Yield::ToThreads, None, 1.0);
    assert!(next(&mut threads, 1.0).is_some());
    assert_eq!(next(&mut threads, 100.0), None);
}

#[test]
fn threads_take_the_gil_in_the_order_in_which_they_wanted_it() {
    let mut threads = EventLoop::new(0.0);
    let (a, b) = (threads.spawn(0.0), threads.spawn(0.0));
    threads.yield_now(Yield::ToThreads, None, 1.0);
    let mut order = Vec::new();
    for at in 2..8 {
        order.push(next(&mut threads, Millis::from(at)).unwrap().0);
        threads.yield_now(Yield::ToThreads, None, Millis::from(at));
    }
    assert_eq!(order, [a, b, MAIN, a, b, MAIN]);
}

#[test]
fn a_sleep_ends_at_its_time_and_not_before() {
    let mut threads = EventLoop::new(0.0);
    threads.wait(sleep(SECOND), 0.0);
    assert_eq!(threads.deadline(), Some(SECOND));
    assert_eq!(next(&mut threads, 999.0), None);
    assert_eq!(
        next(&mut threads, 1000.0),
        Some((MAIN, Some(Outcome::TimedOut)))
    );
    assert_eq!(threads.deadline(), None);
}

#[test]
fn sleeps_end_in_the_order_of_their_times_then_of_their_beginnings() {
    let mut threads = EventLoop::new(0.0);
    let (a, b) = (threads.spawn(0.0), threads.spawn(0.0));
    threads.wait(sleep(30.0), 0.0);
    next(&mut threads, 0.0);
    threads.wait(sleep(20.0), 0.0);
    next(&mut threads, 0.0);
    threads.wait(sleep(30.0), 0.0);
    let mut order = Vec::new();
    while let Some((id, _)) = next(&mut threads, 50.0) {
        order.push(id);
        threads.finish(50.0);
    }
    assert_eq!(order, [a, MAIN, b]);
}

#[test]
fn those_who_wait_for_a_key_are_woken_first_come_first_served() {
    let mut threads = EventLoop::new(0.0);
    let (a, b) = (threads.spawn(0.0), threads.spawn(0.0));
    threads.yield_now(Yield::ToThreads, None, 0.0);
    next(&mut threads, 0.0);
    threads.wait(lock(7), 0.0);
    next(&mut threads, 0.0);
    threads.wait(lock(7), 0.0);
    assert_eq!(next(&mut threads, 0.0).unwrap().0, MAIN);
    assert_eq!(threads.wake_one(Key::Object(7), 0.5), Woke::First);
    assert_eq!(threads.wake_one(Key::Object(7), 0.5), Woke::First);
    assert_eq!(threads.wake_one(Key::Object(7), 0.5), Woke::Nobody);
    threads.finish(0.5);
    assert_eq!(next(&mut threads, 0.5), Some((a, Some(Outcome::Woken))));
    threads.finish(0.5);
    assert_eq!(next(&mut threads, 0.5), Some((b, Some(Outcome::Woken))));
}

#[test]
fn a_lock_is_handed_over_to_a_thread_that_has_waited_for_a_millisecond() {
    let mut threads = EventLoop::new(0.0);
    let a = threads.spawn(0.0);
    threads.yield_now(Yield::ToThreads, None, 0.0);
    next(&mut threads, 0.0);
    threads.wait(lock(7), 0.0);
    next(&mut threads, 0.0);
    assert_eq!(threads.wake_one(Key::Object(7), 1.1), Woke::HandedOver);
    threads.finish(1.1);
    assert_eq!(
        next(&mut threads, 1.1),
        Some((a, Some(Outcome::HandedOver)))
    );
}

#[test]
fn fairness_counts_from_the_first_of_the_waits_that_ended_in_vain() {
    let mut threads = EventLoop::new(0.0);
    threads.spawn(0.0);
    threads.yield_now(Yield::ToThreads, None, 0.0);
    next(&mut threads, 0.0);
    threads.wait(lock(7), 0.0);
    next(&mut threads, 0.0);
    assert_eq!(threads.wake_one(Key::Object(7), 0.8), Woke::First);
    threads.yield_now(Yield::ToThreads, None, 0.8);
    next(&mut threads, 0.8);
    let again = Wait {
        again: true,
        ..lock(7)
    };
    threads.wait(again, 0.8);
    next(&mut threads, 0.8);
    assert_eq!(threads.wake_one(Key::Object(7), 1.2), Woke::HandedOver);
}

#[test]
fn a_wait_that_timed_out_leaves_its_queue() {
    let mut threads = EventLoop::new(0.0);
    threads.wait(wait(Name::Lock, Some(Key::Object(7)), Some(10.0)), 0.0);
    assert!(threads.is_awaited(Key::Object(7)));
    assert_eq!(
        next(&mut threads, 10.0),
        Some((MAIN, Some(Outcome::TimedOut)))
    );
    assert!(!threads.is_awaited(Key::Object(7)));
    assert_eq!(threads.wake_one(Key::Object(7), 11.0), Woke::Nobody);
}

#[test]
fn a_wait_that_was_woken_leaves_no_timer() {
    let mut threads = EventLoop::new(0.0);
    let child = threads.spawn(0.0);
    threads.wait(wait(Name::Lock, Some(Key::Object(7)), Some(10.0)), 0.0);
    assert_eq!(next(&mut threads, 0.0), Some((child, None)));
    threads.wake_one(Key::Object(7), 1.0);
    assert_eq!(threads.deadline(), None);
}

#[test]
fn the_holder_is_asked_to_let_go_when_another_has_waited_for_the_switch_interval() {
    let mut threads = EventLoop::new(0.0);
    assert_eq!(threads.check(20.0), Check::GoOn);
    threads.spawn(20.0);
    assert_eq!(threads.check(24.9), Check::GoOn);
    assert_eq!(threads.check(25.0), Check::Switch);
}

#[test]
fn the_interval_begins_anew_with_each_switch() {
    let mut threads = EventLoop::new(0.0);
    threads.spawn(0.0);
    threads.yield_now(Yield::ToThreads, None, 5.0);
    next(&mut threads, 5.0);
    assert_eq!(threads.check(9.9), Check::GoOn);
    assert_eq!(threads.check(10.0), Check::Switch);
}

#[test]
fn a_sleeper_has_waited_for_the_gil_since_its_time_came() {
    let mut threads = EventLoop::new(0.0);
    threads.spawn(0.0);
    threads.wait(sleep(10.0), 0.0);
    next(&mut threads, 0.0);
    assert_eq!(threads.check(14.0), Check::GoOn);
    assert_eq!(threads.check(15.0), Check::Switch);
}

#[test]
fn the_switch_interval_can_be_set() {
    let mut threads = EventLoop::new(0.0);
    threads.set_switch_interval(0.1);
    threads.spawn(0.0);
    assert_eq!(threads.check(0.2), Check::Switch);
}

#[test]
fn the_workers_event_loop_turns_beside_a_thread_that_computes() {
    let mut threads = EventLoop::new(0.0);
    assert_eq!(threads.check(49.0), Check::GoOn);
    assert_eq!(threads.check(50.0), Check::Turn);
    threads.turned(50.0);
    assert_eq!(threads.check(51.0), Check::GoOn);
}

#[test]
fn it_turns_more_often_while_a_thread_waits_for_io() {
    let mut threads = EventLoop::new(0.0);
    threads.spawn(0.0);
    threads.wait(io(1), 0.0);
    next(&mut threads, 0.0);
    assert_eq!(threads.check(4.0), Check::GoOn);
    assert_eq!(threads.check(5.0), Check::Turn);
}

#[test]
fn a_signal_ends_a_wait_of_the_main_thread() {
    let mut threads = EventLoop::new(0.0);
    threads.wait(lock(7), 0.0);
    threads.signal(2, 1.0);
    assert_eq!(
        next(&mut threads, 1.0),
        Some((MAIN, Some(Outcome::Interrupted)))
    );
    assert_eq!(threads.take_signal(), Some(2));
    assert_eq!(threads.take_signal(), None);
    assert_eq!(threads.wake_one(Key::Object(7), 2.0), Woke::Nobody);
}

#[test]
fn a_signal_before_a_wait_of_the_main_thread_ends_it_at_once() {
    let mut threads = EventLoop::new(0.0);
    threads.signal(2, 0.0);
    threads.wait(lock(7), 1.0);
    assert_eq!(
        next(&mut threads, 1.0),
        Some((MAIN, Some(Outcome::Interrupted)))
    );
}

#[test]
fn a_computing_main_thread_is_told_of_its_signals_and_no_other_thread_is() {
    let mut threads = EventLoop::new(0.0);
    threads.spawn(0.0);
    threads.yield_now(Yield::ToThreads, None, 0.0);
    next(&mut threads, 0.0);
    threads.signal(15, 1.0);
    assert_eq!(threads.check(1.0), Check::GoOn);
    threads.yield_now(Yield::ToThreads, None, 1.0);
    next(&mut threads, 1.0);
    assert_eq!(threads.check(1.0), Check::Signal);
}

#[test]
fn signals_come_lowest_number_first_and_once_each() {
    let mut threads = EventLoop::new(0.0);
    for number in [15, 2, 15, 64, 0, 65] {
        threads.signal(number, 0.0);
    }
    let taken: Vec<_> = std::iter::from_fn(|| threads.take_signal()).collect();
    assert_eq!(taken, [2, 15, 64]);
}

#[test]
fn the_trace_tells_what_a_threads_time_went_to() {
    let mut threads = EventLoop::new(0.0);
    let child = threads.spawn(1.0);
    threads.wait(
        Wait {
            request: Some(RequestId(9)),
            ..sleep(10.0)
        },
        3.0,
    );
    next(&mut threads, 3.0);
    threads.check(14.0);
    threads.yield_now(Yield::ToThreads, None, 20.0);
    next(&mut threads, 20.0);
    let intervals: Vec<_> = threads
        .take_intervals()
        .into_iter()
        .map(|i| {
            (
                i.thread,
                i.name,
                i.start,
                i.end,
                i.request.map_or(0, |id| id.0),
            )
        })
        .collect();
    assert_eq!(
        intervals,
        [
            (MAIN, Name::Run, 0.0, 3.0, 0),
            (child, Name::Gil, 1.0, 3.0, 0),
            (MAIN, Name::Sleep, 3.0, 13.0, 9),
            (child, Name::Run, 3.0, 20.0, 0),
            (MAIN, Name::Gil, 13.0, 20.0, 9),
        ]
    );
}

#[test]
fn what_a_thread_runs_is_split_where_it_begins_and_ends_to_serve_a_request() {
    let mut threads = EventLoop::new(0.0);
    threads.serve(Some(RequestId(4)), 2.0);
    threads.wait(
        Wait {
            request: Some(RequestId(4)),
            ..sleep(1.0)
        },
        3.0,
    );
    next(&mut threads, 4.0);
    threads.serve(None, 6.0);
    threads.wait(io(1), 7.0);
    let intervals = threads.take_intervals();
    let runs = intervals.iter().filter(|i| i.name == Name::Run);
    let runs: Vec<_> = runs
        .map(|i| (i.start, i.end, i.request.map_or(0, |id| id.0)))
        .collect();
    assert_eq!(
        runs,
        [(0.0, 2.0, 0), (2.0, 3.0, 4), (4.0, 6.0, 4), (6.0, 7.0, 0)]
    );
}

#[test]
fn what_a_late_timer_adds_to_a_sleep_is_no_wait_for_the_gil() {
    let mut threads = EventLoop::new(0.0);
    threads.wait(sleep(10.0), 0.0);
    next(&mut threads, 12.0);
    let intervals: Vec<_> = threads
        .take_intervals()
        .into_iter()
        .map(|i| (i.name, i.start, i.end))
        .collect();
    assert_eq!(intervals, [(Name::Sleep, 0.0, 12.0)]);
}

#[test]
fn when_all_threads_have_ended_nobody_is_left() {
    let mut threads = EventLoop::new(0.0);
    assert_eq!(threads.len(), 1);
    threads.finish(1.0);
    assert!(threads.is_empty());
    assert_eq!(next(&mut threads, 1.0), None);
}

#[test]
fn many_timers_that_were_cleared_do_not_pile_up() {
    let mut threads = EventLoop::new(0.0);
    threads.spawn(0.0);
    threads.yield_now(Yield::ToThreads, None, 0.0);
    for round in 0..1000 {
        let now = Millis::from(round);
        next(&mut threads, now);
        threads.wait(wait(Name::Lock, Some(Key::Object(7)), Some(1e9)), now);
        next(&mut threads, now);
        threads.wake_one(Key::Object(7), now);
        threads.yield_now(Yield::ToThreads, None, now);
    }
    assert!(threads.timers.len() < 200);
}

#[test]
fn threads_that_cooperate_are_never_asked_to_let_others_go_first() {
    let mut threads = EventLoop::new(0.0);
    threads.cooperate();
    let child = threads.spawn(0.0);
    assert_eq!(threads.check(20.0), Check::GoOn);
    assert_eq!(threads.check(60.0), Check::Turn);
    threads.yield_now(Yield::ToMessages, None, 60.0);
    assert_eq!(
        next(&mut threads, 60.0),
        Some((MAIN, Some(Outcome::Woken))),
        "the turn was for messages"
    );
    threads.yield_now(Yield::ToThreads, None, 61.0);
    assert_eq!(next(&mut threads, 61.0), Some((child, None)));
}

#[test]
fn a_signal_interrupts_whichever_of_those_that_cooperate_runs() {
    let mut threads = EventLoop::new(0.0);
    threads.cooperate();
    threads.spawn(0.0);
    threads.wait(io(1), 0.0);
    next(&mut threads, 0.0);
    threads.signal(6, 1.0);
    assert_eq!(threads.check(1.0), Check::Signal);
}

#[test]
fn any_thread_may_end_another_ones_wait_and_leaves_alone_one_that_does_not_wait() {
    let mut threads = EventLoop::new(0.0);
    let other = threads.spawn(0.0);
    threads.wait(sleep(1.0), 0.0);
    assert_eq!(next(&mut threads, 0.0), Some((other, None)));
    threads.wait(lock(7), 0.0);
    next(&mut threads, 1.0);
    threads.interrupt(other, 1.0);
    threads.interrupt(other, 1.0);
    assert!(!threads.is_awaited(Key::Object(7)));
    threads.yield_now(Yield::ToThreads, None, 2.0);
    assert_eq!(
        next(&mut threads, 2.0),
        Some((other, Some(Outcome::Interrupted)))
    );
    threads.interrupt(MAIN, 2.0);
    threads.finish(3.0);
    assert_eq!(next(&mut threads, 3.0), Some((MAIN, Some(Outcome::Woken))));
}
