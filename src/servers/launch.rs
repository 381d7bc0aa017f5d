//! A server to start, as its command line describes it.

use std::rc::Rc;

use strum::IntoStaticStr;

use super::call::Call;
use super::level::Level;
use super::surroundings::Configuration;
use super::target::Target;
use super::uvicorn::Reload;
use crate::http1::{Limits, Rules};
use crate::os::Millis;
use crate::websocket;

/// The program behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Server {
    /// gunicorn 27.0.1
    Gunicorn,
    /// uvicorn 0.54.0
    Uvicorn,
    /// uWSGI 2.0.31
    Uwsgi,
    /// daphne 4.2.3
    Daphne,
}

impl Server {
    /// The program's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How a worker takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkerClass {
    /// One request at a time, one connection at a time (gunicorn `sync`).
    Sync,
    /// One thread for the connections, a pool of threads for their requests (gunicorn `gthread`).
    Threaded,
    /// A thread for each connection, none of which is made to let go of the GIL (gunicorn
    /// `gevent`).
    Green,
    /// An asyncio loop, many requests at a time (uvicorn,
    /// `gunicorn -k uvicorn_worker.UvicornWorker`).
    Async,
}

/// The calling convention between server and app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interface {
    /// PEP 3333.
    Wsgi,
    /// ASGI 3.0.
    Asgi,
}

/// Whether an ASGI server runs the lifespan protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lifespan {
    /// Try, and go on without if the app does not know it.
    Auto,
    /// Insist.
    On,
    /// Never.
    Off,
}

/// A server to start: everything that its command line and environment say, with that server's
/// defaults filled in. Fields are added as options come to be honoured; an option without a field
/// here is refused, never ignored.
#[derive(Debug, Clone, PartialEq)]
// Each is an option of the originals, and a flag there.
#[allow(clippy::struct_excessive_bools)]
pub struct Launch {
    /// The program.
    pub server: Server,
    /// The command line's words, the program's name first.
    pub argv: Vec<String>,
    /// Environment variables that the command line sets (`VAR=value command`, `-e VAR=value`).
    pub env: Vec<(String, String)>,
    /// Worker processes.
    pub workers: u32,
    /// Whether a master supervises the workers. Without one the server is a single process.
    pub master: bool,
    /// How a worker takes requests.
    pub worker_class: WorkerClass,
    /// The worker class as the command line names it, for the log (`Using worker: …`). Empty for
    /// uvicorn.
    pub worker_class_name: String,
    /// Threads per worker.
    pub threads: u32,
    /// gunicorn: connections that a threaded or gevent worker holds at most.
    pub worker_connections: u32,
    /// gunicorn's `--name`: the base of the processes' names.
    pub name: Option<String>,
    /// What is called.
    pub interface: Interface,
    /// The app.
    pub target: Target,
    /// The addresses to listen on.
    pub binds: Vec<(String, u16)>,
    /// Connections that may wait to be accepted.
    pub backlog: u32,
    /// Connections that an event loop accepts in one iteration: uvloop one, asyncio's own as many
    /// as wait.
    pub accepts: u32,
    /// A worker silent for so long is killed (gunicorn `--timeout`, uvicorn
    /// `--timeout-worker-healthcheck`). Milliseconds; 0 is never.
    pub timeout: Millis,
    /// Time that workers get to finish at a graceful stop, milliseconds. `None` waits for ever.
    pub graceful_timeout: Option<Millis>,
    /// uvicorn: a worker process that does not answer for so long is replaced. Milliseconds.
    pub worker_healthcheck: Millis,
    /// How long an idle connection is kept, milliseconds.
    pub keep_alive: Millis,
    /// Which requests are read, and how.
    pub rules: Rules,
    /// How much of a request's head is read.
    pub limits: Limits,
    /// uvicorn: how WebSocket connections are served. `None`: requests for one are ordinary
    /// requests.
    pub websocket: Option<websocket::Settings>,
    /// uvicorn `--limit-concurrency`.
    pub limit_concurrency: Option<u32>,
    /// A worker retires after so many requests.
    pub max_requests: Option<u32>,
    /// At most so many requests are added to `max_requests`, at random, per worker.
    pub max_requests_jitter: u32,
    /// The lowest level that is logged.
    pub log_level: Level,
    /// Whether requests are logged.
    pub access_log: bool,
    /// gunicorn's access log format.
    pub access_log_format: String,
    /// Whether log lines are coloured.
    pub use_colors: bool,
    /// Whether responses are written in Python, bytes and all (daphne, gunicorn's asgi worker);
    /// with green threads requests are read there too (`gevent_pywsgi`).
    pub python_responses: bool,
    /// Whether responses say which server sent them.
    pub server_header: bool,
    /// Whether responses say when they were sent.
    pub date_header: bool,
    /// Header fields added to each response.
    pub headers: Vec<(String, String)>,
    /// Prefix of the path at which the app is mounted.
    pub root_path: String,
    /// Whether X-Forwarded-* headers are honoured, and from whom.
    pub proxy_headers: bool,
    /// Peers whose forwarding headers are believed.
    pub forwarded_allow_ips: String,
    /// The lifespan protocol.
    pub lifespan: Lifespan,
    /// Directories put before `sys.path` (`--pythonpath`, `--app-dir`); the working directory
    /// itself is always there.
    pub python_path: Vec<String>,
    /// Directory to change to before the app is loaded.
    pub chdir: Option<String>,
    /// uWSGI `--die-on-term`: SIGTERM ends the server instead of reloading it.
    pub die_on_term: bool,
    /// uWSGI `--need-app`: no server without an app.
    pub need_app: bool,
    /// The app is loaded once, before workers are forked: gunicorn's `--preload`, uWSGI without
    /// `--lazy-apps`.
    pub preload: bool,
    /// uWSGI `--http`: a router stands before the workers.
    pub router: bool,
    /// wasgi's own `--scale`: replicas of the server, each behind the same address.
    pub scale: u32,
    /// uvicorn `--reload`.
    pub reload: Option<Rc<Reload>>,
    /// gunicorn: the master needs a Python of its own, for a configuration file.
    pub interpreter: bool,
    /// What processes are told of configuration files, so that they read none.
    pub configuration: Configuration,
    /// Options that concern the process's Python alone, by the names that it knows.
    pub options: Vec<(&'static str, String)>,
}

impl Launch {
    /// Adds to `max_requests` what is this worker's own, by a random number from 0 to below 1.
    pub fn jitter(&mut self, random: f64) {
        if let Some(requests) = &mut self.max_requests {
            let more = (random * (f64::from(self.max_requests_jitter) + 1.0)) as u32;
            *requests = requests.saturating_add(more);
        }
    }

