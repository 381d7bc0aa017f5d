//! User code runs in processes, and may say anything to the machine.

use proptest::prelude::*;
use wasgi_wire::frame::Kind;

use super::*;
use crate::net::{AfterClose, Linger};
use crate::testing::test;
use crate::trace::{self, Name, Span};

const VICTIM: ServerNumber = 2;
const PORT: u32 = 9000;
/// When the bench begins.
const BEGIN: Millis = 1_000_000.0;
/// Streams of the page.
const BEFORE: u32 = 20;
const AFTER: u32 = 21;

/// What a process says: frames of any kind, with ids and bodies that may mean something.
fn message() -> impl Strategy<Value = Vec<u8>> {
    // The victim's connection and listener are among the first.
    let id = prop_oneof![4 => 0..4_u32, 2 => 0..40_u32, 1 => any::<u32>()];
    let connections = [
        FromProcess::Accept,
        FromProcess::Close,
        FromProcess::Eof,
        FromProcess::Linger,
        FromProcess::Reset,
        FromProcess::Spans,
        FromProcess::Took,
    ];
    let kind = prop_oneof![
        prop::sample::select(connections.to_vec()).prop_map(Kind::number),
        0..48_u8,
    ];
    let time = prop_oneof![
        Just(f64::NAN),
        Just(f64::NEG_INFINITY),
        Just(f64::INFINITY),
        Just(f64::MAX),
        -1e9..1e9
    ];
    let then = prop_oneof![
        Just(AfterClose::Tell),
        Just(AfterClose::Nothing),
        (0..10_u32).prop_map(AfterClose::Accept),
    ];
    let linger = (time, any::<u32>(), then).prop_map(|(timeout, most, then)| {
        let linger = Linger {
            then,
            timeout,
            most,
        };
        linger.encode().to_vec()
    });
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        any::<u32>().prop_map(|number| number.to_le_bytes().to_vec()),
        linger,
        prop::collection::vec(span(), 1..5).prop_map(|spans| {
            let mut body = Vec::new();
            for span in &spans {
                span.encode(&mut body);
            }
            body
        }),
    ];
    let frames = prop::collection::vec((kind, id, body), 1..12).prop_map(|frames| {
        let mut message = Vec::new();
        for (number, id, body) in frames {
            if let Some(kind) = FromProcess::from_number(number) {
                push(&mut message, kind, id, &body);
            }
        }
        message
    });
    prop_oneof![4 => frames, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

/// A span that a process tells, perhaps of the victim's request.
fn span() -> impl Strategy<Value = Span> {
    (0..4_u32, 0..3_u32, any::<u32>()).prop_map(|(connection, sequence, thread)| Span {
        connection,
        sequence,
        thread,
        name: Name::App,
        start: BEGIN,
        end: BEGIN,
        on: 0,
    })
}

/// A server with a connection, beside one whose worker is hostile.
struct Attack {
    bench: Bench,
    hostile: Pid,
    victim: Pid,
    /// The connection that the victim has.
    connection: u32,
    listener: u32,
}

impl Attack {
    fn new() -> Self {
        let mut bench = Bench::start("gunicorn -w 2 app:app");
        let hostile = bench.spawned[0];
        bench.boots(hostile);
        assert!((bench.now - BEGIN).abs() < 1.0);
        bench.start_another(VICTIM, &format!("gunicorn -b :{PORT} app:app"));
        let victim = *bench.spawned.last().unwrap();
        bench.boots(victim);
        let listening =
            |told: &&(Pid, ToProcess, u32)| told.0 == victim && told.1 == ToProcess::Listening;
        let listener = bench.told.iter().find(listening).unwrap().2;
        let mut attack = Self {
            bench,
            hostile,
            victim,
            connection: 0,
            listener,
        };
        attack.connection = attack.connect(BEFORE).unwrap();
        attack.tells(attack.victim, attack.connection);
        attack
    }

    /// The page connects, and the victim accepts.
    fn connect(&mut self, stream: u32) -> Option<u32> {
        let mut message = Vec::new();
        push_number(&mut message, FromPage::Connect, stream, PORT);
        self.bench.machine.from_page(&message, self.bench.now);
        self.bench.told.clear();
        let mut message = Vec::new();
        push_number(&mut message, FromProcess::Accept, self.listener, 1);
        self.bench
            .machine
            .from_process(self.victim, &message, self.bench.now);
        self.bench.look();
        let told = self.bench.told.iter();
        let mut accepted = told.filter(|told| told.0 == self.victim);
        accepted
            .find(|told| told.1 == ToProcess::Accepted)
            .map(|told| told.2)
    }

    /// A process tells of the first request of a connection.
    fn tells(&mut self, pid: Pid, connection: u32) {
        let span = Span {
            connection,
            sequence: 0,
            thread: 1,
            name: Name::App,
            start: BEGIN,
            end: BEGIN,
            on: 0,
        };
        let mut body = Vec::new();
        span.encode(&mut body);
        let mut message = Vec::new();
        push(&mut message, FromProcess::Spans, 0, &body);
        self.bench
            .machine
            .from_process(pid, &message, self.bench.now);
    }

    /// What the page gets of a stream when the victim answers on a connection.
    fn answer(&mut self, connection: u32, stream: u32) -> Vec<ToPage> {
        let mut message = Vec::new();
        push(&mut message, FromProcess::Data, connection, b"answer");
        self.bench
            .machine
            .from_process(self.victim, &message, self.bench.now);
        self.bench.look();
        let page = self.bench.machine.take_page();
        let its = frames::<ToPage>(&page).filter(|frame| frame.id == stream);
        its.map(|frame| frame.kind).collect()
    }

    /// What the page is told of requests' spans: the request and the process.
    fn traced(&mut self) -> Vec<(u32, Pid)> {
        let page = self.bench.machine.take_page();
        let spans = frames::<ToPage>(&page).filter(|frame| frame.kind == ToPage::Spans);
        let records = spans.flat_map(|frame| frame.body.chunks_exact(trace::RECORD));
        let number = |record: &[u8], at: usize| {
            let bytes = record[8 * at..][..8].try_into().unwrap();
            f64::from_le_bytes(bytes) as u32
        };
        records
            .map(|record| (number(record, 0), number(record, 1)))
            .collect()
    }

    /// Timers end, and none is due for ever.
    fn pass(&mut self) -> bool {
        let end = self.bench.now + 50.0;
        for _ in 0..1000 {
            let Some(at) = self.bench.machine.deadline().filter(|at| *at <= end) else {
                self.bench.now = end;
                return self.bench.machine.deadline().is_none_or(f64::is_finite);
            };
            self.bench.now = at.max(self.bench.now);
            self.bench.machine.tick(self.bench.now);
            self.bench.look();
        }
        false
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_a_hostile_process_says_harms_no_other_server(
        messages in prop::collection::vec(message(), 1..10),
    ) {
        let mut attack = Attack::new();
        for message in &messages {
            let now = attack.bench.now;
            attack.bench.machine.from_process(attack.hostile, message, now);
            attack.bench.look();
            prop_assert!(attack.pass(), "a timer is due for ever");
            // The victim's request is the first.
            let of_hostile = (1, attack.hostile);
            prop_assert!(!attack.traced().contains(&of_hostile), "it tells of the other's request");
        }
        let connection = attack.connection;
        let heard = attack.answer(connection, BEFORE);
        prop_assert!(heard.ends_with(&[ToPage::Data]), "{heard:?}");
        prop_assert!(!heard.contains(&ToPage::Reset) && !heard.contains(&ToPage::Eof));
        let connection = attack.connect(AFTER);
        prop_assert!(connection.is_some(), "the victim no longer accepts");
        prop_assert_eq!(
            attack.answer(connection.unwrap(), AFTER),
            [ToPage::Head, ToPage::Data]
        );
    }
}
