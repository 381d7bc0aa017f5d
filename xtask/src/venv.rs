//! Virtual environments: the real servers, which ours are compared with, and tools written in
//! Python or published there.

use std::path::PathBuf;
use std::process::Command;

use crate::command;
use crate::error::Result;
use crate::progress;
use crate::project::Project;
use crate::stamp::{Inputs, Stamp};

/// How to get what makes an environment.
pub const REMEDY: &str =
    "install Python 3 with venv and pip (python3, python3-venv and python3-pip).";

/// The folder of the programs of `target/NAME`, which is made if it is not there or contains
/// something else: the packages of the file `requirements`, which names all of them with their
/// hashes, and no others. `what` is what the user sees being installed. `$PYTHON` is its
/// interpreter, or `python3`.
pub fn programs(project: &Project, name: &str, what: &str, requirements: &str) -> Result<PathBuf> {
    let directory = project.target(name);
    let programs = directory.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let interpreter = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let requirements = project.path(requirements);
    let inputs = Inputs::new()
        .value(&interpreter.to_string_lossy())
        .file(&requirements);
    let stamp = Stamp::new(project, name, &inputs);
    if stamp.is_fresh(&[&programs]) {
        return Ok(programs);
    }
    progress::step(&format!("Install {what}"), || {
        let mut venv = Command::new(&interpreter);
        command::run(venv.args(["-m", "venv", "--clear"]).arg(&directory), REMEDY)?;
        let mut pip = Command::new(programs.join("python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--no-deps", "--require-hashes", "--requirement"])
        .arg(&requirements);
        command::run(&mut pip, REMEDY)
    })?;
    stamp.save()?;
    Ok(programs)
}
