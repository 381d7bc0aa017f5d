//! What the command line asks of the master.

use crate::servers::Launch;

/// It changes where a reload finds other options in an ini file.
#[derive(Debug)]
// Each is an option of the original.
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Options {
    /// What is printed before all else.
    pub(super) said: Vec<String>,
    /// The addresses to listen on.
    pub(super) addresses: Vec<String>,
    /// The working directory.
    pub(super) directory: String,
    pub(super) backlog: u32,
    /// Workers that there should be.
    pub(super) count: u32,
    /// Threads of each.
    pub(super) threads: u32,
    pub(super) master: bool,
    /// Seconds; 0 is never.
    pub(super) harakiri: u32,
    /// `--post-buffering`.
    pub(super) buffers: bool,
    pub(super) die_on_term: bool,
    pub(super) need_app: bool,
    pub(super) preload: bool,
    pub(super) router: bool,
    /// `--cheaper`: workers that there are at least, at first, and more at a time; 0: all at once.
    pub(super) cheaper: u32,
    pub(super) initial: u32,
    pub(super) step: u32,
    /// `--cheaper-overload`: turns, or connections.
    pub(super) overload: u32,
    /// `--cheaper-algo backlog`.
    pub(super) by_backlog: bool,
    /// `--cheap`: no workers before somebody connects.
    pub(super) cheap: bool,
    /// `--idle`: seconds; 0 is never.
    pub(super) idle: u32,
    pub(super) die_on_idle: bool,
    /// `--max-worker-lifetime`, seconds, and what each further worker has more.
    pub(super) lifetime: Option<u32>,
    pub(super) lifetime_delta: u32,
    /// `--worker-reload-mercy`: seconds that workers get to finish their request at a reload.
    pub(super) mercy: u32,
    /// What is wrong and does not matter, and what is wrong with the algorithm.
    pub(super) warnings: Vec<String>,
    pub(super) no_such_algorithm: bool,
    /// `--touch-reload`: files whose change is one for the server.
    pub(super) touchable: Vec<String>,
}

impl Options {
    pub(super) fn new(launch: &Launch) -> Self {
        let all = |name: &str| {
            let named = launch.options.iter().filter(|option| option.0 == name);
            named.map(|option| option.1.clone()).collect()
        };
        let count = |name: &str, default: u32| {
            let value = launch.option(name).and_then(|value| value.parse().ok());
            value.unwrap_or(default)
        };
        let flag = |name: &str| launch.option(name) == Some("true");
        let cheaper = count("--cheaper", 0);
        let mut initial = count("--cheaper-initial", cheaper);
        let mut warnings = Vec::new();
        if cheaper > 0 && initial != initial.clamp(cheaper, launch.workers) {
            let given = initial;
            initial = initial.clamp(cheaper, launch.workers);
            let (bound, than) = if given < cheaper {
                (cheaper, "equal or higher than cheaper")
            } else {
                (launch.workers, "lower or equal than worker count")
            };
            warnings.push(format!(
                "warning: invalid cheaper-initial value ({given}), must be {than} ({bound}), \
                 using {bound} as initial number of workers"
            ));
        }
        let algorithm = launch.option("--cheaper-algo").unwrap_or("");
        Self {
            cheaper,
            initial,
            warnings,
            step: count("--cheaper-step", 1),
            overload: count("--cheaper-overload", 3),
            by_backlog: algorithm == "backlog",
            no_such_algorithm: !matches!(algorithm, "" | "spare" | "backlog"),
            cheap: flag("--cheap"),
            idle: count("--idle", 0),
            die_on_idle: flag("--die-on-idle"),
            lifetime: Some(count("--max-worker-lifetime", 0)).filter(|seconds| *seconds > 0),
            lifetime_delta: count("--max-worker-lifetime-delta", 0),
            mercy: count("--worker-reload-mercy", 60),
            said: all("--said"),
            addresses: launch
                .binds
                .iter()
                .map(|(host, port)| format!("{host}:{port}"))
                .collect(),
            directory: launch.chdir.clone().unwrap_or_default(),
            backlog: launch.backlog,
            count: launch.workers,
            threads: launch.threads,
            master: launch.master,
            harakiri: (launch.timeout / 1000.0) as u32,
            buffers: count("--post-buffering", 0) > 0,
            die_on_term: launch.die_on_term,
            need_app: launch.need_app,
            preload: launch.preload,
            router: launch.router,
            touchable: all("--touched"),
        }
    }
}
