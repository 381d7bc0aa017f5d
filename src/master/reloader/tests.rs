//! The log lines and their order are those of real runs of uvicorn 0.54.0 with watchfiles, with
//! pids and times of the stage.

use crate::master::Event;
use crate::master::script::{MASTER, Stage};
use crate::os::{Exit, Signal};
use crate::testing::test;

const LINE: &str = "uvicorn --reload --no-use-colors app:app";
const CHILD: u32 = MASTER + 1;

fn changed(path: &str) -> Event {
    Event::FileChanged(["/home/user/", path].concat())
}

#[test]
fn the_parent_binds_and_starts_one_child() {
    Stage::new("uvicorn --reload --no-use-colors --workers 3 app:app")
        .event(Event::Started)
        .expect_in_short(&[
            "INFO:     Will watch for changes in these directories: ['/home/user']",
            "WARNING:  \"workers\" flag is ignored when reloading is enabled.",
            "bind 0",
            "INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
            "INFO:     Started reloader process [7] using WatchFiles",
            "spawn 8",
        ])
        .accepts(CHILD)
        .expect_in_short(&["listening"]);
}

#[test]
fn a_change_ends_the_child_and_starts_another_when_it_has_ended() {
    let mut stage = Stage::running(LINE);
    stage
        .event(changed("app.py"))
        .event(changed("page.html"))
        .event(changed("deep/views.py"))
        .pass(500.0)
        .expect_in_short(&[
            "WARNING:  WatchFiles detected changes in 'app.py', 'deep/views.py'. Reloading...",
            "SIGTERM to 8",
        ])
        .exits(CHILD, Exit::Signal(Signal::Term))
        .expect_in_short(&["spawn 9"]);
}

#[test]
fn changes_that_come_while_a_child_ends_lead_to_another_reload() {
    let mut stage = Stage::running(LINE);
    stage
        .event(changed("app.py"))
        .pass(500.0)
        .event(changed("app.py"))
        .pass(500.0);
    stage.expect_in_short(&[
        "WARNING:  WatchFiles detected changes in 'app.py'. Reloading...",
        "SIGTERM to 8",
    ]);
    stage
        .exits(CHILD, Exit::Code(0))
        .pass(200.0)
        .expect_in_short(&["spawn 9"]);
    stage.pass(100.0).expect_in_short(&[
        "WARNING:  WatchFiles detected changes in 'app.py'. Reloading...",
        "SIGTERM to 9",
    ]);
}

#[test]
fn a_child_that_cannot_start_is_tried_again_at_the_next_change() {
    let mut stage = Stage::new(LINE);
    stage
        .event(Event::Started)
        .exits(CHILD, Exit::Code(1))
        .pass(5000.0);
    assert_eq!(stage.count("listening"), 1);
    stage
        .event(changed("app.py"))
        .pass(500.0)
        .expect_in_short(&[
            "WARNING:  WatchFiles detected changes in 'app.py'. Reloading...",
            "spawn 9",
        ]);
}

#[test]
fn a_stop_ends_the_child_first_and_exits_with_0() {
    let mut stage = Stage::running(LINE);
    stage
        .signal(Signal::Int)
        .expect_in_short(&["SIGTERM to 8"])
        .exits(CHILD, Exit::Signal(Signal::Term))
        .expect_in_short(&["INFO:     Stopping reloader process [7]", "exit 0"]);
}

#[test]
fn a_stop_without_a_child_exits_at_once() {
    let mut stage = Stage::running(LINE);
    stage.exits(CHILD, Exit::Code(1)).signal(Signal::Term);
    stage.expect_in_short(&["INFO:     Stopping reloader process [7]", "exit 0"]);
}
