//! Steps about the Python code, outside of a browser.

use super::Counts;
use super::step::count;
use crate::build::npm;
use crate::error::Result;
use crate::project::Project;

/// The tests of `src/python/`, with the site's own Python under Node.
pub(super) fn python(project: &Project) -> Result<Counts> {
    let mut node = npm::node(project, "test_python.js");
    node.arg(&project.root).arg(project.path("dist"));
    count(&mut node, Counts::from_last_line)
}
