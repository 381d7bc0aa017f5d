//! The machine that measures: how busy it is, and what a browser's processes take of its memory.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::browser;
use crate::command;
use crate::processes;

/// Memory is read when it no longer changes by more than this, in kB.
const STEADY: f64 = 2048.0;
/// Readings are so far apart.
const PAUSE: Duration = Duration::from_secs(1);
/// At most so many readings.
const READINGS: u32 = 30;

/// Cores, load and browser, in one line.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let version = browser::find()
        .and_then(|program| command::run(Command::new(program).arg("--version"), ""))
        .unwrap_or_else(|_| "an unknown browser".to_owned());
    let load = if load.len() == 3 {
        load.join(" ")
    } else {
        "unknown".into()
    };
    format!("{cores} cores, load average {load}, {}", version.trim())
}

/// The resident memory of a browser's largest renderer in MB, once it is steady. `None` where there
/// is no `/proc`.
pub(super) async fn renderer_megabytes(browser: u32) -> Option<f64> {
    let mut last = largest_renderer(browser)?;
    for _ in 0..READINGS {
        tokio::time::sleep(PAUSE).await;
        let now = largest_renderer(browser)?;
        if (now - last).abs() < STEADY {
            last = now;
            break;
        }
        last = now;
    }
    Some(last / 1024.0)
}

fn largest_renderer(browser: u32) -> Option<f64> {
    processes::family(browser)
        .into_iter()
        .filter(|id| {
            let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0 || *byte == b' ')
                .any(|word| word == b"--type=renderer")
        })
        .filter_map(|id| status(id, "VmRSS:"))
        .max_by(f64::total_cmp)
}

/// A number of a process's status.
fn status(id: u32, name: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
