//! Timers of the browser's event loop.

use std::cell::Cell;

use futures::channel::oneshot;
use js_sys::Function;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use super::scope::scope;
use crate::os::Millis;

/// A timer that can be set again and again; then it is set for the last time alone.
#[derive(Debug)]
pub(super) struct Timer {
    expired: Closure<dyn Fn()>,
    handle: Cell<Option<i32>>,
}

impl Timer {
    /// `expired` is called by the event loop.
    pub(super) fn new(expired: impl Fn() + 'static) -> Self {
        Self {
            expired: Closure::new(expired),
            handle: Cell::new(None),
        }
    }

    pub(super) fn set(&self, delay: Millis) {
        let scope = scope();
        if let Some(handle) = self.handle.take() {
            scope.clear_timeout_with_handle(handle);
        }
        let expired: &Function = self.expired.as_ref().unchecked_ref();
        let handle = scope
            .set_timeout_with_callback_and_timeout_and_arguments_0(expired, delay.max(0.0) as i32);
        self.handle.set(handle.ok());
    }
}

/// Lets so much time go by.
pub(super) async fn sleep(delay: Millis) {
    let (wake, woken) = oneshot::channel::<()>();
    let expired = Closure::once_into_js(move || drop(wake));
    let set = scope().set_timeout_with_callback_and_timeout_and_arguments_0(
        expired.unchecked_ref(),
        delay as i32,
    );
    if set.is_ok() {
        // Nothing is sent: the end of the channel wakes.
        let _ = woken.await;
    }
}
