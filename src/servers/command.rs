//! What a command line asks for.

use super::launch::Launch;

/// The version of wasgi, as `--version` shows it.
pub(super) const WASGI: &str = concat!(", imitated by wasgi ", env!("CARGO_PKG_VERSION"));

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Print and leave: `--version`, a usage error, a refusal, an unknown command.
    Print {
        /// Lines for standard output.
        stdout: Vec<String>,
        /// Lines for standard error.
        stderr: Vec<String>,
        /// The exit code.
        code: i32,
    },
    /// Start a server.
    Serve(Box<Launch>),
}

impl Command {
    /// Prints to standard error.
    pub(super) fn complain(code: i32, text: &str) -> Self {
        Self::Print {
            stdout: Vec::new(),
            stderr: lines(text),
            code,
        }
    }

    /// What Python prints for an exception that nobody catches. The frames in between are not ours
    /// to invent.
    pub(super) fn crash(exception: &str) -> Self {
        Self::complain(
            1,
            &format!("Traceback (most recent call last):\n{exception}"),
        )
    }

    /// Prints to standard output and leaves contented.
    pub(super) fn show(text: &str) -> Self {
        Self::Print {
            stdout: lines(text),
            stderr: Vec::new(),
            code: 0,
        }
    }
}

/// The lines of a text; one that ends in a line end has an empty last line.
fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(str::to_owned).collect()
}
