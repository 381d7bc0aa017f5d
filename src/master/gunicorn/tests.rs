//! The log lines and their order are those of real runs of gunicorn 27.0.1, with pids and times of
//! the stage.

mod hooks;
mod signals;

use crate::master::Event;
use crate::master::script::{MASTER, Stage};
use crate::os::{Exit, Signal};
use crate::testing::test;

#[test]
fn start_prints_the_banner_and_spawns_workers_one_after_the_other() {
    Stage::new("gunicorn -w 2 app:app")
        .event(Event::Started)
        .pass(200.0)
        .expect(&[
            "0.00 [2026-11-22 10:00:00 +0000] [7] [INFO] Starting gunicorn 27.0.1",
            "0.00 bind 0",
            "0.00 [2026-11-22 10:00:00 +0000] [7] [INFO] Listening at: http://127.0.0.1:8000 (7)",
            "0.00 [2026-11-22 10:00:00 +0000] [7] [INFO] Using worker: sync",
            "0.00 spawn 8",
            "0.05 spawn 9",
        ]);
}

#[test]
fn preload_loads_the_app_before_the_first_line() {
    Stage::new("gunicorn --preload app:app")
        .event(Event::Started)
        .expect_in_short(&[
            "load",
            "[INFO] Starting gunicorn 27.0.1",
            "bind 0",
            "[INFO] Listening at: http://127.0.0.1:8000 (7)",
            "[INFO] Using worker: sync",
            "spawn 8",
        ]);
}

#[test]
fn an_app_that_cannot_be_preloaded_ends_the_server_before_its_first_line() {
    let mut stage = Stage::new("gunicorn --preload app:app");
    stage.load_fails = Some(Exit::Code(1));
    stage
        .event(Event::Started)
        .expect_in_short(&["load", "exit 1"]);
}

#[test]
fn a_master_whose_process_ends_ends_the_server() {
    let mut stage = Stage::running("gunicorn --preload app:app");
    stage
        .exits(MASTER, Exit::Code(7))
        .pass(100.0)
        .expect_in_short(&["exit 7"]);
}

#[test]
fn gthread_is_warned_of_that_can_keep_no_connection() {
    let warning = "[WARNING] No keepalived connections can be handled. Check the number of worker connections and threads.";
    for (options, warned) in [
        ("", true),
        (" --keep-alive 0", false),
        (" --worker-connections 5", false),
    ] {
        let line = format!("gunicorn --threads 4 --worker-connections 4{options} app:app");
        let mut stage = Stage::new(&line);
        stage.event(Event::Started);
        assert_eq!(stage.count(warning), usize::from(warned), "{options}");
    }
}

#[test]
fn several_addresses_are_bound_in_order_and_listed() {
    let line = "gunicorn -b 127.0.0.1:8000 -b localhost:8001 -b [::1]:8002 app:app";
    Stage::new(line).event(Event::Started).expect_in_short(&[
        "[INFO] Starting gunicorn 27.0.1",
        "bind 0",
        "bind 1",
        "bind 2",
        "[INFO] Listening at: http://127.0.0.1:8000,http://127.0.0.1:8001,http://[::1]:8002 (7)",
        "[INFO] Using worker: sync",
        "spawn 8",
    ]);
}

#[test]
fn listening_is_said_once_when_all_workers_accept() {
    let mut stage = Stage::new("gunicorn -w 2 app:app");
    stage.event(Event::Started).pass(200.0).accepts(8);
    assert_eq!(stage.count("listening"), 0);
    stage.accepts(9).expect_in_short(&["listening"]);
    stage.exits(9, Exit::Code(0)).pass(100.0).accepts(10);
    assert_eq!(stage.count("listening"), 0);
}

#[test]
fn a_first_worker_that_dies_does_not_keep_the_server_from_listening() {
    let mut stage = Stage::new("gunicorn -w 2 app:app");
    stage
        .event(Event::Started)
        .pass(200.0)
        .accepts(8)
        .exits(9, Exit::Signal(Signal::Kill));
    assert_eq!(stage.count("listening"), 1);
}

#[test]
fn an_address_in_use_is_tried_five_times_and_ends_the_server_with_1() {
    let mut stage = Stage::new("gunicorn app:app");
    stage.address_in_use = 9;
    stage.event(Event::Started).pass(4_500.0);
    assert_eq!(
        stage.count("[ERROR] Connection in use: ('127.0.0.1', 8000)"),
        5
    );
    stage.pass(1_000.0).expect(&[
        "5.00 [2026-11-22 10:00:05 +0000] [7] [ERROR] Can't connect to ('127.0.0.1', 8000)",
        "5.00 exit 1",
    ]);
}

#[test]
fn an_address_that_becomes_free_is_taken() {
    let mut stage = Stage::new("gunicorn app:app");
    stage.address_in_use = 1;
    stage.event(Event::Started).pass(1_100.0).expect_in_short(&[
        "[INFO] Starting gunicorn 27.0.1",
        "bind 0",
        "[ERROR] Connection in use: ('127.0.0.1', 8000)",
        "[ERROR] connection to ('127.0.0.1', 8000) failed: [Errno 98] Address already in use",
        "bind 0",
        "[INFO] Listening at: http://127.0.0.1:8000 (7)",
        "[INFO] Using worker: sync",
        "spawn 8",
    ]);
}

#[test]
fn a_worker_that_cannot_boot_halts_the_server_with_3() {
    let mut stage = Stage::new("gunicorn app:app");
    stage.event(Event::Started).pass(60.0).count("");
    stage
        .exits(8, Exit::Code(3))
        .pass(1_000.0)
        .expect_in_short(&[
            "[ERROR] Worker (pid:8) exited with code 3.",
            "close",
            "[ERROR] Shutting down: Master",
            "[ERROR] Reason: Worker failed to boot.",
            "exit 3",
        ]);
}

