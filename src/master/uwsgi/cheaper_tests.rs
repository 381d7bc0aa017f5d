//! The times, lines and their order are those of real runs of uWSGI 2.0.31.

use crate::master::Event;
use crate::master::script::Stage;
use crate::os::Exit;
use crate::servers::uwsgi::RequestBegun;
use crate::testing::test;

const LINE: &str = "uwsgi --http-socket :8000 --die-on-term";

fn running(options: &str, pids: &[u32]) -> Stage {
    let mut stage = Stage::new(&format!("{LINE} {options}"));
    stage.event(Event::Started);
    for pid in pids {
        stage.accepts(*pid);
    }
    assert_eq!(stage.count("listening"), 1, "{options}");
    stage
}

fn busy(stage: &mut Stage, pids: &[u32]) {
    for pid in pids {
        stage.event(Event::Busy(*pid, 0, RequestBegun::default()));
    }
}

fn idle(stage: &mut Stage, pids: &[u32]) {
    for pid in pids {
        stage.event(Event::Request(*pid, 0, Box::default()));
    }
}

#[test]
fn there_are_more_workers_when_all_have_been_busy_for_longer_than_the_overload() {
    let mut stage = running("--cheaper 1 -p 3", &[8]);
    assert_eq!(stage.count("spawned uWSGI worker"), 0);
    stage.pass(100.0);
    busy(&mut stage, &[8]);
    stage.pass(6_000.0).expect(&[
        "4.00 spawn 9",
        "4.00 spawned uWSGI worker 2 (pid: 9, cores: 1)",
    ]);
}

#[test]
fn the_oldest_worker_that_is_free_goes_when_there_is_more_than_one_too_many() {
    let mut stage = running(
        "--cheaper 1 -p 3 --cheaper-initial 2 --cheaper-overload 1",
        &[8, 9],
    );
    stage.pass(1_000.0).expect(&["1.00 SIGWINCH to 8"]);
    stage.exits(8, Exit::Code(17)).pass(1_500.0).expect(&[
        "2.00 worker 1 killed successfully (pid: 8)",
        "2.00 uWSGI worker 1 cheaped.",
    ]);
    busy(&mut stage, &[9]);
    stage.pass(2_000.0).expect(&[
        "4.00 spawn 10",
        "4.00 Respawned uWSGI worker 1 (new pid: 10)",
    ]);
    stage.accepts(10);
    idle(&mut stage, &[9]);
    stage.pass(2_000.0).expect(&["5.00 SIGWINCH to 9"]);
}

#[test]
fn the_backlog_decides_where_it_is_asked_to() {
    let mut stage = running(
        "--cheaper 1 -p 4 --cheaper-algo backlog --cheaper-overload 2 --cheaper-step 2",
        &[8],
    );
    stage.event(Event::Waiting(2)).pass(1_000.0).expect(&[]);
    stage.event(Event::Waiting(3)).pass(1_000.0).expect(&[
        "2.00 spawn 9",
        "2.00 spawned uWSGI worker 2 (pid: 9, cores: 1)",
        "2.00 spawn 10",
        "2.00 spawned uWSGI worker 3 (pid: 10, cores: 1)",
    ]);
    busy(&mut stage, &[8, 9]);
    stage
        .event(Event::Waiting(1))
        .pass(1_000.0)
        .expect(&["3.00 SIGWINCH to 10"]);
}

#[test]
fn a_cheap_server_has_no_workers_before_somebody_connects() {
    let mut stage = Stage::new(&format!("{LINE} --cheap -p 2"));
    stage.event(Event::Started).pass(5_000.0);
    stage.event(Event::Waiting(1)).expect_in_short(&[
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
        "*** uWSGI is running in multiple interpreter mode ***",
        "spawned uWSGI master process (pid: 7)",
        "cheap mode enabled: waiting for socket connection...",
        "watch",
        "listening",
        "spawn 8",
        "spawned uWSGI worker 1 (pid: 8, cores: 1)",
        "spawn 9",
        "spawned uWSGI worker 2 (pid: 9, cores: 1)",
    ]);
}

#[test]
fn an_idle_server_ends_its_workers_one_by_one_and_waits_for_somebody_to_connect() {
    let mut stage = running("--idle 3 -p 2", &[8, 9]);
    stage.count("");
    stage.pass(7_500.0).expect(&[
        "5.00 workers have been inactive for more than 3 seconds (1795341605-1795341601)",
        "5.00 SIGKILL to 8",
        "6.00 SIGKILL to 9",
        "7.00 cheap mode enabled: waiting for socket connection...",
        "7.00 watch",
    ]);
    stage.event(Event::Waiting(1)).expect_in_short(&[
        "spawn 10",
        "Respawned uWSGI worker 1 (new pid: 10)",
        "spawn 11",
        "Respawned uWSGI worker 2 (new pid: 11)",
    ]);
}

#[test]
fn a_server_may_die_when_it_is_idle() {
    let mut stage = running("--idle 1 --die-on-idle", &[8]);
    stage.pass(3_500.0);
    stage.exits(8, Exit::Code(30)).pass(2_000.0);
    assert_eq!(stage.code(), Some(0));
}

#[test]
fn a_worker_that_has_had_its_time_is_replaced_without_a_word_about_its_end() {
    let mut stage = running("--max-worker-lifetime 3 --master", &[8]);
    stage
        .pass(4_500.0)
        .exits(8, Exit::Code(17))
        .pass(1_000.0)
        .expect(&[
            "4.00 worker 1 lifetime reached, it was running for 4 second(s)",
            "4.00 SIGWINCH to 8",
            "5.00 spawn 9",
            "5.00 Respawned uWSGI worker 1 (new pid: 9)",
        ]);
}

#[test]
fn without_workers_the_master_waits_and_a_server_without_it_ends() {
    let mut stage = running("--master -p 0", &[]);
    stage.pass(2_000.0);
    assert_eq!(stage.code(), None);
    let mut stage = Stage::new(&format!("{LINE} -p 0"));
    stage.event(Event::Started);
    assert_eq!(stage.code(), Some(0));
}

#[test]
fn an_initial_number_that_cannot_be_is_set_right() {
    let stage = Stage::new(&format!("{LINE} --cheaper 2 --cheaper-initial 9 -p 4")).event(Event::Started).count(
        "warning: invalid cheaper-initial value (9), must be lower or equal than worker count (4), using 4 as initial number of workers",
    );
    assert_eq!(stage, 1);
}
