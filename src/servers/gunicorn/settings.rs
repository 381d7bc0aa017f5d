//! What only gunicorn is set to.

use serde::{Serialize, Serializer};

use super::launch::From;
use crate::os::Millis;
use crate::servers::option::Values;
use crate::servers::{Target, WorkerClass};

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
    /// Whether files are sent as the kernel does (without `--no-sendfile`).
    pub sends_files: bool,
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

impl GunicornSettings {
    /// What the values say.
    pub(super) fn of(
        values: &Values,
        from: From,
        (worker_class, class_name): (WorkerClass, &str),
        access_log: bool,
    ) -> Self {
        let count = |name: &str| values.count(name).unwrap_or(0);
        let is_reloaded = values.flag("--reload");
        let watch = |value: String| is_reloaded.then_some(value);
        let extra_files = values.all("--reload-extra-file");
        let format = values.text("--access-logformat").trim_ascii();
        Self {
            target: target(from.app),
            worker_class_name: if worker_class != WorkerClass::Threaded
                || class_name.ends_with("ThreadWorker")
            {
                class_name.to_owned()
            } else {
                "gthread".to_owned()
            },
            worker_connections: count("--worker-connections"),
            timeout: values
                .positive("--timeout")
                .map(|seconds| f64::from(seconds) * 1000.0),
            access_log_format: access_log.then(|| format.to_owned()),
            sends_files: !values.flag("--no-sendfile"),
            master_has_python: from.master_has_python,
            reload_engine: watch(values.text("--reload-engine").trim_ascii().to_owned()),
            reload_extra_files: extra_files
                .into_iter()
                .filter(|file| !file.is_empty())
                .map(str::to_owned)
                .collect(),
            worker_hooks: from.worker_hooks,
            root_path: values.text("--root-path").to_owned(),
            asgi_disconnect_grace_period: count("--asgi-disconnect-grace-period"),
        }
    }
}

/// `module:attribute`; the attribute is `application` if there is none.
fn target(app: &str) -> Target {
    let (module, attribute) = app.split_once(':').unwrap_or((app, "application"));
    Target::new(app, module, attribute)
}

#[allow(clippy::ref_option)] // serde's signature.
fn seconds<S: Serializer>(duration: &Option<Millis>, serializer: S) -> Result<S::Ok, S::Error> {
    duration
        .map(|duration| duration / 1000.0)
        .serialize(serializer)
}
