//! Requests and command lines for the tests of the gateways.

#![allow(clippy::panic)]

use crate::gateway::Peer;
use crate::http1::{Framing, RequestHead, Version};
use crate::servers::{self, Command, Launch, Server};

/// A command line with that server's defaults.
pub(crate) fn launch(server: Server) -> Launch {
    let line = match server {
        Server::Uwsgi => "uwsgi --http-socket :8000".to_owned(),
        _ => format!("{} app:app", server.name()),
    };
    match servers::parse(&line, &servers::Surroundings::new(&[], "/")) {
        Command::Serve(launch) => *launch,
        printed @ servers::Command::Print { .. } => panic!("{printed:?}"),
    }
}

/// A request without a body.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> RequestHead {
    RequestHead {
        method: method.into(),
        target: target.into(),
        version: Version::Http11,
        protocol: Version::Http11.as_bytes().into(),
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
    strings
        .iter()
        .collect::<crate::wire::strings::Strings>()
        .encode()
}
