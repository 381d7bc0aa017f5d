//! The worker's globals.

use js_sys::{Reflect, global};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, Performance};

use crate::os::Millis;

/// Memory that a worker takes, in megabytes: see [`crate::machine`].
const WORKER: f64 = 64.0;

/// The worker's global scope.
pub(super) fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}

/// Whether the page is cross-origin isolated: then memory can be shared.
pub(super) fn is_isolated() -> bool {
    property(&global(), "crossOriginIsolated").is_truthy()
}

/// A property of an object; undefined where there is none.
pub(super) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The message of an error.
pub(super) fn message_of(error: &JsValue) -> String {
    let message = property(error, "message").as_string();
    message.unwrap_or_else(|| format!("{error:?}"))
}

/// The worker's clock.
#[derive(Debug)]
pub(super) struct Clock {
    performance: Performance,
    origin: Millis,
}

impl Clock {
    pub(super) fn new() -> Self {
        // Every worker has one.
        let performance: Performance = property(&global(), "performance").unchecked_into();
        Self {
            origin: performance.time_origin(),
            performance,
        }
    }

    /// When this worker began, in milliseconds since the epoch.
    pub(super) fn origin(&self) -> Millis {
        self.origin
    }

    /// Milliseconds since the epoch.
    pub(super) fn now(&self) -> Millis {
        self.origin + self.performance.now()
    }
}

/// How many workers may be asked for: half of the memory that the browser admits to, which is 8 GB
/// at most.
pub(super) fn room() -> u32 {
    let memory = property(&scope().navigator(), "deviceMemory").as_f64();
    ((memory.unwrap_or(4.0) * 1024.0 / 2.0 / WORKER) as u32).max(4)
}
