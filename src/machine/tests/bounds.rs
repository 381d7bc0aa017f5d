//! What a hostile or careless app may take: see [`crate::bounds`].

use super::*;
use crate::bounds::{CONNECTIONS, OVERHEAD, SPANS, TO_PAGE, VAIN_SPAWNS};
use crate::net::WINDOW;
use crate::testing::test;
use crate::trace::{Name, Span};

/// So many spans of no request.
fn spans(count: usize, at: Millis) -> Vec<u8> {
    let span = Span {
        connection: 0,
        sequence: 0,
        thread: 1,
        name: Name::Run,
        start: at,
        end: at,
        on: 0,
    };
    let mut body = Vec::new();
    for _ in 0..count {
        span.encode(&mut body);
    }
    let mut message = Vec::new();
    push(&mut message, FromProcess::Spans, 0, &body);
    message
}

/// A gunicorn whose only worker accepts.
fn accepting() -> (Bench, Pid) {
    let mut bench = Bench::start("gunicorn app:app");
    let worker = bench.spawned[0];
    bench.boots(worker);
    (bench, worker)
}

/// The records of spans in a message for the page.
fn records(page: &[u8]) -> usize {
    let frames = frames::<ToPage>(page).filter(|frame| frame.kind == ToPage::Spans);
    frames
        .map(|frame| frame.body.len() / crate::trace::RECORD)
        .sum()
}

#[test]
fn a_flood_of_spans_is_cut_off_and_the_log_says_how_much_of_it() {
    let (mut bench, worker) = accepting();
    let message = spans(400_000, bench.now);
    for _ in 0..2 {
        bench.machine.from_process(worker, &message, bench.now);
    }
    bench.pass(100.0);
    assert_eq!(records(&bench.machine.take_page()), SPANS.at_once as usize);
    bench.pass(1000.0);
    let note =
        "wasgi: 300000 spans are not in the trace: a server's processes may tell 500000 a second.";
    assert_eq!(bench.lines.last().map(String::as_str), Some(note));
}

#[test]
fn a_page_that_takes_nothing_is_sent_no_more_lines_until_it_does() {
    let (mut bench, worker) = accepting();
    let _ = bench.machine.take_page();
    let before = bench.lines.len();
    let line = "x".repeat(60_000);
    let fit = (TO_PAGE as usize).div_ceil(line.len() + OVERHEAD);
    // Slower than the rate of lines, so that it is the page alone that holds them up.
    for _ in 0..fit + 100 {
        bench.log(worker, &line);
        bench.pass(10.0);
    }
    let shown = bench.lines.len() - before;
    assert!(shown < fit + 100, "{shown} lines");
    bench.pass(1000.0);
    let note = bench.lines.last().unwrap();
    assert!(note.contains(" lines are not shown"), "{note}");

    let mut message = Vec::new();
    push_number(&mut message, FromPage::Credit, 0, 1000);
    bench.machine.from_page(&message, bench.now);
    bench.log(worker, "after it");
    assert_eq!(bench.lines.last().map(String::as_str), Some("after it"));
}

#[test]
fn a_process_that_sends_more_than_a_connection_takes_loses_it_and_the_log_says_so() {
    let (mut bench, worker) = accepting();
    bench.fetch("8000");
    let mut message = Vec::new();
    push_number(&mut message, FromProcess::Accept, 1, 1);
    bench.machine.from_process(worker, &message, bench.now);
    bench.look();
    let accepted = bench.told.iter().find(|told| told.1 == ToProcess::Accepted);
    let connection = accepted.unwrap().2;
    let mut head = Vec::new();
    push(
        &mut head,
        FromProcess::Data,
        connection,
        b"HTTP/1.1 200 OK\r\n\r\n",
    );
    bench.machine.from_process(worker, &head, bench.now);
    let piece = vec![0; WINDOW as usize / 4];
    let mut got = 0;
    for _ in 0..8 {
        let mut message = Vec::new();
        push(&mut message, FromProcess::Data, connection, &piece);
        bench.machine.from_process(worker, &message, bench.now);
        let page = bench.machine.take_page();
        got += frames::<ToPage>(&page)
            .filter(|frame| frame.kind == ToPage::Data)
            .map(|frame| frame.body.len())
            .sum::<usize>();
    }
    bench.look();
    assert!(got <= WINDOW as usize, "{got} bytes");
    let line = format!(
        "wasgi: process {worker} has sent more than a connection takes: the connection is reset."
    );
    assert_eq!(bench.lines.last(), Some(&line));
}

#[test]
fn connections_without_end_are_refused_in_a_sentence() {
    let (mut bench, _) = accepting();
    let mut message = Vec::new();
    for stream in 1..=CONNECTIONS as u32 {
        push_number(&mut message, FromPage::Connect, stream, 8000);
    }
    bench.machine.from_page(&message, bench.now);
    assert_eq!(bench.page(), None);
    bench.machine.from_page(&fetch("8000"), bench.now);
    let page = bench.machine.take_page();
    let refused = frames::<ToPage>(&page).find(|frame| frame.kind == ToPage::Refused);
    let reason = String::from_utf8_lossy(refused.unwrap().body).into_owned();
    let expected = "cannot assign requested address: 28232 connections are open";
    assert!(reason.contains(expected), "{reason}");
}

