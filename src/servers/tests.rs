//! Programs that there are and are not.
#![allow(clippy::panic)]

use super::testing::printed;
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
