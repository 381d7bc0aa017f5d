//! Where an app is.

use serde::Serialize;

/// Where the app is: `module:attribute`, and how the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The module's dotted name.
    pub module: String,
    /// The attribute, perhaps dotted; gunicorn's is a name, or a call (`create_app()`), evaluated
    /// by its rules.
    pub attribute: String,
    /// What the user wrote, for messages: with and without `:` differ there.
    pub import_string: String,
}

impl Target {
    /// What the user wrote, and its two parts.
    pub(super) fn new(import_string: &str, module: &str, attribute: &str) -> Self {
        Self {
            module: module.to_owned(),
            attribute: attribute.to_owned(),
            import_string: import_string.to_owned(),
        }
    }
}
