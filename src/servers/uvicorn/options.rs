//! The options of uvicorn 0.54.0.

use crate::servers::option::{Kind, OptionSpec, OptionTable};

const NO_UNIX_SOCKETS: &str =
    "A browser tab has no Unix sockets and no file descriptors to inherit: use --port.";
const HTTP1_ONLY: &str = "wasgi speaks HTTP/1.1 only.";
const OWN_LOG: &str =
    "The log is written by wasgi, so Python's logging configuration has no hold on it.";
const NO_TLS: &str =
    "There is no TLS here: between the page and a server inside it there is no network to protect.";

/// All options, in the order of the original's help.
pub(in crate::servers) static OPTIONS: OptionTable = OptionTable(&[
    OptionSpec::new(&["--host"], Kind::Text).default("127.0.0.1"),
    OptionSpec::new(&["--port"], Kind::Int).default("8000"),
    OptionSpec::new(&["--uds"], Kind::Text).refused(NO_UNIX_SOCKETS),
    OptionSpec::new(&["--fd"], Kind::Int).refused(NO_UNIX_SOCKETS),
    OptionSpec::new(&["--reload"], Kind::Flag),
    OptionSpec::new(&["--reload-dir"], Kind::Paths),
    OptionSpec::new(&["--reload-include"], Kind::Repeated),
    OptionSpec::new(&["--reload-exclude"], Kind::Repeated),
    OptionSpec::new(&["--reload-delay"], Kind::Float).default("0.25"),
    OptionSpec::new(&["--workers"], Kind::Int),
    OptionSpec::new(&["--loop"], Kind::Text).default("auto"),
    OptionSpec::new(&["--http"], Kind::Text).default("auto"),
    OptionSpec::new(&["--http2"], Kind::Flag).refused(HTTP1_ONLY),
    OptionSpec::new(&["--ws"], Kind::Text).default("auto"),
    OptionSpec::new(&["--ws-max-size"], Kind::Int).default("16777216"),
    OptionSpec::new(&["--ws-max-queue"], Kind::Int).default("32"),
    OptionSpec::new(&["--ws-ping-interval"], Kind::Float).default("20.0"),
    OptionSpec::new(&["--ws-ping-timeout"], Kind::Float).default("20.0"),
    OptionSpec::new(&["--ws-per-message-deflate"], Kind::Bool).default("True"),
    OptionSpec::new(&["--lifespan"], Kind::Choice(&["auto", "on", "off"])).default("auto"),
    OptionSpec::new(
        &["--interface"],
        Kind::Choice(&["auto", "asgi3", "asgi2", "wsgi"]),
    )
    .default("auto"),
    OptionSpec::new(&["--env-file"], Kind::Path),
    OptionSpec::new(&["--log-config"], Kind::Text).refused(OWN_LOG),
    OptionSpec::new(
        &["--log-level"],
        Kind::Choice(&["critical", "error", "warning", "info", "debug", "trace"]),
    )
    .default("info"),
    OptionSpec::new(&["--access-log", "--no-access-log"], Kind::Switch).default("True"),
    OptionSpec::new(&["--use-colors", "--no-use-colors"], Kind::Switch).default("None"),
    OptionSpec::new(&["--proxy-headers", "--no-proxy-headers"], Kind::Switch).default("True"),
    OptionSpec::new(&["--server-header", "--no-server-header"], Kind::Switch).default("True"),
    OptionSpec::new(&["--date-header", "--no-date-header"], Kind::Switch).default("True"),
    OptionSpec::new(&["--forwarded-allow-ips"], Kind::Text),
    OptionSpec::new(&["--root-path"], Kind::Text),
    OptionSpec::new(&["--limit-concurrency"], Kind::Int),
    OptionSpec::new(&["--backlog"], Kind::Int),
    OptionSpec::new(&["--limit-max-requests"], Kind::Int),
    OptionSpec::new(&["--limit-max-requests-jitter"], Kind::Int).default("0"),
    OptionSpec::new(&["--timeout-keep-alive"], Kind::Int).default("5"),
    OptionSpec::new(&["--timeout-graceful-shutdown"], Kind::Int),
    OptionSpec::new(&["--timeout-worker-healthcheck"], Kind::Int).default("5"),
    OptionSpec::new(&["--ssl-keyfile"], Kind::Text).refused(NO_TLS),
    OptionSpec::new(&["--ssl-certfile"], Kind::Text).refused(NO_TLS),
    OptionSpec::new(&["--ssl-keyfile-password"], Kind::Text).refused(NO_TLS),
    OptionSpec::new(&["--ssl-version"], Kind::Int)
        .default("17")
        .refused(NO_TLS),
    OptionSpec::new(&["--ssl-cert-reqs"], Kind::Int)
        .default("0")
        .refused(NO_TLS),
    OptionSpec::new(&["--ssl-ca-certs"], Kind::Text).refused(NO_TLS),
    OptionSpec::new(&["--ssl-ciphers"], Kind::Text).refused(NO_TLS),
    OptionSpec::new(&["--header"], Kind::Repeated),
    OptionSpec::new(&["--version"], Kind::Version),
    OptionSpec::new(&["--app-dir"], Kind::Text),
    OptionSpec::new(&["--h11-max-incomplete-event-size"], Kind::Int),
    OptionSpec::new(&["--reset-contextvars"], Kind::Flag),
    OptionSpec::new(&["--factory"], Kind::Flag),
    OptionSpec::new(&["--help"], Kind::Help),
]);
