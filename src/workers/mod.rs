//! The workers' loops: which connection is accepted when, which request a thread takes next, when a
//! connection is kept.
//!
//! Sans-IO: frames and Python's calls come in, frames go out. [`ProcessContext`] is what they have
//! in common.

pub mod r#async;
pub mod cores;
mod lines;
mod process_context;
#[cfg(test)]
mod rig;
pub mod sync;
pub mod threaded;
mod wire;
pub mod wsgi_connection;

use crate::gateway::Exception;

pub use process_context::{Listening, ProcessContext};

/// How a write to a connection went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The connection has taken it.
    Done,
    /// It waits for the client to read: park, and ask again.
    Park,
    /// The client is gone.
    Broken,
    /// This is to be raised in the app.
    Raise(Exception),
}
