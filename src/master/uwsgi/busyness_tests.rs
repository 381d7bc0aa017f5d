//! The lines are those of `plugins/cheaper_busyness/cheaper_busyness.c`.

use crate::master::Event;
use crate::master::script::Stage;
use crate::os::Exit;
use crate::servers::uwsgi::{RequestBegun, RequestEnded};
use crate::testing::test;

const LINE: &str = "uwsgi --http-socket :8000 --die-on-term --cheaper 1 -p 3 --cheaper-overload 1 \
                    --cheaper-algo busyness";

fn running(options: &str, workers: &[u32]) -> Stage {
    let mut stage = Stage::new(&format!("{LINE} {options}"));
    stage.event(Event::Started);
    for pid in workers {
        stage.accepts(*pid);
    }
    assert_eq!(stage.count("listening"), 1, "{options}");
    stage
}

/// A worker has spent so many milliseconds on a request.
fn serves(stage: &mut Stage, pid: u32, milliseconds: u64) {
    stage.event(Event::Busy(pid, 0, RequestBegun::default()));
    ends(stage, pid, milliseconds);
}

fn ends(stage: &mut Stage, pid: u32, milliseconds: u64) {
    let ended = RequestEnded {
        micros: Some(milliseconds * 1000),
        ..RequestEnded::default()
    };
    stage.event(Event::Request(pid, 0, Box::new(ended)));
}

#[test]
fn it_says_what_it_is_set_to_before_sockets_are_bound() {
    for line in [
        "[busyness] settings: min=20%, max=50%, overload=1, multiplier=10, respawn penalty=2",
        "[busyness] backlog alert is set to 33 request(s), step is 1",
        "[busyness] backlog non-zero alert is set to 60 second(s)",
    ] {
        let mut stage = Stage::new(&format!("{LINE} --cheaper-busyness-min 20"));
        stage.event(Event::Started);
        assert_eq!(stage.count(line), 1, "{line}");
    }
}

#[test]
fn workers_that_spend_more_than_their_share_on_requests_get_another() {
    let mut stage = running("", &[8]);
    stage.pass(500.0);
    serves(&mut stage, 8, 600);
    stage.pass(500.0).expect(&[
        "1.00 [busyness] 1s average busyness is at 60%, will spawn 1 new worker(s)",
        "1.00 spawn 9",
        "1.00 spawned uWSGI worker 2 (pid: 9, cores: 1)",
    ]);
    stage.accepts(9);
    // Half of two workers' time is not more than half.
    serves(&mut stage, 8, 1_000);
    stage.pass(1_000.0).expect(&[]);
}

#[test]
fn a_request_that_lasts_longer_than_a_check_counts_as_all_of_its_time() {
    let mut stage = running("--cheaper-busyness-verbose", &[8]);
    stage.event(Event::Busy(8, 0, RequestBegun::default()));
    stage.pass(1_000.0).expect(&[
        "1.00 [busyness] worker 1 was busy 1 time(s) in last cycle but no request was completed \
         during this time, marking as 100% busy",
        "1.00 [busyness] 1s average busyness of 1 worker(s) is at 100%",
        "1.00 [busyness] 1s average busyness is at 100%, will spawn 1 new worker(s)",
        "1.00 spawn 9",
        "1.00 spawned uWSGI worker 2 (pid: 9, cores: 1)",
    ]);
}

#[test]
fn idle_workers_go_after_the_multiplier_and_one_that_is_missed_soon_raises_it() {
    let mut stage = running(
        "--cheaper-initial 2 --cheaper-busyness-multiplier 3",
        &[8, 9],
    );
    stage.pass(3_500.0).expect(&[
        "3.00 [busyness] 1s average busyness is at 0%, cheap one of 2 running workers",
        "3.00 SIGWINCH to 8",
    ]);
    stage.exits(8, Exit::Code(17)).pass(600.0);
    stage.count("");
    serves(&mut stage, 9, 900);
    stage.pass(1_000.0).expect(&[
        "5.00 [busyness] worker(s) respawned to fast, increasing cheaper multiplier to 5 (+2)",
        "5.00 [busyness] 1s average busyness is at 90%, will spawn 1 new worker(s)",
        "5.00 spawn 10",
        "5.00 Respawned uWSGI worker 1 (new pid: 10)",
    ]);
}

#[test]
fn with_all_workers_there_is_no_other() {
    let mut stage = running("-p 2 --cheaper-initial 2", &[8, 9]);
    serves(&mut stage, 8, 900);
    serves(&mut stage, 9, 900);
    stage.pass(1_000.0).expect(&[
        "1.00 [busyness] 1s average busyness is at 90% but we already started maximum number of \
         workers available with current limits (2)",
    ]);
}

#[test]
fn connections_that_wait_for_long_or_are_too_many_call_for_emergency_workers() {
    let mut stage = running(
        "--cheaper-overload 9 --cheaper-busyness-backlog-nonzero 2",
        &[8],
    );
    stage.event(Event::Waiting(34)).pass(1_000.0).expect(&[
        "1.00 [busyness] 34 requests in listen queue, spawning 1 emergency worker(s) (1)!",
        "1.00 spawn 9",
        "1.00 spawned uWSGI worker 2 (pid: 9, cores: 1)",
    ]);
    stage.event(Event::Waiting(1)).pass(3_000.0).expect(&[
        "4.00 [busyness] backlog was non-zero for 2 second(s), spawning new worker(s)",
        "4.00 [busyness] 1 requests in listen queue, spawning 1 emergency worker(s) (2)!",
        "4.00 spawn 10",
        "4.00 spawned uWSGI worker 3 (pid: 10, cores: 1)",
    ]);
}
