//! Cargo, rustup and the tools that we build with them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;
use crate::error::Result;
use crate::progress;
use crate::project::Project;
use crate::stamp::{Inputs, Stamp};

/// The target of everything that runs in the browser.
pub const WASM: &str = "wasm32-unknown-unknown";
/// How to get Cargo.
pub const REMEDY: &str = "install Rust (rustup.rs).";

/// `cargo` in the work tree.
pub fn cargo(project: &Project) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", &project.cargo_target);
    // What `cargo run` tells a program about its own package would make others' build scripts run
    // again.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a Cargo command for the wasm target.
pub fn run_for_wasm(project: &Project, command: &mut Command) -> Result<()> {
    add_wasm_target(project)?;
    command::run(command, REMEDY).map(drop)
}

/// Installs the wasm target's standard library where it is missing. The rust-toolchain file asks
/// rustup for it, but `RUSTUP_AUTO_INSTALL=0` keeps rustup from doing so.
pub fn add_wasm_target(project: &Project) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc
        .args(["--print=target-libdir", "--target", WASM])
        .current_dir(&project.root);
    let directory = command::run(&mut rustc, REMEDY)?;
    if Path::new(directory.trim()).exists() {
        return Ok(());
    }
    progress::step("Install Rust's standard library for wasm", || {
        let mut rustup = Command::new("rustup");
        rustup
            .args(["target", "add", WASM])
            .current_dir(&project.root);
        command::run(
            &mut rustup,
            "install the wasm32-unknown-unknown target of your Rust toolchain.",
        )
        .map(drop)
    })
}

/// The wasm-bindgen tools, built from the registry so that nobody has to install them.
#[derive(Debug, Clone)]
pub struct Bindgen {
    /// `wasm-bindgen`
    pub bindgen: PathBuf,
    /// `wasm-bindgen-test-runner`
    pub test_runner: PathBuf,
}

/// Builds the wasm-bindgen tools if their version has changed.
pub fn bindgen(project: &Project) -> Result<Bindgen> {
    let directory = project.cargo_target.join("debug");
    let executable = |name: &str| {
        directory
            .join(name)
            .with_extension(std::env::consts::EXE_EXTENSION)
    };
    let tools = Bindgen {
        bindgen: executable("wasm-bindgen"),
        test_runner: executable("wasm-bindgen-test-runner"),
    };
    let inputs = Inputs::new().files(
        ["Cargo.toml", "src/wasm_bindgen.rs", "src/test_runner.rs"]
            .map(|name| project.path("xtask/bindgen").join(name)),
    );
    let stamp = Stamp::new(project, "bindgen", &inputs);
    if !stamp.is_fresh(&[&tools.bindgen, &tools.test_runner]) {
        progress::step("Build wasm-bindgen (once, about two minutes)", || {
            let mut build = cargo(project);
            command::run(
                build.args(["build", "--quiet", "--locked", "--package=wasgi-bindgen"]),
                REMEDY,
            )
        })?;
        stamp.save()?;
    }
    Ok(tools)
}
