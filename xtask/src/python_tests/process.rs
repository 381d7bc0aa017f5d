//! One run of the runner in a browser, by `cargo xtask run`, watched until it is through, dies or
//! falls silent.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout, timeout_at};

use super::event::Event;
use super::outcome::{Ending, Outcome};
use crate::error::{Error, Result};

/// The server that imports the runner, in its worker's main thread. Nothing else ends a worker that
/// is busy.
const SERVER: [&str; 4] = ["gunicorn", "-t", "0", "runner:app"];
/// Lines that are shown of a process that died.
const LAST_WORDS: usize = 60;
/// The browser ends within so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the runner once, and adds what it tells to `outcome`. `limit`: seconds that a test may
/// take. `is_verbose`: shows what tests print.
pub(super) async fn run(
    directory: &Path,
    dist: &Path,
    limit: u64,
    is_verbose: bool,
    outcome: &mut Outcome,
) -> Result<Ending> {
    let mut child = start(directory, dist)?;
    let Some(stderr) = child.stderr.take() else {
        return Err(Error::Message(
            "cargo xtask run has no standard error.".into(),
        ));
    };
    let mut lines = BufReader::new(stderr).lines();
    let mut has_begun = false;
    let mut words = VecDeque::new();
    let limit_after = |start: Instant| start + Duration::from_secs(limit);
    let mut deadline = limit_after(Instant::now());
    let mut termination = Termination::listen()?;
    loop {
        let line = tokio::select! {
            line = timeout_at(deadline, lines.next_line()) => line,
            () = termination.wait() => {
                // Or the browser would go on without us.
                end(&mut child).await;
                return Err(Error::Message("It was ended by a signal.".into()));
            }
        };
        match line {
            Err(_) => {
                end(&mut child).await;
                return Ok(Ending::Silence(limit));
            }
            Ok(Ok(Some(line))) => {
                if let Some(event) = Event::parse(&line) {
                    if event == Event::Begin && std::mem::replace(&mut has_begun, true) {
                        end(&mut child).await;
                        return Ok(Ending::Death(words.make_contiguous().join("\n")));
                    }
                    words.clear();
                    // What else tests print is no progress.
                    deadline = limit_after(Instant::now());
                    if !outcome.take(event) {
                        end(&mut child).await;
                        return Ok(Ending::Told);
                    }
                } else if !line.is_empty() {
                    if is_verbose {
                        eprintln!("{line}");
                    }
                    if words.len() == LAST_WORDS {
                        words.pop_front();
                    }
                    words.push_back(line);
                }
            }
            Ok(Ok(None) | Err(_)) => {
                let status = end(&mut child).await;
                let status = status.map_or_else(String::new, |status| status.to_string());
                let words = words.make_contiguous().join("\n");
                return Ok(Ending::Death(format!("{words}\n({status})")));
            }
        }
    }
}

fn start(directory: &Path, dist: &Path) -> Result<Child> {
    let program = std::env::current_exe().map_err(Error::io("find", "this program".as_ref()))?;
    let mut command = Command::new(&program);
    command
        .arg("run")
        .arg("--dir")
        .arg(directory)
        .arg("--site")
        .arg(dist)
        .arg("--")
        .args(SERVER)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command.spawn().map_err(Error::io("start", &program))
}

/// SIGTERM to this program. (SIGINT comes from a terminal, and goes to all that we started.)
struct Termination {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Termination {
    fn listen() -> Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .map_err(Error::io("listen to", "SIGTERM".as_ref()))?,
        })
    }

    async fn wait(&mut self) {
        #[cfg(unix)]
        self.signal.recv().await;
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    }
}

/// Ends it, with its browser, unless it has ended.
async fn end(child: &mut Child) -> Option<ExitStatus> {
    #[cfg(unix)]
    if let Some(id) = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(rustix::process::Pid::from_raw)
    {
        // The server is not up, so this ends it at once.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
    if let Ok(status) = timeout(PATIENCE, child.wait()).await {
        return status.ok();
    }
    let _ = child.kill().await;
    None
}