#[test]
fn processes_beyond_the_memory_are_not_started_and_the_log_says_so_once() {
    let mut bench = Bench::start("gunicorn app:app");
    bench.machine.set_room(2);
    for worker in bench.spawned.clone() {
        bench.boots(worker);
    }
    for _ in 0..20 {
        bench.signal(Signal::Ttin);
        bench.pass(1000.0);
        for worker in bench.spawned.clone() {
            bench.says(worker, FromProcess::Notify, 0);
        }
    }
    assert_eq!(bench.spawned.len(), 4);
    let told = bench
        .lines
        .iter()
        .filter(|line| line.starts_with("wasgi: no more processes can be started: 4 run"));
    assert_eq!(told.count(), 1);

    bench.start_another(2, "uvicorn --port 9000 app:app");
    assert_eq!(bench.exits, [(2, 1)]);
    let refusal = bench.lines.last().unwrap();
    assert!(
        refusal.starts_with("wasgi: there is no room for 1 worker more in this tab, where 4"),
        "{refusal}"
    );
}

#[test]
fn a_start_does_not_wait_for_ever_for_workers_that_die_before_they_accept() {
    for line in [
        "gunicorn -w 2 app:app",
        "uvicorn --workers 2 app:app",
        "uwsgi --http-socket :8000 --master --lazy-apps -p 2",
    ] {
        let mut bench = Bench::start(line);
        let began = bench.now;
        let mut ended = 0;
        while bench.listening.is_empty() {
            bench.pass(500.0);
            if let Some(&pid) = bench.spawned.get(ended) {
                ended += 1;
                bench.says(pid, FromProcess::Booted, 0);
                bench.exits(pid, Exit::Signal(Signal::Abrt));
            }
            assert!(bench.now - began < 60_000.0, "{line} is waited for");
        }
        assert_eq!(bench.spawned.len() as u32, 2 + VAIN_SPAWNS + 1, "{line}");
        let told = "wasgi: 12 processes of this server have been started, and its workers have \
                    not come to accept. It goes on trying, as the real server does.";
        assert!(bench.lines.iter().any(|line| line == told), "{line}");
        bench.pass(5000.0);
        let pid = bench.spawned[ended];
        bench.exits(pid, Exit::Signal(Signal::Abrt));
        bench.pass(5000.0);
        assert!(bench.spawned.len() as u32 > 2 + VAIN_SPAWNS + 1, "{line}");
        assert_eq!(bench.listening.len(), 1, "{line}: it is told once");
    }
}

#[test]
fn of_signals_without_end_a_process_gets_some() {
    let mut bench = Bench::start("gunicorn -w 2 app:app");
    bench.pass(100.0);
    let [hostile, other] = bench.spawned[..] else {
        panic!("two workers");
    };
    let mut message = Vec::new();
    for _ in 0..100_000 {
        let signal = Signal::Usr1.number() as u32;
        push_number(&mut message, FromProcess::Kill, other, signal);
    }
    bench.machine.from_process(hostile, &message, bench.now);
    bench.look();
    let signals = bench
        .told
        .iter()
        .filter(|told| told.0 == other && told.1 == ToProcess::Signal);
    assert_eq!(signals.count(), 1000);
}

#[test]
fn nobody_listens_twice_on_an_address_of_replicas() {
    let mut bench = Bench::start("uvicorn --scale 2 app:app");
    let process = bench.spawned[0];
    bench.says(process, FromProcess::Bind, 0);
    for _ in 0..10 {
        bench.says(process, FromProcess::Bind, 0);
    }
    let told = |kind| bench.told.iter().filter(|told| told.1 == kind).count();
    assert_eq!(
        (told(ToProcess::Listening), told(ToProcess::BindFailed)),
        (1, 10)
    );
}

#[test]
fn a_master_that_says_again_and_again_that_it_has_loaded_its_app_forks_once() {
    let mut bench = Bench::start("uwsgi --http-socket :8000 --master -p 2 -w app");
    let master = bench.spawned[0];
    for _ in 0..50 {
        bench.says(master, FromProcess::Accepting, 0);
    }
    assert_eq!(bench.spawned.len(), 3);
}

#[test]
fn a_span_of_no_time_or_name_is_left_out() {
    let (mut bench, worker) = accepting();
    let mut body = Vec::new();
    let good = Span {
        connection: 0,
        sequence: 0,
        thread: 1,
        name: Name::Run,
        start: bench.now,
        end: bench.now + 1.0,
        on: 0,
    };
    let ends = [bench.now + 1.0, bench.now - 1.0, 1e300];
    for end in ends {
        Span { end, ..good }.encode(&mut body);
    }
    let mut unnamed = Vec::new();
    good.encode(&mut unnamed);
    unnamed[12] = 200;
    body.extend_from_slice(&unnamed);
    let mut message = Vec::new();
    push(&mut message, FromProcess::Spans, 0, &body);
    bench.machine.from_process(worker, &message, bench.now);
    bench.pass(100.0);
    assert_eq!(records(&bench.machine.take_page()), 1);
}

#[test]
fn a_server_whose_interpreter_cannot_be_started_ends() {
    for line in [
        "gunicorn app:app",
        "gunicorn --preload app:app",
        "uvicorn app:app",
        "uvicorn --workers 2 app:app",
        "uvicorn --reload app:app",
        "uwsgi --http-socket :8000 -w app",
        "uwsgi --http-socket :8000 --master --lazy-apps -p 2",
        "uwsgi --http-socket :8000 --master -p 2",
        "daphne app:app",
    ] {
        let mut bench = Bench::start(line);
        bench.pass(200.0);
        for pid in bench.spawned.clone() {
            bench.machine.could_not_boot(pid, bench.now);
            bench.look();
        }
        bench.pass(10_000.0);
        assert_eq!(bench.exits.len(), 1, "{line} goes on");
    }
}
