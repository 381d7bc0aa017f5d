//! What the machine wants done by its devices.

use super::server_id::ServerId;
use crate::os::{Millis, Pid, Stream};
use crate::servers::Configuration;

/// What the machine wants done by its devices.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Start a process.
    Spawn {
        /// Its id.
        pid: Pid,
        /// Its parent's.
        parent: Pid,
        /// The server's command line.
        argv: Vec<String>,
        /// Its environment variables: names and values.
        env: Vec<(String, String)>,
        /// What it is told of configuration files.
        configuration: Configuration,
        /// Whether a master replaces it when it ends.
        replaced: bool,
        /// How many processes it will fork when it has loaded its app.
        forks: u32,
    },
    /// End a process at once.
    Kill(Pid),
    /// A line of a server's log.
    Log {
        /// The server.
        server: ServerId,
        /// Which of its streams.
        stream: Stream,
        /// The line, without its end.
        line: String,
        /// When it was written.
        time: Millis,
    },
    /// A server accepts.
    Listening {
        /// The server.
        server: ServerId,
        /// `http://host:port`
        address: String,
        /// The port.
        port: u16,
    },
    /// A server has exited.
    Exit {
        /// The server.
        server: ServerId,
        /// With this code.
        code: i32,
    },
}
