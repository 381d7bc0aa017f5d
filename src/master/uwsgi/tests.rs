//! The log lines and their order are those of real runs of uWSGI 2.0.31, with pids and times of the
//! stage.

use crate::master::Event;
use crate::master::script::Stage;
use crate::os::{Exit, Signal};
use crate::servers::uwsgi::{AppCalled, RequestBegun, RequestEnded, RequestLine};
use crate::testing::test;

const LINE: &str = "uwsgi --http-socket :8000 --master --die-on-term";

fn begun(target: &str) -> RequestBegun {
    RequestBegun {
        client: "127.0.0.1".to_owned(),
        method: "GET".to_owned(),
        target: target.to_owned(),
        since: 0,
    }
}

fn running(line: &str, pids: &[u32]) -> Stage {
    let mut stage = Stage::new(line);
    stage.event(Event::Started);
    for pid in pids {
        stage.accepts(*pid);
    }
    stage.count("");
    stage
}

#[test]
fn the_master_comes_into_being_when_the_app_is_loaded() {
    Stage::new(&format!("{LINE} -p 2"))
        .event(Event::Started)
        .accepts(9)
        .accepts(8)
        .expect_in_short(&[
            "*** Starting uWSGI 2.0.31 (32bit) on [Sun Nov 22 10:00:00 2026] ***",
            "current working directory: /home/user",
            "bind 0",
            "uwsgi socket 0 bound to TCP address :8000 fd 3",
            "Python version: 3.14.2",
            "python threads support enabled",
            "your server socket listen backlog is limited to 100 connections",
            "your mercy for graceful operations on workers is 60 seconds",
            "*** Operational MODE: preforking ***",
            "load",
            "spawn 8",
            "spawn 9",
            "*** uWSGI is running in multiple interpreter mode ***",
            "spawned uWSGI master process (pid: 7)",
            "spawned uWSGI worker 1 (pid: 8, cores: 1)",
            "spawned uWSGI worker 2 (pid: 9, cores: 1)",
            "listening",
        ]);
}

#[test]
fn without_the_app_that_it_needs_the_server_is_not_there() {
    let mut stage = Stage::new(&format!("{LINE} -p 2 --need-app"));
    stage.load_fails = Some(Exit::Code(22));
    stage.event(Event::Started);
    assert_eq!(stage.code(), Some(22));
}

#[test]
fn lazy_workers_load_the_app_themselves() {
    let mut stage = Stage::new(&format!("{LINE} --lazy-apps"));
    stage.event(Event::Started);
    assert_eq!(stage.count(" load"), 0);
}

#[test]
fn a_reload_loads_the_app_again() {
    let mut stage = running("uwsgi --http-socket :8000 --master", &[8]);
    stage
        .signal(Signal::Term)
        .exits(8, Exit::Signal(Signal::Kill))
        .pass(1_000.0);
    assert_eq!(stage.count(" load"), 1);
}

#[test]
fn lazy_workers_that_lack_the_app_end_the_server() {
    let mut stage = Stage::new(&format!("{LINE} -p 2 --need-app --lazy-apps"));
    stage.event(Event::Started).count("");
    stage
        .exits(8, Exit::Code(22))
        .exits(9, Exit::Code(22))
        .pass(2_000.0)
        .expect(&[
            "1.00 OOPS ! failed loading app in worker 1 (pid 8)",
            "1.00 Sun Nov 22 10:00:01 2026 - need-app requested, destroying the instance...",
            "1.00 SIGINT/SIGTERM received...killing workers...",
            "1.00 SIGKILL to 9",
            "1.00 OOPS ! failed loading app in worker 2 (pid 9)",
            "1.00 Sun Nov 22 10:00:01 2026 - need-app requested, destroying the instance...",
            "1.00 goodbye to uWSGI.",
            "1.00 exit 22",
        ]);
}

#[test]
fn an_address_in_use_ends_the_server_with_1() {
    let mut stage = Stage::new(LINE);
    stage.address_in_use = 1;
    stage.event(Event::Started);
    assert_eq!(stage.code(), Some(1));
}

