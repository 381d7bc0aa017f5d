//! The site put together: its files in `dist/`, and `manifest.json`, which lists them with their
//! hashes.
//!
//! ```json
//! { "version": "0.1.0-<digest>", "files": { "sw.css": { "bytes": 1, "sha256": "…" } } }
//! ```
//!
//! The service worker keeps the files by their hashes. It is not in the list itself: it carries the
//! version, so that a browser sees a new service worker whenever any file has changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::project;
use crate::stamp::hex;

const MANIFEST: &str = "manifest.json";
const SERVICE_WORKER: &str = "sw.js";
/// What the service worker has in place of the version (`www/service-worker/kept-files.js`).
const PLACEHOLDER: &str = "WASGI_VERSION";
/// And in place of the files and their hashes, a string of JSON.
const FILES_PLACEHOLDER: &str = "WASGI_FILES";

/// The site's files: paths in the site, and where the contents are now.
pub type Sources = BTreeMap<String, PathBuf>;

/// Adds the files under `directory` at `prefix` of the site.
pub fn add(sources: &mut Sources, prefix: &str, directory: &Path) -> Result<()> {
    for path in project::files_under(directory)? {
        if let Ok(relative) = path.strip_prefix(directory) {
            let name = relative
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect::<Vec<_>>();
            sources.insert(format!("{prefix}{}", name.join("/")), path);
        }
    }
    Ok(())
}

/// Brings `dist` up to date with `sources`, removes what an earlier build put there, and writes the
/// manifest.
pub fn assemble(sources: &Sources, dist: &Path) -> Result<()> {
    let earlier = fs::read(dist.join(MANIFEST))
        .map(|bytes| listed(&bytes))
        .unwrap_or_default();
    let mut files = Map::new();
    for (name, source) in sources.iter().filter(|(name, _)| *name != SERVICE_WORKER) {
        let contents = project::read(source)?;
        let digest = hex(&Sha256::digest(&contents));
        files.insert(
            name.clone(),
            json!({ "bytes": contents.len(), "sha256": digest }),
        );
        write_changed(&dist.join(name), &contents)?;
    }
    for name in earlier
        .into_iter()
        .filter(|name| !files.contains_key(name) && is_plain(name))
    {
        let path = dist.join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    let version = version(&files);
    if let Some(source) = sources.get(SERVICE_WORKER) {
        let script = String::from_utf8_lossy(&project::read(source)?)
            .replace(PLACEHOLDER, &version)
            .replace(FILES_PLACEHOLDER, &in_a_string(&files));
        write_changed(&dist.join(SERVICE_WORKER), script.as_bytes())?;
    }
    let manifest = json!({ "version": version, "files": files });
    // Last: whoever sees it finds the files that it lists.
    write_changed(&dist.join(MANIFEST), format!("{manifest:#}\n").as_bytes())
}

/// The package's version and a digest of all files.
fn version(files: &Map<String, Value>) -> String {
    let digest = hex(&Sha256::digest(Value::Object(files.clone()).to_string()));
    format!("{}-{}", env!("CARGO_PKG_VERSION"), &digest[..12])
}

/// The list of files as what stands between the quotes of a JavaScript string.
fn in_a_string(files: &Map<String, Value>) -> String {
    let list = Value::Object(files.clone()).to_string();
    let quoted = Value::String(list).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The files that a manifest lists.
fn listed(manifest: &[u8]) -> Vec<String> {
    let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
    manifest["files"]
        .as_object()
        .map(|files| files.keys().cloned().collect())
        .unwrap_or_default()
}

/// Whether a name from a file on disk stays inside the site.
fn is_plain(name: &str) -> bool {
    Path::new(name)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)))
}

fn write_changed(path: &Path, contents: &[u8]) -> Result<()> {
    let same = fs::metadata(path).is_ok_and(|metadata| metadata.len() == contents.len() as u64)
        && fs::read(path).is_ok_and(|present| present == contents);
    if same {
        Ok(())
    } else {
        project::write(path, contents)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn site(files: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
        let directory = tempfile::tempdir().unwrap();
        let mut sources = Sources::new();
        for (name, contents) in files {
            project::write(&directory.path().join(name), contents).unwrap();
        }
        add(&mut sources, "", directory.path()).unwrap();
        (directory, sources)
    }

    fn manifest(dist: &Path) -> Value {
        serde_json::from_slice(&fs::read(dist.join(MANIFEST)).unwrap()).unwrap()
    }

    #[test]
    fn the_manifest_lists_size_and_hash_of_every_file_but_the_service_worker() {
        let (_directory, sources) = site(&[("python/a.zip", "abc"), ("sw.js", "")]);
        let dist = tempfile::tempdir().unwrap();
        assemble(&sources, dist.path()).unwrap();
        assert_eq!(
            manifest(dist.path())["files"],
            json!({ "python/a.zip": {
                "bytes": 3,
                "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            }})
        );
    }

    #[test]
    fn the_service_worker_changes_whenever_a_file_does() {
        let dist = tempfile::tempdir().unwrap();
        let worker = |contents| {
            let (_directory, sources) =
                site(&[("a.js", contents), ("sw.js", "version = 'WASGI_VERSION'")]);
            assemble(&sources, dist.path()).unwrap();
            fs::read_to_string(dist.path().join("sw.js")).unwrap()
        };
        let (first, second) = (worker("1"), worker("2"));
        assert_ne!(first, second);
        assert!(!first.contains(PLACEHOLDER));
    }

    #[test]
    fn the_service_worker_carries_the_hashes_of_all_files() {
        let (_directory, sources) =
            site(&[("a.js", "abc"), ("sw.js", r#"JSON.parse("WASGI_FILES")"#)]);
        let dist = tempfile::tempdir().unwrap();
        assemble(&sources, dist.path()).unwrap();
        let script = fs::read_to_string(dist.path().join("sw.js")).unwrap();
        let quoted = script
            .strip_prefix("JSON.parse(")
            .unwrap()
            .strip_suffix(')')
            .unwrap();
        let list: String = serde_json::from_str(quoted).unwrap();
        let files: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(files, manifest(dist.path())["files"]);
    }

    #[test]
    fn a_file_that_is_no_longer_built_is_removed_and_a_strangers_file_stays() {
        let dist = tempfile::tempdir().unwrap();
        let (_first, sources) = site(&[("old.js", ""), ("kept.js", "")]);
        assemble(&sources, dist.path()).unwrap();
        fs::write(dist.path().join("CNAME"), "example.org").unwrap();
        let (_second, sources) = site(&[("kept.js", "")]);
        assemble(&sources, dist.path()).unwrap();
        assert!(!dist.path().join("old.js").exists());
        assert!(dist.path().join("kept.js").exists());
        assert!(dist.path().join("CNAME").exists());
    }
}
