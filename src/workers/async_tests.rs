#![allow(clippy::unwrap_used, clippy::panic)]

use super::bench::{Bench, GET};
use super::watermarks::HIGH_WATER;
use super::*;
use crate::asgi::http::{Part, Received};
use crate::gateway::{Exception, ExceptionClass};
use crate::net::WINDOW;
use crate::net::frame::{FromProcess, frames};
use crate::os::Signal;
use crate::testing::test;

#[test]
fn all_connections_are_served_at_once_and_answered_in_any_order() {
    let mut bench = Bench::new("uvicorn app:app");
    let clients = [bench.client(GET), bench.client(GET)];
    let requests = bench.requests();
    assert_eq!(requests.len(), 2);
    bench.answer(requests[1], b"two");
    assert!(bench.text(clients[0]).is_empty());
    assert!(bench.text(clients[1]).ends_with("\r\n\r\ntwo"));
    bench.answer(requests[0], b"one");
    assert!(bench.text(clients[0]).ends_with("\r\n\r\none"));
}

#[test]
fn a_blocked_loop_accepts_and_reads_nothing() {
    let mut bench = Bench::new("uvicorn app:app");
    bench
        .worker
        .set_polling(&mut bench.rig.process, false, bench.rig.now);
    bench.client(GET);
    assert_eq!(bench.rig.waiting(), 1);
    assert_eq!(bench.worker.connections(), 0);
    bench
        .worker
        .set_polling(&mut bench.rig.process, true, bench.rig.now);
    bench.run_until_idle();
    assert_eq!(bench.rig.waiting(), 0);
    bench.request();
}

#[test]
fn a_kept_connection_carries_the_next_request_and_ends_after_five_idle_seconds() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let first = bench.request();
    bench.answer(first, b"one");
    bench.pass(4999.0);
    bench.send(client, GET);
    let second = bench.request();
    bench.pass(60_000.0);
    assert!(!bench.has_ended(client), "a request is under way");
    bench.answer(second, b"two");
    assert!(bench.text(client).ends_with("two"));
    assert_eq!(bench.worker.deadline(), Some(bench.rig.now + 5000.0));
    bench.pass(4999.0);
    assert!(!bench.has_ended(client));
    bench.pass(1.0);
    assert!(bench.has_ended(client));
}

#[test]
fn no_idle_connection_expires_while_the_loop_is_blocked() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let request = bench.request();
    bench.answer(request, b"ok");
    bench
        .worker
        .set_polling(&mut bench.rig.process, false, bench.rig.now);
    bench.pass(6000.0);
    assert!(!bench.has_ended(client));
    bench
        .worker
        .set_polling(&mut bench.rig.process, true, bench.rig.now);
    bench.run_until_idle();
    assert!(bench.has_ended(client));
}

#[test]
fn a_silent_connection_never_expires() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client("GET / HT");
    bench.pass(600_000.0);
    assert!(!bench.has_ended(client));
    assert_eq!(bench.worker.deadline(), None);
}

#[test]
fn pipelined_requests_are_answered_one_after_the_other() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(&[GET, GET].concat());
    let first = bench.request();
    bench.answer(first, b"one");
    let second = bench.request();
    bench.answer(second, b"two");
    let text = bench.text(client);
    assert!(text.find("one") < text.find("two"), "{text}");
}

#[test]
fn limit_concurrency_admits_one_connection_less() {
    let mut bench = Bench::new("uvicorn app:app --limit-concurrency 2");
    bench.client(GET);
    let second = bench.client(GET);
    assert_eq!(bench.requests().len(), 1);
    assert!(
        bench
            .text(second)
            .starts_with("HTTP/1.1 503 Service Unavailable\r\n")
    );
    assert!(bench.has_ended(second));
    assert!(bench.rig.lines[0].ends_with("Exceeded concurrency limit."));
}

