//! Requests and command lines for the tests of the gateways.

use crate::gateway::Peer;
use crate::http1::message::{Framing, RequestHead, Version};
use crate::servers::{Interface, Launch, Level, Lifespan, Server, Target, WorkerClass};

/// A command line with that server's defaults.
pub(crate) fn launch(server: Server) -> Launch {
    Launch {
        server,
        argv: Vec::new(),
        env: Vec::new(),
        workers: 1,
        master: false,
        worker_class: WorkerClass::Sync,
        interface: Interface::Wsgi,
        target: Target {
            module: "app".to_owned(),
            attribute: "app".to_owned(),
            factory: false,
        },
        binds: Vec::new(),
        backlog: 2048,
        timeout: 0.0,
        graceful_timeout: None,
        keep_alive: 0.0,
        limit_request_line: 0,
        limit_request_fields: 0,
        limit_request_field_size: 0,
        limit_concurrency: None,
        max_requests: None,
        max_requests_jitter: 0,
        log_level: Level::Info,
        access_log: true,
        access_log_format: String::new(),
        use_colors: false,
        server_header: true,
        date_header: true,
        headers: Vec::new(),
        root_path: String::new(),
        proxy_headers: true,
        forwarded_allow_ips: "127.0.0.1,::1".to_owned(),
        lifespan: Lifespan::Auto,
        python_path: Vec::new(),
        chdir: None,
    }
}

/// A request without a body.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> RequestHead {
    RequestHead {
        method: method.into(),
        target: target.into(),
        version: Version::Http11,
        headers: headers
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect(),
        framing: Framing::Empty,
        keep_alive: true,
        expects_continue: false,
    }
}

/// A connection from `remote`, port 50000, to 127.0.0.1:8000.
pub(crate) fn peer(remote: &str) -> Peer {
    Peer {
        remote: (remote.to_owned(), 50_000),
        local: ("127.0.0.1".to_owned(), 8000),
    }
}

/// Strings as they come from Python.
pub(crate) fn encoded(strings: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    super::encoding::put_u32(&mut out, strings.len());
    for string in strings {
        super::encoding::put(&mut out, string);
    }
    out
}
