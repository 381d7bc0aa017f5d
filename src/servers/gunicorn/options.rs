//! gunicorn's table of options, in gunicorn's order.

use crate::servers::option::{Kind, Opt};
use Kind::{AutoInt, Help, Int, Optional, Repeated, Text, Version};

const LATER: &str = "wasgi cannot do this yet.";
const TLS: &str =
    "there is no TLS here: between the page and a server inside it there is no network to protect.";
const DAEMON: &str = "there is no background in a browser tab: a server lives as long as its page.";
const CONTROL: &str = "a browser tab has no Unix sockets, so there is no control socket.";
const USERS: &str = "processes in a browser tab have no users, groups or file modes.";
const FILES: &str = "this server keeps no files of its own in a browser tab.";
const SYSLOG: &str = "a browser tab has no syslog: the log is shown on the page.";
const STATSD: &str = "a browser tab has no network on which statistics could be sent.";
const LOGGING: &str = "the log is written by wasgi, so Python's logging configuration has no hold on it.";
const DIRTY: &str = "wasgi has no dirty workers.";
const HTTP2: &str = "wasgi speaks HTTP/1.1 only.";
const PROXY: &str = "nothing in a browser tab speaks this protocol to a server: requests come as plain HTTP.";
const PASTE: &str = "PasteDeploy is not available here.";

/// The default of `--access-logformat`.
pub(super) const ACCESS_LOG_FORMAT: &str = r#"%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s""#;

