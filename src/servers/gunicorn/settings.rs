//! What only gunicorn is set to.

use serde::{Serialize, Serializer};

use crate::os::Millis;
use crate::servers::Target;

/// What only gunicorn is set to; see [`crate::servers::Launch`]. What is serialized is
/// `src/python/servers/gunicorn/options.py`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GunicornSettings {
    /// The app.
    #[serde(flatten)]
    pub target: Target,
    /// The worker class as the command line names it, for the log (`Using worker: …`).
    #[serde(skip)]
    pub worker_class_name: String,
    /// Connections that a threaded or gevent worker holds at most.
    #[serde(skip)]
    pub worker_connections: u32,
    /// A worker that is silent for so long is killed; `None`: none is. To Python in seconds.
    #[serde(serialize_with = "seconds")]
    pub timeout: Option<Millis>,
    /// The format of the access log, if there is one.
    pub access_log_format: Option<String>,
    /// Whether the master needs a Python of its own, for a configuration file.
    #[serde(skip)]
    pub master_has_python: bool,
    /// What watches the files of the app's modules, where `--reload` is given.
    pub reload_engine: Option<String>,
    /// Other files that it watches.
    pub reload_extra_files: Vec<String>,
    /// The hooks of the configuration file that workers run.
    pub worker_hooks: Vec<String>,
    /// The prefix of the path, of which gunicorn's own ASGI worker tells the app.
    pub root_path: String,
    /// How long the same lets an app go on whose client is gone, in seconds.
    pub asgi_disconnect_grace_period: u32,
}

#[allow(clippy::ref_option)] // serde's signature.
fn seconds<S: Serializer>(duration: &Option<Millis>, serializer: S) -> Result<S::Ok, S::Error> {
    duration
        .map(|duration| duration / 1000.0)
        .serialize(serializer)
}
