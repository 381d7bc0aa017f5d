//! What uWSGI 2.0.31 did with these files; `a.ini` and the others are in its working directory.
#![allow(clippy::panic, clippy::unwrap_used)]

use crate::servers::uwsgi::UwsgiSettings;
use crate::servers::{Command, Files, Launch, Surroundings, parse, parse_argv};
use crate::testing::test;

const A: &str = "# comment\n; other\n[uwsgi]\nhttp-socket = 127.0.0.1:9501\nmodule = app\nmaster = true\nprocesses=2\ndie-on-term\n\
                 foo = bar\n[other]\nhttp-socket = :9502\nmaster = on\nlazy-apps = off\n";

fn command(line: &str, files: &[(&str, &str)]) -> Command {
    let mut project = Files::default();
    for (name, content) in files {
        project.add(&format!("/srv/app/{name}"), Some((*content).to_owned()));
    }
    let env = [("HOME".to_owned(), "/root".to_owned())];
    let surroundings = Surroundings {
        processors: 8,
        files: Some(&project),
        ..Surroundings::new(&env, "/srv/app")
    };
    parse(line, &surroundings)
}

#[track_caller]
fn launch(line: &str, files: &[(&str, &str)]) -> Launch {
    match command(line, files) {
        Command::Serve(launch) => *launch,
        printed @ Command::Print { .. } => panic!("{line} prints {printed:?}"),
    }
}

#[track_caller]
fn printed(line: &str, files: &[(&str, &str)]) -> (String, i32) {
    match command(line, files) {
        Command::Print { stderr, code, .. } => (stderr.join("\n"), code),
        other @ Command::Serve(_) => panic!("{line}: {other:?}"),
    }
}

/// What only uWSGI is set to.
#[track_caller]
fn own(launch: &Launch) -> &UwsgiSettings {
    launch.uwsgi().unwrap()
}

/// A file whose `pyargv` is this.
fn pyargv(value: &str) -> String {
    let content = format!("[uwsgi]\none = 4\ntwo = 2\nhttp-socket = :1\npyargv = {value}");
    let launch = launch(
        "uwsgi --ini conf/a.b.ini",
        &[("conf/a.b.ini", &content), ("at.txt", "secret\n")],
    );
    own(&launch).pyargv.clone()
}

#[test]
fn a_file_sets_what_the_line_would() {
    for line in [
        "uwsgi --ini a.ini",
        "uwsgi a.ini",
        "uwsgi --ini /srv/app/a.ini",
    ] {
        let launch = launch(line, &[("a.ini", A)]);
        assert_eq!(launch.binds, [("127.0.0.1".to_owned(), 9501)]);
        assert_eq!(
            (launch.workers, launch.master, own(&launch).die_on_term),
            (2, true, true)
        );
        assert_eq!(own(&launch).module.as_deref(), Some("app"));
        let file = line.rsplit(' ').next().unwrap_or("");
        assert_eq!(
            own(&launch).printed,
            [format!("[uWSGI] getting INI configuration from {file}")]
        );
    }
}

#[test]
fn a_section_is_named_after_a_colon() {
    let launch = launch("uwsgi --ini a.ini:other", &[("a.ini", A)]);
    assert_eq!(
        (launch.binds, launch.master),
        (vec![(String::new(), 9502)], true)
    );
    assert!(launch.preload);
}

#[test]
fn what_comes_later_counts_and_words_that_are_files_come_last() {
    let files = [("a.ini", A)];
    assert_eq!(launch("uwsgi --ini a.ini -p 3", &files).workers, 3);
    assert_eq!(launch("uwsgi -p 3 --ini a.ini", &files).workers, 2);
    assert_eq!(launch("uwsgi a.ini -p 3", &files).workers, 2);
    assert_eq!(
        launch(
            "UWSGI_PROCESSES=9 UWSGI_LAZY_APPS=1 uwsgi --http-socket :1",
            &files
        )
        .workers,
        9
    );
}

#[test]
fn processes_get_the_options_that_were_read_and_read_no_file() {
    let launch = launch(
        "UWSGI_HTTP_SOCKET=:1 uwsgi --ini a.ini --lazy-apps",
        &[("a.ini", A)],
    );
    let surroundings = Surroundings {
        configuration: &launch.configuration,
        ..Surroundings::new(&launch.env, "/srv/app")
    };
    let Command::Serve(again) = parse_argv(&launch.argv, &surroundings) else {
        panic!("{:?} starts no server", launch.argv);
    };
    assert_eq!(
        (again.binds, again.workers, again.preload),
        (launch.binds, 2, false)
    );
}

#[test]
fn placeholders_are_those_of_the_original() {
    for (value, result) in [
        ("@(at.txt)y", "secrety"),
        ("$(HOME) $(NOPE)", "/root $(NOPE)"),
        ("%(one)%(nope)", "4%(nope)"),
        ("%(one two + 3)", "45"),
        ("%%d %%(one)", "%d 4"),
        ("%n|%s|%d|%c|%e", "a.b|a.b.ini|/srv/app/conf/|conf|ini"),
        (
            "%p|%0|%1|%9|%v|%k|%z|",
            "/srv/app/conf/a.b.ini|srv|app||/srv/app|8||",
        ),
        ("100%", "100%"),
    ] {
        assert_eq!(pyargv(value), result, "{value}");
    }
}

#[test]
fn a_placeholder_of_itself_ends() {
    let (stderr, code) = printed("uwsgi a.ini", &[("a.ini", "[uwsgi]\nx = a%(x)\n")]);
    assert!(
        stderr.ends_with("stands for itself.") && code == 1,
        "{stderr}"
    );
}

