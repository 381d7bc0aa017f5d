//! The interpreter's JavaScript, `pyodide.asm.mjs` and `pyodide.mjs`, with our changes.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::project::{self, Project};
use crate::stamp::{Inputs, Stamp};

/// A place in Pyodide's code, and what it becomes.
#[derive(Clone, Copy)]
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

/// Those of `pyodide.asm.mjs`.
const INTERPRETER: &[Change] = &[
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
    // What Python holds of ours has no constructor (`www/worker/bare.js`): the exception that this
    // was would be thrown at each look at `_wasgi`, and cost as much as all else of a request.
    Change {
        what: "JsProxy_compute_typeflags",
        before: "safeBool(()=>obj.constructor.name)",
        after: "safeBool(()=>obj.constructor?.name)",
    },
    // The realm's regular expressions are frozen, and slow.
    Change {
        what: "normalizeReservedWords",
        before: r#"const noTrailing_=word.replace(/_*$/,"");"#,
        after: concat!(
            r#"let noTrailing_=word;"#,
            r#"while(noTrailing_.endsWith("_"))noTrailing_=noTrailing_.slice(0,-1);"#
        ),
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
    // It runs in workers alone, also once the globals that would tell so are gone.
    Change {
        what: "ENVIRONMENT_IS_WORKER",
        before: "ENVIRONMENT_IS_WORKER=!!globalThis.WorkerGlobalScope;",
        after: "ENVIRONMENT_IS_WORKER=true;",
    },
    // How large a process's memory may become: `www/worker/python.js` says.
    Change {
        what: "getHeapMax",
        before: "var getHeapMax=()=>4294901760;",
        after: "var getHeapMax=()=>Math.min(Module.mostMemory??Infinity,4294901760);",
    },
    // What libraries and ctypes may link to: `www/worker/linkable.js` says.
    Change {
        what: "__dlsym_js",
        before: "newSymIndex=Object.keys(lib.exports).indexOf(symbol);if(newSymIndex==-1||",
        after: concat!(
            "newSymIndex=Object.keys(lib.exports).indexOf(symbol);",
            "if(newSymIndex==-1||",
            "lib.exports===wasmImports&&Module.mayLink&&!Module.mayLink(symbol)||"
        ),
    },
    Change {
        what: "the imports of a library",
        before: "if(prop in wasmImports&&!wasmImports[prop].stub){",
        after: concat!(
            "if(Module.mayLink&&!Module.mayLink(prop))",
            "throw new Error(`Dynamic linking error: ${prop} is the interpreter's own`);",
            "if(prop in wasmImports&&!wasmImports[prop].stub){"
        ),
    },
    Change {
        what: "resolveGlobalSymbol",
        before: "if(isSymbolDefined(symName)){sym=wasmImports[symName]}",
        after: concat!(
            "if(isSymbolDefined(symName)&&(!Module.mayLink||Module.mayLink(symName)))",
            "{sym=wasmImports[symName]}"
        ),
    },
    Change {
        what: "GOTHandler",
        before: "var GOTHandler={get(weakImports,symName){",
        after: concat!(
            "var GOTHandler={get(weakImports,symName){if(Module.mayLink&&!Module.mayLink(symName))",
            "throw new Error(`Dynamic linking error: ${symName} is the interpreter's own`);"
        ),
    },
];

/// Those of `pyodide.mjs`: it is given what it would fetch.
const LOADER: &[Change] = &[
    Change {
        what: "instantiateWasm",
        before: "instantiateWasm:Ie(e.indexURL)",
        after: "instantiateWasm:Ie(e)",
    },
    Change {
        what: "the fetch of pyodide.asm.wasm",
        before: r#"let{binary:t,response:n}=_(e+"pyodide.asm.wasm"),i=K();"#,
        after: "let i=K();",
    },
    Change {
        what: "the instantiation of pyodide.asm.wasm",
        before: concat!(
            "n?l=await WebAssembly.instantiateStreaming(n,s):",
            "l=await WebAssembly.instantiate(await t,s);"
        ),
        after: concat!(
            "l={instance:await WebAssembly.instantiate(e.compiledModule,s),",
            "module:e.compiledModule};"
        ),
    },
    // `www/worker/python.js` puts the standard library there.
    Change {
        what: "the fetch of the standard library",
        before: "function he(e){let t=j(e);",
        after: "function he(e){let t=new Uint8Array(0);",
    },
    // Its addresses are absolute.
    Change {
        what: "browser_resolvePath",
        before: "return t===void 0&&(t=location),new URL(e,t).toString()",
        after: "return e",
    },
];

const INTERPRETER_SCRIPT: &str = "pyodide.asm.mjs";
const LOADER_SCRIPT: &str = "pyodide.mjs";

/// What brings code from an address, and what stands in its place: no code comes into a process
/// once it runs.
const IMPORT: &str = "import(";
const NO_IMPORT: &str = "Promise.reject(";

/// Makes them, and says where they are.
pub(super) fn build(project: &Project, pyodide: &Path) -> Result<Vec<PathBuf>> {
    Ok(vec![
        script(project, pyodide, INTERPRETER_SCRIPT, |text| {
            guarded(changed(text, INTERPRETER)?)
        })?,
        script(project, pyodide, LOADER_SCRIPT, |text| {
            changed(text, LOADER)
        })?,
    ])
}

fn script(
    project: &Project,
    pyodide: &Path,
    name: &str,
    change: impl FnOnce(String) -> Result<String>,
) -> Result<PathBuf> {
    let source = pyodide.join(name);
    let output = project.target("python").join(name);
    let values = [INTERPRETER, LOADER].concat();
    let values = values.iter().map(|change| change.after);
    let inputs = values
        .chain(RUN_PYTHON)
        .chain([NO_IMPORT])
        .fold(Inputs::new(), Inputs::value);
    let stamp = Stamp::new(project, &format!("glue-{name}"), &inputs.file(&source));
    if !stamp.is_fresh(&[&output]) {
        let text = String::from_utf8_lossy(&project::read(&source)?).into_owned();
        project::write(&output, without_imports(&change(text)?))?;
        stamp.save()?;
    }
    Ok(output)
}

fn changed(glue: String, changes: &[Change]) -> Result<String> {
    changes.iter().try_fold(glue, |text, change| {
        replace(&text, change.what, change.before, change.after)
    })
}

/// The interpreter's script with guards around what is in `RUN_PYTHON`.
fn guarded(glue: String) -> Result<String> {
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

/// The script with nothing that brings in code: `import(…)` becomes a rejected promise.
fn without_imports(script: &str) -> String {
    let mut text = String::with_capacity(script.len());
    for part in script.split_inclusive(IMPORT) {
        let Some(before) = part.strip_suffix(IMPORT) else {
            text.push_str(part);
            continue;
        };
        text.push_str(before);
        // `pyimport(`, `.import(` are names.
        let is_word = before.ends_with(|last: char| last.is_alphanumeric() || "_$.".contains(last));
        text.push_str(if is_word { IMPORT } else { NO_IMPORT });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::without_imports;

    #[test]
    fn a_script_imports_nothing_while_it_runs() {
        assert_eq!(
            without_imports("let a=await import(b);c.import(d);pyimport(e);[import(\"f\")]"),
            "let a=await Promise.reject(b);c.import(d);pyimport(e);[Promise.reject(\"f\")]"
        );
    }
}
