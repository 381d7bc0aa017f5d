//! The site's pages and JavaScript, in `target/site/`.

use std::fs;
use std::path::{Path, PathBuf};

use super::wasm::Module;
use super::{Options, npm};
use crate::error::{Error, Result};
use crate::progress;
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};

/// What each bundle is called, and where it starts. Those that do not exist yet are left out.
const BUNDLES: &[(&str, &str)] = &[
    ("app", "www/app/main.js"),
    ("element", "www/element.js"),
    ("process", "www/process.js"),
    ("run", "www/run.js"),
    ("sw", "www/sw.js"),
    ("wasgi", "www/wasgi.js"),
    ("worker", "www/worker.js"),
];

/// Files of `www/` that are bundled, or only serve those who write the others.
const NOT_COPIED: &[&str] = &["js", "ts", "css", "json", "py", "md"];

/// Bundles the JavaScript and gathers the pages. Returns the directory that holds them.
pub fn build(project: &Project, options: &Options, module: &Module) -> Result<PathBuf> {
    let output = project.target("site");
    let sources = project::files_under(&project.path("www"))?;
    let inputs = Inputs::new()
        .value(if options.dev { "dev" } else { "minified" })
        .file(&project.path("package-lock.json"))
        .file(&project.path("xtask/js/bundle.js"))
        .file(&project.path("index.html"))
        .file(&module.glue)
        .value(&format!("{BUNDLES:?}"))
        .files(&sources);
    let stamp = Stamp::new(project, "site-js", &inputs);
    if stamp.is_fresh(&[&output]) {
        return Ok(output);
    }
    if output.exists() {
        fs::remove_dir_all(&output).map_err(Error::io("remove", &output))?;
    }
    project::create_dir(&output)?;
    copy_pages(project, &sources, &output)?;
    progress::step("Bundle the JavaScript", || {
        let mut node = npm::node(project, "bundle.js");
        node.arg(&output)
            .arg(&module.glue)
            .arg(if options.dev { "dev" } else { "minified" });
        node.args(
            BUNDLES
                .iter()
                .filter(|(_, entry)| project.path(entry).exists())
                .map(|(name, entry)| format!("{name}={entry}")),
        );
        npm::run(&mut node)
    })?;
    stamp.save()?;
    Ok(output)
}

/// Copies the pages and pictures as they are.
fn copy_pages(project: &Project, sources: &[PathBuf], output: &Path) -> Result<()> {
    let www = project.path("www");
    for source in sources {
        let Ok(relative) = source.strip_prefix(&www) else {
            continue;
        };
        let extension = source
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or_default();
        // HTML in folders is what bundles import.
        let is_fragment = extension == "html" && relative.components().count() > 1;
        if !NOT_COPIED.contains(&extension) && !is_fragment {
            super::copy(source, &output.join(relative))?;
        }
    }
    let index = project.path("index.html");
    if index.exists() {
        super::copy(&index, &output.join("index.html"))
    } else {
        Ok(())
    }
}
