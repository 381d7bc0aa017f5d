//! What only daphne is set to.

use serde::Serialize;

/// What only daphne is set to; see [`crate::servers::Launch`]. Its Python knows it as
/// `src/python/servers/daphne/options.py`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DaphneSettings {
    /// The app, as the command line writes it.
    pub app: String,
    /// Whether `--access-log` was given.
    pub access_log: bool,
    /// The format of all other lines.
    pub log_format: Option<String>,
    /// How much is logged.
    pub verbosity: i32,
    /// Seconds that a request may take; 0 and less: as long as it wants.
    pub http_timeout: i32,
    /// Seconds that an app gets to finish once its client is gone.
    pub application_close_timeout: i32,
    /// Seconds that a WebSocket may be open; less than 0: as long as it wants.
    pub websocket_timeout: i32,
    /// Seconds that an app may take to accept a WebSocket.
    pub websocket_connect_timeout: i32,
    /// Seconds between two pings of a WebSocket.
    pub ping_interval: i32,
    /// The prefix of the path.
    pub root_path: String,
    /// Whether a proxy's headers are believed, and the names of two of them.
    pub proxy_headers: bool,
    /// The name of the header with the client's address.
    pub proxy_headers_host: String,
    /// The name of the header with the client's port.
    pub proxy_headers_port: String,
    /// The value of the header `Server`, if there is to be one.
    pub server_name: Option<String>,
}
