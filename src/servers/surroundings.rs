//! What a command finds on the machine besides its words.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What a command finds on the machine besides its words.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Environment variables, of which the last of a name counts.
    pub env: &'a [(String, String)],
    /// The working directory, absolute.
    pub directory: &'a str,
    /// How many processors there are.
    pub processors: u32,
    /// The files of the project. A process does not know them: its line has passed the machine.
    pub files: Option<&'a Files>,
    /// What is known of configuration files.
    pub configuration: &'a Configuration,
}

impl<'a> Surroundings<'a> {
    /// Nothing but variables and a working directory.
    #[must_use]
    pub fn new(env: &'a [(String, String)], directory: &'a str) -> Self {
        Self {
            env,
            directory,
            processors: 1,
            files: None,
            configuration: &Configuration::CommandLine,
        }
    }
}

/// What is known of configuration files, which the machine or a master's Python reads and
/// processes do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Configuration {
    /// There is none: the command line says it all.
    #[default]
    CommandLine,
    /// There is a file of gunicorn's, and it has not been read yet.
    Unread,
    /// What files, environment and command line were read into: a gunicorn's as words of a command
    /// line, a uWSGI's as `option=value`.
    Read(Vec<String>),
}

/// The files of the project, as far as command lines ask for them. Paths are absolute.
#[derive(Debug, Default)]
pub struct Files {
    texts: BTreeMap<String, String>,
    /// Files and directories.
    paths: BTreeSet<String>,
}

impl Files {
    /// There is such a file or directory, with its directories. A small file that a command line
    /// may name has a text.
    pub fn add(&mut self, path: &str, text: Option<String>) {
        let mut directory = path;
        while self.paths.insert(directory.to_owned())
            && let Some((parent, _)) = directory.rsplit_once('/')
        {
            directory = if parent.is_empty() { "/" } else { parent };
        }
        match text {
            Some(text) => self.texts.insert(path.to_owned(), text),
            None => self.texts.remove(path),
        };
    }

    /// There is no such file any more; its directories stay.
    pub fn remove(&mut self, path: &str) {
        self.paths.remove(path);
        self.texts.remove(path);
    }

    /// Whether there is such a file or directory.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Whether a file of this name is in any directory.
    #[must_use]
    pub fn any_named(&self, name: &str) -> bool {
        self.paths
            .iter()
            .any(|path| path.rsplit('/').next() == Some(name))
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }
}
