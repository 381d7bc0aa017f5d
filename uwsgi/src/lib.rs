//! What uWSGI 2.0.31 is set to: its command line, ini files and environment, settled into words
//! that are options alone.
//!
//! A wasm module of its own, without glue: it is needed only where a uWSGI is started, and is
//! fetched then. `www/worker/uwsgi_settings.js` calls it: what the caller wants to say goes to
//! [`input`], the answer of [`settle`] is at [`answer`].

mod fields;
mod getopt;
mod placeholders;
mod settings;

use std::cell::RefCell;

use wasgi_options::{Table, absolute, own, text};

use crate::getopt::{Program, Stop};
use crate::settings::Settings;

const PROGRAM: Program = Program {
    name: "uwsgi",
    table: Table(concat!(
        include_str!("../../src/servers/uwsgi/options.txt"),
        include_str!("refused.txt")
    )),
    stems: include_str!("stems.txt"),
    letters: "ACHJLMOQRSTabcdhilmprstvwxyz",
    after_error: "getopt_long() error",
};

/// What uWSGI finds besides its arguments.
pub(crate) struct Call<'a> {
    /// Environment variables, of which the last of a name counts; `=` and an absolute path is the
    /// text of a file, `=` alone how many processors there are.
    pub(crate) env: &'a [(String, String)],
    /// The working directory, absolute.
    pub(crate) cwd: &'a str,
}

impl Call<'_> {
    /// An environment variable.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let variable = self.env.iter().rfind(|(known, _)| known == name);
        variable.map(|(_, value)| value.as_str())
    }

    /// The text of a file of the project.
    pub(crate) fn file(&self, path: &str) -> Option<&str> {
        self.variable(&text(&["=", &absolute(self.cwd, path)]))
    }
}

/// Settles the words after the program's name.
///
/// Each word of the answer is a name, `=` and a value: an option by its first name; `said`, a line
/// that is printed; last, if there is no server to start, `stop` and what is printed before it
/// exits with 1, or `help`.
#[must_use]
pub fn settled(words: &[String], env: &[(String, String)], cwd: &str) -> Vec<String> {
    let call = Call { env, cwd };
    let mut settings = Settings::new(&call);
    let read = settings.read(words);
    let mut answer: Vec<String> = settings
        .said
        .iter()
        .map(|line| text(&["said=", line]))
        .collect();
    match read {
        Ok(values) => {
            let options = values.given.iter();
            answer.extend(options.map(|(option, value)| text(&[option.name(), "=", value])));
        }
        Err(Stop::Help) => answer.push(own("help=")),
        Err(Stop::Wrong(message)) => answer.push(text(&["stop=", &message])),
    }
    answer
}

#[derive(Default)]
struct State {
    input: Vec<u8>,
    answer: Vec<u8>,
}

thread_local! {
    // A wasm instance has one thread, and no function here calls another: the cell is never
    // borrowed twice.
    static STATE: RefCell<State> = RefCell::default();
}

/// Where `length` bytes of input are to be written, until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: usize) -> *mut u8 {
    STATE.with_borrow_mut(|state| {
        state.input = vec![0; length];
        state.input.as_mut_ptr()
    })
}

/// Answers the input, see [`settled`]: the working directory, so many words, then the environment's
/// names and values in turn, each as [`fields`] has it. Returns the answer's length, which are
/// fields too.
#[unsafe(no_mangle)]
pub extern "C" fn settle(words: usize) -> usize {
    STATE.with_borrow_mut(|state| {
        let mut input = fields::read(&state.input).into_iter();
        let cwd = input.next().unwrap_or_default();
        let words: Vec<String> = input.by_ref().take(words).collect();
        let mut env = Vec::new();
        while let (Some(name), Some(value)) = (input.next(), input.next()) {
            env.push((name, value));
        }
        state.answer = fields::written(&settled(&words, &env, &cwd));
        state.answer.len()
    })
}

/// Where the answer is, until the next call.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    STATE.with_borrow(|state| state.answer.as_ptr())
}
