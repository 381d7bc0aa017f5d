//! Browsers: found and installed. Chromium: started headless, and ended.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::command;
use crate::error::{Error, Result};
use crate::progress;

/// A program that a task needs.
struct Wanted {
    /// What a user calls it.
    name: &'static str,
    /// The environment variable that holds its path.
    variable: &'static str,
    /// What it may be called on the path.
    programs: &'static [&'static str],
    /// Where it is on macOS.
    mac: Option<&'static str>,
    /// Debian's packages.
    packages: &'static [&'static str],
    /// How to get it.
    remedy: &'static str,
}

const CHROMIUM: Wanted = Wanted {
    name: "Chromium",
    variable: "CHROME",
    programs: &[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
        "chrome",
    ],
    mac: Some("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    packages: &["chromium", "chromium-driver"],
    remedy: "install Chromium 137 or newer (as root, apt-get install chromium chromium-driver), \
             or set CHROME to its path.",
};
const DRIVER: Wanted = Wanted {
    name: "chromedriver",
    variable: "CHROMEDRIVER",
    programs: &["chromedriver"],
    mac: None,
    packages: &["chromium", "chromium-driver"],
    remedy: "install the driver that belongs to your Chromium (as root, apt-get install \
             chromium-driver), or set CHROMEDRIVER to its path.",
};
const FIREFOX: Wanted = Wanted {
    name: "Firefox",
    variable: "FIREFOX",
    programs: &["firefox-esr", "firefox"],
    mac: Some("/Applications/Firefox.app/Contents/MacOS/firefox"),
    packages: &["firefox-esr"],
    remedy: "install Firefox 153 or newer (as root, apt-get install firefox-esr), \
             or set FIREFOX to its path.",
};

/// A running browser with a profile of its own. Dropping it ends the browser and removes the
/// profile.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    // Removed when this is dropped, after the browser has ended.
    _profile: TempDir,
}

impl Browser {
    /// Starts a headless browser that shows `url`, which may have a secret in it: the browser is
    /// given the name of a file that leads there, as every user of the system sees what programs
    /// are started with.
    pub fn launch(url: &str) -> Result<Self> {
        let program = find()?;
        let profile = TempDir::with_prefix("wasgi-browser-")
            .map_err(|error| Error::io("create", &std::env::temp_dir())(error))?;
        let start = profile.path().join("start.html");
        let page = format!("<script>location.replace({})</script>", json!(url));
        fs::write(&start, page).map_err(Error::io("write", &start))?;
        let start = format!("file://{}", start.display());
        let child = launch(&program, &start, &profile.path().join("profile"))?;
        Ok(Self {
            child,
            _profile: profile,
        })
    }

    /// The browser's first process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the browser has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Starts `program` headless on `url`, leading a process group of its own. `profile` should be
/// fresh.
pub fn launch(program: &Path, url: &str, profile: &Path) -> Result<Child> {
    let mut command = Command::new(program);
    command.args(flags()).arg(user_data_dir(profile)).arg(url);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
        .spawn()
        .map_err(|error| command::not_started(&command, CHROMIUM.remedy, error))
}

fn user_data_dir(profile: &Path) -> OsString {
    let mut flag = OsString::from("--user-data-dir=");
    flag.push(profile);
    flag
}

/// The flags that make Chromium quiet, headless and unthrottled.
pub fn flags() -> Vec<&'static str> {
    let mut flags = vec![
        "--headless=new",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
    ];
    if is_root() {
        // Chromium refuses to start as root with its sandbox.
        flags.push("--no-sandbox");
    }
    flags
}

/// Ends a browser that [`launch`] started, with the processes that it started.
pub fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        #[cfg(unix)]
        if let Some(group) = i32::try_from(child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        {
            // It may have ended just now.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The browser to use: `$CHROME`, or the first of the usual names on the path. Installed where it
/// is missing and we may.
pub fn find() -> Result<PathBuf> {
    CHROMIUM.find_or_install()
}

/// The browser's `WebDriver` server: `$CHROMEDRIVER`, or the one on the path. Installed where it is
/// missing and we may.
pub fn find_driver() -> Result<PathBuf> {
    DRIVER.find_or_install()
}

/// Firefox: `$FIREFOX`, or the first of the usual names on the path. Installed where it is missing
/// and we may.
pub fn find_firefox() -> Result<PathBuf> {
    FIREFOX.find_or_install()
}

impl Wanted {
    fn find_or_install(&self) -> Result<PathBuf> {
        self.find().or_else(|error| {
            self.install(error)?;
            self.find()
        })
    }

    fn find(&self) -> Result<PathBuf> {
        if let Some(path) = std::env::var_os(self.variable) {
            let path = PathBuf::from(path);
            return if path.exists() {
                Ok(path)
            } else {
                Err(Error::Message(format!(
                    "{} is {}, which does not exist.",
                    self.variable,
                    path.display()
                )))
            };
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mac = self.mac.map(PathBuf::from).filter(|path| path.exists());
        self.programs
            .iter()
            .find_map(|name| on_path(name, &path))
            .or(mac)
            .ok_or_else(|| Error::Missing {
                program: self.name.into(),
                remedy: self.remedy.into(),
            })
    }

    /// Installs Debian's packages as root; elsewhere fails with `missing`, which says what to
    /// install.
    fn install(&self, missing: Error) -> Result<()> {
        let apt = on_path("apt-get", &std::env::var_os("PATH").unwrap_or_default());
        let Some(apt) = apt.filter(|_| is_root() && matches!(missing, Error::Missing { .. }))
        else {
            return Err(missing);
        };
        progress::step(&format!("Install {}", self.name), || {
            let mut update = Command::new(&apt);
            command::run(update.arg("update"), self.remedy)?;
            let mut install = Command::new(&apt);
            install
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "-y", "--no-install-recommends"])
                .args(self.packages);
            command::run(&mut install, self.remedy).map(drop)
        })
    }
}

fn on_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_on_the_path_only() {
        assert_eq!(on_path("sh", OsStr::new("/nowhere")), None);
        assert!(on_path("sh", OsStr::new("/nowhere:/bin")).is_some());
    }
}
