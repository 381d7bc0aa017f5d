//! daphne's table of options, in daphne's order.

use crate::servers::option::{Kind, Opt};
use Kind::{Flag, Help, Int, Repeated, Text};

const ENDPOINT: &str =
    "a browser tab has no Unix sockets, file descriptors or other endpoints: use --port and --bind.";

/// What the help says before it lists the options.
pub(super) const INTRODUCTION: &[&str] = &[
    "ASGI server for HTTP and WebSocket",
    "",
    "positional arguments:",
    "  application           path.to.module:instance.path of the app",
    "",
];

/// All of daphne's options.
#[rustfmt::skip] // A table: one option a line.
pub(super) const OPTIONS: &[Opt] = &[
    Opt::new("-h --help", Help, "", "", "show this help message and exit"),
    Opt::new("-p --port", Int, "PORT", "8000", "Port to listen on"),
    Opt::new("-b --bind", Text, "HOST", "127.0.0.1", "Host to listen on"),
    Opt::new("--websocket_timeout", Int, "WEBSOCKET_TIMEOUT", "86400", "Seconds that a WebSocket may live; -1 is for ever"),
    Opt::new("--websocket_connect_timeout", Int, "WEBSOCKET_CONNECT_TIMEOUT", "5", "Seconds for the handshake"),
    Opt::new("-u --unix-socket", Text, "UNIX_SOCKET", "", "Unix socket to listen on").refused(ENDPOINT),
    Opt::new("--fd", Int, "FILE_DESCRIPTOR", "", "File descriptor to listen on").refused(ENDPOINT),
    Opt::new("-e --endpoint", Repeated, "SOCKET_STRINGS", "", "Twisted endpoint to listen on").refused(ENDPOINT),
    Opt::new("-v --verbosity", Int, "VERBOSITY", "1", "How much is logged, 0 to 3"),
    Opt::new("-t --http-timeout", Int, "HTTP_TIMEOUT", "", "Seconds that a request may take"),
    Opt::new("--access-log", Text, "ACCESS_LOG", "", "Where requests are logged; - is standard output"),
    Opt::new("--log-fmt", Text, "LOG_FMT", "", "How lines are logged"),
    Opt::new("--ping-interval", Int, "PING_INTERVAL", "20", "Seconds of silence before a WebSocket is pinged"),
    Opt::new("--ping-timeout", Int, "PING_TIMEOUT", "30", "Seconds to wait for a pong"),
    Opt::new("--websocket-max-message-size", Int, "WEBSOCKET_MAX_MESSAGE_SIZE", "1048576", "Largest message in bytes; 0 is any"),
    Opt::new("--websocket-max-frame-size", Int, "WEBSOCKET_MAX_FRAME_SIZE", "1048576", "Largest frame in bytes; 0 is any"),
    Opt::new("--application-close-timeout", Int, "APPLICATION_CLOSE_TIMEOUT", "10", "Seconds for an app whose client has gone"),
    Opt::new("--root-path", Text, "ROOT_PATH", "", "Where the app is mounted"),
    Opt::new("--proxy-headers", Flag, "", "", "Believe X-Forwarded-For and X-Forwarded-Port"),
    Opt::new("--proxy-headers-host", Text, "PROXY_HEADERS_HOST", "", "Header to believe for the client's host"),
    Opt::new("--proxy-headers-port", Text, "PROXY_HEADERS_PORT", "", "Header to believe for the client's port"),
    Opt::new("-s --server-name", Text, "SERVER_NAME", "daphne", "What the Server header says"),
    Opt::new("--no-server-name", Flag, "", "", "Send no Server header"),
];
