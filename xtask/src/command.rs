//! Other programs: started, waited for, and their failures explained.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::error::{Error, Result};

/// Runs a command whose output matters only if it fails; it is shown then. Returns its standard
/// output.
pub fn run(command: &mut Command, remedy: &str) -> Result<String> {
    let output = output(command, remedy)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    show(&output);
    Err(failed(command, &output))
}

/// Shows what a command printed, on standard error.
pub fn show(output: &Output) {
    let mut stderr = io::stderr().lock();
    // A closed standard error is no reason to hide the error itself.
    let _ = stderr
        .write_all(&output.stdout)
        .and_then(|()| stderr.write_all(&output.stderr));
}

/// What a command printed, as text.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs a command and returns what it printed, however it ended. `remedy` says how to get the
/// program.
pub fn output(command: &mut Command, remedy: &str) -> Result<Output> {
    command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(command, remedy, error))
}

/// Like [`output`], but ends a command that has not ended within `limit`.
pub fn output_within(command: &mut Command, remedy: &str, limit: Duration) -> Result<Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(Error::io("start", Path::new("the event loop")))?;
    let mut limited = tokio::process::Command::from(std::mem::replace(command, Command::new("")));
    limited.stdin(Stdio::null()).kill_on_drop(true);
    let result = runtime.block_on(async { tokio::time::timeout(limit, limited.output()).await });
    *command = limited.into_std();
    match result {
        Ok(output) => output.map_err(|error| not_started(command, remedy, error)),
        Err(_) => Err(Error::Message(format!(
            "{} was ended: it had not ended after {} minutes.",
            line(command),
            limit.as_secs() / 60
        ))),
    }
}

/// The error for a command that could not be started.
pub fn not_started(command: &Command, remedy: &str, error: io::Error) -> Error {
    let program = name(command.get_program());
    if error.kind() == io::ErrorKind::NotFound {
        Error::Missing {
            program,
            remedy: remedy.into(),
        }
    } else {
        Error::Io {
            action: "start",
            path: program.into(),
            source: error,
        }
    }
}

/// The error for a command that ended badly, with a hint if its output shows why.
pub fn failed(command: &Command, output: &Output) -> Error {
    Error::Failed {
        command: line(command),
        status: output.status.to_string(),
        hint: hint(&text(output)).into(),
    }
}

/// A command as one would type it, without paths and with at most a few words.
pub fn line(command: &Command) -> String {
    let mut words = vec![name(command.get_program())];
    words.extend(
        command
            .get_args()
            .take(4)
            .map(|word| word.to_string_lossy().into_owned()),
    );
    if command.get_args().len() > 4 {
        words.push("…".into());
    }
    words.join(" ")
}

fn name(program: &OsStr) -> String {
    Path::new(program)
        .file_name()
        .unwrap_or(program)
        .to_string_lossy()
        .into_owned()
}

/// What to do about the failures that newcomers meet, told by what the programs print.
fn hint(output: &str) -> &'static str {
    const NETWORK: &[&str] = &[
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ETIMEDOUT",
        "ENETUNREACH",
        "Temporary failure in name resolution",
        "Name or service not known",
        "Failed to establish a new connection",
        "Could not resolve host",
        "failed to lookup address",
        "Temporary failure resolving",
    ];
    if NETWORK.iter().any(|sign| output.contains(sign)) {
        ": the network is needed the first time, to download what the build is made from; connect and try again."
    } else if output.contains("No module named pip") {
        ": pip is missing; install python3-pip (or run python3 -m ensurepip) and try again."
    } else if output.contains("DO NOT MATCH THE HASHES") {
        ": a download is not what xtask/requirements.txt says; delete target/wheels and try again."
    } else if output.contains("No space left on device") {
        ": the disk is full."
    } else {
        "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_without_network_says_so() {
        assert!(hint("npm error code ENOTFOUND").contains("network"));
        assert!(hint("something else").len() == 1);
    }

    #[test]
    fn a_command_is_shown_without_its_directory_and_not_endlessly() {
        let mut command = Command::new("/usr/bin/node");
        command.args(["a", "b", "c", "d", "e", "f"]);
        assert_eq!(line(&command), "node a b c d …");
    }
}