#[test]
fn send_waits_while_too_much_waits_to_be_sent() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let request = bench.request();
    bench.rig.clients.get_mut(&client).unwrap().holds_back = true;
    bench.start(request, &[]);
    let block = vec![b'x'; WINDOW as usize + HIGH_WATER];
    assert_eq!(
        bench.body(request, &block, true),
        Sent::Done,
        "what is too much shows only afterwards"
    );
    assert_eq!(bench.body(request, b"y", true), Sent::Blocked);
    bench.rig.net.grant(client, 1);
    bench.run_until_idle();
    assert!(!bench.worker.is_ready(), "most of it still waits");
    bench.rig.net.grant(client, WINDOW);
    bench.run_until_idle();
    assert_eq!(bench.events(), [LoopEvent::Writable(request)]);
    assert_eq!(bench.body(request, b"y", true), Sent::Done);
}

#[test]
fn a_send_that_waits_goes_on_when_the_client_is_gone() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let request = bench.request();
    bench.rig.clients.get_mut(&client).unwrap().holds_back = true;
    bench.start(request, &[]);
    bench.body(request, &vec![b'x'; WINDOW as usize + 2 * HIGH_WATER], true);
    assert_eq!(bench.body(request, b"y", true), Sent::Blocked);
    bench.rig.net.reset(client);
    bench.run_until_idle();
    assert!(bench.events().contains(&LoopEvent::Writable(request)));
    assert_eq!(
        bench.body(request, b"y", true),
        Sent::Done,
        "nothing is said of it"
    );
    assert_eq!(bench.receive(request), Received::Disconnect);
}

#[test]
fn a_response_that_python_writes_waits_behind_its_bytes_and_says_whether_its_connection_is_kept() {
    let mut bench = Bench::new("gunicorn -k asgi app:app");
    let client = bench.client(GET);
    let id = bench.request();
    bench.rig.clients.get_mut(&client).unwrap().holds_back = true;
    let data = vec![b'x'; WINDOW as usize + HIGH_WATER + 1];
    let mut body = |data: &[u8], rest: usize, more: bool| {
        let part = Part { data, rest, more };
        bench.worker.body(&mut bench.rig.process, id, part, 0.0)
    };
    assert_eq!(body(&data, 0, true), Sent::Blocked);
    assert_eq!(body(b"", 1, false), Sent::Done);
    bench.run_until_idle();
    bench.rig.net.grant(client, data.len() as u32);
    bench.run_until_idle();
    assert!(!bench.rig.clients[&client].eof, "it is kept");
    bench.send(client, GET);
    assert_eq!(bench.requests().len(), 1);
}

#[test]
fn gunicorns_asgi_worker_asks_for_no_body_that_has_come_and_leaves_trailers_out() {
    let head = "POST /a?b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
    for (rest, answered) in [
        ("Content-Length: 2\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("Content-Length: 2\r\n\r\nab", ""),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\nX: 1\r\n\r\n", ""),
    ] {
        let mut bench = Bench::new("gunicorn -k asgi app:app");
        let client = bench.client(&[head, rest].concat());
        let events = bench.events();
        let [LoopEvent::Request(id, scope), ..] = &events[..] else {
            panic!("{events:?}")
        };
        let strings: Vec<_> = crate::wire::strings::read(scope).collect();
        assert_eq!(strings[4], b"/a?b", "Python takes the target apart");
        assert!(!strings.contains(&&b"x"[..]));
        bench.worker.receive(&mut bench.rig.process, *id, 0.0);
        bench.run_until_idle();
        assert_eq!(bench.rig.clients[&client].text(), answered, "{rest:?}");
    }
}

#[test]
fn a_large_body_in_parts_is_one_chunk_and_waits_once() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let request = bench.request();
    bench.start(request, &[]);
    for (data, rest) in [(&b"abc"[..], 7), (b"defg", 3), (b"hij", 0)] {
        let part = Part {
            data,
            rest,
            more: false,
        };
        assert_eq!(
            bench
                .worker
                .body(&mut bench.rig.process, request, part, 0.0),
            Sent::Done
        );
    }
    bench.run_until_idle();
    assert!(
        bench
            .text(client)
            .ends_with("\r\n\r\na\r\nabcdefghij\r\n0\r\n\r\n"),
        "{}",
        bench.text(client)
    );
}

