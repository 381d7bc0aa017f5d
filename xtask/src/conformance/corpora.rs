//! Requests from the tests of gunicorn, h11 and uvicorn, fetched from their source packages.

use std::path::PathBuf;
use std::process::Command;

use super::exchange::{Exchange, Step};
use crate::command;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};
use crate::venv;

/// What names the source packages, with their hashes.
const PACKAGES: &str = "xtask/requirements-corpora.txt";
/// What finds the requests in them.
const FINDER: &str = "tests/conformance/vectors.py";

/// The programs that the corpora and kosoku need.
pub(super) fn programs(project: &Project) -> Result<PathBuf> {
    venv::programs(
        project,
        "conformance-venv",
        "kosoku and what fetches the corpora",
        "xtask/requirements-conformance.txt",
    )
}

/// Each request, with the file that has it.
pub(super) fn read(project: &Project) -> Result<Vec<(String, Exchange)>> {
    let python = programs(project)?.join("python");
    let folder = fetch(project, &python)?;
    let packages = std::fs::read_dir(&folder).map_err(Error::io("list", &folder))?;
    let mut packages: Vec<PathBuf> = packages
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    packages.sort();
    let mut find = Command::new(&python);
    find.arg(project.path(FINDER)).args(packages);
    let found = command::run(&mut find, venv::REMEDY)?;
    let found: Vec<(String, String)> = serde_json::from_str(&found)
        .map_err(|error| Error::Message(format!("{FINDER} printed no JSON: {error}.")))?;
    let exchange = |text: String| {
        let bytes = text.chars().map(|char| char as u8).collect();
        Exchange(vec![Step::Send(bytes)])
    };
    Ok(found
        .into_iter()
        .map(|(name, text)| (name, exchange(text)))
        .collect())
}

/// The folder of the unpacked packages.
fn fetch(project: &Project, python: &std::path::Path) -> Result<PathBuf> {
    let folder = project.target("conformance-corpora");
    let inputs = Inputs::new().file(&project.path(PACKAGES));
    let stamp = Stamp::new(project, "conformance-corpora", &inputs);
    if stamp.is_fresh(&[&folder]) {
        return Ok(folder);
    }
    progress::step("Fetch the corpora", || -> Result<()> {
        // What an older list left is not to be played.
        let _ = std::fs::remove_dir_all(&folder);
        project::create_dir(&folder)?;
        let mut pip = Command::new(python);
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--no-deps", "--no-binary", ":all:", "--no-build-isolation"])
        .args(["--require-hashes", "--requirement"])
        .arg(project.path(PACKAGES))
        .arg("--dest")
        .arg(&folder);
        command::run(&mut pip, venv::REMEDY)?;
        for archive in project::files_under(&folder)? {
            let mut unpack = Command::new(python);
            unpack
                .args(["-m", "tarfile", "-e"])
                .args([&archive, &folder]);
            command::run(&mut unpack, venv::REMEDY)?;
        }
        Ok(())
    })?;
    stamp.save()?;
    Ok(folder)
}
