//! Log levels.

use strum::{EnumString, IntoStaticStr};

/// Log levels, from the most talkative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr)]
#[strum(ascii_case_insensitive, serialize_all = "UPPERCASE")]
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
    pub(super) fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Its name as Python's `logging` writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}
