//! The grammars of command lines: each server's own, down to its messages.

pub(crate) mod argparse;
pub(crate) mod click;
pub(crate) mod getopt;
mod similar;

/// Why a command line gives no values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stop {
    /// It asks for the help.
    Help,
    /// It asks for the version.
    Version,
    /// It is wrong: this goes to standard error.
    Usage(String),
}
