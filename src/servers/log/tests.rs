//! The expected lines are those of gunicorn 27.0.1 and uvicorn 0.54.0, with the times and pids of
//! the test.

use super::*;
use crate::testing::test;

/// 2026-11-22 10:59:30.25 UTC, a Sunday.
const NOW: Millis = 1_795_345_170_250.0;

#[test]
fn gunicorns_lines_have_time_pid_and_level() {
    assert_eq!(
        gunicorn(NOW, 7, Level::Critical, "WORKER TIMEOUT (pid:8)"),
        "[2026-11-22 10:59:30 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:8)"
    );
}

#[test]
fn uvicorns_levels_are_padded_to_one_column() {
    let lines = [
        (Level::Trace, "TRACE:    x", "\x1b[34mTRACE\x1b[0m:    x"),
        (Level::Debug, "DEBUG:    x", "\x1b[36mDEBUG\x1b[0m:    x"),
        (Level::Info, "INFO:     x", "\x1b[32mINFO\x1b[0m:     x"),
        (Level::Warning, "WARNING:  x", "\x1b[33mWARNING\x1b[0m:  x"),
        (Level::Error, "ERROR:    x", "\x1b[31mERROR\x1b[0m:    x"),
        (Level::Critical, "CRITICAL: x", "\x1b[91mCRITICAL\x1b[0m: x"),
    ];
    for (level, plain, colored) in lines {
        assert_eq!(uvicorn(level, "x", false), plain);
        assert_eq!(uvicorn(level, "x", true), colored);
    }
}

#[test]
fn a_traceback_follows_its_message_without_an_empty_line() {
    let traceback = "Traceback (most recent call last):\nValueError: bad\nvalue\n";
    let expected =
        "Exception in ASGI application\nTraceback (most recent call last):\nValueError: bad\nvalue";
    assert_eq!(
        with_traceback("Exception in ASGI application\n", traceback),
        expected
    );
    assert_eq!(
        with_traceback("Exception in ASGI application", traceback),
        expected
    );
}

#[test]
fn the_pid_of_a_process_is_cyan_and_bold_for_the_parent() {
    assert_eq!(
        uvicorn_process("Started server process", 7, false, false),
        "INFO:     Started server process [7]"
    );
    assert_eq!(
        uvicorn_process("Finished server process", 7, false, true),
        "\x1b[32mINFO\x1b[0m:     Finished server process [\x1b[36m7\x1b[0m]"
    );
    assert_eq!(
        uvicorn_process("Started parent process", 7, true, true),
        "\x1b[32mINFO\x1b[0m:     Started parent process [\x1b[36m\x1b[1m7\x1b[0m]"
    );
}

#[test]
fn an_ipv6_host_is_shown_in_brackets() {
    assert_eq!(
        uvicorn_running("::1", 8000, false),
        "INFO:     Uvicorn running on http://[::1]:8000 (Press CTRL+C to quit)"
    );
}

#[test]
fn uvicorns_access_line_shows_the_request_and_the_status() {
    let line = |status, phrase, colors| {
        uvicorn_access(
            "127.0.0.1:5000",
            "GET",
            "/a%20b?x=%41",
            "1.1",
            status,
            phrase,
            colors,
        )
    };
    assert_eq!(
        line(200, "OK", false),
        r#"INFO:     127.0.0.1:5000 - "GET /a%20b?x=%41 HTTP/1.1" 200 OK"#
    );
    assert_eq!(
        line(500, "Internal Server Error", true),
        "\x1b[32mINFO\x1b[0m:     127.0.0.1:5000 - \"\x1b[1mGET /a%20b?x=%41 HTTP/1.1\x1b[0m\" \
         \x1b[91m500 Internal Server Error\x1b[0m"
    );
    assert_eq!(
        line(299, "", false),
        r#"INFO:     127.0.0.1:5000 - "GET /a%20b?x=%41 HTTP/1.1" 299 "#
    );
}

