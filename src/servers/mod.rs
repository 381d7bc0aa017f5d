//! One folder per server that we imitate: its command line and what it promises.
//!
//! A command line is parsed to a [`Command`] by the rules of its own program. The machine parses it
//! to run the master; each process parses the same line again to know what kind of worker it is:
//! parsing is a pure function, so no configuration travels between them.

mod asgi;
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
mod program;
mod python;
mod shell;
mod surroundings;
mod target;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod uvicorn;
pub mod uwsgi;

pub use asgi::{ASYNCIO_READ, AsgiSettings, HttpLibrary, Lifespan, UVLOOP_READ};
use call::Call;
pub use command::Command;
use command::WASGI;
pub use launch::{Interface, Launch, WorkerClass};
pub use level::Level;
use option::absolute;
use parse::{argv, assignment};
pub use parse::{parse, parse_argv};
pub use program::{Program, Server};
pub use surroundings::{Configuration, Files, Surroundings};
pub use target::Target;
pub use uvicorn::Reload;
