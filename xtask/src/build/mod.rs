//! `cargo xtask build`: the static site, `dist/`.

mod glue;
mod interpreter;
pub mod javascript;
pub mod manifest;
pub mod npm;
pub mod pack;
pub mod python;
pub mod wasm;

use std::path::{Path, PathBuf};
use std::thread;

use crate::error::{Error, Result};
use crate::project::{self, Project};

/// What to build.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the site goes.
    pub dist: PathBuf,
    /// Readable JavaScript with source maps, and wasm that compiles in seconds.
    pub dev: bool,
}

impl Options {
    /// The site as it is published, in `dist/`.
    pub fn new(project: &Project) -> Self {
        Self {
            dist: project.path("dist"),
            dev: false,
        }
    }
}

/// Brings the site up to date.
pub fn build(project: &Project, options: &Options) -> Result<()> {
    let _lock = project.lock()?;
    // What is missing is said at once, not after minutes of compiling.
    npm::check(project)?;
    python::check(project)?;
    let mut sources = manifest::Sources::new();
    let kdf = wasm::build_kdf(project)?;
    let profile = if options.dev {
        wasm::Profile::SiteDev
    } else {
        wasm::Profile::Release
    };
    // Cargo on one side, Node and pip on the other: they wait for different things.
    let (module, python) = thread::scope(|scope| {
        let python =
            scope.spawn(|| npm::install(project).and_then(|()| python::build(project, &kdf)));
        (wasm::build(project, profile), python.join())
    });
    let python =
        python.map_err(|_| Error::Message("Building the Python assets failed.".into()))??;
    let module = module?;
    let core = if options.dev {
        module.wasm.clone()
    } else {
        wasm::optimize(project, &module.wasm)?
    };
    let site = javascript::build(project, options, &module)?;
    manifest::add(&mut sources, "", &site)?;
    for path in python {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        sources.insert(format!("python/{name}"), path);
    }
    sources.insert("wasgi_core_bg.wasm".into(), core);
    manifest::assemble(&sources, &options.dist)
}

/// Copies a file.
fn copy(from: &Path, to: &Path) -> Result<()> {
    project::write(to, project::read(from)?)
}
