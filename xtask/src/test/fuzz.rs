//! The step that lets the fuzz targets try a few thousand inputs each. `cargo xtask fuzz` tries
//! more.

use std::path::Path;

use super::Counts;
use crate::error::Result;
use crate::fuzz;
use crate::project::Project;

const RUNS: u64 = 5000;
/// Always the same inputs: a test that fails is to fail again.
const SEED: u32 = 1;
/// What a C++ compiler may be called.
const COMPILERS: [&str; 3] = ["c++", "g++", "clang++"];

pub(super) fn fuzz(project: &Project) -> Result<Counts> {
    if !has_compiler() {
        eprintln!("skipped: fuzz: libFuzzer needs a C++ compiler (on Debian, g++).");
        return Ok(Counts {
            skipped: 1,
            ..Counts::default()
        });
    }
    fuzz::check(project, RUNS, SEED)
}

fn has_compiler() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |directory: &Path| COMPILERS.iter().any(|name| directory.join(name).exists());
    std::env::var_os("CXX").is_some()
        || std::env::split_paths(&path).any(|directory| is_there(&directory))
}
