//! Where things are.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The work tree and the places in it that tasks write to. Cargo's own output follows
/// `CARGO_TARGET_DIR`; everything else that tasks make is under `target/` of the work tree, so that
/// editors and linters find it.
#[derive(Debug, Clone)]
pub struct Project {
    /// The work tree.
    pub root: PathBuf,
    /// Cargo's target directory.
    pub cargo_target: PathBuf,
}

impl Project {
    /// The work tree that this program was built from.
    pub fn find() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().unwrap_or(manifest).to_path_buf();
        let cargo_target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |dir| root.join(dir));
        Self { root, cargo_target }
    }

    /// `path` in the work tree.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// `path` in `target/` of the work tree.
    pub fn target(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("target").join(path)
    }

    /// Lets one task at a time build in this work tree. The lock ends with the returned file.
    pub fn lock(&self) -> Result<File> {
        let path = self.target("xtask.lock");
        create_dir(&self.target(""))?;
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        file.lock().map_err(Error::io("lock", &path))?;
        Ok(file)
    }
}

/// Creates a directory and those above it.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::io("create", path))
}

/// Writes a file in one piece (whoever reads it meanwhile sees the old one), creating its
/// directory.
pub fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        create_dir(parent)?;
    }
    let mut temporary = path.as_os_str().to_os_string();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    fs::write(&temporary, contents).map_err(Error::io("write", &temporary))?;
    fs::rename(&temporary, path).map_err(Error::io("write", path))
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::io("read", path))
}

/// The files under `directory`, sorted, or none if there is no such directory.
pub fn files_under(directory: &Path) -> Result<Vec<PathBuf>> {
    files_under_but(directory, &[])
}

/// Like [`files_under`], without those in directories that are called as one of `ignored`.
pub fn files_under_but(directory: &Path, ignored: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(directory) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries {
            let path = entry.map_err(Error::io("list", &directory))?.path();
            if path.is_dir() {
                let name = path.file_name().unwrap_or_default();
                if ignored.iter().any(|ignored| name == *ignored) {
                    continue;
                }
                waiting.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
