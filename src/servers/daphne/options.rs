//! The options of daphne 4.2.3.

use crate::servers::option::{Kind, OptionSpec, OptionTable};

const NO_ENDPOINTS: &str = "a browser tab has no Unix sockets, file descriptors or other endpoints: use --port and --bind.";

/// All options, in the order of the original's help.
pub(in crate::servers) static OPTIONS: OptionTable = OptionTable(&[
    OptionSpec::new(&["-h", "--help"], Kind::Help),
    OptionSpec::new(&["-p", "--port"], Kind::Int)
        .metavar("PORT")
        .default("8000"),
    OptionSpec::new(&["-b", "--bind"], Kind::Text)
        .metavar("HOST")
        .default("127.0.0.1"),
    OptionSpec::new(&["--websocket_timeout"], Kind::Int)
        .metavar("WEBSOCKET_TIMEOUT")
        .default("86400"),
    OptionSpec::new(&["--websocket_connect_timeout"], Kind::Int)
        .metavar("WEBSOCKET_CONNECT_TIMEOUT")
        .default("5"),
    OptionSpec::new(&["-u", "--unix-socket"], Kind::Text)
        .metavar("UNIX_SOCKET")
        .refused(NO_ENDPOINTS),
    OptionSpec::new(&["--fd"], Kind::Int)
        .metavar("FILE_DESCRIPTOR")
        .refused(NO_ENDPOINTS),
    OptionSpec::new(&["-e", "--endpoint"], Kind::Repeated)
        .metavar("SOCKET_STRINGS")
        .refused(NO_ENDPOINTS),
    OptionSpec::new(&["-v", "--verbosity"], Kind::Int)
        .metavar("VERBOSITY")
        .default("1"),
    OptionSpec::new(&["-t", "--http-timeout"], Kind::Int).metavar("HTTP_TIMEOUT"),
    OptionSpec::new(&["--access-log"], Kind::Text).metavar("ACCESS_LOG"),
    OptionSpec::new(&["--log-fmt"], Kind::Text).metavar("LOG_FMT"),
    OptionSpec::new(&["--ping-interval"], Kind::Int)
        .metavar("PING_INTERVAL")
        .default("20"),
    OptionSpec::new(&["--ping-timeout"], Kind::Int)
        .metavar("PING_TIMEOUT")
        .default("30"),
    OptionSpec::new(&["--websocket-max-message-size"], Kind::Int)
        .metavar("WEBSOCKET_MAX_MESSAGE_SIZE")
        .default("1048576"),
    OptionSpec::new(&["--websocket-max-frame-size"], Kind::Int)
        .metavar("WEBSOCKET_MAX_FRAME_SIZE")
        .default("1048576"),
    OptionSpec::new(&["--application-close-timeout"], Kind::Int)
        .metavar("APPLICATION_CLOSE_TIMEOUT")
        .default("10"),
    OptionSpec::new(&["--root-path"], Kind::Text).metavar("ROOT_PATH"),
    OptionSpec::new(&["--proxy-headers"], Kind::Flag),
    OptionSpec::new(&["--proxy-headers-host"], Kind::Text).metavar("PROXY_HEADERS_HOST"),
    OptionSpec::new(&["--proxy-headers-port"], Kind::Text).metavar("PROXY_HEADERS_PORT"),
    OptionSpec::new(&["-s", "--server-name"], Kind::Text)
        .metavar("SERVER_NAME")
        .default("daphne"),
    OptionSpec::new(&["--no-server-name"], Kind::Flag),
]);