#[test]
fn a_worker_that_cannot_load_the_app_halts_the_server_with_4() {
    let mut stage = Stage::new("gunicorn -w 2 app:app");
    stage.event(Event::Started).pass(60.0).count("");
    stage
        .exits(8, Exit::Code(4))
        .pass(150.0)
        .exits(9, Exit::Signal(Signal::Term))
        .pass(1_000.0);
    stage.expect_in_short(&[
        "[ERROR] Worker (pid:8) exited with code 4.",
        "close",
        "SIGTERM to 9",
        "[INFO] Worker (pid:9) was sent SIGTERM!",
        "[ERROR] Shutting down: Master",
        "[ERROR] Reason: App failed to load.",
        "exit 4",
    ]);
}

/// What `gunicorn -w 4 nomod:app` ends with.
#[test]
fn a_second_worker_that_cannot_boot_crashes_the_master_with_1() {
    let mut stage = Stage::new("gunicorn -w 2 app:app");
    stage.event(Event::Started).pass(60.0).count("");
    stage.exits(8, Exit::Code(3)).exits(9, Exit::Code(3)).pass(1_000.0).expect_in_short(&[
        "[ERROR] Worker (pid:8) exited with code 3.",
        "close",
        "[ERROR] Worker (pid:9) exited with code 3.",
        "Traceback (most recent call last):\ngunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>\n\n\
         During handling of the above exception, another exception occurred:\n\n\
         Traceback (most recent call last):\ngunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
        "exit 1",
    ]);
}

#[test]
fn dead_workers_are_reported_and_replaced_at_once() {
    let mut stage = Stage::running("gunicorn app:app");
    let mut pid = MASTER;
    let mut dies = |exit, lines: &[&str]| {
        pid += 1;
        stage.exits(pid, exit);
        let spawn = format!("spawn {}", pid + 1);
        stage
            .expect_in_short(&[lines, &[&spawn]].concat())
            .pass(60.0);
    };
    dies(
        Exit::Code(9),
        &["[ERROR] Worker (pid:8) exited with code 9."],
    );
    dies(Exit::Code(0), &[]);
    dies(
        Exit::Code(255),
        &["[ERROR] Worker (pid:10) exited with code 255."],
    );
    dies(
        Exit::Signal(Signal::Kill),
        &["[ERROR] Worker (pid:11) was sent SIGKILL! Perhaps out of memory?"],
    );
    dies(
        Exit::Signal(Signal::Hup),
        &["[WARNING] Worker (pid:12) was sent SIGHUP!"],
    );
    dies(
        Exit::Signal(Signal::Term),
        &["[INFO] Worker (pid:13) was sent SIGTERM!"],
    );
}

#[test]
fn a_worker_that_exits_at_import_is_spawned_again_at_most_20_times_a_second() {
    let mut stage = Stage::new("gunicorn app:app");
    stage.event(Event::Started);
    for pid in 8..108 {
        stage.exits(pid, Exit::Code(1)).pass(50.0);
    }
    assert_eq!(stage.count("spawn"), 101);
    assert_eq!(stage.code(), None);
}

#[test]
fn a_silent_worker_is_aborted_and_a_second_later_killed() {
    let line = "gunicorn --timeout 2 app:app";
    Stage::running(line).pass(4_000.0).exits(8, Exit::Signal(Signal::Kill)).expect(&[
        "3.05 [2026-11-22 10:00:03 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:8)",
        "3.05 SIGABRT to 8",
        "4.05 SIGKILL to 8",
        "4.30 [2026-11-22 10:00:04 +0000] [7] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?",
        "4.30 spawn 9",
    ]);
}

#[test]
fn heartbeats_keep_a_worker_alive_and_an_import_may_take_as_long_as_it_likes() {
    let line = "gunicorn -w 2 --timeout 2 app:app";
    let mut stage = Stage::new(line);
    stage
        .event(Event::Started)
        .pass(100.0)
        .accepts(8)
        .event(Event::Booted(9))
        .count("");
    for _ in 0..100 {
        stage.pass(1_900.0).event(Event::Heartbeat(8));
    }
    stage.expect(&[]);
}

#[test]
fn without_timeout_a_silent_worker_lives() {
    let line = "gunicorn --timeout 0 app:app";
    Stage::running(line).pass(1e6).expect(&[]);
}

#[test]
fn the_log_level_hides_what_is_below_it() {
    let line = "gunicorn --log-level error app:app";
    Stage::new(line)
        .event(Event::Started)
        .pass(60.0)
        .exits(8, Exit::Code(1))
        .expect_in_short(&[
            "bind 0",
            "spawn 8",
            "[ERROR] Worker (pid:8) exited with code 1.",
            "spawn 9",
        ]);
    let line = "gunicorn --log-level debug app:app";
    Stage::new(line)
        .event(Event::Started)
        .pass(60.0)
        .exits(8, Exit::Signal(Signal::Kill))
        .expect_in_short(&[
            "[INFO] Starting gunicorn 27.0.1",
            "hook on_starting",
            "bind 0",
            "[DEBUG] Arbiter booted",
            "[INFO] Listening at: http://127.0.0.1:8000 (7)",
            "[INFO] Using worker: sync",
            "hook when_ready",
            "hook pre_fork 1",
            "spawn 8",
            "[DEBUG] 1 workers",
            "[DEBUG] Handling signal: cld",
            "[ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?",
            "hook child_exit 1 8",
            "hook pre_fork 2",
            "spawn 9",
        ]);
}
