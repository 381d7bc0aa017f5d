//! The options of gunicorn 27.0.1.

use crate::servers::option::{Kind, OptionSpec, OptionTable};

const LATER: &str = "wasgi cannot do this yet.";
const NO_REUSE_PORT: &str = "the tab's network has no SO_REUSEPORT.";
const NO_BACKGROUND: &str =
    "there is no background in a browser tab: a server lives as long as its page.";
const NO_FILES: &str = "this server keeps no files of its own in a browser tab.";
const NO_USERS: &str = "processes in a browser tab have no users, groups or file modes.";
const OWN_LOG: &str =
    "the log is written by wasgi, so Python's logging configuration has no hold on it.";
const NO_SYSLOG: &str = "a browser tab has no syslog: the log is shown on the page.";
const NO_STATSD: &str = "a browser tab has no network on which statistics could be sent.";
const NO_PASTE: &str = "PasteDeploy is not available here.";
const NO_PROXY_PROTOCOL: &str =
    "nothing in a browser tab speaks this protocol to a server: requests come as plain HTTP.";
const NO_TLS: &str =
    "there is no TLS here: between the page and a server inside it there is no network to protect.";
const HTTP1_ONLY: &str = "wasgi speaks HTTP/1.1 only.";
const NO_DIRTY_WORKERS: &str = "wasgi has no dirty workers.";
const NO_CONTROL_SOCKET: &str = "a browser tab has no Unix sockets, so there is no control socket.";