/// All of gunicorn's options.
#[rustfmt::skip] // A table: one option a line.
pub(super) const OPTIONS: &[Opt] = &[
    Opt::new("-h --help", Help, "", "", "show this help message and exit"),
    Opt::new("-v --version", Version, "", "", "show program's version number and exit"),
    Opt::new("-c --config", Text, "CONFIG", "./gunicorn.conf.py", "Python file with settings.").refused(LATER),
    Opt::new("-b --bind", Repeated, "ADDRESS", "['127.0.0.1:8000']", "Address to listen on; may be repeated."),
    Opt::new("--backlog", Int, "INT", "2048", "Connections that may wait to be accepted."),
    Opt::new("-w --workers", Int, "INT", "1", "Worker processes."),
    Opt::new("-k --worker-class", Text, "STRING", "sync", "How workers take requests."),
    Opt::new("--threads", Int, "INT", "1", "Threads per worker; more than one make sync gthread."),
    Opt::new("--worker-connections", Int, "INT", "1000", "Connections per gthread or gevent worker."),
    Opt::new("--max-requests", Int, "INT", "0", "Requests after which a worker is replaced; 0 is never."),
    Opt::new("--max-requests-jitter", Int, "INT", "0", "At most so many more, at random."),
    Opt::new("-t --timeout", Int, "INT", "30", "Seconds of silence after which a worker is killed; 0 is never."),
    Opt::new("--graceful-timeout", Int, "INT", "30", "Seconds that workers have to finish."),
    Opt::new("--keep-alive", Int, "INT", "2", "Seconds that an idle connection is kept."),
    Opt::new("--limit-request-line", Int, "INT", "4094", "Longest request line in bytes; 0 is without limit."),
    Opt::new("--limit-request-fields", Int, "INT", "100", "Most header fields in a request."),
    Opt::new("--limit-request-field_size", Int, "INT", "8190", "Longest header field in bytes."),
    Opt::flag("--reload", "False", "Replace the workers when the code changes.").refused(LATER),
    Opt::new("--reload-engine", Text, "STRING", "auto", "How changes are noticed.").refused(LATER),
    Opt::new("--reload-extra-file", Repeated, "FILES", "[]", "More files to watch.").refused(LATER),
    Opt::flag("--spew", "False", "Trace every line of Python.").refused(LATER),
    Opt::flag("--check-config", "False", "Load the app, then exit.").refused(LATER),
    Opt::flag("--print-config", "False", "Print all settings, load the app, then exit.").refused(LATER),
    Opt::flag("--preload", "False", "Load the app before workers are forked.").refused(LATER),
    Opt::flag("--no-sendfile", "None", "Do not use sendfile(); here it never is."),
    Opt::flag("--reuse-port", "False", "Set SO_REUSEPORT.").refused("the tab's network has no SO_REUSEPORT."),
    Opt::new("--chdir", Text, "CHDIR", ".", "Directory to change to before the app is loaded."),
    Opt::flag("-D --daemon", "False", "Run in the background.").refused(DAEMON),
    Opt::new("-e --env", Repeated, "ENV", "[]", "NAME=VALUE for the environment; may be repeated."),
    Opt::new("-p --pid", Text, "FILE", "None", "File for the master's process id.").refused(FILES),
    Opt::new("--worker-tmp-dir", Text, "DIR", "None", "Directory for the heartbeat's file.").refused(FILES),
    Opt::new("-u --user", Text, "USER", "0", "User of the workers.").refused(USERS),
    Opt::new("-g --group", Text, "GROUP", "0", "Group of the workers.").refused(USERS),
    Opt::new("-m --umask", AutoInt, "INT", "0", "Mask for file modes.").refused(USERS),
    Opt::flag("--initgroups", "False", "Give workers all groups of their user.").refused(USERS),
    Opt::new("--forwarded-allow-ips", Text, "STRING", "127.0.0.1,::1", "Front ends whose forwarding headers are believed."),
    Opt::new("--access-logfile", Text, "FILE", "None", "Where requests are logged; - is standard output."),
    Opt::flag("--disable-redirect-access-to-syslog", "False", "Keep requests out of syslog; here there is none."),
    Opt::new("--access-logformat", Text, "STRING", ACCESS_LOG_FORMAT, "How a request is logged."),
    Opt::new("--error-logfile --log-file", Text, "FILE", "-", "Where the log goes; - is standard error."),
    Opt::new("--log-level", Text, "LEVEL", "info", "debug, info, warning, error or critical."),
    Opt::flag("--capture-output", "False", "Send the app's output to the log's file; - is no file."),
    Opt::new("--logger-class", Text, "STRING", "gunicorn.glogging.Logger", "Class of the logger.").refused(LOGGING),
    Opt::new("--log-config", Text, "FILE", "None", "Logging configuration.").refused(LOGGING),
    Opt::new("--log-config-json", Text, "FILE", "None", "Logging configuration in JSON.").refused(LOGGING),
    Opt::new("--log-syslog-to", Text, "SYSLOG_ADDR", "udp://localhost:514", "Address of syslog.").refused(SYSLOG),
    Opt::flag("--log-syslog", "False", "Log to syslog.").refused(SYSLOG),
    Opt::new("--log-syslog-prefix", Text, "SYSLOG_PREFIX", "None", "Name in syslog.").refused(SYSLOG),
    Opt::new("--log-syslog-facility", Text, "SYSLOG_FACILITY", "user", "Facility in syslog.").refused(SYSLOG),
    Opt::flag("-R --enable-stdio-inheritance", "False", "Keep standard streams as a daemon.").refused(DAEMON),
    Opt::new("--statsd-host", Text, "STATSD_ADDR", "None", "Address of StatsD.").refused(STATSD),
    Opt::new("--dogstatsd-tags", Text, "DOGSTATSD_TAGS", "", "Tags for StatsD.").refused(STATSD),
    Opt::new("--statsd-prefix", Text, "STATSD_PREFIX", "", "Prefix for StatsD.").refused(STATSD),
    Opt::flag("--enable-backlog-metric", "False", "Send the backlog's length to StatsD.").refused(STATSD),
    Opt::new("-n --name", Text, "STRING", "None", "Base of the processes' names."),
    Opt::new("--pythonpath", Text, "STRING", "None", "Directories for the Python path, separated by commas."),
    Opt::new("--paste --paster", Text, "STRING", "None", "PasteDeploy configuration.").refused(PASTE),
    Opt::new("--proxy-protocol", Optional("auto"), "MODE", "off", "Expect the PROXY protocol.").refused(PROXY),
    Opt::new("--proxy-allow-from", Text, "PROXY_ALLOW_IPS", "127.0.0.1,::1", "Peers that may use it.").refused(PROXY),
    Opt::new("--protocol", Text, "STRING", "http", "Protocol of requests.").refused(PROXY),
    Opt::new("--uwsgi-allow-from", Text, "UWSGI_ALLOW_IPS", "127.0.0.1,::1", "Peers that may use uwsgi.").refused(PROXY),
    Opt::new("--keyfile", Text, "FILE", "None", "TLS key.").refused(TLS),
    Opt::new("--certfile", Text, "FILE", "None", "TLS certificate.").refused(TLS),
    Opt::new("--ssl-version", Text, "SSL_VERSION", "2", "TLS version.").refused(TLS),
    Opt::new("--cert-reqs", Text, "CERT_REQS", "0", "Whether clients need certificates.").refused(TLS),
    Opt::new("--ca-certs", Text, "FILE", "None", "TLS authorities.").refused(TLS),
    Opt::flag("--suppress-ragged-eofs", "True", "Be quiet about ends without goodbye.").refused(TLS),
    Opt::flag("--do-handshake-on-connect", "False", "Handshake at once.").refused(TLS),
    Opt::new("--ciphers", Text, "CIPHERS", "None", "TLS ciphers.").refused(TLS),
    Opt::new("--http-protocols", Text, "STRING", "h1", "Versions of HTTP.").refused(HTTP2),
    Opt::new("--http2-cleartext", Text, "STRING", "off", "HTTP/2 without TLS.").refused(HTTP2),
    Opt::new("--http2-max-concurrent-streams", Int, "INT", "100", "HTTP/2 streams.").refused(HTTP2),
    Opt::new("--http2-initial-window-size", Int, "INT", "65535", "HTTP/2 window.").refused(HTTP2),
    Opt::new("--http2-max-frame-size", Int, "INT", "16384", "HTTP/2 frame size.").refused(HTTP2),
    Opt::new("--http2-max-header-list-size", Int, "INT", "65536", "HTTP/2 header size.").refused(HTTP2),
    Opt::new("--paste-global", Repeated, "CONF", "[]", "PasteDeploy variable.").refused(PASTE),
    Opt::flag("--permit-obsolete-folding", "False", "Accept header fields that go on in the next line."),
    Opt::flag("--strip-header-spaces", "False", "Accept spaces between a field's name and its colon."),
    Opt::flag("--permit-unconventional-http-method", "False", "Accept unusual methods."),
    Opt::flag("--permit-unconventional-http-version", "False", "Accept unusual versions of HTTP.").refused(LATER),
    Opt::flag("--casefold-http-method", "False", "Put methods into upper case."),
    Opt::new("--forwarder-headers", Text, "FORWARDER_HEADERS", "SCRIPT_NAME,PATH_INFO", "Fields that front ends may set.").refused(LATER),
    Opt::new("--header-map", Text, "HEADER_MAP", "drop", "Ambiguous header names: drop, refuse or dangerous."),
    Opt::new("--asgi-loop", Text, "STRING", "auto", "Event loop of the asgi worker."),
    Opt::new("--asgi-lifespan", Text, "STRING", "auto", "Lifespan of the asgi worker: auto, on or off."),
    Opt::new("--asgi-disconnect-grace-period", Int, "INT", "3", "Seconds for an app whose client has gone (asgi)."),
    Opt::new("--websocket-max-message-size", Int, "INT", "16777216", "Largest WebSocket message (asgi)."),
    Opt::new("--http-parser", Text, "STRING", "auto", "HTTP parser; here it is always wasgi's."),
    Opt::new("--root-path", Text, "STRING", "", "Where the app is mounted (asgi)."),
    Opt::new("--dirty-app", Repeated, "STRING", "[]", "Apps of the dirty workers.").refused(DIRTY),
    Opt::new("--dirty-workers", Int, "INT", "0", "Dirty workers.").refused(DIRTY),
    Opt::new("--dirty-timeout", Int, "INT", "300", "Their timeout.").refused(DIRTY),
    Opt::new("--dirty-threads", Int, "INT", "1", "Their threads.").refused(DIRTY),
    Opt::new("--dirty-graceful-timeout", Int, "INT", "30", "Their time to finish.").refused(DIRTY),
    Opt::new("--control-socket", Text, "PATH", "None", "Unix socket to control gunicorn by.").refused(CONTROL),
    Opt::new("--control-socket-mode", AutoInt, "INT", "384", "Its file mode.").refused(CONTROL),
    Opt::flag("--no-control-socket", "False", "No control socket; here there never is."),
];