#[test]
fn term_kills_the_workers_and_they_are_buried_a_second_later() {
    running(LINE, &[8])
        .pass(300.0)
        .signal(Signal::Term)
        .exits(8, Exit::Signal(Signal::Kill))
        .pass(2_000.0)
        .expect(&[
            "0.30 SIGINT/SIGTERM received...killing workers...",
            "0.30 SIGKILL to 8",
            "1.30 worker 1 buried after 1 seconds",
            "1.30 goodbye to uWSGI.",
            "1.30 exit 0",
        ]);
}

#[test]
fn term_reloads_where_it_is_not_to_die() {
    let mut stage = running("uwsgi --http-socket :8000 --master", &[8]);
    stage
        .signal(Signal::Term)
        .exits(8, Exit::Signal(Signal::Kill))
        .pass(1_500.0);
    stage.accepts(9);
    assert_eq!(
        stage.count("gracefully (RE)spawned uWSGI master process (pid: 7)"),
        1
    );
    assert_eq!(stage.code(), None);
}

#[test]
fn hup_waits_for_the_requests_of_the_workers() {
    let mut stage = running(&format!("{LINE} -p 2"), &[8, 9]);
    stage
        .signal(Signal::Hup)
        .exits(8, Exit::Code(17))
        .pass(3_500.0)
        .expect(&[
            "0.00 ...gracefully killing workers...",
            "0.00 SIGHUP to 8",
            "0.00 SIGHUP to 9",
            "1.00 worker 1 buried after 1 seconds",
        ]);
    stage.exits(9, Exit::Code(17)).pass(1_000.0);
    assert_eq!(stage.count("spawn "), 2);
}

fn ended(pid: u32) -> Event {
    Event::Request(pid, 0, Box::default())
}

fn called(number: u32, calls: u32) -> AppCalled {
    AppCalled { number, calls }
}

/// A request of a worker ends; its line shows the numbers alone.
fn numbered(pid: u32, app: Option<AppCalled>) -> Event {
    let line = RequestLine::Numbered {
        before: format!("[pid: {pid}|req: "),
        after: "] /".to_owned(),
    };
    let ended = RequestEnded {
        line: Some(line),
        app,
        ..RequestEnded::default()
    };
    Event::Request(pid, 0, Box::new(ended))
}

#[test]
fn a_worker_that_does_not_finish_at_a_reload_is_killed_after_a_minute() {
    let mut stage = running(LINE, &[8]);
    stage.signal(Signal::Hup).pass(60_500.0);
    assert_eq!(stage.count("NO MERCY"), 0);
    stage.pass(1_000.0);
    assert_eq!(stage.count("SIGKILL to 8"), 1);
}

#[test]
fn harakiri_kills_the_worker_at_the_next_look_and_misses_it_at_the_one_after() {
    running(&format!("{LINE} --harakiri 2"), &[8])
        .pass(400.0)
        .event(Event::Busy(8, 0, begun("/100%25")))
        .pass(1_700.0)
        .exits(8, Exit::Signal(Signal::Kill))
        .pass(1_000.0)
        .expect(&[
            "2.00 Sun Nov 22 10:00:02 2026 - *** HARAKIRI ON WORKER 1 (pid: 8, try: 1, graceful: yes) ***",
            "2.00 Sun Nov 22 10:00:02 2026 - HARAKIRI !!! worker 1 status !!!",
            "2.00 Sun Nov 22 10:00:02 2026 - HARAKIRI [core 0] 127.0.0.1 - GET /100%25 since 0",
            "2.00 Sun Nov 22 10:00:02 2026 - HARAKIRI !!! end of worker 1 status !!!",
            "2.00 Sun Nov 22 10:00:02 2026 - HARAKIRI triggered by worker 1 core 0 !!!",
            "2.00 SIGKILL to 8",
            "3.00 DAMN ! worker 1 (pid: 8) died, killed by signal 9 :( trying respawn ...",
            "3.00 spawn 9",
            "3.00 Respawned uWSGI worker 1 (new pid: 9)",
        ]);
}

