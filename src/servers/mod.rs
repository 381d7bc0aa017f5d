//! One file (or folder) per server that we imitate: its command line and what it promises.
//!
//! A command line is parsed to a [`Command`] by the rules of its own program. The machine parses it
//! to run the master; each process parses the same line again to know what kind of worker it is:
//! parsing is a pure function, so no configuration travels between them.

pub mod daphne;
pub mod gunicorn;
pub mod host;
pub mod log;
pub mod uvicorn;
pub mod uwsgi;

mod grammar;
mod option;
mod python;
mod shell;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::http1::{Limits, Rules};
use crate::os::Millis;
use option::{absolute, own, text};
use std::rc::Rc;
pub use uvicorn::Reload;

/// The version of wasgi, as `--version` shows it.
const WASGI: &str = concat!(", imitated by wasgi ", env!("CARGO_PKG_VERSION"));

/// The most replicas that `--scale` makes.
const MOST_REPLICAS: u32 = 99;

/// The name of the variable, which no environment can have, that stands in [`parse`]'s environment
/// for what files and environment were read into: see [`Launch::settings`]. Empty: there may be a
/// file of gunicorn's, and it has not been read yet.
pub const SETTINGS: &str = "";

/// The beginning of names, which no environment can have, of what [`parse`]'s environment says of
/// the machine: `=` and an absolute path is the text of a file; with a slash behind the path there
/// is such a file or directory; `=` alone is how many processors there are. Processes do not get
/// these.
pub const FACT: char = '=';

/// Reads a command line as a shell and its program would.
///
/// `env` is the environment that the command finds, `cwd` the absolute path of the working
/// directory. Pure: the same line gives the same command everywhere.
#[must_use]
pub fn parse(line: &str, env: &[(String, String)], cwd: &str) -> Command {
    match shell::words(
        line,
        &Environment {
            own: &[],
            outer: env,
        },
    ) {
        Ok(words) => parse_argv(&words, env, cwd),
        Err(shell::Unreadable { text, code }) => Command::complain(code, &text),
    }
}

/// Reads a command that is already split into words. Leading `VAR=value` words set environment
/// variables.
#[must_use]
pub fn parse_argv(words: &[String], env: &[(String, String)], cwd: &str) -> Command {
    let mut words = words;
    let mut assignments = Vec::new();
    while let [first, rest @ ..] = words
        && let Some((name, value)) = assignment(first)
    {
        assignments.push((own(name), own(value)));
        words = rest;
    }
    if let [first, rest @ ..] = words
        && first == "exec"
    {
        words = rest;
    }
    let mut words = words.to_vec();
    let scale = match scale(&mut words) {
        Ok(scale) => scale,
        Err(refusal) => return refusal,
    };
    let [program, arguments @ ..] = words.as_slice() else {
        return Command::complain(
            2,
            "wasgi: There is no command. Type one such as `gunicorn app:app` or `uvicorn app:app`.",
        );
    };
    let call = Call {
        env: Environment {
            own: &assignments,
            outer: env,
        },
        cwd,
    };
    let mut command = match program.as_str() {
        "gunicorn" => gunicorn::command(arguments, &call),
        "uvicorn" => uvicorn::command("uvicorn", arguments, &call),
        "daphne" => daphne::command("daphne", arguments, &call),
        "uwsgi" => uwsgi::command(arguments, &call),
        "python" | "python3" => python_module(arguments, &call),
        path if path.as_bytes().contains(&b'/') => {
            Command::complain(127, &text(&["bash: ", path, ": No such file or directory"]))
        }
        name => Command::complain(127, &text(&["bash: ", name, ": command not found"])),
    };
    if let Command::Serve(launch) = &mut command {
        launch.scale = scale;
    }
    command
}

/// Takes `--scale N` out of a command. It is wasgi's own and goes with every server: so many
/// containers of it.
fn scale(words: &mut Vec<String>) -> Result<u32, Command> {
    let Some(at) = words.iter().position(|word| word.starts_with("--scale")) else {
        return Ok(1);
    };
    let word = words.remove(at);
    let value = match word.strip_prefix("--scale=") {
        Some(value) => own(value),
        None if word == "--scale" && at < words.len() => words.remove(at),
        None => String::new(),
    };
    match value.parse() {
        Ok(scale @ 1..=MOST_REPLICAS) => Ok(scale),
        _ => Err(Command::complain(
            2,
            "wasgi: --scale takes a number of replicas from 1 to 99, such as --scale 3.",
        )),
    }
}

