//! What processes log, within bounds.

use super::*;
use crate::testing::test;

#[test]
fn a_flood_is_cut_off_and_the_log_says_how_much_of_it() {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    let before = bench.lines.len();
    let mut message = Vec::new();
    for _ in 0..100_000 {
        push(&mut message, FromProcess::Log, 2, b"flood");
    }
    for _ in 0..3 {
        bench.machine.from_process(worker, &message, bench.now);
    }
    bench.look();
    assert_eq!(bench.lines.len() - before, 200_000);

    bench.pass(1000.0);
    let note =
        "wasgi: 100000 lines are not shown: a server may log 20000 lines and 8 MiB a second.";
    assert_eq!(bench.lines.last().map(String::as_str), Some(note));
    bench.log(worker, "after it");
    assert_eq!(bench.lines.last().map(String::as_str), Some("after it"));
}

#[test]
fn what_was_dropped_is_said_before_the_server_exits() {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    let line = vec![b'x'; 65_536];
    let mut message = Vec::new();
    for _ in 0..600 {
        push(&mut message, FromProcess::Log, 2, &line);
    }
    bench.machine.from_process(worker, &message, bench.now);
    bench.signal(Signal::Kill);
    bench.pass(500.0);
    assert_eq!(bench.exits.len(), 1);
    let notes = bench
        .lines
        .iter()
        .filter(|line| line.contains("88 lines are not shown"));
    assert_eq!(notes.count(), 1);
}

#[test]
fn a_line_that_no_process_of_ours_would_send_is_cut() {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.log(worker, &"x".repeat(1 << 20));
    assert!(bench.lines.last().is_some_and(|line| line.len() < 66_000));
}
