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
    pub(super) die_on_term: bool,
    pub(super) need_app: bool,
    pub(super) preload: bool,
    pub(super) router: bool,
    /// `--touch-reload`: files whose change is one for the server.
    pub(super) touchable: Vec<String>,
}

impl Options {
    pub(super) fn new(launch: &Launch) -> Self {
        let all = |name: &str| {
            let named = launch.options.iter().filter(|option| option.0 == name);
            named.map(|option| option.1.clone()).collect()
        };
        Self {
            said: all("--said"),
            addresses: launch
                .binds
                .iter()
                .map(|(host, port)| [host, ":", &port.to_string()].concat())
                .collect(),
            directory: launch.chdir.clone().unwrap_or_default(),
            backlog: launch.backlog,
            count: launch.workers,
            threads: launch.threads,
            master: launch.master,
            harakiri: (launch.timeout / 1000.0) as u32,
            die_on_term: launch.die_on_term,
            need_app: launch.need_app,
            preload: launch.preload,
            router: launch.router,
            touchable: all("--touched"),
        }
    }
}
