//! A configuration file's hooks come where they came in real runs of gunicorn 27.0.1.

use crate::master::Event;
use crate::master::script::{MASTER, Stage};
use crate::os::{Exit, Signal};
use crate::testing::test;

const LINE: &str = "gunicorn -c conf.py app:app";

#[test]
fn hooks_run_around_what_they_are_named_after() {
    Stage::new(LINE).event(Event::Started).expect_in_short(&[
        "[INFO] Starting gunicorn 27.0.1",
        "hook on_starting",
        "bind 0",
        "[INFO] Listening at: http://127.0.0.1:8000 (7)",
        "[INFO] Using worker: sync",
        "hook when_ready",
        "hook pre_fork 1",
        "spawn 8",
    ]);
}

#[test]
fn a_worker_that_ended_is_told_of_after_its_line() {
    Stage::running(LINE)
        .exits(MASTER + 1, Exit::Code(7))
        .pass(100.0)
        .expect_in_short(&[
            "[ERROR] Worker (pid:8) exited with code 7.",
            "hook child_exit 1 8",
            "hook pre_fork 2",
            "spawn 9",
        ]);
}

#[test]
fn a_changed_number_of_workers_is_told_with_the_one_before() {
    let mut stage = Stage::running("gunicorn -w 2 -c conf.py app:app");
    stage.signal(Signal::Ttin).expect_in_short(&[
        "[INFO] Handling signal: ttin",
        "hook nworkers_changed 3 2",
        "hook pre_fork 3",
        "spawn 10",
    ]);
}

#[test]
fn hup_reads_the_file_again_before_anything_else_happens() {
    let mut stage = Stage::running(LINE);
    stage.signal(Signal::Hup).expect_in_short(&[
        "[INFO] Handling signal: hup",
        "[INFO] Hang up: Master",
        "hook reload",
    ]);
    stage.reconfigure("gunicorn -w 2 -c conf.py app:app");
    stage.event(Event::Started).expect_in_short(&[
        "hook on_reload",
        "hook pre_fork 2",
        "spawn 9",
        "hook pre_fork 3",
        "spawn 10",
        "SIGTERM to 8",
    ]);
}

#[test]
fn another_address_after_hup_is_bound_in_the_place_of_the_old_one() {
    let mut stage = Stage::running(LINE);
    stage.signal(Signal::Hup);
    stage.reconfigure("gunicorn -b :9000 -c conf.py app:app");
    stage.event(Event::Started).expect_in_short(&[
        "[INFO] Handling signal: hup",
        "[INFO] Hang up: Master",
        "hook reload",
        "close",
        "bind 0",
        "[INFO] Listening at: http://0.0.0.0:9000",
        "hook on_reload",
        "hook pre_fork 2",
        "spawn 9",
        "SIGTERM to 8",
    ]);
}

#[test]
fn a_hook_that_raises_ends_the_server_with_255_without_a_word() {
    let mut stage = Stage::running(LINE);
    stage
        .event(Event::HookFailed)
        .exits(MASTER + 1, Exit::Code(0))
        .pass(200.0)
        .expect_in_short(&["close", "SIGQUIT to 8", "hook child_exit 1 8", "exit 255"]);
}

#[test]
fn on_exit_is_the_last() {
    let mut stage = Stage::running(LINE);
    stage.signal(Signal::Term);
    stage
        .exits(MASTER + 1, Exit::Code(0))
        .pass(200.0)
        .expect_in_short(&[
            "[INFO] Handling signal: term",
            "close",
            "SIGTERM to 8",
            "hook child_exit 1 8",
            "[INFO] Shutting down: Master",
            "hook on_exit",
            "exit 0",
        ]);
}

#[test]
fn without_a_file_there_are_no_hooks() {
    let mut stage = Stage::new("gunicorn app:app");
    stage.event(Event::Started);
    assert_eq!(stage.count("hook"), 0);
}
