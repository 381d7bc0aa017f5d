//! What the browser must offer, tested where the machine and the processes run: in a dedicated
//! worker.

use js_sys::{Reflect, global};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

#[wasm_bindgen_test]
fn the_worker_is_cross_origin_isolated() {
    assert_eq!(property(&global(), "crossOriginIsolated"), JsValue::TRUE);
    assert!(property(&global(), "SharedArrayBuffer").is_function());
}

#[wasm_bindgen_test]
fn wasm_may_suspend_on_promises() {
    let web_assembly = property(&global(), "WebAssembly");
    assert!(property(&web_assembly, "Suspending").is_function());
    assert!(property(&web_assembly, "promising").is_function());
}
