//! Whatever uWSGI's ini files are: no panic, an end within the bounds of options and text, and each
//! process reads what the machine has read.

use wasgi::servers::{Surroundings, parse};

use crate::files::{DIRECTORY, check_command, split};

/// Text of `a.ini`; after each line `== name` is the text of another file.
pub fn check(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let (text, mut files) = split(input);
    files.add(&format!("{DIRECTORY}/a.ini"), Some(text.to_owned()));
    let env = [("HOME".to_owned(), "/root".to_owned())];
    let surroundings = Surroundings {
        processors: 8,
        files: Some(&files),
        ..Surroundings::new(&env, DIRECTORY)
    };
    check_command(&parse("uwsgi --ini a.ini", &surroundings), &env);
}
