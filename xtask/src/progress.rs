//! Progress of long steps: a line for each that takes longer than [`PATIENCE`].

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Steps shorter than this leave no line.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often a terminal's line is brought up to date.
const TICK: Duration = Duration::from_millis(500);

/// Runs `work`; if it takes long, `name` is shown on standard error, and how long it took when it is done.
pub fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let (done, waiting) = mpsc::channel::<()>();
    let result = thread::scope(|scope| {
        scope.spawn(move || {
            let mut patience = PATIENCE;
            while waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                if terminal {
                    eprint!("\r{}", line(name, "…", started.elapsed()));
                    let _ = std::io::stderr().flush();
                } else if patience == PATIENCE {
                    eprintln!("{name} …");
                }
                patience = TICK;
            }
        });
        let result = work();
        drop(done);
        result
    });
    if started.elapsed() >= PATIENCE {
        eprintln!(
            "{}{}",
            if terminal { "\r" } else { "" },
            line(name, " ", started.elapsed())
        );
    }
    result
}

fn line(name: &str, state: &str, elapsed: Duration) -> String {
    format!("{name} {state} {}", seconds(elapsed))
}

/// A duration in seconds, to a tenth, aligned for a column.
pub fn seconds(duration: Duration) -> String {
    format!("{:6.1} s", duration.as_secs_f64())
}
