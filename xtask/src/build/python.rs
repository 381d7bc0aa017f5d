//! `dist/python/`: the interpreter, its standard library and everything that can be imported.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{glue, interpreter, npm, pack};
use crate::command;
use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};
use crate::venv;

/// Where processes mount `site.pack`; code objects carry this path.
const SITE_PACKAGES: &str = "/lib/python3.14/site-packages";
/// The package that `src/python` becomes.
const RUNTIME: &str = "wasgi_runtime";
/// What comes first in the package file: processes start when it is there.
const FIRST: &[&str] = &["wasgi_runtime/", ".dist-info/", "gunicorn/"];
/// What the module that derives keys is called in that package.
const KDF: &str = "kdf.wasm";
/// The tag of the wheels that this Pyodide loads.
const PLATFORM: &str = "pyemscripten_2026_0_wasm32";
/// What builds wheels.
const BUILD_REQUIREMENTS: &str = "xtask/requirements-build.txt";
const PYTHON_REMEDY: &str = "install Python 3 with pip (python3 and python3-pip).";

/// Whether Python and pip are there, if they will be needed to [`build`].
pub fn check(project: &Project) -> Result<()> {
    if is_downloaded(project) {
        return Ok(());
    }
    command::run(pip(project).arg("--version"), PYTHON_REMEDY).map(drop)
}

/// Makes the files of `dist/python/`, with the wasm module `kdf` among the packages, and says where
/// they are.
pub fn build(project: &Project, kdf: &Path) -> Result<Vec<PathBuf>> {
    let pyodide = project.path("node_modules/pyodide");
    let mut files = glue::build(project, &pyodide)?;
    files.extend([
        stdlib(project)?,
        site(project, kdf)?,
        interpreter::build(project, &pyodide)?,
    ]);
    Ok(files)
}

/// The standard library with bytecode.
fn stdlib(project: &Project) -> Result<PathBuf> {
    let source = project.path("node_modules/pyodide/python_stdlib.zip");
    let output = project.target("python/stdlib.zip");
    let inputs = compiler(project, "compile_stdlib.py");
    run_python(
        project,
        "Compile the standard library",
        "compile_stdlib.py",
        &inputs,
        &output,
        &[path_text(&source), path_text(&output)],
    )?;
    Ok(output)
}

/// The wheels, `src/python` and `kdf`, in one pack. They are compiled apart: the wheels seldom
/// change.
fn site(project: &Project, kdf: &Path) -> Result<PathBuf> {
    let wheels = wheels(project)?;
    let runtime = runtime(project)?;
    let output = project.target("python/site.pack");
    let inputs = Inputs::new()
        .value(&FIRST.concat())
        .file(&wheels)
        .file(&runtime)
        .file(kdf);
    let stamp = Stamp::new(project, "site", &inputs);
    if !stamp.is_fresh(&[&output]) {
        let (wheels_bytes, runtime_bytes) = (project::read(&wheels)?, project::read(&runtime)?);
        let kdf_bytes = project::read(kdf)?;
        let mut files = read_pack(&wheels, &wheels_bytes)?;
        files.extend(read_pack(&runtime, &runtime_bytes)?);
        files.push((format!("{RUNTIME}/{KDF}"), &kdf_bytes));
        project::write(&output, pack::write(files, FIRST))?;
        stamp.save()?;
    }
    Ok(output)
}

fn read_pack<'a>(path: &Path, bytes: &'a [u8]) -> Result<pack::Files<'a>> {
    pack::read(bytes)
        .ok_or_else(|| Error::Message(format!("{} is damaged: delete it.", path.display())))
}

fn wheels(project: &Project) -> Result<PathBuf> {
    let directory = download(project)?;
    let output = project.target("python/wheels.pack");
    let wheels: Vec<_> = project::files_under(&directory)?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .collect();
    let mut arguments = vec![SITE_PACKAGES.to_owned(), path_text(&output)];
    arguments.extend(wheels.iter().map(|path| path_text(path)));
    let inputs = requirements(project, compiler(project, "compile_wheels.py"));
    run_python(
        project,
        "Compile the Python packages",
        "compile_wheels.py",
        &inputs,
        &output,
        &arguments,
    )?;
    Ok(output)
}