#[test]
fn threads_are_counted_and_a_harakiri_tells_what_each_does() {
    let mut stage = Stage::new(&format!("{LINE} -p 2 --threads 3 --harakiri 2"));
    stage.event(Event::Started).accepts(8);
    stage.accepts(9);
    assert_eq!(stage.count(", cores: 3)"), 2);
    for core in [2, 0, 1] {
        stage.event(Event::Busy(8, core, begun("/")));
    }
    stage.event(ended(8)).pass(9_000.0);
    assert_eq!(
        stage.count("HARAKIRI"),
        0,
        "an answer of one thread takes the clock off"
    );
    stage.event(Event::Busy(8, 0, begun("/"))).pass(2_500.0);
    assert_eq!(stage.count("HARAKIRI [core "), 3);
}

#[test]
fn a_request_that_is_done_in_time_is_no_reason_for_a_harakiri() {
    let mut stage = running(&format!("{LINE} --harakiri 2"), &[8]);
    stage
        .event(Event::Busy(8, 0, begun("/")))
        .event(ended(8))
        .pass(9_000.0)
        .expect(&[]);
}

#[test]
fn requests_are_counted_by_app_of_a_worker_and_in_all() {
    let mut stage = running(&format!("{LINE} -p 2"), &[8, 9]);
    for (pid, app) in [
        (8, Some(called(0, 1))),
        (9, Some(called(0, 1))),
        (9, Some(called(0, 2))),
        (9, Some(called(1, 1))),
        (9, None),
    ] {
        stage
            .event(Event::Busy(pid, 0, begun("/")))
            .event(numbered(pid, app));
    }
    stage.expect(&[
        "0.00 [pid: 8|req: 1/1] /",
        "0.00 [pid: 9|req: 1/2] /",
        "0.00 [pid: 9|req: 2/3] /",
        "0.00 [pid: 9|req: 1/4] /",
        "0.00 [pid: 9|req: -1/5] /",
    ]);
}

#[test]
fn a_worker_counts_on_from_the_process_before_unless_it_loads_the_app_itself() {
    for (line, first) in [
        (LINE.to_owned(), "3/2"),
        (format!("{LINE} --lazy-apps"), "1/2"),
    ] {
        let mut stage = running(&line, &[8]);
        stage.event(numbered(8, Some(called(0, 1))));
        // The call that it dies in counts too.
        stage.event(Event::Busy(8, 0, begun("/")));
        stage.exits(8, Exit::Code(9)).pass(1_000.0);
        stage.event(numbered(9, Some(called(0, 1))));
        assert_eq!(stage.count(&format!("[pid: 9|req: {first}] /")), 1);
    }
}

#[test]
fn workers_that_die_one_after_the_other_are_respawned_with_a_pause() {
    let mut stage = running(LINE, &[8]);
    stage.exits(8, Exit::Code(9)).pass(1_000.0).count("");
    stage.exits(9, Exit::Code(9)).pass(3_500.0).expect(&[
        "2.00 DAMN ! worker 1 (pid: 9) died :( trying respawn ...",
        "2.00 worker respawning too fast !!! i have to sleep a bit (2 seconds)...",
        "4.00 spawn 10",
        "4.00 Respawned uWSGI worker 1 (new pid: 10)",
    ]);
}

