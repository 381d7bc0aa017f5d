//! What only uWSGI is set to.

use serde::Serialize;

use super::StaticFiles;

/// What only uWSGI is set to; see [`crate::servers::Launch`]. What is serialized is
/// `src/python/servers/uwsgi/options.py`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
// Each is an option of the original, and a flag there.
#[allow(clippy::struct_excessive_bools)]
pub struct UwsgiSettings {
    // --- the master's
    /// What was printed as the options were read: before all else.
    #[serde(skip)]
    pub printed: Vec<String>,
    /// What is wrong with the options, and does not matter.
    #[serde(skip)]
    pub warning: Option<String>,
    /// `--http`: a router stands before the workers.
    #[serde(skip)]
    pub router: bool,
    /// SIGTERM ends the server instead of reloading it.
    #[serde(skip)]
    pub die_on_term: bool,
    /// Seconds that a request may take before its worker is killed.
    #[serde(skip)]
    pub harakiri: Option<u32>,
    /// Files whose change reloads the server (`--touch-reload`).
    #[serde(skip)]
    pub touch_reload: Vec<String>,
    /// No workers before somebody connects.
    #[serde(skip)]
    pub cheap: bool,
    /// Fewer workers when there is little to do.
    #[serde(skip)]
    pub cheaper: Option<Cheaper>,
    /// By what their number is chosen.
    #[serde(skip)]
    pub cheaper_algorithm: CheaperAlgorithm,
    /// `--cheaper-overload`, with or without `--cheaper`.
    #[serde(skip)]
    pub cheaper_overload: u32,
    /// What the algorithm `busyness` is set to, if that is it.
    #[serde(skip)]
    pub busyness: Option<Busyness>,
    /// Seconds without a request after which the workers are ended.
    #[serde(skip)]
    pub idle: Option<u32>,
    /// After which the server ends.
    #[serde(skip)]
    pub die_on_idle: bool,
    /// Seconds that a worker lives.
    #[serde(skip)]
    pub max_worker_lifetime: Option<u32>,
    /// Seconds that each further worker lives longer.
    #[serde(skip)]
    pub max_worker_lifetime_delta: u32,
    /// Seconds before which `--max-requests` ends no worker.
    #[serde(skip)]
    pub min_worker_lifetime: u32,
    /// Seconds that workers get to finish their request at a reload.
    #[serde(skip)]
    pub worker_reload_mercy: u32,

    // --- the app's
    /// No server without an app.
    pub need_app: bool,
    /// A file with the app.
    pub wsgi_file: Option<String>,
    /// A module with the app, perhaps with its attribute.
    pub module: Option<String>,
    /// The app's name in its file or module.
    pub callable: Option<String>,
    /// `mountpoint=file or module` of further apps.
    pub mounts: Vec<String>,
    /// Whether apps share the interpreter, and with it their modules.
    pub single_interpreter: bool,
    /// Whether the mountpoint of an app is taken off the path.
    pub manage_script_name: bool,
    /// Whether an app is found without its mountpoint.
    pub ignore_script_name: bool,
    /// Whether there is an app for paths that are no other's.
    pub default_app: bool,
    /// The words of `sys.argv` after its first.
    pub pyargv: String,
    /// Seconds between two looks at the files of modules.
    pub py_auto_reload: Option<u32>,
    /// Modules that are not looked at.
    pub py_auto_reload_ignore: String,
    /// Bodies of more bytes are read before the app is called.
    pub post_buffering: Option<u32>,

    // --- files that are served without the app
    /// Which these are, and how.
    #[serde(flatten)]
    pub static_files: StaticFiles,

    // --- the log's
    /// Whether requests have a line, whatever the answer.
    pub logs_requests: bool,
    /// The format of their lines, if it is not uWSGI's own.
    pub log_format: Option<String>,
    /// Whether times are microseconds.
    pub log_micros: bool,
    /// Whether the client is who X-Forwarded-For says.
    pub log_x_forwarded_for: bool,
    /// Whether answers of client errors have a line.
    pub log_4xx: bool,
    /// Whether answers of server errors have a line.
    pub log_5xx: bool,
    /// Whether answers without a body have a line.
    pub log_zero: bool,
    /// Answers that take so many milliseconds have a line.
    pub log_slow: Option<u32>,
    /// Answers of so many bytes have a line.
    pub log_big: Option<u32>,
}

/// `--cheaper`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cheaper {
    /// Workers that there are at least.
    pub least: u32,
    /// Workers that there are at first.
    pub initial: u32,
    /// Workers that come at a time.
    pub step: u32,
    /// The master's turns, or connections, that are too many.
    pub overload: u32,
}

/// `--cheaper-algo`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheaperAlgorithm {
    /// By the workers that are busy.
    Spare,
    /// By the connections that wait.
    Backlog,
    /// By the time that the workers spend on requests: [`Busyness`].
    Busyness,
    /// Not at all.
    Manual,
    /// There is none of this name: `spare` is taken.
    Unknown,
}

/// `--cheaper-busyness-max` and its kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busyness {
    /// Percent of their time above which workers are added.
    pub max: u64,
    /// Percent below which one is taken away.
    pub min: u64,
    /// Idle checks after which that happens.
    pub multiplier: u64,
    /// Checks more where a worker was missed soon after.
    pub penalty: u64,
    /// Whether each check is logged.
    pub verbose: bool,
    /// Connections that may wait.
    pub backlog_alert: u32,
    /// Idle checks after which one is taken away that was added because more waited.
    pub backlog_multiplier: u64,
    /// Workers that are added then.
    pub backlog_step: u32,
    /// Seconds for which any may wait.
    pub backlog_nonzero: u64,
}

impl UwsgiSettings {
    /// Whether the master has to know at once when a request begins.
    #[must_use]
    pub fn watches_requests(&self) -> bool {
        self.harakiri.is_some() || self.cheaper.is_some() || self.idle.is_some()
    }
}
