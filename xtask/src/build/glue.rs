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

/// Functions of the interpreter that run Python and that Pyodide's JavaScript calls. Wherever
/// Python has called that JavaScript there are JavaScript frames on the stack then, and a thread
/// that were suspended there would leave the thread state of another behind: Python is told that it
/// cannot be.
const RUN_PYTHON: [&str; 20] = [
    "JsProxy_create",
    "PyBuffer_Release",
    "PyDict_SetItem",
    "PyErr_Print",
    "PyRun_SimpleString",
    "PySet_Add",
    "Py_DecRef",
    "_PyErr_CheckSignals",
    "_PyTraceback_Add",
    "_agen_handle_result_js_c",
    "_js2python_pyproxy",
    "_python2js",
    "create_promise_handles_result_helper",
    "pyproxy_getflags",
    "python2js",
    "python2js_custom",
    "pythonexc2js",
    "restore_sys_last_exception",
    "set_error",
    "wrap_exception",
];

const CHANGES: [Change; 7] = [
    // For `RUN_PYTHON`.
    Change {
        what: "saveState",
        before: "function saveState(){",
        after: concat!(
            "function withoutSuspending(call){return(...args)=>{const before=validSuspender.value;",
            "validSuspender.value=false;",
            "try{return call(...args)}finally{validSuspender.value=before}}}",
            "function saveState(){"
        ),
    },
    // ctypes calls C, which may call Python, from JavaScript.
    Change {
        what: "ffi_call_js",
        before: "function ffi_call_js(cif,fn,rvalue,avalue){",
        after: concat!(
            "function ffi_call_js(...args){withoutSuspending(ffiCall)(...args)}",
            "function ffiCall(cif,fn,rvalue,avalue){"
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
    let values = CHANGES.iter().map(|change| change.after).chain(RUN_PYTHON);
    let inputs = values.fold(Inputs::new(), Inputs::value);
    let stamp = Stamp::new(project, "pyodide-glue", &inputs.file(&source));
    if !stamp.is_fresh(&[&output]) {
        let text = String::from_utf8_lossy(&project::read(&source)?).into_owned();
        project::write(&output, changed(text)?)?;
        stamp.save()?;
    }
    Ok(output)
}

fn changed(glue: String) -> Result<String> {
    let glue = CHANGES.iter().try_fold(glue, |text, change| {
        replace(&text, change.what, change.before, change.after)
    })?;
    RUN_PYTHON.iter().try_fold(glue, |text, name| {
        let export = format!(r#"_{name}=Module["_{name}"]=wasmExports["{name}"]"#);
        let guarded =
            format!(r#"_{name}=Module["_{name}"]=withoutSuspending(wasmExports["{name}"])"#);
        replace(&text, name, &export, &guarded)
    })
}

fn replace(text: &str, what: &str, before: &str, after: &str) -> Result<String> {
    if text.matches(before).count() == 1 {
        return Ok(text.replacen(before, after, 1));
    }
    Err(Error::Message(format!(
        "This Pyodide defines {what} otherwise than expected: adapt xtask/src/build/glue.rs to it."
    )))
}
