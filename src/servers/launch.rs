//! A server to start, as its command line describes it.

use strum::IntoStaticStr;

use super::asgi::{AsgiSettings, HttpLibrary};
use super::call::Call;
use super::gunicorn::GunicornSettings;
use super::level::Level;
use super::program::{Program, Server};
use super::surroundings::Configuration;
use super::uvicorn::UvicornSettings;
use super::uwsgi::UwsgiSettings;
use crate::http1::{Limits, Rules};
use crate::os::Millis;

/// How a worker takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
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

impl WorkerClass {
    /// Its name in Python.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The calling convention between server and app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interface {
    /// PEP 3333.
    Wsgi,
    /// ASGI 3.0.
    Asgi,
}

/// A server to start: everything that its command line and environment say, with that server's
/// defaults filled in. Here is what means something for more than one server; what only one has is
/// in [`program`](Self::program). Fields are added as options come to be honoured; an option
/// without a field is refused, never ignored.
#[derive(Debug, Clone, PartialEq)]
// Each is an option of the originals, and a flag there.
#[allow(clippy::struct_excessive_bools)]
pub struct Launch {
    /// The program, and what only it is set to.
    pub program: Program,
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
    /// Threads per worker.
    pub threads: u32,
    /// What is called.
    pub interface: Interface,
    /// How ASGI apps are served.
    pub asgi: AsgiSettings,
    /// The addresses to listen on.
    pub binds: Vec<(String, u16)>,
    /// Connections that may wait to be accepted.
    pub backlog: u32,
    /// Connections that an event loop accepts in one iteration: uvloop one, asyncio's own as many
    /// as wait.
    pub accepts: u32,
    /// Time that workers get to finish at a graceful stop, milliseconds. `None` waits for ever.
    pub graceful_timeout: Option<Millis>,
    /// How long an idle connection is kept, milliseconds.
    pub keep_alive: Millis,
    /// Which requests are read, and how.
    pub rules: Rules,
    /// How much of a request's head is read.
    pub limits: Limits,
    /// A worker retires after so many requests.
    pub max_requests: Option<u32>,
    /// At most so many requests are added to `max_requests`, at random, per worker.
    pub max_requests_jitter: u32,
    /// The lowest level that is logged.
    pub log_level: Level,
    /// Whether requests are logged.
    pub access_log: bool,
    /// Whether responses are written in Python, bytes and all (daphne, gunicorn's asgi worker);
    /// with green threads requests are read there too (`gevent_pywsgi`).
    pub python_responses: bool,
    /// Whether X-Forwarded-* headers are honoured.
    pub proxy_headers: bool,
    /// Peers whose forwarding headers are believed.
    pub forwarded_allow_ips: String,
    /// Directories put before `sys.path` (`--pythonpath`, `--app-dir`); the working directory
    /// itself is always there.
    pub python_path: Vec<String>,
    /// Directory to change to before the app is loaded.
    pub chdir: Option<String>,
    /// The app is loaded once, before workers are forked: gunicorn's `--preload`, uWSGI without
    /// `--lazy-apps`.
    pub preload: bool,
    /// wasgi's own `--scale`: replicas of the server, each behind the same address.
    pub scale: u32,
    /// What processes are told of configuration files, so that they read none.
    pub configuration: Configuration,
}

impl Launch {
    /// Which server it is.
    #[must_use]
    pub fn server(&self) -> Server {
        self.program.server()
    }

    /// What only gunicorn is set to, if it is one.
    #[must_use]
    pub fn gunicorn(&self) -> Option<&GunicornSettings> {
        match &self.program {
            Program::Gunicorn(settings) => Some(settings),
            _ => None,
        }
    }

    /// What only uvicorn is set to, if it is one.
    #[must_use]
    pub fn uvicorn(&self) -> Option<&UvicornSettings> {
        match &self.program {
            Program::Uvicorn(settings) => Some(settings),
            _ => None,
        }
    }

    /// What only uWSGI is set to, if it is one.
    #[must_use]
    pub fn uwsgi(&self) -> Option<&UwsgiSettings> {
        match &self.program {
            Program::Uwsgi(settings) => Some(settings),
            _ => None,
        }
    }

    /// Whether the master is a process of its own with a Python, which reads the configuration and
    /// forks the workers.
    #[must_use]
    pub fn master_has_python(&self) -> bool {
        self.gunicorn()
            .is_some_and(|settings| settings.master_has_python)
    }

    /// Whether log lines are coloured.
    #[must_use]
    pub fn uses_colors(&self) -> bool {
        self.uvicorn().is_some_and(|settings| settings.use_colors)
    }

    /// Whether this is gunicorn's own worker for ASGI apps.
    #[must_use]
    pub fn is_gunicorns_asgi(&self) -> bool {
        self.python_responses && self.server() == Server::Gunicorn
    }

    /// Whether requests are read while the app has one before: uvicorn with httptools.
    #[must_use]
    pub fn reads_ahead(&self) -> bool {
        !self.python_responses && self.asgi.http == HttpLibrary::Httptools
    }

    /// Adds to `max_requests` what is this worker's own, by a random number from 0 to below 1.
    pub fn jitter(&mut self, random: f64) {
        if let Some(requests) = &mut self.max_requests {
            let more = (random * (f64::from(self.max_requests_jitter) + 1.0)) as u32;
            *requests = requests.saturating_add(more);
        }
    }

    /// One process on nothing, by the defaults that most servers share.
    pub(super) fn base(program: Program, argv: Vec<String>, call: &Call) -> Self {
        Self {
            program,
            argv,
            env: call.env.own.to_vec(),
            workers: 1,
            master: false,
            worker_class: WorkerClass::Async,
            threads: 1,
            interface: Interface::Asgi,
            asgi: AsgiSettings::default(),
            binds: Vec::new(),
            backlog: 0,
            accepts: 1,
            graceful_timeout: None,
            keep_alive: 0.0,
            rules: Rules::DAPHNE,
            limits: Limits::DAPHNE,
            max_requests: None,
            max_requests_jitter: 0,
            log_level: Level::Info,
            access_log: true,
            python_responses: false,
            proxy_headers: false,
            forwarded_allow_ips: String::new(),
            python_path: Vec::new(),
            chdir: None,
            preload: false,
            scale: 1,
            configuration: Configuration::CommandLine,
        }
    }
}
