//! The folder whose files the server in the tab sees: what is in it, and what has changed since.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::body::Bytes;

/// The files of a folder may have so many bytes in all: they live in the tab's memory, once for
/// each process.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    /// It is not there, or is no folder.
    #[error("cannot read the folder {path}: {source}; name the app's folder by --dir")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It has too much in it.
    #[error(
        "the files in {path} have more than {} MB in all, too much for a browser tab; name a smaller folder by --dir",
        LIMIT / 1024 / 1024
    )]
    TooLarge {
        /// The folder.
        path: PathBuf,
    },
}

/// A file of the folder that is new, has changed or is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Relative to the folder, with slashes.
    pub(super) path: String,
    /// What is in it now; `None`: it is gone.
    pub(super) contents: Option<Bytes>,
}

/// By what a changed file is told.
type Stamp = (Option<SystemTime>, u64);

/// A folder and what was last seen in it.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    limit: u64,
    seen: HashMap<String, Stamp>,
}

impl Folder {
    /// The folder, of which nothing has been seen yet.
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            limit: LIMIT,
            seen: HashMap::new(),
        }
    }

    /// Reads the files that are new or have changed since the last call, and tells which are gone.
    ///
    /// All regular files count, but not those that no server needs and that may be many: `.git`,
    /// `__pycache__`, `node_modules`, virtual environments (their packages are native) and `*.pyc`.
    /// Links to files are followed, links to folders are not. A file that cannot be read, or whose
    /// name is not UTF-8, is left out.
    ///
    /// # Errors
    /// When the folder cannot be read or its files are too large.
    pub(super) fn changes(&mut self) -> Result<Vec<Change>, FolderError> {
        let mut found = Vec::new();
        let entries = fs::read_dir(&self.root).map_err(|source| FolderError::Unreadable {
            path: self.root.clone(),
            source,
        })?;
        let mut total = 0;
        self.walk(entries, "", &mut total, &mut found)?;
        let mut before = std::mem::take(&mut self.seen);
        let mut changes = Vec::new();
        for (path, stamp) in found {
            if before.remove(&path) != Some(stamp) {
                // A file that cannot be read (any more) is left out until it changes.
                if let Ok(contents) = fs::read(self.root.join(&path)) {
                    changes.push(Change {
                        path: path.clone(),
                        contents: Some(contents.into()),
                    });
                }
            }
            self.seen.insert(path, stamp);
        }
        changes.extend(before.into_keys().map(|path| Change {
            path,
            contents: None,
        }));
        Ok(changes)
    }

    fn walk(
        &self,
        entries: fs::ReadDir,
        prefix: &str,
        total: &mut u64,
        found: &mut Vec<(String, Stamp)>,
    ) -> Result<(), FolderError> {
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = format!("{prefix}{name}");
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if is_skipped(&name, &entry.path()) {
                    continue;
                }
                if let Ok(below) = fs::read_dir(entry.path()) {
                    self.walk(below, &format!("{path}/"), total, found)?;
                }
            } else if let Ok(metadata) = fs::metadata(entry.path())
                && metadata.is_file()
                && Path::new(&name)
                    .extension()
                    .is_none_or(|extension| extension != "pyc")
            {
                *total += metadata.len();
                if *total > self.limit {
                    return Err(FolderError::TooLarge {
                        path: self.root.clone(),
                    });
                }
                found.push((path, (metadata.modified().ok(), metadata.len())));
            }
        }
        Ok(())
    }
}

fn is_skipped(name: &str, path: &Path) -> bool {
    matches!(name, ".git" | "__pycache__" | "node_modules") || path.join("pyvenv.cfg").exists()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A folder of its own for each test, removed at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("wasgi-folder-{test}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, path: &str, contents: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn paths(changes: &[Change]) -> Vec<&str> {
        let mut paths: Vec<_> = changes.iter().map(|change| change.path.as_str()).collect();
        paths.sort_unstable();
        paths
    }

    #[test]
    fn every_file_is_seen_but_those_that_no_server_needs() {
        let scratch = Scratch::new("walk");
        let kept = ["app.py", "site/templates/a.html", ".env"];
        let skipped = [
            ".git/HEAD",
            "site/__pycache__/app.cpython-314.pyc",
            "old.pyc",
            "node_modules/x.js",
            "venv/pyvenv.cfg",
            "venv/lib/x.py",
        ];
        for path in kept.iter().chain(&skipped) {
            scratch.write(path, "x");
        }
        let mut folder = Folder::new(scratch.0.clone());
        assert_eq!(
            paths(&folder.changes().unwrap()),
            [".env", "app.py", "site/templates/a.html"]
        );
    }

    #[test]
    fn only_new_and_changed_files_come_again() {
        let scratch = Scratch::new("changes");
        scratch.write("app.py", "1");
        scratch.write("other.py", "1");
        let mut folder = Folder::new(scratch.0.clone());
        assert_eq!(folder.changes().unwrap().len(), 2);
        assert_eq!(folder.changes().unwrap(), []);
        scratch.write("app.py", "changed");
        scratch.write("new.py", "new");
        let changes = folder.changes().unwrap();
        assert_eq!(paths(&changes), ["app.py", "new.py"]);
        assert!(
            changes
                .iter()
                .any(|change| change.contents.as_deref() == Some(b"changed"))
        );
    }

    #[test]
    fn a_file_that_is_gone_is_told_once() {
        let scratch = Scratch::new("gone");
        scratch.write("app.py", "1");
        let mut folder = Folder::new(scratch.0.clone());
        folder.changes().unwrap();
        fs::remove_file(scratch.0.join("app.py")).unwrap();
        assert_eq!(
            folder.changes().unwrap(),
            [Change {
                path: "app.py".into(),
                contents: None
            }]
        );
        assert_eq!(folder.changes().unwrap(), []);
    }

    #[test]
    fn a_folder_beyond_the_limit_is_refused_with_the_limit() {
        let scratch = Scratch::new("limit");
        scratch.write("a", "12345");
        scratch.write("below/b", "12345");
        let mut folder = Folder {
            limit: 9,
            ..Folder::new(scratch.0.clone())
        };
        let error = folder.changes().unwrap_err();
        assert!(matches!(error, FolderError::TooLarge { .. }));
        assert!(error.to_string().contains("64 MB"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_it() {
        let error = Folder::new("/nonexistent/app".into())
            .changes()
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the folder /nonexistent/app"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_links_to_folders_are_not() {
        let scratch = Scratch::new("links");
        scratch.write("app.py", "x");
        std::os::unix::fs::symlink("app.py", scratch.0.join("link.py")).unwrap();
        std::os::unix::fs::symlink(".", scratch.0.join("loop")).unwrap();
        let mut folder = Folder::new(scratch.0.clone());
        assert_eq!(paths(&folder.changes().unwrap()), ["app.py", "link.py"]);
    }
}
