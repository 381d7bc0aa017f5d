//! What gunicorn's master does when it gets a signal.

use crate::master::script::Stage;
use crate::os::{Exit, Signal};
use crate::testing::test;

#[test]
fn term_waits_for_requests_to_finish() {
    Stage::running("gunicorn -w 2 app:app")
        .signal(Signal::Term)
        .pass(50.0)
        .exits(8, Exit::Code(0))
        .pass(3_000.0)
        .exits(9, Exit::Code(0))
        .pass(200.0)
        .expect_in_short(&[
            "[INFO] Handling signal: term",
            "close",
            "SIGTERM to 8",
            "SIGTERM to 9",
            "[INFO] Shutting down: Master",
            "exit 0",
        ]);
}

#[test]
fn term_kills_workers_after_the_graceful_timeout() {
    let line = "gunicorn --graceful-timeout 1 app:app";
    Stage::running(line)
        .signal(Signal::Term)
        .pass(2_000.0)
        .expect(&[
            "0.30 [2026-11-22 10:00:00 +0000] [7] [INFO] Handling signal: term",
            "0.30 close",
            "0.30 SIGTERM to 8",
            "1.30 SIGKILL to 8",
            "1.30 [2026-11-22 10:00:01 +0000] [7] [INFO] Shutting down: Master",
            "1.30 exit 0",
        ]);
}

#[test]
fn int_after_term_hurries_the_workers() {
    Stage::running("gunicorn app:app")
        .signal(Signal::Term)
        .pass(500.0)
        .signal(Signal::Int)
        .pass(150.0)
        .exits(8, Exit::Code(0))
        .pass(300.0)
        .expect_in_short(&[
            "[INFO] Handling signal: term",
            "close",
            "SIGTERM to 8",
            "[INFO] Quick shutdown requested",
            "SIGQUIT to 8",
            "[INFO] Shutting down: Master",
            "exit 0",
        ]);
}

#[test]
fn int_after_term_gives_two_seconds() {
    Stage::running("gunicorn app:app")
        .signal(Signal::Term)
        .pass(1_000.0)
        .signal(Signal::Int)
        .pass(3_000.0)
        .expect(&[
            "0.30 [2026-11-22 10:00:00 +0000] [7] [INFO] Handling signal: term",
            "0.30 close",
            "0.30 SIGTERM to 8",
            "1.40 [2026-11-22 10:00:01 +0000] [7] [INFO] Quick shutdown requested",
            "1.40 SIGQUIT to 8",
            "3.40 SIGKILL to 8",
            "3.40 [2026-11-22 10:00:03 +0000] [7] [INFO] Shutting down: Master",
            "3.40 exit 0",
        ]);
}

#[test]
fn int_and_quit_stop_quickly() {
    for signal in [Signal::Int, Signal::Quit] {
        let handling = format!("[INFO] Handling signal: {}", signal.name().to_lowercase());
        Stage::running("gunicorn app:app")
            .signal(signal)
            .pass(100.0)
            .exits(8, Exit::Code(0))
            .pass(300.0)
            .expect_in_short(&[
                &handling,
                "close",
                "SIGQUIT to 8",
                "[INFO] Shutting down: Master",
                "exit 0",
            ]);
    }
}

#[test]
fn quit_kills_a_stubborn_worker_and_says_so() {
    let line = "gunicorn --graceful-timeout 3 app:app";
    Stage::running(line)
        .signal(Signal::Quit)
        .pass(3_050.0)
        .exits(8, Exit::Signal(Signal::Kill))
        .pass(500.0)
        .expect_in_short(&[
            "[INFO] Handling signal: quit",
            "close",
            "SIGQUIT to 8",
            "SIGKILL to 8",
            "SIGTERM to 8",
            "[ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?",
            "[INFO] Shutting down: Master",
            "exit 0",
        ]);
}

#[test]
fn hup_starts_new_workers_and_ends_the_old() {
    Stage::running("gunicorn -w 2 app:app")
        .signal(Signal::Hup)
        .exits(8, Exit::Code(0))
        .exits(9, Exit::Code(0))
        .pass(2_000.0)
        .expect_in_short(&[
            "[INFO] Handling signal: hup",
            "[INFO] Hang up: Master",
            "spawn 10",
            "spawn 11",
            "SIGTERM to 8",
            "SIGTERM to 9",
        ]);
}

#[test]
fn hup_does_not_load_a_preloaded_app_again() {
    let mut stage = Stage::running("gunicorn --preload app:app");
    stage.signal(Signal::Hup).pass(100.0);
    assert_eq!(stage.count(" load"), 0);
}

