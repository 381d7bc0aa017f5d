//! A uWSGI's settings.

use super::*;
use crate::testing::test;

#[test]
fn a_uwsgi_that_reloads_reads_its_file_again() {
    let mut bench = Bench::start("");
    let set = |bench: &mut Bench, content: &str| {
        bench.machine.add_file(
            "/home/web/a.ini",
            Some(format!("[uwsgi]\nmaster = 1\nlazy-apps = 1\n{content}\n")),
        );
    };
    set(&mut bench, "http-socket = :8000");
    bench.start_another(2, "uwsgi a.ini");
    assert_eq!(bench.spawned.len(), 1, "{:?}", bench.lines);
    set(&mut bench, "http-socket = :8000\nprocesses = 3");
    let reload = |bench: &mut Bench| {
        bench.machine.signal(2, Signal::Term, bench.now);
        bench.now += 1_100.0;
        bench.machine.tick(bench.now);
        bench.look();
    };
    reload(&mut bench);
    assert_eq!(bench.spawned.len(), 4);
    assert!(
        bench
            .lines
            .contains(&"uwsgi socket 0 inherited INET address :8000 fd 3".to_owned())
    );
    set(&mut bench, "http-socket = :8001");
    reload(&mut bench);
    assert_eq!(bench.spawned.len(), 5);
    assert!(
        bench
            .lines
            .contains(&"uwsgi socket 0 bound to TCP address :8001 fd 3".to_owned())
    );
    set(&mut bench, "processes = -1");
    reload(&mut bench);
    assert_eq!(bench.exits.last(), Some(&(2, 1)));
}

#[test]
fn a_uwsgi_that_is_to_print_its_help_when_it_reloads_does_so_and_ends() {
    let mut bench = Bench::start("");
    let set = |bench: &mut Bench, content: &str| {
        bench
            .machine
            .add_file("/home/web/a.ini", Some(format!("[uwsgi]\n{content}\n")));
    };
    set(&mut bench, "master = 1\nlazy-apps = 1\nhttp-socket = :8000");
    bench.start_another(2, "uwsgi a.ini");
    set(&mut bench, "help = 1");
    bench.machine.signal(2, Signal::Term, bench.now);
    bench.now += 1_100.0;
    bench.machine.tick(bench.now);
    bench.look();
    assert_eq!(bench.exits.last(), Some(&(2, 0)));
}

#[test]
fn replicas_and_assignments_outlive_the_reading_of_settings() {
    let bench =
        Bench::start("A=B UWSGI_PROCESSES=2 uwsgi --scale 3 -M --lazy-apps --http-socket :8000");
    assert_eq!(bench.spawned.len(), 6, "{:?}", bench.lines);
}
