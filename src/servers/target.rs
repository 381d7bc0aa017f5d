//! Where an app is.

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
    /// What the user wrote, its two parts, and whether it names a factory.
    pub(super) fn new(import_string: &str, module: &str, attribute: &str, factory: bool) -> Self {
        Self {
            module: module.to_owned(),
            attribute: attribute.to_owned(),
            import_string: import_string.to_owned(),
            factory,
        }
    }
}
