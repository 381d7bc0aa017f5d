//! The servers that we imitate, and what each is set to that no other is.

use serde::Serialize;
use strum::IntoStaticStr;

#[cfg(test)]
use super::option::OptionTable;
#[cfg(test)]
use super::{daphne, gunicorn, uvicorn, uwsgi};

use super::daphne::DaphneSettings;
use super::gunicorn::GunicornSettings;
use super::uvicorn::UvicornSettings;
use super::uwsgi::UwsgiSettings;

/// The program behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[cfg_attr(test, derive(strum::EnumIter))]
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

    /// Its table of options.
    #[cfg(test)]
    pub(super) fn options(self) -> &'static OptionTable {
        match self {
            Self::Gunicorn => &gunicorn::options::OPTIONS,
            Self::Uvicorn => &uvicorn::options::OPTIONS,
            Self::Uwsgi => &uwsgi::options::OPTIONS,
            Self::Daphne => &daphne::options::OPTIONS,
        }
    }
}

/// A server and its own settings. Serialized, it is `configuration.options` of the process's
/// Python, which `src/python/servers/NAME/options.py` describes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Program {
    /// gunicorn
    Gunicorn(GunicornSettings),
    /// uvicorn
    Uvicorn(UvicornSettings),
    /// uWSGI
    Uwsgi(Box<UwsgiSettings>),
    /// daphne
    Daphne(DaphneSettings),
}

impl Program {
    /// Which server it is.
    #[must_use]
    pub fn server(&self) -> Server {
        match self {
            Self::Gunicorn(_) => Server::Gunicorn,
            Self::Uvicorn(_) => Server::Uvicorn,
            Self::Uwsgi(_) => Server::Uwsgi,
            Self::Daphne(_) => Server::Daphne,
        }
    }
}