/// All options, in the order of the original's help.
pub(in crate::servers) static OPTIONS: OptionTable = OptionTable(&[
    OptionSpec::new(&["-h", "--help"], Kind::Help),
    OptionSpec::new(&["-v", "--version"], Kind::Version),
    OptionSpec::new(&["-c", "--config"], Kind::Text).default("./gunicorn.conf.py"),
    OptionSpec::new(&["-b", "--bind"], Kind::Repeated).default("['127.0.0.1:8000']"),
    OptionSpec::new(&["--backlog"], Kind::Int).default("2048"),
    OptionSpec::new(&["-w", "--workers"], Kind::Int).default("1"),
    OptionSpec::new(&["-k", "--worker-class"], Kind::Text).default("sync"),
    OptionSpec::new(&["--threads"], Kind::Int).default("1"),
    OptionSpec::new(&["--worker-connections"], Kind::Int).default("1000"),
    OptionSpec::new(&["--max-requests"], Kind::Int).default("0"),
    OptionSpec::new(&["--max-requests-jitter"], Kind::Int).default("0"),
    OptionSpec::new(&["-t", "--timeout"], Kind::Int).default("30"),
    OptionSpec::new(&["--graceful-timeout"], Kind::Int).default("30"),
    OptionSpec::new(&["--keep-alive"], Kind::Int).default("2"),
    OptionSpec::new(&["--limit-request-line"], Kind::Int).default("4094"),
    OptionSpec::new(&["--limit-request-fields"], Kind::Int).default("100"),
    OptionSpec::new(&["--limit-request-field_size"], Kind::Int).default("8190"),
    OptionSpec::new(&["--reload"], Kind::Flag).default("False"),
    OptionSpec::new(&["--reload-engine"], Kind::Text).default("auto"),
    OptionSpec::new(&["--reload-extra-file"], Kind::Repeated).default("[]"),
    OptionSpec::new(&["--spew"], Kind::Flag)
        .default("False")
        .refused(LATER),
    OptionSpec::new(&["--check-config"], Kind::Flag).default("False"),
    OptionSpec::new(&["--print-config"], Kind::Flag).default("False"),
    OptionSpec::new(&["--preload"], Kind::Flag).default("False"),
    OptionSpec::new(&["--no-sendfile"], Kind::Flag).default("None"),
    OptionSpec::new(&["--reuse-port"], Kind::Flag)
        .default("False")
        .refused(NO_REUSE_PORT),
    OptionSpec::new(&["--chdir"], Kind::Path).default("."),
    OptionSpec::new(&["-D", "--daemon"], Kind::Flag)
        .default("False")
        .refused(NO_BACKGROUND),
    OptionSpec::new(&["-e", "--env"], Kind::Repeated).default("[]"),
    OptionSpec::new(&["-p", "--pid"], Kind::Text)
        .default("None")
        .refused(NO_FILES),
    OptionSpec::new(&["--worker-tmp-dir"], Kind::Text)
        .default("None")
        .refused(NO_FILES),
    OptionSpec::new(&["-u", "--user"], Kind::Text)
        .default("0")
        .refused(NO_USERS),
    OptionSpec::new(&["-g", "--group"], Kind::Text)
        .default("0")
        .refused(NO_USERS),
    OptionSpec::new(&["-m", "--umask"], Kind::AutoInt)
        .default("0")
        .refused(NO_USERS),
    OptionSpec::new(&["--initgroups"], Kind::Flag)
        .default("False")
        .refused(NO_USERS),
    OptionSpec::new(&["--forwarded-allow-ips"], Kind::Text).default("127.0.0.1,::1"),
    OptionSpec::new(&["--access-logfile"], Kind::Text).default("None"),
    OptionSpec::new(&["--disable-redirect-access-to-syslog"], Kind::Flag).default("False"),
    OptionSpec::new(&["--access-logformat"], Kind::Text)
        .default(r#"%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s""#),
    OptionSpec::new(&["--error-logfile", "--log-file"], Kind::Text).default("-"),
    OptionSpec::new(&["--log-level"], Kind::Text).default("info"),
    OptionSpec::new(&["--capture-output"], Kind::Flag).default("False"),
    OptionSpec::new(&["--logger-class"], Kind::Text)
        .default("gunicorn.glogging.Logger")
        .refused(OWN_LOG),
    OptionSpec::new(&["--log-config"], Kind::Text)
        .default("None")
        .refused(OWN_LOG),
    OptionSpec::new(&["--log-config-json"], Kind::Text)
        .default("None")
        .refused(OWN_LOG),
    OptionSpec::new(&["--log-syslog-to"], Kind::Text)
        .default("udp://localhost:514")
        .refused(NO_SYSLOG),
    OptionSpec::new(&["--log-syslog"], Kind::Flag)
        .default("False")
        .refused(NO_SYSLOG),
    OptionSpec::new(&["--log-syslog-prefix"], Kind::Text)
        .default("None")
        .refused(NO_SYSLOG),
    OptionSpec::new(&["--log-syslog-facility"], Kind::Text)
        .default("user")
        .refused(NO_SYSLOG),
    OptionSpec::new(&["-R", "--enable-stdio-inheritance"], Kind::Flag)
        .default("False")
        .refused(NO_BACKGROUND),
    OptionSpec::new(&["--statsd-host"], Kind::Text)
        .default("None")
        .refused(NO_STATSD),
    OptionSpec::new(&["--dogstatsd-tags"], Kind::Text).refused(NO_STATSD),
    OptionSpec::new(&["--statsd-prefix"], Kind::Text).refused(NO_STATSD),
    OptionSpec::new(&["--enable-backlog-metric"], Kind::Flag)
        .default("False")
        .refused(NO_STATSD),
    OptionSpec::new(&["-n", "--name"], Kind::Text).default("None"),
    OptionSpec::new(&["--pythonpath"], Kind::Text).default("None"),
    OptionSpec::new(&["--paste", "--paster"], Kind::Text)
        .default("None")
        .refused(NO_PASTE),
    OptionSpec::new(&["--proxy-protocol"], Kind::Optional("auto"))
        .default("off")
        .refused(NO_PROXY_PROTOCOL),
    OptionSpec::new(&["--proxy-allow-from"], Kind::Text)
        .default("127.0.0.1,::1")
        .refused(NO_PROXY_PROTOCOL),
    OptionSpec::new(&["--protocol"], Kind::Text)
        .default("http")
        .refused(NO_PROXY_PROTOCOL),
    OptionSpec::new(&["--uwsgi-allow-from"], Kind::Text)
        .default("127.0.0.1,::1")
        .refused(NO_PROXY_PROTOCOL),
    OptionSpec::new(&["--keyfile"], Kind::Text)
        .default("None")
        .refused(NO_TLS),
    OptionSpec::new(&["--certfile"], Kind::Text)
        .default("None")
        .refused(NO_TLS),
    OptionSpec::new(&["--ssl-version"], Kind::Text)
        .default("2")
        .refused(NO_TLS),
    OptionSpec::new(&["--cert-reqs"], Kind::Text)
        .default("0")
        .refused(NO_TLS),
    OptionSpec::new(&["--ca-certs"], Kind::Text)
        .default("None")
        .refused(NO_TLS),
    OptionSpec::new(&["--suppress-ragged-eofs"], Kind::Flag)
        .default("True")
        .refused(NO_TLS),
    OptionSpec::new(&["--do-handshake-on-connect"], Kind::Flag)
        .default("False")
        .refused(NO_TLS),
    OptionSpec::new(&["--ciphers"], Kind::Text)
        .default("None")
        .refused(NO_TLS),
    OptionSpec::new(&["--http-protocols"], Kind::Text)
        .default("h1")
        .refused(HTTP1_ONLY),
    OptionSpec::new(&["--http2-cleartext"], Kind::Text)
        .default("off")
        .refused(HTTP1_ONLY),
    OptionSpec::new(&["--http2-max-concurrent-streams"], Kind::Int)
        .default("100")
        .refused(HTTP1_ONLY),
    OptionSpec::new(&["--http2-initial-window-size"], Kind::Int)
        .default("65535")
        .refused(HTTP1_ONLY),
    OptionSpec::new(&["--http2-max-frame-size"], Kind::Int)
        .default("16384")
        .refused(HTTP1_ONLY),
    OptionSpec::new(&["--http2-max-header-list-size"], Kind::Int)
        .default("65536")
        .refused(HTTP1_ONLY),
    OptionSpec::new(&["--paste-global"], Kind::Repeated)
        .default("[]")
        .refused(NO_PASTE),
    OptionSpec::new(&["--permit-obsolete-folding"], Kind::Flag).default("False"),
    OptionSpec::new(&["--strip-header-spaces"], Kind::Flag).default("False"),
    OptionSpec::new(&["--permit-unconventional-http-method"], Kind::Flag).default("False"),
    OptionSpec::new(&["--permit-unconventional-http-version"], Kind::Flag)
        .default("False")
        .refused(LATER),
    OptionSpec::new(&["--casefold-http-method"], Kind::Flag).default("False"),
    OptionSpec::new(&["--forwarder-headers"], Kind::Text)
        .default("SCRIPT_NAME,PATH_INFO")
        .refused(LATER),
    OptionSpec::new(&["--header-map"], Kind::Text).default("drop"),
    OptionSpec::new(&["--asgi-loop"], Kind::Text).default("auto"),
    OptionSpec::new(&["--asgi-lifespan"], Kind::Text).default("auto"),
    OptionSpec::new(&["--asgi-disconnect-grace-period"], Kind::Int).default("3"),
    OptionSpec::new(&["--websocket-max-message-size"], Kind::Int).default("16777216"),
    OptionSpec::new(&["--http-parser"], Kind::Text).default("auto"),
    OptionSpec::new(&["--root-path"], Kind::Text),
    OptionSpec::new(&["--dirty-app"], Kind::Repeated)
        .default("[]")
        .refused(NO_DIRTY_WORKERS),
    OptionSpec::new(&["--dirty-workers"], Kind::Int)
        .default("0")
        .refused(NO_DIRTY_WORKERS),
    OptionSpec::new(&["--dirty-timeout"], Kind::Int)
        .default("300")
        .refused(NO_DIRTY_WORKERS),
    OptionSpec::new(&["--dirty-threads"], Kind::Int)
        .default("1")
        .refused(NO_DIRTY_WORKERS),
    OptionSpec::new(&["--dirty-graceful-timeout"], Kind::Int)
        .default("30")
        .refused(NO_DIRTY_WORKERS),
    OptionSpec::new(&["--control-socket"], Kind::Text)
        .default("None")
        .refused(NO_CONTROL_SOCKET),
    OptionSpec::new(&["--control-socket-mode"], Kind::AutoInt)
        .default("384")
        .refused(NO_CONTROL_SOCKET),
    OptionSpec::new(&["--no-control-socket"], Kind::Flag).default("False"),
]);
