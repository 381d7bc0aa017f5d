//! A grammar of HTTP/1.1 exchanges: mostly what clients send, and much that no client should.

mod words;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use words::{
    AFTER, ASGI, BEFORE, BETWEEN, BOTH, CHUNK_ENDS, CHUNKS, CODINGS, FIELDS, FORM, LENGTHS,
    LINE_ENDS, METHODS, TARGETS, VERSIONS, WSGI,
};

use super::exchange::{Exchange, Step};
use super::set_up::Interface;

/// Latin-1, in which these tables are written.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|char| char as u8).collect()
}

/// One of these, most often the first.
fn mostly(usual: u32, choices: &'static [&'static str]) -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        usual => Just(latin1(choices[0])),
        1 => select(choices).prop_map(latin1),
    ]
    .boxed()
}

/// Exchanges of one connection.
pub(super) fn exchange(interface: Interface) -> BoxedStrategy<Exchange> {
    let requests = prop_oneof![
        6 => vec(request(interface), 1),
        3 => vec(request(interface), 2..=3),
    ];
    let cuts = prop_oneof![
        3 => Just(Vec::new()),
        2 => vec(any::<prop::sample::Index>(), 1..=3),
    ];
    let finishes = prop_oneof![4 => Just(false), 1 => Just(true)];
    // What a client that goes away leaves behind.
    let kept = prop_oneof![
        9 => Just(None),
        1 => any::<prop::sample::Index>().prop_map(Some),
    ];
    (requests, mostly(9, AFTER), cuts, finishes, kept)
        .prop_map(|(requests, after, cuts, finishes, kept)| {
            let mut bytes = requests.concat();
            bytes.extend(after);
            if let Some(kept) = kept {
                bytes.truncate(kept.index(bytes.len() + 1));
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut steps = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                if cut > from {
                    if from > 0 {
                        steps.push(Step::Quiet);
                    }
                    steps.push(Step::Send(bytes[from..cut].to_vec()));
                    from = cut;
                }
            }
            if finishes {
                // At once, the end would race with the answer.
                steps.extend([Step::Quiet, Step::Finish]);
            }
            Exchange(steps)
        })
        .boxed()
}

fn request(interface: Interface) -> BoxedStrategy<Vec<u8>> {
    (
        (line(interface), mostly(60, LINE_ENDS), mostly(40, BEFORE)),
        fields(),
        body(),
    )
        .prop_map(|((line, end, before), fields, (framing, body))| {
            let mut bytes = before;
            for line in [line].into_iter().chain(fields).chain(framing) {
                bytes.extend(line);
                bytes.extend(&end);
            }
            bytes.extend(end);
            bytes.extend(body);
            bytes
        })
        .boxed()
}

/// A request line, without its end.
fn line(interface: Interface) -> BoxedStrategy<Vec<u8>> {
    let method = prop_oneof![
        4 => Just(latin1("GET")),
        3 => Just(latin1("POST")),
        1 => Just(latin1("HEAD")),
        1 => select(METHODS).prop_map(latin1),
    ];
    let version = prop_oneof![
        8 => Just(latin1("HTTP/1.1")),
        2 => Just(latin1("HTTP/1.0")),
        1 => select(VERSIONS).prop_map(latin1),
    ];
    let between = || mostly(80, BETWEEN);
    let usual = (method, between(), target(interface), between(), version)
        .prop_map(|(method, a, target, b, version)| [method, a, target, b, version].concat());
    let few = select(
        &[
            "GET /",
            "GET",
            "GET / HTTP/1.1 x",
            "GET / / HTTP/1.1",
            "/",
            "x",
            "",
        ][..],
    );
    prop_oneof![60 => usual, 1 => few.prop_map(latin1)].boxed()
}

fn target(interface: Interface) -> BoxedStrategy<Vec<u8>> {
    let form = prop_oneof![
        4 => Just(TARGETS[0]),
        2 => select(TARGETS),
    ];
    let long = prop_oneof![
        40 => Just(0_usize),
        1 => select(&[2000_usize, 3900, 4080, 4096, 5000, 8190, 8300, 33_000, 65_535, 70_000][..]),
    ];
    (form, doings(interface), long)
        .prop_map(|(form, doings, long)| {
            let mut target = latin1(&form.replace("DO", &format!("do={doings}")));
            if long > 0 {
                target.extend(std::iter::repeat_n(b'a', long));
            }
            target
        })
        .boxed()
}

