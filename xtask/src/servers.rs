//! A server that is compared: the real one in its virtual environment, or ours in a headless
//! browser by `xtask run`.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::browser;
use crate::command;
use crate::error::{Error, Result};
use crate::processes;
use crate::project;

/// A server that takes longer to accept does not start at all.
const START: Duration = Duration::from_mins(1);
/// All of its processes have started within so long.
const SETTLE: Duration = Duration::from_secs(8);
/// How long a server has to exit by itself.
const EXIT: Duration = Duration::from_secs(20);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// What to do when a program is not there.
const MISSING: &str =
    "delete target/fidelity-venv, so that the real servers are installed again, and try again.";
/// The file of what it prints.
const LOG: &str = "log";
/// What command lines have as their port.
pub(crate) const PORT: &str = "8000";

/// Where the servers are.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// The real ones, with their programs in this folder.
    Real(PathBuf),
    /// Ours: the program that is this one, and a site.
    Ours { xtask: PathBuf, site: PathBuf },
}

/// What came of starting a server.
pub(crate) enum Started {
    /// It accepts.
    Up(Server),
    /// It has exited before it accepted: with this code, and this last line of its log.
    Exited(i32, String),
}

/// A server that runs, ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    kind: Kind,
    child: Child,
    /// Where it accepts.
    pub(crate) address: SocketAddr,
    directory: TempDir,
}

impl Server {
    /// Starts a command line's server on a copy of the files in `apps`.
    pub(crate) fn start(kind: &Kind, line: &str, apps: &Path) -> Result<Started> {
        let directory = TempDir::with_prefix("wasgi-server-")
            .map_err(|error| Error::io("create", &std::env::temp_dir())(error))?;
        copy(apps, &directory.path().join("app"))?;
        let address = free_address()?;
        let mut command = kind.command(line, address.port(), directory.path());
        let path = directory.path().join(LOG);
        let log = File::create(&path).map_err(Error::io("create", &path))?;
        let same = log.try_clone().map_err(Error::io("open", &path))?;
        command.stdin(Stdio::null()).stdout(same).stderr(log);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command
            .spawn()
            .map_err(|error| command::not_started(&command, MISSING, error))?;
        let mut server = Self {
            kind: kind.clone(),
            child,
            address,
            directory,
        };
        let begin = Instant::now();
        while !server.accepts() {
            if let Some(code) = processes::exit_code(&mut server.child, Duration::ZERO) {
                return Ok(Started::Exited(code, server.last_line()));
            }
            if begin.elapsed() > START {
                return Err(Error::Message(format!(
                    "{} did not accept within {} s. Its last line was: {}",
                    line,
                    START.as_secs(),
                    server.last_line()
                )));
            }
            thread::sleep(LOOK);
        }
        processes::wait_until_rest(server.child.id(), SETTLE);
        Ok(Started::Up(server))
    }

    fn accepts(&self) -> bool {
        match self.kind {
            Kind::Real(_) => TcpStream::connect(self.address).is_ok(),
            Kind::Ours { .. } => self.log().contains("published "),
        }
    }

    /// The first process of the server, which gets the signals (ours passes them on).
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The folder of its app.
    pub(crate) fn app(&self) -> PathBuf {
        self.directory.path().join("app")
    }

    /// Its exit code, if it has exited.
    pub(crate) fn has_exited(&mut self) -> Option<i32> {
        processes::exit_code(&mut self.child, Duration::ZERO)
    }

    /// Its exit code, if it exits by itself.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        processes::exit_code(&mut self.child, EXIT)
    }

    /// What it has printed so far, on both of its streams.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.directory.path().join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes what it has said to a file whose path begins with this.
    pub(crate) fn keep_log(&self, path: &Path) -> Result<()> {
        let kind = match self.kind {
            Kind::Real(_) => "real",
            Kind::Ours { .. } => "ours",
        };
        project::write(&path.with_extension(kind), self.log())
    }

    /// What it said last.
    fn last_line(&self) -> String {
        let log = self.log();
        let mut lines = log.lines().rev().filter(|line| !line.trim().is_empty());
        lines.next().unwrap_or("nothing").trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Kind::Ours { .. } = self.kind {
            // Ends its browser too; the third is not passed on, but obeyed.
            for patience in [3000, 300, 5000] {
                processes::send_signal(self.child.id(), "INT");
                if processes::exit_code(&mut self.child, Duration::from_millis(patience)).is_some()
                {
                    return;
                }
            }
            for process in processes::family(self.child.id()) {
                processes::send_signal(process, "KILL");
            }
        }
        browser::end(&mut self.child);
    }
}

impl Kind {
    /// Ours with the site that was built.
    pub(crate) fn ours(site: PathBuf) -> Result<Self> {
        // Found now: later a new one may have taken its place.
        let xtask = std::env::current_exe().map_err(Error::io("find", Path::new("xtask")))?;
        Ok(Self::Ours { xtask, site })
    }

    /// The program that runs a command line on the folder `app` of `directory`, and accepts at
    /// `port`.
    fn command(&self, line: &str, port: u16, directory: &Path) -> Command {
        let app = directory.join("app");
        let mut command = match self {
            Self::Real(programs) => {
                let mut words = line.split_whitespace();
                let mut command = Command::new(programs.join(words.next().unwrap_or_default()));
                command.args(words.map(|word| word.replace(PORT, &port.to_string())));
                command
            }
            Self::Ours { xtask, site } => {
                let mut command = Command::new(xtask);
                command
                    .args(["run", "--publish", &port.to_string(), "--dir"])
                    .arg(&app);
                command
                    .arg("--site")
                    .arg(site)
                    .arg("--")
                    .args(line.split_whitespace());
                command
            }
        };
        command
            .current_dir(&app)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1");
        for name in [
            "PORT",
            "WEB_CONCURRENCY",
            "GUNICORN_CMD_ARGS",
            "PYTHONPATH",
            "BUSY_N",
        ] {
            command.env_remove(name);
        }
        command
    }
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) -> Result<()> {
    project::create_dir(to)?;
    for path in project::files_under(from)? {
        let Ok(name) = path.strip_prefix(from) else {
            continue;
        };
        if path
            .extension()
            .is_some_and(|extension| extension == "py" || extension == "ini")
        {
            project::write(&to.join(name), project::read(&path)?)?;
        }
    }
    Ok(())
}

/// An address whose port is free now.
fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Error::io("take", Path::new("a port")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn words(kind: &Kind, line: &str) -> Vec<String> {
        let command = kind.command(line, 4321, Path::new("/x"));
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn the_real_server_gets_a_free_port() {
        let real = Kind::Real("/venv/bin".into());
        let command = real.command("gunicorn -b 127.0.0.1:8000 a:app", 4321, Path::new("/x"));
        assert_eq!(command.get_program(), "/venv/bin/gunicorn");
        assert_eq!(
            words(&real, "gunicorn -b 127.0.0.1:8000 a:app"),
            ["-b", "127.0.0.1:4321", "a:app"]
        );
        assert_eq!(
            words(&real, "uvicorn --port 8000 a:app"),
            ["--port", "4321", "a:app"]
        );
    }

    #[test]
    fn ours_gets_the_command_line_as_it_is_and_a_port_to_publish() {
        let ours = Kind::Ours {
            xtask: "/xtask".into(),
            site: "/dist".into(),
        };
        let expected = "run --publish 4321 --dir /x/app --site /dist -- uvicorn --port 8000 a:app";
        assert_eq!(
            words(&ours, "uvicorn --port 8000 a:app").join(" "),
            expected
        );
    }
}
