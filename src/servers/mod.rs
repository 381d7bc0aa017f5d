//! One file (or folder) per server that we imitate: its command line and what it promises.
//!
//! A command line is parsed to a [`Command`] by the rules of its own program. The machine parses it to run the
//! master; each process parses the same line again to know what kind of worker it is: parsing is a pure function, so no
//! configuration travels between them.

pub mod log;

use crate::Millis;

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Print and leave: `--help`, `--version`, a usage error, a refusal, an unknown command.
    Print {
        /// Lines for standard output.
        stdout: Vec<String>,
        /// Lines for standard error.
        stderr: Vec<String>,
        /// The exit code.
        code: i32,
    },
    /// Start a server.
    Serve(Box<Launch>),
}

/// The program behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// How a worker takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WorkerClass {
    /// One request at a time, one connection at a time (gunicorn `sync`).
    Sync,
    /// An asyncio loop, many requests at a time (uvicorn, `gunicorn -k uvicorn_worker.UvicornWorker`).
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

/// Where the app is: `module:attribute`, as the user wrote it, and how to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The module's dotted name.
    pub module: String,
    /// The attribute, dotted; for gunicorn possibly a call (`create_app()`), evaluated by its rules.
    pub attribute: String,
    /// Whether the attribute is a factory to be called without arguments (uvicorn `--factory`).
    pub factory: bool,
}

/// Log levels, from the most talkative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// TRACE (uvicorn only)
    Trace,
    /// DEBUG
    Debug,
    /// INFO
    Info,
    /// WARNING
    Warning,
    /// ERROR
    Error,
    /// CRITICAL
    Critical,
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

/// A server to start: everything that its command line and environment say, with that server's defaults filled in.
/// Fields are added as options come to be honoured; an option without a field here is refused, never ignored.
#[derive(Debug, Clone, PartialEq)]
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
    /// What is called.
    pub interface: Interface,
    /// The app.
    pub target: Target,
    /// The addresses to listen on.
    pub binds: Vec<(String, u16)>,
    /// Connections that may wait to be accepted.
    pub backlog: u32,
    /// A worker silent for so long is killed (gunicorn `--timeout`, uvicorn `--timeout-worker-healthcheck`). Milliseconds; 0 is never.
    pub timeout: Millis,
    /// Time that workers get to finish at a graceful stop, milliseconds. `None` waits for ever.
    pub graceful_timeout: Option<Millis>,
    /// How long an idle connection is kept, milliseconds.
    pub keep_alive: Millis,
    /// Longest request line, bytes. 0 is without limit.
    pub limit_request_line: usize,
    /// Most header fields.
    pub limit_request_fields: usize,
    /// Longest header field, bytes. 0 is without limit.
    pub limit_request_field_size: usize,
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
    /// Directories put before `sys.path` (`--pythonpath`, `--app-dir`); the working directory itself is always there.
    pub python_path: Vec<String>,
    /// Directory to change to before the app is loaded.
    pub chdir: Option<String>,
}
