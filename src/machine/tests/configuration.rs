//! A gunicorn with a configuration file: a process reads it, and runs its hooks.

use super::*;
use crate::machine::Answer;
use crate::testing::test;

/// The master's Python answers.
fn answers(bench: &mut Bench, answer: Answer, text: &str) {
    let mut message = Vec::new();
    push(
        &mut message,
        FromProcess::Hook,
        answer as u32,
        text.as_bytes(),
    );
    let master = bench.spawned[0];
    bench.machine.from_process(master, &message, bench.now);
    bench.look();
}

#[test]
fn a_configuration_file_is_read_by_a_process_before_anything_starts() {
    let mut bench = Bench::start("gunicorn -c conf.py app:app");
    assert_eq!(bench.spawned, [11]);
    assert!(bench.lines.is_empty());
    answers(
        &mut bench,
        Answer::Settings,
        "--workers=2 --bind=127.0.0.1:9000 -- app:app ''",
    );
    assert!(bench.lines[0].ends_with("Starting gunicorn 27.0.1"));
    // on_starting, when_ready, and pre_fork for each: none is passed over.
    for _ in 0..3 {
        assert_eq!(bench.spawned, [11]);
        answers(&mut bench, Answer::Done, "");
    }
    assert!(
        bench
            .lines
            .iter()
            .any(|line| line.contains("http://127.0.0.1:9000 (11)"))
    );
    bench.pass(50.0);
    answers(&mut bench, Answer::Done, "");
    assert_eq!(bench.spawned, [11, 12, 13]);
}

#[test]
fn a_configuration_with_more_workers_than_there_is_room_for_is_refused() {
    let mut bench = Bench::start("gunicorn -c conf.py app:app");
    let settings = "--workers=2000000000 -- app:app ''";
    answers(&mut bench, Answer::Settings, settings);
    assert_eq!(bench.exits, [(SERVER, 1)]);
    let line = bench.lines.last().unwrap();
    assert!(
        line.starts_with("wasgi: 2000000000 workers do not fit into this tab."),
        "{line}"
    );
}

#[test]
fn what_happens_while_a_hook_runs_waits_for_it() {
    let mut bench = Bench::start("gunicorn -c conf.py app:app");
    answers(&mut bench, Answer::Settings, "--workers=1 -- app:app ''");
    bench.signal(Signal::Term);
    assert!(bench.exits.is_empty());
    for _ in 0..3 {
        answers(&mut bench, Answer::Done, "");
    }
    bench.exits(12, Exit::Code(0));
    bench.pass(200.0);
    while bench.exits.is_empty() {
        answers(&mut bench, Answer::Done, "");
        bench.pass(200.0);
    }
    assert_eq!(bench.exits, [(SERVER, 0)]);
}

#[test]
fn a_file_that_cannot_be_read_ends_the_server_with_its_code() {
    let mut bench = Bench::start("gunicorn -c conf.py app:app");
    bench.exits(11, Exit::Code(1));
    assert_eq!(bench.exits, [(SERVER, 1)]);
}

#[test]
fn a_signal_ends_a_master_that_still_reads_its_configuration() {
    let mut bench = Bench::start("gunicorn -c conf.py app:app");
    bench.signal(Signal::Term);
    assert_eq!(
        (bench.exits.as_slice(), bench.killed.as_slice()),
        (&[(SERVER, 143)][..], &[11][..])
    );
}

#[test]
fn a_setting_that_cannot_be_honoured_is_refused_in_a_sentence() {
    let mut bench = Bench::start("gunicorn -c conf.py app:app");
    answers(&mut bench, Answer::Settings, "--certfile=x -- app:app ''");
    assert_eq!(bench.exits, [(SERVER, 1)]);
    assert!(
        bench.lines[1].starts_with("Error: --certfile: there is no TLS here"),
        "{:?}",
        bench.lines
    );
}

#[test]
fn a_reload_takes_the_new_settings_for_the_new_workers() {
    let mut bench = Bench::start("gunicorn -c conf.py app:app");
    answers(&mut bench, Answer::Settings, "--workers=1 -- app:app ''");
    for _ in 0..3 {
        answers(&mut bench, Answer::Done, "");
    }
    bench.pass(100.0);
    bench.boots(12);
    bench.signal(Signal::Hup);
    answers(
        &mut bench,
        Answer::Settings,
        "--workers=1 --bind=127.0.0.1:9000 -- app:app ''",
    );
    assert!(
        bench
            .lines
            .iter()
            .any(|line| line.ends_with("Listening at: http://127.0.0.1:9000"))
    );
    for _ in 0..2 {
        answers(&mut bench, Answer::Done, "");
    }
    assert_eq!(bench.spawned, [11, 12, 13]);
    let listeners = |pid: Pid| {
        let told = bench
            .told
            .iter()
            .filter(|told| told.0 == pid && told.1 == ToProcess::Listening);
        told.map(|told| told.2).collect::<Vec<_>>()
    };
    assert_eq!((listeners(12).len(), listeners(13).len()), (1, 1));
    assert_ne!(listeners(12), listeners(13));
}
