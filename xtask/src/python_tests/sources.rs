//! Python's own tests, out of Debian's packages, which hold them unchanged.
//!
//! Debian's unstable release is where Python 3.14 is. It is read by an apt of our own (lists, cache
//! and state are under `target/`), from the mirror that this machine's apt uses, and its signature
//! is checked as always. Nothing is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::command;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp, hex};

/// The version that `tests/cpython/expected.txt` was written for. Ours is 3.14.2, which Debian no
/// longer has.
const VERSION: &str = "3.14.10-1";
/// The packages, and the SHA-256 of those of [`VERSION`]: the tests, and `test.support`.
const PACKAGES: [(&str, &str); 2] = [
    (
        "libpython3.14-testsuite",
        "137b55a9b0794801a0226a8220c7c224e9e5e3a9d1261bd62573a87a6ad8bf31",
    ),
    (
        "libpython3.14-stdlib",
        "0af595928d7a49c12fe33d5667da95dc2fa9868e1a9a00625428074d3b3d458a",
    ),
];
/// Where the packages hold the library whose folder `test` we want.
const LIBRARY: &str = "usr/lib/python3.14";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const REMEDY: &str = "run it on Debian, or name by --sources a folder that holds CPython 3.14's own folder test \
                      (Lib of its source, lib/python3.14 of an installation).";

/// The folder that holds Python's folder `test`: downloaded once.
pub(super) fn library(project: &Project) -> Result<PathBuf> {
    let directory = project.target("python-tests");
    let library = directory.join("debian").join(LIBRARY);
    let stamp = Stamp::new(
        project,
        "python-tests",
        &Inputs::new()
            .value(VERSION)
            .value(PACKAGES[0].1)
            .value(PACKAGES[1].1),
    );
    if !stamp.is_fresh(&[&library]) {
        progress::step("Download CPython's tests", || download(&directory))?;
        stamp.save()?;
    }
    Ok(library)
}

fn download(directory: &Path) -> Result<()> {
    let apt = Apt::new(directory)?;
    apt.run(&["update", "-qq"])?;
    for (package, hash) in PACKAGES {
        let archive = apt.download(package, hash)?;
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("-x").arg(&archive).arg(directory.join("debian"));
        command::run(&mut unpack, REMEDY)?;
    }
    Ok(())
}

/// An apt that knows Debian's unstable release only, and keeps everything in a folder of its own.
struct Apt {
    directory: PathBuf,
}

impl Apt {
    fn new(parent: &Path) -> Result<Self> {
        let directory = parent.join("apt");
        if directory.exists() {
            std::fs::remove_dir_all(&directory).map_err(Error::io("remove", &directory))?;
        }
        for part in ["lists/partial", "cache/archives/partial"] {
            project::create_dir(&directory.join(part))?;
        }
        project::write(&directory.join("status"), "")?;
        let source = format!("deb [signed-by={KEYRING}] {} sid main\n", mirror()?);
        project::write(&directory.join("sources.list"), source)?;
        Ok(Self { directory })
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let path = |name: &str| self.directory.join(name).display().to_string();
        let mut apt = Command::new("apt-get");
        for option in [
            format!("Dir::Etc::SourceList={}", path("sources.list")),
            "Dir::Etc::SourceParts=/dev/null".into(),
            format!("Dir::State::Lists={}", path("lists")),
            format!("Dir::State::Status={}", path("status")),
            format!("Dir::Cache={}", path("cache")),
            // The files that we want are the same on all architectures.
            "APT::Architecture=amd64".into(),
            "APT::Architectures=amd64".into(),
            // Only the list of packages, and what root downloads into our folder as root.
            "Acquire::Languages=none".into(),
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".into(),
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false".into(),
            "APT::Sandbox::User=root".into(),
        ] {
            apt.args(["-o", &option]);
        }
        apt.args(arguments).current_dir(&self.directory);
        command::run(&mut apt, REMEDY)
    }

    /// Downloads the pinned version and checks its hash. Unstable keeps no old versions: when that
    /// one is gone, the present one is taken, which Debian has signed too, and this is said.
    fn download(&self, package: &str, hash: &str) -> Result<PathBuf> {
        if self
            .run(&["download", "-qq", &format!("{package}={VERSION}")])
            .is_ok()
        {
            let archive = self.archive(package)?;
            let found = hex(&Sha256::digest(project::read(&archive)?));
            return if found == hash {
                Ok(archive)
            } else {
                Err(Error::Message(format!(
                    "{package} {VERSION} has the SHA-256 {found}, but {hash} is expected: it is not used."
                )))
            };
        }
        self.run(&["download", "-qq", package])?;
        let archive = self.archive(package)?;
        eprintln!(
            "Debian no longer has {package} {VERSION}. Instead of it {} is taken, for which tests/cpython/expected.txt was not \
             written: its tests may differ. To renew the list, set VERSION and the hashes in \
             xtask/src/python_tests/sources.rs.",
            archive.file_name().unwrap_or_default().to_string_lossy()
        );
        Ok(archive)
    }

    fn archive(&self, package: &str) -> Result<PathBuf> {
        let prefix = format!("{package}_");
        std::fs::read_dir(&self.directory)
            .map_err(Error::io("list", &self.directory))?
            .flatten()
            .find(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path())
            .ok_or_else(|| {
                Error::Message(format!("apt-get has downloaded no {package}: try again."))
            })
    }
}

/// The mirror of Debian that this machine's apt is set up for.
fn mirror() -> Result<String> {
    let mut apt = Command::new("apt-get");
    apt.args([
        "indextargets",
        "--format",
        "$(REPO_URI)",
        "Created-By: Packages",
    ]);
    let targets = command::run(&mut apt, REMEDY)?;
    match debian_of(&targets) {
        Some(address) => Ok(address.to_owned()),
        None => Err(Error::Message(format!(
            "apt is set up without an archive of Debian: {REMEDY}"
        ))),
    }
}

/// The first of these addresses that is an archive of Debian, and not of its security updates or of
/// anybody else.
fn debian_of(addresses: &str) -> Option<&str> {
    addresses
        .lines()
        .map(|address| address.trim().trim_end_matches('/'))
        .find(|address| address.ends_with("/debian"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_the_one_that_apt_is_set_up_for() {
        let addresses = "http://mirror.example/debian-security/\nhttp://mirror.example/debian/\nhttp://other.example/apt\n";
        assert_eq!(debian_of(addresses), Some("http://mirror.example/debian"));
        assert_eq!(debian_of("http://archive.example/ubuntu/\n"), None);
    }
}