#[test]
fn a_large_body_that_is_longer_than_its_length_sends_nothing() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let request = bench.request();
    bench.start(request, &[b"content-length", b"3"]);
    let part = Part {
        data: b"abc",
        rest: 7,
        more: false,
    };
    let sent = bench
        .worker
        .body(&mut bench.rig.process, request, part, 0.0);
    assert_eq!(
        sent,
        Sent::Raise(Exception::new(
            ExceptionClass::RuntimeError,
            "Response content longer than Content-Length"
        ))
    );
    bench.run_until_idle();
    assert!(bench.text(client).ends_with("content-length: 3\r\n\r\n"));
}

#[test]
fn an_upload_is_read_only_as_far_as_the_app_receives() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    let request = bench.request();
    let block = "x".repeat(WINDOW as usize - 200);
    bench.send(client, &block);
    let mut lengths = Vec::new();
    while let Received::Request { body, more: true } = bench.receive(request) {
        lengths.push(body.len());
    }
    // uvloop reads so much at once, and uvicorn stops where more than 64 KiB waits.
    assert_eq!(lengths, [256_000, block.len() - 256_000]);
    bench.send(client, "more");
    assert_eq!(bench.events(), [LoopEvent::Receivable(request)]);
}

#[test]
fn a_client_that_half_closes_gets_no_answer() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let request = bench.request();
    assert!(matches!(
        bench.receive(request),
        Received::Request { more: false, .. }
    ));
    assert_eq!(bench.receive(request), Received::Wait);
    bench.rig.net.shutdown(client);
    bench.run_until_idle();
    assert_eq!(bench.events(), [LoopEvent::Receivable(request)]);
    assert_eq!(bench.receive(request), Received::Disconnect);
    bench.answer(request, b"ok");
    assert!(bench.text(client).is_empty());
    assert_eq!(bench.worker.connections(), 0);
}

#[test]
fn trailers_that_come_with_their_request_stand_in_its_scope() {
    let mut bench = Bench::new("uvicorn app:app");
    bench.client("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: t\r\n\r\n");
    let [LoopEvent::Request(_, run)] = &bench.events()[..] else {
        panic!("there is no request");
    };
    let strings: Vec<&[u8]> = crate::wire::strings::read(run).collect();
    assert_eq!(strings[strings.len() - 2..], [&b"x-trailer"[..], b"t"]);
}

#[test]
fn a_start_that_python_refuses_is_logged_and_leaves_no_way_back() {
    let mut bench = Bench::new("uvicorn app:app");
    let client = bench.client(GET);
    let request = bench.request();
    let failed = |bench: &mut Bench, status| {
        bench
            .worker
            .start_failed(&mut bench.rig.process, request, status)
    };
    assert_eq!(failed(&mut bench, Some(201)), Some(Sent::Done));
    let expected = Exception::new(
        ExceptionClass::RuntimeError,
        "Expected ASGI message 'http.response.body', but got 'http.response.start'.",
    );
    assert_eq!(failed(&mut bench, None), Some(Sent::Raise(expected)));
    bench
        .worker
        .raised(&mut bench.rig.process, request, "Traceback", 0.0);
    bench.run_until_idle();
    assert!(bench.text(client).is_empty() && bench.has_ended(client));
    assert!(
        bench.rig.lines[0].ends_with("\"GET / HTTP/1.1\" 201 Created"),
        "{:?}",
        bench.rig.lines
    );
}

