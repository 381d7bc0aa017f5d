//! One folder per server that we imitate: its command line and what it promises.
//!
//! A command line is parsed to a [`Command`] by the rules of its own program. The machine parses it
//! to run the master; each process parses the same line again to know what kind of worker it is:
//! parsing is a pure function, so no configuration travels between them.

mod call;
mod command;
pub mod daphne;
mod grammar;
pub mod gunicorn;
pub mod host;
mod launch;
mod level;
pub mod log;
mod option;
mod parse;
mod python;
mod shell;
mod target;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod uvicorn;
pub mod uwsgi;

use call::Call;
pub use command::Command;
pub use launch::{Interface, Launch, Lifespan, Server, WorkerClass};
pub use level::Level;
use option::absolute;
use parse::{argv, assignment};
pub use parse::{parse, parse_argv};
pub use target::Target;
pub use uvicorn::Reload;

/// The version of wasgi, as `--version` shows it.
const WASGI: &str = concat!(", imitated by wasgi ", env!("CARGO_PKG_VERSION"));

/// The name of the variable, which no environment can have, that stands in [`parse`]'s environment
/// for what files and environment were read into: see [`Launch::settings`]. Empty: there may be a
/// file of gunicorn's, and it has not been read yet.
pub const SETTINGS: &str = "";

/// The beginning of names, which no environment can have, of what [`parse`]'s environment says of
/// the machine: `=` and an absolute path is the text of a file; with a slash behind the path there
/// is such a file or directory; `=` alone is how many processors there are. Processes do not get
/// these.
pub const FACT: char = '=';
