//! Programs that there are and are not.
#![allow(clippy::panic)]

use strum::IntoEnumIterator;

use super::testing::{help, printed};
use super::{Command, Server, Surroundings, parse, parse_argv};
use crate::testing::test;

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
        &Surroundings::new(&outer, "/"),
    ) else {
        panic!("no server")
    };
    assert_eq!((launch.server(), launch.workers), (Server::Gunicorn, 3));
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
    let Command::Serve(launch) = parse_argv(&words, &Surroundings::new(&[], "/")) else {
        panic!("no server")
    };
    assert_eq!(
        (launch.server(), launch.asgi.root_path.as_str()),
        (Server::Uvicorn, "/a b|$HOME")
    );
}

#[test]
fn every_option_has_names_of_its_own_and_refusals_are_sentences() {
    for server in Server::iter() {
        let table = server.options();
        let mut names: Vec<&str> = Vec::new();
        for option in table.iter() {
            assert!(!option.names.is_empty(), "{server:?}: {option:?}");
            for name in option.names {
                assert!(
                    name.starts_with('-') && !names.contains(name),
                    "{server:?}: {option:?}"
                );
                names.push(name);
            }
            if let Some(reason) = option.refusal {
                assert!(
                    reason.contains(' ') && reason.ends_with('.'),
                    "{server:?}: {option:?}"
                );
            }
        }
    }
}

#[test]
fn the_help_lists_every_option_and_says_which_are_refused() {
    for server in Server::iter() {
        let table = server.options();
        let program = server.name();
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
        for option in table.iter() {
            let refused = option.refusal.is_some();
            for name in option.names {
                let entry = entries.iter().find(|entry| entry.contains(name));
                let says_so =
                    entry.map(|entry| entry.windows(2).any(|words| words == ["refused", "here"]));
                assert_eq!(says_so, Some(refused), "{program} {name}");
            }
        }
    }
}

#[test]
fn the_readme_names_every_option_that_is_refused() {
    let readme = include_str!("../../README.md");
    // A family of options is named once.
    let families = ["--ssl-", "--http2", "--dirty-"];
    for server in Server::iter() {
        for option in server.options().iter().filter(|o| o.refusal.is_some()) {
            let is_named = |name: &&str| {
                readme.contains(&format!("`{name}`"))
                    || families.iter().any(|family| name.starts_with(family))
            };
            let name = option.name();
            assert!(
                option.names.iter().any(is_named),
                "{} {name}",
                server.name()
            );
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
        let surroundings = Surroundings::new(&env, "/");
        let command = parse(&line, &surroundings);
        proptest::prop_assert_eq!(parse(&line, &surroundings), command);
        let _ = parse_argv(&words, &Surroundings::new(&env, ""));
    }
}
