//! uvicorn's table of options, in uvicorn's order.

use crate::servers::option::{Kind, Opt};
use Kind::{Bool, Choice, Flag, Float, Help, Int, Repeated, Switch, Text, Version};

const H11: &str = "wasgi answers as httptools does, which has no such limit.";
const LATER: &str = "wasgi cannot do this yet.";
const TLS: &str =
    "There is no TLS here: between the page and a server inside it there is no network to protect.";
const UNIX: &str = "A browser tab has no Unix sockets and no file descriptors to inherit: use --port.";
const LOGGING: &str = "The log is written by wasgi, so Python's logging configuration has no hold on it.";

const LEVELS: &[&str] = &["critical", "error", "warning", "info", "debug", "trace"];

/// All of uvicorn's options.
#[rustfmt::skip] // A table: one option a line.
pub(super) const OPTIONS: &[Opt] = &[
    Opt::new("--host", Text, "TEXT", "127.0.0.1", "Host to listen on."),
    Opt::new("--port", Int, "INTEGER", "8000", "Port to listen on; 0 is any free one."),
    Opt::new("--uds", Text, "TEXT", "", "Unix socket to listen on.").refused(UNIX),
    Opt::new("--fd", Int, "INTEGER", "", "File descriptor to listen on.").refused(UNIX),
    Opt::new("--reload", Flag, "", "", "Restart when the code changes.").refused(LATER),
    Opt::new("--reload-dir", Repeated, "PATH", "", "Directory to watch.").refused(LATER),
    Opt::new("--reload-include", Repeated, "TEXT", "", "Files to watch.").refused(LATER),
    Opt::new("--reload-exclude", Repeated, "TEXT", "", "Files not to watch.").refused(LATER),
    Opt::new("--reload-delay", Float, "FLOAT", "0.25", "Seconds between looks.").refused(LATER),
    Opt::new("--workers", Int, "INTEGER", "", "Worker processes: $WEB_CONCURRENCY, or 1."),
    Opt::new("--loop", Text, "[auto|asyncio|uvloop|zuvloop]", "auto", "Event loop; here it is always wasgi's own."),
    Opt::new("--http", Text, "[auto|h11|httptools|zttp]", "auto", "HTTP parser; here wasgi's, which answers as httptools."),
    Opt::new("--http2", Flag, "", "", "Speak HTTP/2.").refused("wasgi speaks HTTP/1.1 only."),
    Opt::new("--ws", Text, "[auto|websockets|websockets-sansio|wsproto]", "auto", "WebSocket implementation; here it is wasgi's."),
    Opt::new("--ws-max-size", Int, "INTEGER", "16777216", "Largest WebSocket message.").refused(LATER),
    Opt::new("--ws-max-queue", Int, "INTEGER", "32", "WebSocket messages that may wait.").refused(LATER),
    Opt::new("--ws-ping-interval", Float, "FLOAT", "20.0", "Seconds between pings.").refused(LATER),
    Opt::new("--ws-ping-timeout", Float, "FLOAT", "20.0", "Seconds to wait for a pong.").refused(LATER),
    Opt::new("--ws-per-message-deflate", Bool, "BOOLEAN", "True", "Compress messages.").refused(LATER),
    Opt::new("--lifespan", Choice(&["auto", "on", "off"]), "", "auto", "Lifespan protocol."),
    Opt::new("--interface", Choice(&["auto", "asgi3", "asgi2", "wsgi"]), "", "auto", "What the app speaks."),
    Opt::new("--env-file", Text, "PATH", "", "File with environment variables.").refused(LATER),
    Opt::new("--log-config", Text, "PATH", "", "Logging configuration.").refused(LOGGING),
    Opt::new("--log-level", Choice(LEVELS), "", "info", "Lowest level that is logged."),
    Opt::new("--access-log --no-access-log", Switch, "", "", "Log requests."),
    Opt::new("--use-colors --no-use-colors", Switch, "", "", "Colour the log."),
    Opt::new("--proxy-headers --no-proxy-headers", Switch, "", "", "Believe X-Forwarded-* headers."),
    Opt::new("--server-header --no-server-header", Switch, "", "", "Send the Server header."),
    Opt::new("--date-header --no-date-header", Switch, "", "", "Send the Date header."),
    Opt::new("--forwarded-allow-ips", Text, "TEXT", "", "Peers to believe: $FORWARDED_ALLOW_IPS, or 127.0.0.1,::1; * is all."),
    Opt::new("--root-path", Text, "TEXT", "", "Where the app is mounted."),
    Opt::new("--limit-concurrency", Int, "INTEGER", "", "Connections and tasks from which on the answer is 503."),
    Opt::new("--backlog", Int, "INTEGER", "", "Connections that may wait to be accepted: 2048."),
    Opt::new("--limit-max-requests", Int, "INTEGER", "", "Requests after which a process ends."),
    Opt::new("--limit-max-requests-jitter", Int, "INTEGER", "0", "At most so many more, at random."),
    Opt::new("--timeout-keep-alive", Int, "INTEGER", "5", "Seconds that an idle connection is kept."),
    Opt::new("--timeout-graceful-shutdown", Int, "INTEGER", "", "Seconds to finish; without it, as long as it takes."),
    Opt::new("--timeout-worker-healthcheck", Int, "INTEGER", "5", "Seconds that a worker has to answer its master."),
    Opt::new("--ssl-keyfile", Text, "TEXT", "", "TLS key.").refused(TLS),
    Opt::new("--ssl-certfile", Text, "TEXT", "", "TLS certificate.").refused(TLS),
    Opt::new("--ssl-keyfile-password", Text, "TEXT", "", "Password of the key.").refused(TLS),
    Opt::new("--ssl-version", Int, "INTEGER", "17", "TLS version.").refused(TLS),
    Opt::new("--ssl-cert-reqs", Int, "INTEGER", "0", "Whether clients need certificates.").refused(TLS),
    Opt::new("--ssl-ca-certs", Text, "TEXT", "", "TLS authorities.").refused(TLS),
    Opt::new("--ssl-ciphers", Text, "TEXT", "", "TLS ciphers.").refused(TLS),
    Opt::new("--header", Repeated, "TEXT", "", "Name:Value to send with every response; may be repeated."),
    Opt::new("--version", Version, "", "", "Display the uvicorn version and exit."),
    Opt::new("--app-dir", Text, "TEXT", "\"\"", "Directory to look for APP in."),
    Opt::new("--h11-max-incomplete-event-size", Int, "INTEGER", "", "h11's buffer.").refused(H11),
    Opt::new("--reset-contextvars", Flag, "", "", "A fresh context per request.").refused(LATER),
    Opt::new("--factory", Flag, "", "", "APP is a function that returns the app."),
    Opt::new("--help", Help, "", "", "Show this message and exit."),
];