/// What the app does, as its query says it.
fn doings(interface: Interface) -> BoxedStrategy<String> {
    let own = match interface {
        Interface::Wsgi => WSGI,
        Interface::Asgi => ASGI,
    };
    let doing = prop_oneof![
        2 => select(&BOTH[..8]),
        3 => select(BOTH),
        2 => select(own),
    ];
    prop_oneof![
        3 => Just(String::new()),
        5 => vec(doing, 1..=4).prop_map(|doings| doings.join(".")),
    ]
    .boxed()
}

fn fields() -> BoxedStrategy<Vec<Vec<u8>>> {
    let host = prop_oneof![
        12 => Just(Some(latin1("Host: h"))),
        1 => Just(None),
    ];
    let field = prop_oneof![
        30 => select(FIELDS).prop_map(latin1),
        1 => (select(&[4000_usize, 8180, 8190, 8200, 33_000, 65_530, 70_000][..]))
            .prop_map(|length| [b"X-Long: ".to_vec(), vec![b'v'; length]].concat()),
        1 => (select(&[200_usize, 8190, 8200, 70_000][..]))
            .prop_map(|length| [vec![b'n'; length], b": v".to_vec()].concat()),
        1 => (select(&[90_usize, 99, 100, 101, 130][..])).prop_map(|count| {
            let mut lines = b"X-Many: 1\r\n".repeat(count - 1);
            lines.extend(b"X-Many: 1");
            lines
        }),
    ];
    let more = prop_oneof![
        3 => Just(Vec::new()),
        4 => vec(field, 1..=4),
    ];
    (host, more, any::<bool>())
        .prop_map(|(host, mut more, last)| {
            if let Some(host) = host {
                more.insert(if last { more.len() } else { 0 }, host);
            }
            more
        })
        .boxed()
}

/// The fields that frame a body, and what is sent of it.
fn body() -> BoxedStrategy<(Vec<Vec<u8>>, Vec<u8>)> {
    let content = prop_oneof![
        6 => Just(b"hello".to_vec()),
        1 => Just(latin1(FORM)),
        1 => Just(vec![b'b'; 5000]),
        1 => Just(vec![b'b'; 70_000]),
        1 => Just(Vec::new()),
    ];
    // Less or more than there is.
    let sent = prop_oneof![10 => Just(0_i8), 1 => Just(-2), 1 => Just(-5), 1 => Just(3)];
    let name = mostly(
        30,
        &[
            "Content-Length",
            "content-length",
            "Content-Length ",
            "CONTENT-LENGTH",
        ],
    );
    let length = (
        content,
        sent,
        name,
        mostly(6, LENGTHS),
        prop_oneof![
            14 => Just(None),
            1 => select(LENGTHS).prop_map(Some),
        ],
    );
    let length = length.prop_map(|(mut content, sent, name, value, second)| {
        let number = content.len().to_string();
        let field = |value: Vec<u8>| {
            let value = String::from_utf8_lossy(&value).replace('N', &number);
            [name.as_slice(), b": ", &latin1(&value)].concat()
        };
        let mut fields = vec![field(value)];
        fields.extend(second.map(|value| field(latin1(value))));
        if sent < 0 {
            content.truncate(
                content
                    .len()
                    .saturating_sub(usize::from(sent.unsigned_abs())),
            );
        } else {
            content.extend(vec![b'+'; sent as usize]);
        }
        (fields, content)
    });
    let chunks = (
        vec(mostly(3, CHUNKS), 0..=3),
        mostly(4, CHUNK_ENDS),
        mostly(6, CODINGS),
        prop_oneof![12 => Just(None), 1 => select(CODINGS).prop_map(Some)],
        prop_oneof![8 => Just(None), 1 => select(&["0", "5", "100", "x"][..]).prop_map(Some)],
        mostly(
            30,
            &[
                "Transfer-Encoding",
                "transfer-encoding",
                "Transfer-Encoding ",
                "TRANSFER-ENCODING",
            ],
        ),
    );
    let chunks = chunks.prop_map(|(chunks, end, coding, second, length, name)| {
        let mut fields = vec![[name.as_slice(), b": ", &coding].concat()];
        fields.extend(second.map(|coding| [name.as_slice(), b": ", &latin1(coding)].concat()));
        fields.extend(length.map(|value| latin1(&format!("Content-Length: {value}"))));
        (fields, [chunks.concat(), end].concat())
    });
    prop_oneof![
        5 => Just((Vec::new(), Vec::new())),
        3 => length,
        3 => chunks,
    ]
    .boxed()
}
