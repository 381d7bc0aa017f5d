//! Programs that there are and are not.
#![allow(clippy::panic)]

use super::testing::{help, printed};
use super::{Command, Server, parse, parse_argv};

#[test]
fn unknown_programs_get_the_shells_message() {
    assert_eq!(
        printed("foo bar"),
        ("bash: foo: command not found".to_owned(), 127)
    );
    assert_eq!(
        printed("A=1 ./run.sh"),
        ("bash: ./run.sh: No such file or directory".to_owned(), 127)
    );
}

#[test]
fn lines_without_a_server_get_a_sentence() {
    for line in [
        "",
        "   ",
        "# nothing",
        "A=1",
        "python app.py",
        "python -m http.server",
        "python3",
    ] {
        let (stderr, code) = printed(line);
        assert!(
            stderr.starts_with("wasgi: ") && stderr.ends_with('.'),
            "{line}: {stderr}"
        );
        assert_eq!(code, 2);
    }
}

#[test]
fn leading_assignments_are_the_environment_of_the_server() {
    let outer = [("WEB_CONCURRENCY".to_owned(), "2".to_owned())];
    let Command::Serve(launch) = parse(
        "A='x y' WEB_CONCURRENCY=3 A=z gunicorn -e B=1=2 app:app",
        &outer,
        "/",
    ) else {
        panic!("no server")
    };
    assert_eq!((launch.server, launch.workers), (Server::Gunicorn, 3));
    let names: Vec<String> = launch
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(names, ["A=x y", "WEB_CONCURRENCY=3", "A=z", "B=1=2"]);
    assert_eq!(launch.argv, ["gunicorn", "-e", "B=1=2", "app:app"]);
}

#[test]
fn words_are_taken_as_they_are() {
    let words = ["uvicorn", "app:asgi", "--root-path", "/a b|$HOME"].map(str::to_owned);
    let Command::Serve(launch) = parse_argv(&words, &[], "/") else {
        panic!("no server")
    };
    assert_eq!(
        (launch.server, launch.root_path.as_str()),
        (Server::Uvicorn, "/a b|$HOME")
    );
}

#[test]
fn every_line_of_a_table_is_an_option() {
    const KINDS: &str =
        "flag switch help version text repeated int octal float bool choice optional";
    for table in [
        include_str!("gunicorn/options.txt"),
        include_str!("uvicorn/options.txt"),
        include_str!("daphne/options.txt"),
        include_str!("uwsgi/options.txt"),
    ] {
        let reasons: Vec<&str> = table
            .lines()
            .filter_map(|line| line.strip_prefix('!'))
            .collect();
        assert!(
            reasons
                .iter()
                .all(|reason| reason.contains(' ') && reason.ends_with('.')),
            "{reasons:?}"
        );
        let mut names: Vec<&str> = Vec::new();
        for line in table.lines().filter(|line| !line.starts_with(['!', '#'])) {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            assert!((2..=5).contains(&fields.len()), "{line}");
            let kind = fields[1].split(' ').next().unwrap_or("");
            assert!(KINDS.split(' ').any(|known| known == kind), "{line}");
            for name in fields[0].split(' ') {
                assert!(name.starts_with('-') && !names.contains(&name), "{line}");
                names.push(name);
            }
            if let Some(word) = fields.get(4).filter(|word| !word.is_empty()) {
                assert!(
                    reasons
                        .iter()
                        .any(|reason| reason.starts_with(&format!("{word} "))),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn the_help_lists_every_option_and_says_which_are_refused() {
    for (program, table) in [
        ("gunicorn", include_str!("gunicorn/options.txt")),
        ("uvicorn", include_str!("uvicorn/options.txt")),
        ("daphne", include_str!("daphne/options.txt")),
        ("uwsgi", include_str!("uwsgi/options.txt")),
    ] {
        // A line that is more indented goes on with an option's description.
        let text = help(&format!("{program} --help"), &[]).replace("\n        ", " ");
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let entries: Vec<Vec<&str>> = text
            .lines()
            .filter(|line| line.trim_start().starts_with('-'))
            .map(|line| {
                line.split(|c| !is_part(c))
                    .filter(|word| !word.is_empty())
                    .collect()
            })
            .collect();
        for line in table.lines().filter(|line| line.starts_with('-')) {
            let mut fields = line.split('|').map(str::trim);
            let names = fields.next().unwrap_or("");
            let refused = fields.nth(3).is_some_and(|word| !word.is_empty());
            for name in names.split(' ') {
                let entry = entries.iter().find(|entry| entry.contains(&name));
                let says_so =
                    entry.map(|entry| entry.windows(2).any(|words| words == ["refused", "here"]));
                assert_eq!(says_so, Some(refused), "{program} {name}");
            }
        }
    }
}

#[test]
fn gunicorns_help_shows_the_defaults_that_the_environment_gives() {
    let env = [("WEB_CONCURRENCY", "3"), ("PORT", "81")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let text = help("gunicorn --help", &env);
    assert!(text.contains("Worker processes. [3]"), "{text}");
    assert!(
        text.contains("[['0.0.0.0:81']]") && text.contains("[/home/web]"),
        "{text}"
    );
    assert!(help("gunicorn -h", &[]).contains("[['127.0.0.1:8000']]"));
}

proptest::proptest! {
    #[test]
    fn no_line_makes_the_parser_panic(
        program in "(gunicorn|uvicorn|uwsgi|daphne|python -m uvicorn|[a-z=]{0,3})",
        words in proptest::collection::vec("(-{0,2}[a-zé-]{0,8}(=[^ ]{0,4})?|[ -~é€'\"$\\\\]{0,6}|-[wbktpMé][0-9:x]{0,3}|--(bind|workers|port|http|env))", 0..6),
    ) {
        let line = format!("{program} {}", words.join(" "));
        let env = [("GUNICORN_CMD_ARGS".to_owned(), words.concat()), ("UVICORN_HOST".to_owned(), words.concat())];
        let command = parse(&line, &env, "/");
        proptest::prop_assert_eq!(parse(&line, &env, "/"), command);
        let _ = parse_argv(&words, &env, "");
    }
}