/// `python -m MODULE`: the servers that can be started so, and what they call themselves then.
fn python_module(words: &[String], call: &Call) -> Command {
    if let [option, module, rest @ ..] = words
        && option == "-m"
    {
        match module.as_str() {
            "gunicorn" => return gunicorn::command(rest, call),
            "uvicorn" => return uvicorn::command("python -m uvicorn", rest, call),
            "daphne" => return daphne::command("__main__.py", rest, call),
            _ => {}
        }
    }
    Command::complain(
        2,
        "wasgi: python only starts servers here: `python -m gunicorn …`, `python -m uvicorn …`, `python -m daphne …`.",
    )
}

/// The name and value of a word that sets an environment variable.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = option::split(word, '=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((name, value))
}

/// What a program finds besides its arguments.
struct Call<'a> {
    env: Environment<'a>,
    /// The working directory, absolute.
    cwd: &'a str,
}

impl Call<'_> {
    /// Whether there is such a file or directory. The machine knows; a process, which has other
    /// files besides, takes it for granted: its line has passed the machine.
    fn exists(&self, path: &str) -> bool {
        let fact = text(&["=", &absolute(self.cwd, path), "/"]);
        self.env.get("=").is_none() || !path.is_empty() && self.env.get(&fact).is_some()
    }
}

/// The words of a command line, the program's name first.
fn argv(program: &str, words: &[String]) -> Vec<String> {
    let mut argv = vec![own(program)];
    argv.extend_from_slice(words);
    argv
}

/// Environment variables: the command line's own before those of the machine.
struct Environment<'a> {
    own: &'a [(String, String)],
    outer: &'a [(String, String)],
}

impl Environment<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let find =
            |variables: &'_ [(String, String)]| variables.iter().rposition(|(n, _)| n == name);
        let (variables, at) = match find(self.own) {
            Some(at) => (self.own, at),
            None => (self.outer, find(self.outer)?),
        };
        variables.get(at).map(|(_, value)| value.as_str())
    }
}

impl Command {
    /// Prints to standard error.
    #[inline(never)]
    fn complain(code: i32, text: &str) -> Self {
        Self::Print {
            stdout: Vec::new(),
            stderr: lines(text),
            code,
        }
    }

    /// What Python prints for an exception that nobody catches. The frames in between are not ours
    /// to invent.
    fn crash(exception: &str) -> Self {
        Self::complain(
            1,
            &text(&["Traceback (most recent call last):\n", exception]),
        )
    }

    /// Prints to standard output and leaves contented.
    #[inline(never)]
    fn show(text: &str) -> Self {
        Self::Print {
            stdout: lines(text),
            stderr: Vec::new(),
            code: 0,
        }
    }
}

/// The lines of a text; one that ends in a line end has an empty last line.
fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(own).collect()
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

    #[inline(never)]
    /// One process on nothing, by the defaults that most servers share.
    fn base(server: Server, argv: Vec<String>, call: &Call) -> Self {
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
            settings: None,
            scale: 1,
            reload: None,
            options: Vec::new(),
        }
    }
}

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Print and leave: `--version`, a usage error, a refusal, an unknown command.
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

impl Server {
    /// The program's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gunicorn => "gunicorn",
            Self::Uvicorn => "uvicorn",
            Self::Uwsgi => "uwsgi",
            Self::Daphne => "daphne",
        }
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

/// Where the app is: `module:attribute`, as the user wrote it, and how to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The module's dotted name.
    pub module: String,
    /// The attribute, perhaps dotted; gunicorn's is a name, or a call (`create_app()`), evaluated
    /// by its rules.
    pub attribute: String,
    /// What the user wrote, for messages: with and without `:` differ there.
    pub import_string: String,
    /// Whether the attribute is a factory to be called without arguments (uvicorn `--factory`).
    pub factory: bool,
}

impl Target {
    fn new(import_string: &str, module: &str, attribute: &str, factory: bool) -> Self {
        Self {
            module: own(module),
            attribute: own(attribute),
            import_string: own(import_string),
            factory,
        }
    }
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

impl Level {
    /// The level of this name, in any case.
    fn named(name: &str) -> Option<Self> {
        const LEVELS: [(&str, Level); 6] = [
            ("trace", Level::Trace),
            ("debug", Level::Debug),
            ("info", Level::Info),
            ("warning", Level::Warning),
            ("error", Level::Error),
            ("critical", Level::Critical),
        ];
        LEVELS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, level)| *level)
    }
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
    /// What configuration files, environment and command line were read into, which processes get
    /// so that they read no file: gunicorn's as a command line, uWSGI's as options. Empty: gunicorn
    /// has a file, and it has not been read yet.
    pub settings: Option<String>,
    /// Options that concern the process's Python alone, by the names that it knows.
    pub options: Vec<(&'static str, String)>,
}