fn runtime(project: &Project) -> Result<PathBuf> {
    let source = project.path("src/python");
    let output = project.target("python/runtime.pack");
    let inputs = compiler(project, "compile_runtime.py").files(project::files_under(&source)?);
    run_python(
        project,
        "Compile src/python",
        "compile_runtime.py",
        &inputs,
        &output,
        &[
            SITE_PACKAGES.into(),
            RUNTIME.into(),
            path_text(&output),
            path_text(&source),
        ],
    )?;
    Ok(output)
}

/// Downloads and builds the wheels that the requirements list, all of them checked by hash.
fn download(project: &Project) -> Result<PathBuf> {
    let directory = wheels_directory(project);
    if is_downloaded(project) {
        return Ok(directory);
    }
    // What an older list wanted must not stay in the pack.
    if directory.exists() {
        std::fs::remove_dir_all(&directory).map_err(Error::io("remove", &directory))?;
    }
    project::create_dir(&directory)?;
    progress::step("Download the Python packages", || -> Result<()> {
        let mut pip = pip(project);
        pip.args([
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
        ])
        .args([
            "--ignore-requires-python",
            "--implementation=cp",
            "--python-version=3.14",
        ])
        .arg(format!("--platform={PLATFORM}"))
        .arg("--dest")
        .arg(&directory)
        .arg("--requirement")
        .arg(project.path("xtask/requirements.txt"));
        command::run(&mut pip, PYTHON_REMEDY).map(drop)
    })?;
    progress::step(
        "Build the Python packages that have no wheel",
        || -> Result<()> {
            let builder = venv::programs(
                project,
                "wheel-builder",
                "what builds wheels",
                BUILD_REQUIREMENTS,
            )?;
            let mut pip = pip_of(project, builder.join("python").as_os_str());
            // No C compiler: the packages then fall back to pure Python. The fixed time makes the
            // wheels reproducible.
            pip.env("CC", "false")
                .env("SOURCE_DATE_EPOCH", "315532800")
                .args([
                    "wheel",
                    "--quiet",
                    "--no-build-isolation",
                    "--no-deps",
                    "--require-hashes",
                    "--no-binary=:all:",
                    "--wheel-dir",
                ])
                .arg(&directory)
                .arg("--requirement")
                .arg(project.path("xtask/requirements-pure.txt"));
            command::run(&mut pip, PYTHON_REMEDY).map(drop)
        },
    )?;
    wheels_stamp(project).save()?;
    Ok(directory)
}

fn wheels_directory(project: &Project) -> PathBuf {
    project.target("wheels")
}

fn wheels_stamp(project: &Project) -> Stamp {
    Stamp::new(project, "wheels", &requirements(project, Inputs::new()))
}

fn is_downloaded(project: &Project) -> bool {
    wheels_stamp(project).is_fresh(&[&wheels_directory(project)])
}

fn pip(project: &Project) -> Command {
    pip_of(project, "python3".as_ref())
}

fn pip_of(project: &Project, python: &OsStr) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "--disable-pip-version-check"])
        .current_dir(&project.root);
    command
}

fn requirements(project: &Project, inputs: Inputs) -> Inputs {
    [
        "xtask/requirements.txt",
        "xtask/requirements-pure.txt",
        BUILD_REQUIREMENTS,
    ]
    .into_iter()
    .fold(inputs, |inputs, name| inputs.file(&project.path(name)))
}

/// What bytecode depends on besides its source: the interpreter and our scripts.
fn compiler(project: &Project, script: &str) -> Inputs {
    Inputs::new()
        .file(&project.path("node_modules/pyodide/package.json"))
        .file(&project.path("xtask/js/python.js"))
        .file(&project.path("xtask/py/bytecode.py"))
        .file(&project.path("xtask/py").join(script))
}

/// Runs a script of `xtask/py` in CPython-wasm, unless `output` is already made from `inputs`.
fn run_python(
    project: &Project,
    name: &str,
    script: &str,
    inputs: &Inputs,
    output: &Path,
    arguments: &[String],
) -> Result<()> {
    let stamp = Stamp::new(project, script, inputs);
    if stamp.is_fresh(&[output]) {
        return Ok(());
    }
    if let Some(parent) = output.parent() {
        project::create_dir(parent)?;
    }
    progress::step(name, || {
        let mut node = npm::node(project, "python.js");
        node.arg(&project.root)
            .arg(project.path("xtask/py").join(script))
            .args(arguments);
        npm::run(&mut node)
    })?;
    stamp.save()
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
