//! What a program finds besides its arguments.

use super::option::absolute;
use super::surroundings::{Configuration, Files};

/// What a program finds besides its arguments.
pub(super) struct Call<'a> {
    pub(super) env: Environment<'a>,
    /// The working directory, absolute.
    pub(super) cwd: &'a str,
    /// How many processors there are.
    pub(super) processors: u32,
    /// What is known of configuration files.
    pub(super) configuration: &'a Configuration,
    /// The files of the project, where they are known.
    pub(super) files: Option<&'a Files>,
}

impl<'a> Call<'a> {
    /// Whether there is such a file or directory. The machine knows; a process, which has other
    /// files besides, takes it for granted: its line has passed the machine.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.files
            .is_none_or(|files| !path.is_empty() && files.exists(&absolute(self.cwd, path)))
    }

    /// The text of a file of the project.
    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.files?.text(&absolute(self.cwd, path))
    }
}

/// Environment variables: the command line's own before those of the machine.
pub(super) struct Environment<'a> {
    /// Those of the command line.
    pub(super) own: &'a [(String, String)],
    /// Those of the machine.
    pub(super) outer: &'a [(String, String)],
}

impl Environment<'_> {
    /// The value of a variable, the last one of its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let find =
            |variables: &'_ [(String, String)]| variables.iter().rposition(|(n, _)| n == name);
        let (variables, at) = match find(self.own) {
            Some(at) => (self.own, at),
            None => (self.outer, find(self.outer)?),
        };
        variables.get(at).map(|(_, value)| value.as_str())
    }
}
