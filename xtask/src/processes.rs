//! Other processes: their families, what they compute, and their ends. Where there is no `/proc`,
//! nobody has a family.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// Readings of what a family computes are so far apart.
const PAUSE: Duration = Duration::from_millis(100);
/// So many readings in a row show rest.
const RESTING: u32 = 3;
/// A family that computes no more than this (in 1/100 s) between two readings rests.
const REST: u64 = 1;

/// A process and its descendants, as far as they are there.
pub fn family(process: u32) -> Vec<u32> {
    let mut family = vec![process];
    let mut all: Vec<(u32, u32)> = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        if let Some([parent, ..]) = numbers(id) {
            all.push((id, parent as u32));
        }
    }
    let mut known = 0;
    while known < family.len() {
        let parent = family[known];
        family.extend(
            all.iter()
                .filter(|(_, its)| *its == parent)
                .map(|(id, _)| *id),
        );
        known += 1;
    }
    family
}

/// Of `/proc/ID/stat`: the parent, and the times in user and in system mode in 1/100 s.
fn numbers(process: u32) -> Option<[u64; 3]> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may contain anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse().ok();
    Some([number(1)?, number(11)?, number(12)?])
}

/// Waits until a family rests, so that all of it has started, or until `limit` is over.
pub fn wait_until_rest(process: u32, limit: Duration) {
    if !cfg!(target_os = "linux") {
        thread::sleep(Duration::from_secs(1));
        return;
    }
    let begin = Instant::now();
    let computed = || -> u64 {
        let each = family(process).into_iter().filter_map(numbers);
        each.map(|[_, user, system]| user + system).sum()
    };
    let mut resting = 0;
    let mut last = computed();
    while resting < RESTING && begin.elapsed() < limit {
        thread::sleep(PAUSE);
        let now = computed();
        resting = if now <= last + REST { resting + 1 } else { 0 };
        last = now;
    }
}

/// Waits for a child's exit, for at most `limit`. Its exit code is then as a shell has it: 128 and
/// the signal's number where one ended it.
pub fn exit_code(child: &mut Child, limit: Duration) -> Option<i32> {
    let begin = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            #[cfg(unix)]
            if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
                return Some(128 + signal);
            }
            return status.code();
        }
        if begin.elapsed() >= limit {
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a process a signal, by its name without `SIG`. `false` if there is no such signal, or no
/// such process.
pub fn send_signal(process: u32, name: &str) -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process};

        let signal = match name {
            "HUP" => Signal::HUP,
            "INT" => Signal::INT,
            "QUIT" => Signal::QUIT,
            "KILL" => Signal::KILL,
            "USR1" => Signal::USR1,
            "USR2" => Signal::USR2,
            "TERM" => Signal::TERM,
            "TTIN" => Signal::TTIN,
            "TTOU" => Signal::TTOU,
            "WINCH" => Signal::WINCH,
            _ => return false,
        };
        let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
    }
    #[cfg(not(unix))]
    {
        let _ = (process, name);
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_family_is_a_process_and_its_descendants() {
        let mut shell = Command::new("sh");
        let mut child = shell
            .args(["-c", "sleep 60 & wait"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while family(child.id()).len() < 2 {
            assert!(begin.elapsed() < Duration::from_secs(30));
            thread::sleep(Duration::from_millis(5));
        }
        let family = family(child.id());
        assert_eq!((family[0], family.len()), (child.id(), 2));
        assert!(
            family
                .into_iter()
                .all(|process| send_signal(process, "TERM"))
        );
        assert_eq!(exit_code(&mut child, Duration::from_secs(30)), Some(143));
    }

    #[test]
    fn a_signal_without_a_name_is_none() {
        assert!(!send_signal(std::process::id(), "NONE"));
    }
}
