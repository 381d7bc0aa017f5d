//! The wasm module and its JavaScript glue, in `target/bindgen/`, and the modules that are loaded
//! where they are needed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::npm;
use crate::cargo::{self, WASM};
use crate::command;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};

/// What the module and its glue are called.
const NAME: &str = "wasgi_core";

/// The module as the site ships it.
#[derive(Debug, Clone)]
pub struct Module {
    /// The module.
    pub wasm: PathBuf,
    /// Its glue, an ES module.
    pub glue: PathBuf,
}

/// Sizes of a file in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// As it is.
    pub raw: usize,
    /// As it travels.
    pub gzip: usize,
}

/// How the module is compiled: a profile of `Cargo.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As it is published.
    Release,
    /// In seconds, for who changes it.
    SiteDev,
}

impl Profile {
    /// Its name, which is also the directory that Cargo writes to.
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::SiteDev => "site-dev",
        }
    }
}

/// Compiles the module and writes its glue.
pub fn build(project: &Project, profile: Profile) -> Result<Module> {
    let compiled = progress::step("Compile to wasm", || compile(project, profile))?;
    let directory = project.target("bindgen");
    let module = Module {
        wasm: directory.join(format!("{NAME}_bg.wasm")),
        glue: directory.join(format!("{NAME}.js")),
    };
    let tools = cargo::bindgen(project)?;
    let inputs = Inputs::new()
        .file(&compiled)
        .file(&project.path("xtask/bindgen/Cargo.toml"));
    let stamp = Stamp::new(project, "glue", &inputs);
    if !stamp.is_fresh(&[&module.wasm, &module.glue]) {
        progress::step("Write the wasm module's glue", || {
            let mut bindgen = Command::new(&tools.bindgen);
            bindgen
                .args(["--target=web", "--out-name", NAME, "--out-dir"])
                .arg(&directory)
                .arg(&compiled);
            command::run(&mut bindgen, cargo::REMEDY)
        })?;
        stamp.save()?;
    }
    Ok(module)
}

/// What binaryen does: for speed, as the compiler before it.
const OPTIMIZATION: &str = "-O3";

/// What Rust's wasm may use of what came after the first version of WebAssembly.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Optimizes a module once more, as WebAssembly, and tells its size.
pub fn optimize(project: &Project, wasm: &Path) -> Result<PathBuf> {
    let name = wasm.file_name().unwrap_or_default();
    let label = name.to_string_lossy();
    let optimized = project.target("optimized").join(name);
    let inputs = Inputs::new()
        .value(OPTIMIZATION)
        .file(wasm)
        .file(&project.path("package-lock.json"));
    let stamp = Stamp::new(project, &format!("optimized-{label}"), &inputs);
    if !stamp.is_fresh(&[&optimized]) {
        project::create_dir(optimized.parent().unwrap_or(&optimized))?;
        progress::step(&format!("Optimize {label}"), || {
            let mut opt = npm::package(project, "binaryen/bin/wasm-opt");
            opt.args(FEATURES)
                .arg(OPTIMIZATION)
                .arg(wasm)
                .arg("-o")
                .arg(&optimized);
            npm::run(&mut opt)
        })?;
        stamp.save()?;
        let size = size(&optimized)?;
        eprintln!("{label}: {} bytes, {} gzip", size.raw, size.gzip);
    }
    Ok(optimized)
}

/// Compiles our package, and says where its module is.
fn compile(project: &Project, profile: Profile) -> Result<PathBuf> {
    let mut build = cargo::cargo(project);
    build
        .args(["rustc", "--quiet", "--locked"])
        .args(["--profile", profile.name()])
        .args(["--lib", "--target", WASM])
        // Beside an rlib, every public function would stay one of its own.
        .args(["--crate-type=cdylib", "--package=wasgi"]);
    cargo::run_for_wasm(project, &mut build)?;
    let directory = project.cargo_target.join(WASM).join(profile.name());
    Ok(directory.join("wasgi.wasm"))
}

/// Compiles the module that derives keys (`crates/kdf/`), which is without glue, and says where
/// it is.
pub fn build_kdf(project: &Project) -> Result<PathBuf> {
    progress::step("Compile key derivation to wasm", || {
        let mut build = cargo::cargo(project);
        build.args([
            "build",
            "--quiet",
            "--locked",
            "--release",
            "--package=wasgi-kdf",
            "--lib",
            "--target",
            WASM,
            // Every browser with JSPI has SIMD; scrypt takes half the time with it.
            "--config",
            "target.wasm32-unknown-unknown.rustflags=['-Ctarget-feature=+simd128']",
        ]);
        cargo::run_for_wasm(project, &mut build)
    })?;
    Ok(project
        .cargo_target
        .join(WASM)
        .join("release/wasgi_kdf.wasm"))
}

/// How large the module at `path` is.
pub fn size(path: &Path) -> Result<Size> {
    let contents = project::read(path)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = encoder.write_all(&contents).and_then(|()| encoder.finish());
    Ok(Size {
        raw: contents.len(),
        gzip: gzip.map_err(Error::io("compress", path))?.len(),
    })
}