/// `core/master.c`: it counts respawns that come within a second of the one before, and goes on
/// counting from when it has slept.
#[test]
fn a_worker_that_dies_at_once_every_time_is_respawned_as_often_as_the_original_does() {
    let mut stage = running(LINE, &[8]);
    for pid in 8..14 {
        stage.exits(pid, Exit::Code(9));
        while stage.last_pid() == pid {
            stage.pass(250.0);
        }
    }
    stage.expect(&[
        "1.00 DAMN ! worker 1 (pid: 8) died :( trying respawn ...",
        "1.00 spawn 9",
        "1.00 Respawned uWSGI worker 1 (new pid: 9)",
        "2.00 DAMN ! worker 1 (pid: 9) died :( trying respawn ...",
        "2.00 worker respawning too fast !!! i have to sleep a bit (2 seconds)...",
        "4.00 spawn 10",
        "4.00 Respawned uWSGI worker 1 (new pid: 10)",
        "5.00 DAMN ! worker 1 (pid: 10) died :( trying respawn ...",
        "5.00 spawn 11",
        "5.00 Respawned uWSGI worker 1 (new pid: 11)",
        "6.00 DAMN ! worker 1 (pid: 11) died :( trying respawn ...",
        "6.00 worker respawning too fast !!! i have to sleep a bit (2 seconds)...",
        "8.00 spawn 12",
        "8.00 Respawned uWSGI worker 1 (new pid: 12)",
        "9.00 DAMN ! worker 1 (pid: 12) died :( trying respawn ...",
        "9.00 spawn 13",
        "9.00 Respawned uWSGI worker 1 (new pid: 13)",
        "10.00 DAMN ! worker 1 (pid: 13) died :( trying respawn ...",
        "10.00 worker respawning too fast !!! i have to sleep a bit (2 seconds)...",
        "12.00 spawn 14",
        "12.00 Respawned uWSGI worker 1 (new pid: 14)",
    ]);
}

#[test]
fn while_the_master_sleeps_no_other_worker_is_respawned_either() {
    let mut stage = running(&format!("{LINE} -p 2"), &[8, 9]);
    for pid in [8, 9] {
        stage.exits(pid, Exit::Code(9));
    }
    stage.pass(1_000.0).count("");
    for pid in [10, 11] {
        stage.exits(pid, Exit::Code(9));
    }
    stage.pass(3_500.0).expect(&[
        "2.00 DAMN ! worker 1 (pid: 10) died :( trying respawn ...",
        "2.00 worker respawning too fast !!! i have to sleep a bit (2 seconds)...",
        "4.00 spawn 12",
        "4.00 Respawned uWSGI worker 1 (new pid: 12)",
        "4.00 DAMN ! worker 2 (pid: 11) died :( trying respawn ...",
        "4.00 spawn 13",
        "4.00 Respawned uWSGI worker 2 (new pid: 13)",
    ]);
}

#[test]
fn a_worker_that_has_served_its_requests_is_replaced() {
    running(LINE, &[8])
        .pass(5_000.0)
        .exits(8, Exit::Code(17))
        .pass(1_000.0)
        .expect_in_short(&[
            "worker 1 killed successfully (pid: 8)",
            "spawn 9",
            "Respawned uWSGI worker 1 (new pid: 9)",
        ]);
}

#[test]
fn without_a_master_the_first_worker_is_the_server() {
    let mut stage = running("uwsgi --http-socket :8000 -p 2", &[8, 9]);
    stage.exits(9, Exit::Code(9)).pass(5_000.0).expect(&[]);
    stage.signal(Signal::Term);
    assert_eq!(stage.code(), Some(30));
    let mut stage = running("uwsgi --http-socket :8000", &[8]);
    stage.exits(8, Exit::Code(17));
    assert_eq!(stage.code(), Some(17));
}

#[test]
fn a_file_that_is_touched_reloads_the_server_at_the_masters_next_look() {
    let mut stage = running(
        &format!("{LINE} --touch-reload app.py --touch-reload other"),
        &[8],
    );
    stage
        .event(Event::FileChanged("/home/user/none.py".to_owned()))
        .event(Event::FileChanged("/home/user/app.py".to_owned()))
        .pass(1_200.0)
        .expect_in_short(&[
            "Sun Nov 22 10:00:01 2026 - *** app.py has been touched... grace them all !!! ***",
            "...gracefully killing workers...",
            "SIGHUP to 8",
        ]);
}
