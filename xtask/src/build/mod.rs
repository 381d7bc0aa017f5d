//! `cargo xtask build`: the static site, `dist/`.

pub mod npm;
pub mod pack;
pub mod python;

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::project::{self, Project};

/// What to build.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the site goes.
    pub dist: PathBuf,
    /// Readable JavaScript with source maps.
    pub dev: bool,
}

impl Options {
    /// The site as it is published, in `dist/`.
    pub fn new(project: &Project) -> Self {
        Self {
            dist: project.path("dist"),
            dev: false,
        }
    }
}

/// Brings the site up to date.
pub fn build(project: &Project, options: &Options) -> Result<()> {
    let _lock = project.lock()?;
    npm::install(project)?;
    python::build(project, options)?;
    Ok(())
}

/// Copies a file unless the copy is already the same.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let contents = project::read(from)?;
    if std::fs::read(to).is_ok_and(|present| present == contents) {
        Ok(())
    } else {
        project::write(to, contents)
    }
}
