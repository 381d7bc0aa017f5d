//! Progress of long steps: a line when one begins to take long, now and then while it does, and at
//! its end.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Steps shorter than this leave no line.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often a step that goes on and on says so.
const TICK: Duration = Duration::from_secs(20);

/// Runs `work`. If it takes long, `name` is shown on standard error, and how long it took when it
/// is done. Steps may run at the same time: each line is written whole.
pub fn step<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let (done, waiting) = mpsc::channel::<()>();
    let result = thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{name} …");
                while waiting.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    eprintln!("{name} … {}", seconds(started.elapsed()).trim_start());
                }
            }
        });
        let result = work();
        drop(done);
        result
    });
    if started.elapsed() >= PATIENCE {
        eprintln!("{name}: {}", seconds(started.elapsed()).trim_start());
    }
    result
}

/// A duration in seconds, to a tenth, aligned for a column.
pub fn seconds(duration: Duration) -> String {
    format!("{:6.1} s", duration.as_secs_f64())
}