fn lookup(source: Source, name: &str) -> Option<String> {
    let value = match (source, name) {
        (Source::Request, "x-dup") => "2",
        (Source::Environ, "http_referer") => "r\"q",
        (Source::Environ, "http_user_agent") => "café",
        (Source::Response, "content-type") => "text/plain",
        (Source::Environ, "server_port") => "5819",
        _ => return None,
    };
    Some(value.to_owned())
}

fn atoms() -> AccessAtoms<'static> {
    AccessAtoms {
        now: NOW,
        pid: 28605,
        remote_addr: "127.0.0.1",
        user: Some("u"),
        method: "GET",
        raw_uri: "/a%20b?x=%41",
        path: "/a b",
        query: "x=%41",
        protocol: "HTTP/1.1",
        status: Some(200),
        sent: 2,
        duration: 0.735,
        lookup: &lookup,
    }
}

/// A line of a real run, with this format and this request.
#[test]
fn all_atoms_are_those_of_gunicorn() {
    let format = "%(h)s|%(l)s|%(u)s|%(t)s|%(r)s|%(m)s|%(U)s|%(q)s|%(H)s|%(s)s|%(B)s|%(b)s|%(f)s|%(a)s|%(T)s|%(D)s|%(M)s|%(L)s\
        |%(p)s|%({X-Dup}i)s|%({Content-Type}o)s|%({server_port}e)s|%({nope}i)s|%(zz)s|%%|%(D)d|%(h)20s|%(h)-12s|%(h).3s|%(D)012d\
        |%({date}o)s|%({Server}o)s|%({connection}o)s";
    let expected = "127.0.0.1|-|u|[22/Nov/2026:10:59:30 +0000]|GET /a%20b?x=%41 HTTP/1.1|GET|/a b|x=%41|HTTP/1.1|200|2|2|r\\\"q|café|0\
        |735|0|0.000735|<28605>|2|text/plain|5819|-|-|%|735|           127.0.0.1|127.0.0.1   |127|000000000735|-|-|-";
    assert_eq!(
        AccessFormat::parse(format).map(|format| format.line(&atoms())),
        Ok(expected.to_owned())
    );
}

#[test]
fn the_default_format_is_the_combined_one() {
    let atoms = AccessAtoms {
        user: None,
        lookup: &|_, _| None,
        raw_uri: "/",
        ..atoms()
    };
    assert_eq!(
        AccessFormat::parse(DEFAULT_ACCESS_FORMAT).map(|format| format.line(&atoms)),
        Ok(
            r#"127.0.0.1 - - [22/Nov/2026:10:59:30 +0000] "GET / HTTP/1.1" 200 2 "-" "-""#
                .to_owned()
        )
    );
}

#[test]
fn a_response_without_start_has_the_status_none_and_long_requests_count_seconds() {
    let atoms = AccessAtoms {
        status: None,
        duration: 61_002.003,
        ..atoms()
    };
    assert_eq!(
        AccessFormat::parse("%(s)s %(T)s %(M)d %(D)d %(L)s").map(|format| format.line(&atoms)),
        Ok("None 61 61002 61002003 61.002003".to_owned())
    );
}

#[test]
fn a_format_that_python_cannot_apply_is_refused() {
    let cases = [
        ("%h", AccessFormatError::NoName),
        ("100%", AccessFormatError::NoName),
        ("%(h", AccessFormatError::Unclosed),
        ("%(h)", AccessFormatError::Incomplete("h".to_owned())),
        ("%(h)d", AccessFormatError::Conversion("h".to_owned(), 'd')),
        ("%(h)é", AccessFormatError::Conversion("h".to_owned(), 'é')),
    ];
    for (format, error) in cases {
        assert_eq!(AccessFormat::parse(format), Err(error), "{format}");
    }
}

#[test]
fn a_huge_width_is_cut() {
    assert_eq!(
        AccessFormat::parse("%(h)99999999999999999999s").map(|format| format.line(&atoms()).len()),
        Ok(999)
    );
}
