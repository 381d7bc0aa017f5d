//! The interpreter's JavaScript side, `pyodide.asm.mjs`, with our changes.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};

/// A place in Pyodide's code, and what it becomes.
struct Change {
    what: &'static str,
    before: &'static str,
    after: &'static str,
}

const CHANGES: [Change; 6] = [
    // A Python exception becomes a JavaScript error: `sys.excepthook` runs with JavaScript frames
    // on the stack, where a switch to another thread aborts the interpreter.
    Change {
        what: "pythonexc2js",
        before: r#"_pythonexc2js=Module["_pythonexc2js"]=wasmExports["pythonexc2js"]"#,
        after: concat!(
            r#"_pythonexc2js=Module["_pythonexc2js"]=()=>{const before=validSuspender.value;validSuspender.value=false;"#,
            r#"try{wasmExports["pythonexc2js"]()}finally{validSuspender.value=before}}"#
        ),
    },
    // Where a task's stack begins: `www/worker/threads.js` gives each thread one of its own.
    Change {
        what: "enterTask",
        before: "function enterTask(){",
        after: "function enterTask(){if(Module.enterStack){Module.enterStack();return}",
    },
    // Such a stack stays where it is; it is not copied out of the way of others.
    Change {
        what: "stackStates",
        before: "if(this.start!==this.stop){stackStates.push(this)}",
        after: "if(!Module.enterStack&&this.start!==this.stop){stackStates.push(this)}",
    },
    // What the interpreter asks every so many bytecodes: a call of a function instead of an element
    // of a buffer, which would have to be a getter and a setter and costs several times as much.
    Change {
        what: "_Py_CheckEmscriptenSignals_Helper",
        before: concat!(
            "function _Py_CheckEmscriptenSignals_Helper(){if(!Module.Py_EmscriptenSignalBuffer){return 0}",
            "try{let result=Module.Py_EmscriptenSignalBuffer[0];Module.Py_EmscriptenSignalBuffer[0]=0;return result}",
            "catch(e){return 0}}"
        ),
        after: "function _Py_CheckEmscriptenSignals_Helper(){return Module.lookUp?Module.lookUp():0}",
    },
    // A library's memory: in a copy of a process it lies where it lay, see
    // `www/worker/libraries.js`.
    Change {
        what: "loadWebAssemblyModule",
        before: "var memoryBase=metadata.memorySize?",
        after: "var memoryBase=Module.dylibBase?Module.dylibBase:metadata.memorySize?",
    },
    // The monotonic clock is one for all processes, as on any system: a fork goes on with times
    // that its parent has noted.
    Change {
        what: "_emscripten_get_now",
        before: "_emscripten_get_now=()=>performance.now()",
        after: concat!(
            "_emscripten_get_now=()=>performance.timeOrigin-(Module.clockOrigin??performance.timeOrigin)",
            "+performance.now()"
        ),
    },
];

/// Makes it, and says where it is.
pub(super) fn build(project: &Project, pyodide: &Path) -> Result<PathBuf> {
    let source = pyodide.join("pyodide.asm.mjs");
    let output = project.target("python/pyodide.asm.mjs");
    let inputs = CHANGES
        .iter()
        .fold(Inputs::new(), |inputs, change| inputs.value(change.after));
    let stamp = Stamp::new(project, "pyodide-glue", &inputs.file(&source));
    if !stamp.is_fresh(&[&output]) {
        let text = String::from_utf8_lossy(&project::read(&source)?).into_owned();
        project::write(&output, changed(text)?)?;
        stamp.save()?;
    }
    Ok(output)
}

fn changed(glue: String) -> Result<String> {
    CHANGES.iter().try_fold(glue, |text, change| {
        if text.matches(change.before).count() == 1 {
            return Ok(text.replacen(change.before, change.after, 1));
        }
        Err(Error::Message(format!(
            "This Pyodide defines {} otherwise than expected: adapt xtask/src/build/glue.rs to it.",
            change.what
        )))
    })
}