    /// What an option among [`options`](Self::options) is set to.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        let option = self.options.iter().find(|option| option.0 == name)?;
        Some(&option.1)
    }

    /// Whether uWSGI's master wants to know at once when a request begins.
    #[must_use]
    pub fn tells_busy(&self) -> bool {
        let given = |name: &&str| self.option(name).is_some_and(|value| !value.is_empty());
        self.timeout > 0.0 || ["--cheaper", "--idle"].iter().any(given)
    }

    /// Whether this is gunicorn's own worker for ASGI apps.
    #[must_use]
    pub fn is_gunicorns_asgi(&self) -> bool {
        self.python_responses && self.server == Server::Gunicorn
    }

    /// One process on nothing, by the defaults that most servers share.
    pub(super) fn base(server: Server, argv: Vec<String>, call: &Call) -> Self {
        Self {
            server,
            argv,
            env: call.env.own.to_vec(),
            workers: 1,
            master: false,
            worker_class: WorkerClass::Async,
            worker_class_name: String::new(),
            threads: 1,
            worker_connections: 0,
            name: None,
            interface: Interface::Asgi,
            target: Target::new("", "", "", false),
            binds: Vec::new(),
            backlog: 0,
            accepts: 1,
            timeout: 0.0,
            graceful_timeout: None,
            worker_healthcheck: 0.0,
            keep_alive: 0.0,
            rules: Rules::DAPHNE,
            limits: Limits::DAPHNE,
            websocket: None,
            limit_concurrency: None,
            max_requests: None,
            max_requests_jitter: 0,
            log_level: Level::Info,
            access_log: true,
            access_log_format: String::new(),
            use_colors: false,
            python_responses: false,
            server_header: true,
            date_header: true,
            headers: Vec::new(),
            root_path: String::new(),
            proxy_headers: false,
            forwarded_allow_ips: String::new(),
            lifespan: Lifespan::Off,
            python_path: Vec::new(),
            chdir: None,
            die_on_term: false,
            need_app: false,
            preload: false,
            router: false,
            interpreter: false,
            configuration: Configuration::CommandLine,
            scale: 1,
            reload: None,
            options: Vec::new(),
        }
    }
}