#[test]
fn options_may_be_set_under_a_condition_or_for_each_word() {
    let content = "[uwsgi]\nfor = 1 2\nhttp-socket = :800%(_)\nendfor =\nif-env = HOME=/root\nmaster = 1\nendif =\n\
                   if-not-env = HOME\nprocesses = 7\nendif =\nif-exists = a.ini\nthreads = 3\nend =\nlazy-apps = 1\n";
    let launch = launch("uwsgi a.ini", &[("a.ini", content)]);
    assert_eq!(launch.binds.len(), 2);
    assert_eq!(
        (launch.master, launch.workers, launch.threads),
        (true, 1, 3)
    );
    assert!(!launch.preload);
}

#[test]
fn a_bad_file_ends_it_with_the_originals_line() {
    let files = [
        ("a.ini", A),
        (
            "strict.ini",
            "[uwsgi]\nhttp-socket = :1\nstrict = true\nnone-such = 1\n",
        ),
        ("negative.ini", "[uwsgi]\nhttp-socket = :1\nprocesses = -1"),
        ("at.ini", "[uwsgi]\nx = @(none.txt)\n"),
    ];
    let reading =
        |file: &str, rest: &str| format!("[uWSGI] getting INI configuration from {file}\n{rest}");
    for (line, stderr) in [
        (
            "uwsgi --ini none.ini",
            "realpath() of none.ini failed: No such file or directory [core/utils.c line 3640]"
                .to_owned(),
        ),
        (
            "uwsgi --ini a.ini:none",
            reading(
                "a.ini",
                "*** WARNING: Can't find section \"none\" in INI configuration file a.ini ***\n\
                 The -s/--socket option is missing and stdin is not a socket.",
            ),
        ),
        (
            "uwsgi strict.ini",
            reading(
                "strict.ini",
                "[strict-mode] unknown config directive: none-such",
            ),
        ),
        (
            "uwsgi negative.ini",
            reading(
                "negative.ini",
                "invalid value for option \"processes\": must be > 0",
            ),
        ),
        (
            "uwsgi at.ini",
            reading(
                "at.ini",
                "open(\"none.txt\"): No such file or directory [core/io.c line 525]",
            ),
        ),
        (
            "uwsgi a.conf",
            "unable to load configuration from a.conf".to_owned(),
        ),
        (
            "uwsgi a.json",
            "unable to load configuration from a.json".to_owned(),
        ),
    ] {
        assert_eq!(printed(line, &files), (stderr, 1), "{line}");
    }
}

#[test]
fn what_wasgi_cannot_read_or_does_not_have_is_refused_in_a_sentence() {
    let files = [
        ("a.ini", "[uwsgi]\nsocket = /tmp/x\n"),
        ("b.ini", "[uwsgi]\nini = b.ini\n"),
        ("c.ini", "[uwsgi]\ncron2 = x\n"),
    ];
    for line in [
        "uwsgi a.ini",
        "uwsgi b.ini",
        "uwsgi c.ini",
        "uwsgi --ini -",
        "uwsgi --ini http://localhost/a.ini",
        "uwsgi --yaml a.yaml",
        "uwsgi a.xml",
    ] {
        let (stderr, code) = printed(line, &files);
        let last = stderr.lines().last().unwrap_or("");
        assert!(
            last.starts_with("uwsgi: ") && last.ends_with('.') && code == 1,
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_name_that_placeholders_use_may_begin_as_an_option_does() {
    let content = "[uwsgi]\nhttp-number = 8005\nhttp-socket = :%(http-number)\n";
    assert_eq!(
        launch("uwsgi a.ini", &[("a.ini", content)]).binds,
        [(String::new(), 8005)]
    );
}

#[test]
fn what_would_have_no_end_is_refused_in_a_sentence() {
    let loops = "[uwsgi]\nfor-times = 2000000000\nenv = A%(_)=1\nendfor =\n";
    let doubles: Vec<String> = (0..40)
        .map(|level| {
            let next = format!("%(a{})", level + 1);
            format!("set = a{level}={}\n", next.repeat(4))
        })
        .collect();
    let doubles = format!("[uwsgi]\n{}a40 = x\nmodule = %(a0)\n", doubles.concat());
    let long = "b".repeat(10_000);
    let nested = format!(
        "[uwsgi]\nset = c={long}\nset = b={}\nset = a={}\nmodule = {}\n",
        "%(c)".repeat(90),
        "%(b)".repeat(90),
        "%(a)".repeat(90)
    );
    let places = format!(
        "[uwsgi]\nfor = {long} {long} {long}\nmodule = {}\nendfor =\n",
        "%(_)".repeat(10_000)
    );
    for content in [loops, &doubles, &nested, &places] {
        let (stderr, code) = printed("uwsgi a.ini", &[("a.ini", content)]);
        let last = stderr.lines().last().unwrap_or("");
        assert!(
            last.starts_with("uwsgi: ") && last.ends_with('.') && code == 1,
            "{}: {stderr}",
            &content[..60]
        );
    }
}

#[test]
fn a_loop_may_set_thousands_of_options() {
    let content = "[uwsgi]\nhttp-socket = :1\nfor-times = 5000\nenv = A%(_)=%(_)\nendfor =\n";
    assert_eq!(
        launch("uwsgi a.ini", &[("a.ini", content)]).binds,
        [(String::new(), 1)]
    );
}

#[test]
fn sums_may_be_larger_than_numbers_are() {
    for sum in [
        "9223372036854775807 ++",
        "x --",
        "x * x",
        "x - 9223372036854775807",
    ] {
        let content = format!(
            "[uwsgi]\nx = -9223372036854775808\nhttp-socket = :1\nthreads = 2\npyargv = %({sum})\n"
        );
        let launch = launch("uwsgi a.ini", &[("a.ini", &content)]);
        assert_eq!(launch.threads, 2, "{sum}");
    }
}