#[test]
fn an_upgrade_that_is_not_to_websocket_is_served_as_it_is() {
    let mut bench = Bench::new("uvicorn app:app");
    bench.client(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n\r\n",
    );
    bench.request();
    assert!(bench.rig.lines[0].ends_with("Unsupported upgrade request."));
    bench.client("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n");
    bench.request();
    assert_eq!(bench.rig.lines.len(), 1, "it did not ask for it");
}

#[test]
fn a_stop_closes_idle_connections_at_once_and_busy_ones_after_their_answer() {
    let mut bench = Bench::new("uvicorn app:app");
    let idle = bench.client(GET);
    let request = bench.request();
    bench.answer(request, b"ok");
    let busy = bench.client(GET);
    let request = bench.request();
    bench.worker.signal(&mut bench.rig.process, Signal::Term);
    assert_eq!(bench.events(), [LoopEvent::Stop(Signal::Term)]);
    bench
        .worker
        .close_listeners(&mut bench.rig.process, bench.rig.now);
    bench.run_until_idle();
    assert!(bench.has_ended(idle) && !bench.has_ended(busy));
    assert_eq!(bench.worker.connections(), 1);
    bench.answer(request, b"last");
    assert!(bench.text(busy).contains("connection: close") && bench.text(busy).ends_with("last"));
    assert!(bench.has_ended(busy));
    assert_eq!(bench.worker.connections(), 0);
}

/// How many requests each of some turns of a loop finds that was blocked while three clients
/// connected.
fn found_in_turns(line: &str) -> Vec<usize> {
    let mut bench = Bench::new(line);
    bench.client(GET);
    assert_eq!(bench.requests().len(), 1);
    bench
        .worker
        .set_polling(&mut bench.rig.process, false, bench.rig.now);
    for _ in 0..3 {
        bench.client(GET);
    }
    let turns = (0..8).map(|_| bench.requests().len());
    turns.filter(|found| *found > 0).collect()
}

#[test]
fn uvloop_accepts_one_connection_in_an_iteration() {
    for line in [
        "uvicorn app:app",
        "uvicorn --loop uvloop app:app",
        "gunicorn -k uvicorn_worker.UvicornWorker app:app",
    ] {
        assert_eq!(found_in_turns(line), [1, 1, 1], "{line}");
    }
}

/// Of which of these signals a worker of this command line dies at once.
fn dies_of(line: &str) -> Vec<Signal> {
    let deadly = |signal: &Signal| {
        let mut bench = Bench::new(line);
        bench.worker.signal(&mut bench.rig.process, *signal);
        let number = signal.number() as u32;
        frames::<FromProcess>(&bench.rig.process.frames)
            .any(|frame| frame.kind == FromProcess::Die && frame.number() == number)
    };
    let signals = [Signal::Usr1, Signal::Abrt, Signal::Term];
    signals.into_iter().filter(deadly).collect()
}

#[test]
fn a_worker_dies_of_signals_that_it_has_no_handlers_for() {
    assert_eq!(dies_of("uvicorn app:app"), [Signal::Usr1, Signal::Abrt]);
    assert_eq!(
        dies_of("gunicorn -k uvicorn_worker.UvicornWorker app:app"),
        [Signal::Abrt]
    );
    assert_eq!(dies_of("gunicorn -k asgi app:app"), []);
}

#[test]
fn a_blocked_loop_finds_two_connections_though_a_rival_asks_between() {
    let mut bench = Bench::new("uvicorn app:app");
    bench
        .worker
        .set_polling(&mut bench.rig.process, false, bench.rig.now);
    bench.client(GET);
    bench
        .worker
        .set_polling(&mut bench.rig.process, true, bench.rig.now);
    let asked = frames::<FromProcess>(&bench.rig.process.frames)
        .find(|frame| frame.kind == FromProcess::AcceptAndKeepNext);
    assert_eq!(asked.unwrap().number(), 1);
}

#[test]
fn asyncios_own_loop_accepts_as_many_as_wait() {
    assert_eq!(found_in_turns("uvicorn --loop asyncio app:app"), [3]);
}