#[test]
fn hup_waits_for_the_old_workers_before_it_hears_another_signal() {
    Stage::running("gunicorn app:app")
        .signal(Signal::Hup)
        .signal(Signal::Ttin)
        .pass(3_000.0)
        .exits(8, Exit::Code(0))
        .pass(300.0)
        .expect(&[
            "0.30 [2026-11-22 10:00:00 +0000] [7] [INFO] Handling signal: hup",
            "0.30 [2026-11-22 10:00:00 +0000] [7] [INFO] Hang up: Master",
            "0.30 spawn 9",
            "0.30 SIGTERM to 8",
            "3.50 [2026-11-22 10:00:03 +0000] [7] [INFO] Handling signal: ttin",
            "3.50 spawn 10",
        ]);
}

#[test]
fn hup_waits_for_the_graceful_timeout_at_most() {
    Stage::running("gunicorn --graceful-timeout 2 app:app")
        .signal(Signal::Hup)
        .pass(100.0)
        .signal(Signal::Hup)
        .pass(2_500.0)
        .expect(&[
            "0.30 [2026-11-22 10:00:00 +0000] [7] [INFO] Handling signal: hup",
            "0.30 [2026-11-22 10:00:00 +0000] [7] [INFO] Hang up: Master",
            "0.30 spawn 9",
            "0.30 SIGTERM to 8",
            // The turn ends, and the loop manages its workers once more.
            "2.30 SIGTERM to 8",
            "2.30 [2026-11-22 10:00:02 +0000] [7] [INFO] Handling signal: hup",
            "2.30 [2026-11-22 10:00:02 +0000] [7] [INFO] Hang up: Master",
            "2.30 spawn 10",
            "2.30 SIGTERM to 8",
            "2.30 SIGTERM to 9",
        ]);
}

#[test]
fn hup_forgets_workers_that_ttin_added() {
    let mut stage = Stage::running("gunicorn app:app");
    stage.signal(Signal::Ttin).pass(100.0).accepts(9).count("");
    stage.signal(Signal::Hup).expect_in_short(&[
        "[INFO] Handling signal: hup",
        "[INFO] Hang up: Master",
        "spawn 10",
        "SIGTERM to 8",
        "SIGTERM to 9",
    ]);
}

#[test]
fn hup_with_a_broken_app_ends_the_server() {
    Stage::running("gunicorn app:app")
        .signal(Signal::Hup)
        .exits(8, Exit::Code(0))
        .exits(9, Exit::Code(3))
        .pass(1_000.0)
        .expect_in_short(&[
            "[INFO] Handling signal: hup",
            "[INFO] Hang up: Master",
            "spawn 9",
            "SIGTERM to 8",
            "[ERROR] Worker (pid:9) exited with code 3.",
            "close",
            "[ERROR] Shutting down: Master",
            "[ERROR] Reason: Worker failed to boot.",
            "exit 3",
        ]);
}

#[test]
fn ttin_adds_a_worker_and_ttou_ends_the_oldest_but_never_the_last() {
    Stage::running("gunicorn app:app")
        .signal(Signal::Ttin)
        .pass(100.0)
        .accepts(9)
        .signal(Signal::Ttou)
        .exits(8, Exit::Code(0))
        .signal(Signal::Ttou)
        .pass(100.0)
        .expect_in_short(&[
            "[INFO] Handling signal: ttin",
            "spawn 9",
            "[INFO] Handling signal: ttou",
            "SIGTERM to 8",
            // The loop manages its workers once more at the end of the turn.
            "SIGTERM to 8",
            "[INFO] Handling signal: ttou",
        ]);
}

#[test]
fn usr1_reaches_all_workers_and_usr2_is_refused() {
    Stage::running("gunicorn -w 2 app:app")
        .signal(Signal::Usr1)
        .signal(Signal::Usr2)
        .signal(Signal::Winch)
        .expect_in_short(&[
            "[INFO] Handling signal: usr1",
            "SIGUSR1 to 8",
            "SIGUSR1 to 9",
            "[INFO] Handling signal: usr2",
            "[WARNING] USR2 signal ignored. A second master cannot be started here: use HUP to reload.",
            "[INFO] Handling signal: winch",
        ]);
}

#[test]
fn a_killed_master_says_nothing() {
    Stage::running("gunicorn app:app")
        .signal(Signal::Kill)
        .expect_in_short(&["exit 137"]);
}
