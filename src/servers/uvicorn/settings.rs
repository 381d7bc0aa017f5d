//! What only uvicorn is set to.

use std::rc::Rc;

use serde::Serialize;

use super::Reload;
use crate::os::Millis;
use crate::servers::Target;

/// What only uvicorn is set to; see [`crate::servers::Launch`]. What is serialized is
/// `src/python/servers/uvicorn/options.py`.
#[derive(Debug, Clone, PartialEq, Serialize)]
// Each is an option of its own.
#[allow(clippy::struct_excessive_bools)]
pub struct UvicornSettings {
    /// The app.
    #[serde(flatten)]
    pub target: Target,
    /// `--factory`: the attribute is called without arguments for the app.
    pub factory: bool,
    /// The calling convention of the app.
    pub interface: AppInterface,
    /// A file of environment variables.
    pub env_file: Option<String>,
    /// Whether each request has a context of its own.
    pub reset_contextvars: bool,
    /// What is wrong with the options, and does not matter.
    pub warning: Option<&'static str>,
    /// `--ws websockets`, of which uvicorn warns.
    pub legacy_websockets: bool,
    /// A worker process that does not answer for so long is replaced. Milliseconds.
    #[serde(skip)]
    pub worker_healthcheck: Millis,
    /// Whether log lines are coloured.
    #[serde(skip)]
    pub use_colors: bool,
    /// `--reload`.
    #[serde(skip)]
    pub reload: Option<Rc<Reload>>,
}

/// `--interface`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AppInterface {
    /// By the app's signature.
    Auto,
    /// ASGI 3: one callable.
    Asgi3,
    /// ASGI 2: a callable that returns another.
    Asgi2,
    /// PEP 3333.
    Wsgi,
}
