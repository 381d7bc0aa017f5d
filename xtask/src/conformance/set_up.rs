//! The servers that are compared, each with its command line.

use crate::servers::PORT;

/// The interface between a server and its app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interface {
    /// `tests/conformance/apps/wsgi_app.py`.
    Wsgi,
    /// `tests/conformance/apps/asgi_app.py`.
    Asgi,
}

/// What is exchanged with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Requests and responses.
    Http,
    /// These, and WebSocket handshakes with frames.
    Both,
    /// WebSocket alone: the rest is that of another set-up.
    WebSocket,
}

/// A server with its options.
#[derive(Debug, Clone, Copy)]
pub(super) struct SetUp {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// Its command line, with [`PORT`].
    line: &'static str,
    /// What its app is written for.
    pub(super) interface: Interface,
    /// What is exchanged with it.
    pub(super) subject: Subject,
    /// So many connections at once are served without one waiting for another.
    pub(super) lanes: usize,
    /// Whether all of them are served by one process, so that its app can count them.
    pub(super) is_one_process: bool,
}

impl SetUp {
    /// The command line, for a port.
    pub(super) fn line(&self, port: u16) -> String {
        self.line.replace(PORT, &port.to_string())
    }
}

const fn wsgi(name: &'static str, line: &'static str, lanes: usize) -> SetUp {
    SetUp {
        name,
        line,
        interface: Interface::Wsgi,
        subject: Subject::Http,
        lanes,
        is_one_process: false,
    }
}

const fn asgi(name: &'static str, line: &'static str, subject: Subject) -> SetUp {
    SetUp {
        name,
        line,
        interface: Interface::Asgi,
        subject,
        lanes: 8,
        is_one_process: true,
    }
}

/// All of them. A worker that serves one connection at a time is there four times.
pub(super) const ALL: &[SetUp] = &[
    wsgi(
        "gunicorn-sync",
        "gunicorn -b 127.0.0.1:8000 -w 4 --access-logfile - wsgi_app:app",
        4,
    ),
    SetUp {
        is_one_process: true,
        ..wsgi(
            "gunicorn-gthread",
            "gunicorn -b 127.0.0.1:8000 --threads 8 --access-logfile - wsgi_app:app",
            8,
        )
    },
    SetUp {
        is_one_process: true,
        ..wsgi(
            "gunicorn-gevent",
            "gunicorn -b 127.0.0.1:8000 -k gevent --access-logfile - wsgi_app:app",
            8,
        )
    },
    asgi(
        "gunicorn-asgi",
        "gunicorn -b 127.0.0.1:8000 -k asgi --access-logfile - asgi_app:app",
        Subject::Both,
    ),
    wsgi(
        "uwsgi-http-socket",
        "uwsgi --http-socket 127.0.0.1:8000 --module wsgi_app:app -p 4",
        4,
    ),
    SetUp {
        is_one_process: true,
        ..wsgi(
            "uwsgi-http11-socket",
            "uwsgi --http11-socket 127.0.0.1:8000 --module wsgi_app:app --threads 16",
            8,
        )
    },
    wsgi(
        "uwsgi-http",
        "uwsgi --http 127.0.0.1:8000 --module wsgi_app:app -p 4",
        4,
    ),
    asgi(
        "uvicorn-httptools",
        "uvicorn --port 8000 --http httptools asgi_app:app",
        Subject::Both,
    ),
    asgi(
        "uvicorn-h11",
        "uvicorn --port 8000 --http h11 asgi_app:app",
        Subject::Both,
    ),
    SetUp {
        is_one_process: true,
        ..wsgi(
            "uvicorn-wsgi",
            "uvicorn --port 8000 --interface wsgi wsgi_app:app",
            8,
        )
    },
    asgi(
        "daphne",
        "daphne -p 8000 --access-log - asgi_app:app",
        Subject::Both,
    ),
    asgi(
        "uvicorn-websockets",
        "uvicorn --port 8000 --ws websockets asgi_app:app",
        Subject::WebSocket,
    ),
    asgi(
        "uvicorn-wsproto",
        "uvicorn --port 8000 --ws wsproto asgi_app:app",
        Subject::WebSocket,
    ),
];

/// Those that these names choose; all without a name. The error is a name that none has.
pub(super) fn chosen(names: &[String]) -> Result<Vec<SetUp>, String> {
    if let Some(name) = names
        .iter()
        .find(|name| ALL.iter().all(|set_up| set_up.name != **name))
    {
        return Err(name.clone());
    }
    let is_chosen = |set_up: &&SetUp| names.is_empty() || names.iter().any(|n| n == set_up.name);
    Ok(ALL.iter().filter(is_chosen).copied().collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_choose_set_ups_and_no_name_chooses_all() {
        assert_eq!(chosen(&[]).unwrap().len(), ALL.len());
        let one = chosen(&["daphne".into()]).unwrap();
        assert_eq!((one.len(), one[0].name), (1, "daphne"));
        assert_eq!(chosen(&["apache".into()]).unwrap_err(), "apache");
    }

    #[test]
    fn every_command_line_has_a_port() {
        for set_up in ALL {
            assert!(set_up.line(4321).contains("4321"), "{}", set_up.name);
        }
    }
}
