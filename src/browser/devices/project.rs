//! The files of the working directory, and what the machine is told of them.

use js_sys::{Map, Uint8Array};
use wasm_bindgen::JsCast as _;

use crate::browser::machine::Machine;
use crate::browser::protocol::FileChanges;
use crate::os::Millis;

/// The working directory of every process.
pub(super) const DIRECTORY: &str = "/home/wasgi/project";

/// A file that a command line may name has this many bytes at most.
const MOST_SETTINGS: u32 = 1 << 16;

/// The working directory.
#[derive(Debug)]
pub(super) struct Project {
    files: FileChanges,
}

impl Project {
    pub(super) fn new(machine: &mut Machine) -> Self {
        machine.add_file(DIRECTORY, None);
        Self {
            files: FileChanges(Map::new()),
        }
    }

    /// All files, for a process that begins.
    pub(super) fn files(&self) -> FileChanges {
        self.files.clone()
    }

    pub(super) fn change(&self, changes: &FileChanges, machine: &mut Machine, now: Millis) {
        let FileChanges(files) = &self.files;
        changes.0.for_each(&mut |content, name| {
            let Some(path) = name.as_string() else {
                return;
            };
            let absolute = format!("{DIRECTORY}/{path}");
            match content.dyn_ref::<Uint8Array>() {
                None => {
                    files.delete(&name);
                    machine.remove_file(&absolute);
                }
                Some(content) => {
                    files.set(&name, content);
                    machine.add_file(&absolute, settings(&path, content));
                }
            }
            machine.file_changed(&absolute, now);
        });
    }
}

/// The text of a file, if it may be one that a command line names.
fn settings(path: &str, content: &Uint8Array) -> Option<String> {
    if content.length() > MOST_SETTINGS || is_python(path) {
        return None;
    }
    let text = String::from_utf8_lossy(&content.to_vec()).into_owned();
    Some(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "Python looks for .py alone"
)]
fn is_python(path: &str) -> bool {
    path.ends_with(".py")
}
