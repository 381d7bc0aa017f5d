//! What can go wrong in a task, each as a sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A task's failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A program is missing.
    #[error("{program} is missing: {remedy}")]
    Missing {
        /// The program.
        program: String,
        /// How to get it.
        remedy: String,
    },
    /// A program is too old.
    #[error("{program} {found} is too old, {needed} or newer is needed: {remedy}")]
    TooOld {
        /// The program.
        program: String,
        /// Its version.
        found: String,
        /// The oldest version that will do.
        needed: String,
        /// How to get it.
        remedy: String,
    },
    /// A program ended with an error. Its output was shown before.
    #[error("{command} failed ({status}){hint}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// What to do about it, with a separator before it, or nothing.
        hint: String,
    },
    /// A file could not be read or written.
    #[error("Could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "write", …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A sentence that needs no more structure.
    #[error("{0}")]
    Message(String),
}

/// A result of a task.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `map_err` argument for file operations: `fs::read(p).map_err(Error::io("read", p))`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_path_buf(),
            source,
        }
    }
}
