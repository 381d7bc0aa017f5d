//! `--scale`, and how many workers there may be.

use super::*;
use crate::testing::test;

#[test]
fn replicas_share_an_address_and_tell_their_number() {
    let mut bench = Bench::start("uvicorn --no-use-colors app:app --scale 3");
    assert_eq!(bench.spawned, [12, 14, 16]);
    for pid in [12, 14, 16] {
        assert!(bench.listening.is_empty());
        bench.says(pid, FromProcess::Bind, 0);
        bench.boots(pid);
        bench.log(pid, "hello");
    }
    assert_eq!(bench.listening, ["http://127.0.0.1:8000"]);
    assert_eq!(
        bench.lines,
        [
            "replica-1  | hello",
            "replica-2  | hello",
            "replica-3  | hello"
        ]
    );
}

#[test]
fn replicas_are_signalled_and_exit_together() {
    let mut bench = Bench::start("uvicorn app:app --scale=2");
    bench.signal(Signal::Term);
    let told: Vec<Pid> = bench
        .told
        .iter()
        .filter(|told| told.1 == ToProcess::Signal)
        .map(|told| told.0)
        .collect();
    assert_eq!(told, [12, 14]);
    bench.exits(12, Exit::Code(0));
    assert!(bench.exits.is_empty());
    bench.exits(14, Exit::Code(3));
    assert_eq!(bench.exits, [(SERVER, 3)]);
}

#[test]
fn a_replica_that_cannot_start_does_not_keep_the_others_from_listening() {
    let mut bench = Bench::start("uvicorn app:app --scale 2");
    bench.says(12, FromProcess::Bind, 0);
    bench.boots(12);
    bench.exits(14, Exit::Code(3));
    assert_eq!(bench.listening.len(), 1);
    assert!(bench.exits.is_empty());
}

#[test]
fn more_workers_than_there_is_memory_for_are_refused_in_a_sentence() {
    for line in [
        "gunicorn -w 9 app:app",
        "uvicorn --workers 3 --scale 3 app:app",
    ] {
        let mut bench = Bench::start("uvicorn app:app");
        bench.machine.set_room(8);
        bench.start_another(2, line);
        assert_eq!(bench.exits, [(2, 1)], "{line}");
        assert!(bench.lines[0].starts_with("wasgi: 9 workers do not fit into this tab."));
    }
    let mut bench = Bench::start("uvicorn app:app");
    bench.machine.set_room(8);
    bench.start_another(2, "gunicorn -b :9000 -w 8 app:app");
    assert!(bench.exits.is_empty());
}

#[test]
fn scale_takes_a_number() {
    for line in [
        "gunicorn --scale",
        "gunicorn --scale x app:app",
        "gunicorn --scale=0 app:app",
    ] {
        let bench = Bench::start(line);
        assert_eq!(bench.exits, [(SERVER, 2)], "{line}");
        assert!(bench.lines[0].starts_with("wasgi: --scale takes a number"));
    }
}

#[test]
fn the_help_is_printed_once_however_many_replicas_are_asked_for() {
    let bench = Bench::start("daphne --scale 2 --help");
    assert!(
        bench.lines[0].starts_with("usage: daphne "),
        "{:?}",
        bench.lines
    );
    let usages = bench
        .lines
        .iter()
        .filter(|line| line.starts_with("usage: "));
    assert_eq!((usages.count(), &bench.exits[..]), (1, &[(SERVER, 0)][..]));
}
