//! Steps that run only when what they are made from has changed.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::project::{self, Project};

/// The contents that a step's outputs are made from, as a growing hash.
#[derive(Debug, Default, Clone)]
pub struct Inputs(Sha256);

impl Inputs {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value: an option, a version.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        self.0.update((value.len() as u64).to_le_bytes());
        self.0.update(value);
        self
    }

    /// Adds a file's contents. A missing file counts as such.
    #[must_use]
    pub fn file(self, path: &Path) -> Self {
        let name = self.value(&path.to_string_lossy());
        match fs::read(path) {
            Ok(contents) => {
                let mut with = name.value("present");
                with.0.update((contents.len() as u64).to_le_bytes());
                with.0.update(contents);
                with
            }
            Err(_) => name.value("missing"),
        }
    }

    /// Adds several files.
    #[must_use]
    pub fn files<P: AsRef<Path>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        paths
            .into_iter()
            .fold(self, |inputs, path| inputs.file(path.as_ref()))
    }

    fn digest(&self) -> String {
        hex(&self.0.clone().finalize())
    }
}

/// A note of what a step's outputs were last made from.
#[derive(Debug)]
pub struct Stamp {
    path: PathBuf,
    digest: String,
}

impl Stamp {
    /// The stamp of the step `name` for these inputs.
    pub fn new(project: &Project, name: &str, inputs: &Inputs) -> Self {
        Self {
            path: project.target("stamps").join(name),
            digest: inputs.digest(),
        }
    }

    /// Whether `outputs` are there and made from these inputs.
    pub fn is_fresh(&self, outputs: &[&Path]) -> bool {
        outputs.iter().all(|output| output.exists())
            && fs::read_to_string(&self.path).is_ok_and(|digest| digest == self.digest)
    }

    /// Notes that the outputs are now made from these inputs.
    pub fn save(&self) -> Result<()> {
        project::write(&self.path, &self.digest)
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
