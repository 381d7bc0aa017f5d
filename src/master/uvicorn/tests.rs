//! The log lines and their order are those of real runs of uvicorn 0.54.0, with pids and times of
//! the stage.

use crate::master::Event;
use crate::master::script::Stage;
use crate::os::{Exit, Signal};
use crate::testing::test;

/// Both children of a running server are alive for so long, in steps of a second.
fn heartbeats(stage: &mut Stage, pids: &[u32], seconds: u32) {
    for _ in 0..seconds {
        for pid in pids {
            stage.event(Event::Heartbeat(*pid));
        }
        stage.pass(1_000.0);
    }
}

#[test]
fn the_parent_binds_says_where_it_runs_and_spawns_all_children() {
    Stage::new("uvicorn --workers 2 app:app")
        .event(Event::Started)
        .expect(&[
            "0.00 bind 0",
            "0.00 INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
            "0.00 INFO:     Started parent process [7]",
            "0.00 spawn 8",
            "0.00 spawn 9",
        ]);
}

#[test]
fn only_what_is_wrong_with_the_options_is_warned_of() {
    for (options, warned) in [
        ("--interface wsgi --env-file .env", 0),
        ("--interface wsgi --reload-dir .", 1),
    ] {
        let mut stage = Stage::new(&format!("uvicorn --workers 2 {options} app:app"));
        stage.event(Event::Started);
        assert_eq!(stage.count("WARNING"), warned, "{options}");
    }
}

#[test]
fn an_address_in_use_ends_the_server_with_3() {
    let mut stage = Stage::new("uvicorn --workers 2 app:app");
    stage.address_in_use = 1;
    stage.event(Event::Started).expect_in_short(&[
        "bind 0",
        "ERROR:    [Errno 98] Address already in use",
        "exit 3",
    ]);
}

#[test]
fn listening_is_said_when_all_children_accept() {
    let mut stage = Stage::new("uvicorn --workers 2 app:app");
    stage.event(Event::Started).accepts(9);
    assert_eq!(stage.count("listening"), 0);
    stage.accepts(8);
    assert_eq!(stage.count("listening"), 1);
}

#[test]
fn a_child_that_fails_to_start_stops_the_parent_with_0() {
    let mut stage = Stage::new("uvicorn --workers 2 app:app");
    stage.event(Event::Started).count("");
    stage
        .exits(8, Exit::Code(3))
        .exits(9, Exit::Code(3))
        .pass(600.0)
        .expect(&[
            "0.50 INFO:     Waiting for child process [8]",
            "0.50 ERROR:    Child process [8] failed to start, stopping the parent process.",
            "0.50 INFO:     Waiting for child process [8]",
            "0.50 INFO:     Waiting for child process [9]",
            "0.50 INFO:     Stopping parent process [7]",
            "0.50 exit 0",
        ]);
}

#[test]
fn a_child_that_fails_to_start_ends_its_siblings() {
    let mut stage = Stage::new("uvicorn --workers 2 app:app");
    stage.event(Event::Started).count("");
    stage
        .exits(8, Exit::Code(3))
        .pass(600.0)
        .exits(9, Exit::Signal(Signal::Term))
        .expect_in_short(&[
            "INFO:     Waiting for child process [8]",
            "ERROR:    Child process [8] failed to start, stopping the parent process.",
            "SIGTERM to 9",
            "INFO:     Terminated child process [9]",
            "INFO:     Waiting for child process [8]",
            "INFO:     Waiting for child process [9]",
            "INFO:     Stopping parent process [7]",
            "exit 0",
        ]);
}

#[test]
fn a_dead_child_is_replaced_at_the_next_tick() {
    let mut stage = Stage::running("uvicorn --workers 2 app:app");
    stage
        .exits(8, Exit::Signal(Signal::Kill))
        .pass(300.0)
        .expect(&[
            "0.50 INFO:     Waiting for child process [8]",
            "0.50 INFO:     Child process [8] died",
            "0.50 spawn 10",
        ]);
}

#[test]
fn an_app_that_cannot_be_imported_gives_four_spawns_a_second_with_two_workers() {
    let mut stage = Stage::new("uvicorn --workers 2 app:app");
    stage.event(Event::Started);
    for round in 0..20 {
        stage
            .exits(8 + 2 * round, Exit::Code(1))
            .exits(9 + 2 * round, Exit::Code(1))
            .pass(500.0);
    }
    assert_eq!(stage.count("spawn"), 42);
}

#[test]
fn a_child_that_is_silent_for_the_healthcheck_timeout_is_killed() {
    let line = "uvicorn --workers 2 --timeout-worker-healthcheck 2 app:app";
    let mut stage = Stage::running(line);
    for _ in 0..5 {
        stage.pass(500.0).event(Event::Heartbeat(9));
    }
    stage.expect(&[
        "2.50 SIGKILL to 8",
        "2.50 INFO:     Waiting for child process [8]",
    ]);
    stage
        .exits(8, Exit::Signal(Signal::Kill))
        .expect_in_short(&["INFO:     Child process [8] died", "spawn 10"]);
}

#[test]
fn heartbeats_keep_a_child_alive_while_it_imports_the_app() {
    let mut stage = Stage::new("uvicorn --workers 2 app:app");
    stage
        .event(Event::Started)
        .event(Event::Booted(8))
        .event(Event::Booted(9))
        .count("");
    heartbeats(&mut stage, &[8, 9], 60);
    stage.expect(&[]);
}

#[test]
fn a_child_whose_interpreter_is_still_booting_is_not_silent() {
    let mut stage = Stage::new("uvicorn --workers 2 app:app");
    stage.event(Event::Started).count("");
    stage.pass(60_000.0).expect(&[]);
}

