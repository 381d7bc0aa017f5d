//! The folder that the process in the browser sees: the runner, and the part of Python's tests that
//! it runs.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::error::{Error, Result};
use crate::project::{self, Project};

/// What is wanted of Python's folder `test`: the modules, and what they import and read.
const PARTS: [&str; 10] = [
    "__init__.py",
    "support",
    "certdata",
    "lock_tests.py",
    "test_thread.py",
    "test_threading.py",
    "test_threading_local.py",
    "test_queue.py",
    "test_concurrent_futures",
    "test_asyncio",
];

/// A folder that is made anew for each call of the command.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) directory: PathBuf,
}

impl Site {
    /// Copies what is needed out of `library`, which holds Python's folder `test`.
    pub(super) fn new(project: &Project, library: &Path) -> Result<Self> {
        let directory = project.target("python-tests/site");
        if directory.exists() {
            fs::remove_dir_all(&directory).map_err(Error::io("remove", &directory))?;
        }
        for part in PARTS {
            copy(
                &library.join("test").join(part),
                &directory.join("test").join(part),
            )?;
        }
        copy(
            &project.path("tests/cpython/runner.py"),
            &directory.join("runner.py"),
        )?;
        Ok(Self { directory })
    }

    /// Writes down for the runner what to do next.
    pub(super) fn plan<'a>(&self, module: &str, omit: impl Iterator<Item = &'a str>) -> Result<()> {
        let omit: Vec<_> = omit.collect();
        let plan = json!({ "module": module, "omit": omit });
        project::write(&self.directory.join("run.json"), plan.to_string())
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        for file in project::files_under(from)? {
            if let Ok(below) = file.strip_prefix(from)
                && !below
                    .components()
                    .any(|part| part.as_os_str() == "__pycache__")
            {
                copy(&file, &to.join(below))?;
            }
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        project::create_dir(parent)?;
    }
    fs::copy(from, to)
        .map(drop)
        .map_err(Error::io("copy", from))
}
