//! The project's tasks, as `cargo xtask` runs them.

// The only caller is the `xtask` program, which prints every error; a list of errors per function
// would tell nobody more.
#![allow(clippy::missing_errors_doc, clippy::must_use_candidate)]

pub mod bench;
pub mod browser;
pub mod build;
pub mod cargo;
pub mod command;
pub mod conformance;
pub mod error;
pub mod fidelity;
pub mod fuzz;
#[cfg(test)]
mod options;
pub mod processes;
pub mod progress;
pub mod project;
pub mod python_tests;
pub mod run;
pub mod serve;
mod servers;
pub mod soak;
pub mod stamp;
pub mod test;
pub mod venv;