#[test]
fn term_and_int_end_the_children_at_the_next_tick() {
    for signal in [Signal::Term, Signal::Int] {
        let received = format!("INFO:     Received SIG{}, exiting.", signal.name());
        Stage::running("uvicorn --workers 2 app:app")
            .signal(signal)
            .pass(300.0)
            .exits(9, Exit::Signal(Signal::Term))
            .pass(9_000.0)
            .exits(8, Exit::Signal(Signal::Term))
            .expect_in_short(&[
                &received,
                "SIGTERM to 8",
                "INFO:     Terminated child process [8]",
                "SIGTERM to 9",
                "INFO:     Terminated child process [9]",
                "INFO:     Waiting for child process [8]",
                "INFO:     Waiting for child process [9]",
                "INFO:     Stopping parent process [7]",
                "exit 0",
            ]);
    }
}

#[test]
fn signals_wait_until_children_have_ended() {
    let mut stage = Stage::running("uvicorn --workers 2 app:app");
    stage.signal(Signal::Term).pass(300.0).count("");
    stage
        .signal(Signal::Term)
        .signal(Signal::Int)
        .pass(60_000.0)
        .expect(&[]);
}

#[test]
fn hup_replaces_children_one_by_one_each_when_its_successor_accepts() {
    let mut stage = Stage::running("uvicorn --workers 2 app:app");
    stage.signal(Signal::Hup).pass(300.0).expect_in_short(&[
        "INFO:     Received SIGHUP, restarting processes.",
        "spawn 10",
    ]);
    stage.accepts(10).expect_in_short(&[
        "SIGTERM to 8",
        "INFO:     Terminated child process [8]",
        "INFO:     Waiting for child process [8]",
    ]);
    stage
        .exits(8, Exit::Signal(Signal::Term))
        .expect_in_short(&["spawn 11"]);
    stage
        .accepts(11)
        .exits(9, Exit::Signal(Signal::Term))
        .expect_in_short(&[
            "SIGTERM to 9",
            "INFO:     Terminated child process [9]",
            "INFO:     Waiting for child process [9]",
        ]);
    heartbeats(&mut stage, &[10, 11], 3);
    stage.expect(&[]);
}

#[test]
fn hup_with_a_broken_app_keeps_the_old_children() {
    let mut stage = Stage::running("uvicorn --workers 2 app:app");
    stage.signal(Signal::Hup).pass(300.0).count("");
    stage.exits(10, Exit::Code(1)).expect_in_short(&[
        "INFO:     Waiting for child process [10]",
        "ERROR:    New child process [10] was not ready in time; keeping worker [8] and aborting the restart.",
    ]);
    heartbeats(&mut stage, &[8, 9], 3);
    stage.expect(&[]);
}

#[test]
fn hup_gives_up_a_successor_that_is_not_ready_in_time() {
    let mut stage = Stage::running("uvicorn --workers 2 app:app");
    stage
        .signal(Signal::Hup)
        .pass(300.0)
        .event(Event::Booted(10))
        .count("");
    stage
        .pass(5_100.0)
        .exits(10, Exit::Signal(Signal::Kill))
        .event(Event::Heartbeat(8));
    stage.expect_in_short(&[
        "SIGKILL to 10",
        "INFO:     Waiting for child process [10]",
        "ERROR:    New child process [10] was not ready in time; keeping worker [8] and aborting the restart.",
        "SIGKILL to 8",
        "INFO:     Waiting for child process [8]",
    ]);
}

#[test]
fn ttin_adds_a_child_and_ttou_ends_the_last_but_never_the_only_one() {
    let mut stage = Stage::running("uvicorn --workers 2 app:app");
    stage
        .signal(Signal::Ttin)
        .pass(300.0)
        .accepts(10)
        .signal(Signal::Ttou)
        .pass(500.0)
        .expect_in_short(&[
            "INFO:     Received SIGTTIN, increasing the number of processes.",
            "spawn 10",
            "INFO:     Received SIGTTOU, decreasing number of processes.",
            "SIGTERM to 10",
            "INFO:     Terminated child process [10]",
            "INFO:     Waiting for child process [10]",
        ]);
    stage
        .exits(10, Exit::Signal(Signal::Term))
        .signal(Signal::Ttou)
        .pass(500.0);
    stage.exits(9, Exit::Signal(Signal::Term)).count("");
    stage.signal(Signal::Ttou).pass(500.0).expect_in_short(&[
        "INFO:     Received SIGTTOU, decreasing number of processes.",
        "INFO:     Already reached one process, cannot decrease the number of processes anymore.",
    ]);
}

#[test]
fn other_signals_are_named_at_level_debug() {
    let line = "uvicorn --workers 2 --log-level debug app:app";
    Stage::running(line)
        .signal(Signal::Usr1)
        .pass(300.0)
        .expect_in_short(&["DEBUG:    Received signal USR1, but no handler is defined for it."]);
}

#[test]
fn colours_are_uvicorns() {
    let line = "uvicorn --workers 2 --use-colors app:app";
    Stage::new(line).event(Event::Started).expect_in_short(&[
        "bind 0",
        "\x1b[32mINFO\x1b[0m:     Uvicorn running on \x1b[1mhttp://127.0.0.1:8000\x1b[0m (Press CTRL+C to quit)",
        "\x1b[32mINFO\x1b[0m:     Started parent process [\x1b[36m\x1b[1m7\x1b[0m]",
        "spawn 8",
        "spawn 9",
    ]);
}
