//! What the Python of a sync worker calls: gunicorn's, which is one core, and uWSGI's cores.

use std::rc::Rc;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::RequestId;
use crate::os::Millis;
use crate::workers::cores::Cores;
use crate::workers::sync;

use super::reply::{Full, Reply};
use super::state::{Base, Shared};

/// A worker whose threads take one request at a time each.
#[wasm_bindgen]
pub struct SyncWorker {
    shared: Rc<Shared<Cores>>,
    /// Other threads have just had the chance to run.
    has_yielded: std::cell::Cell<bool>,
}

#[wasm_bindgen]
impl SyncWorker {
    /// A core asks for its next request, and is done with the last: Request, `RequestWithBody`,
    /// Park or Exit.
    #[wasm_bindgen(js_name = nextRequest)]
    pub fn next_request(&self, core: u32, now: Millis) -> Reply {
        let next = self.shared.with(|base, cores| {
            base.name_thread();
            next(base, cores, core, now)
        });
        next.put(&self.shared.memory)
    }

    /// The same for the main thread, which may be given a request that is there already. Yield:
    /// other threads are to go first, as `accept()` lets go of the GIL where it need not wait
    /// either.
    #[wasm_bindgen(js_name = nextRequestOrYield)]
    pub fn next_request_or_yield(&self, now: Millis) -> Reply {
        let next = self.shared.with(|base, cores| {
            base.name_thread();
            cores.end_request(&mut base.process, 0, now);
            let yields = !self.has_yielded.get() && base.threads.is_wanted(now);
            self.has_yielded.set(yields);
            if yields {
                return Reply::Yield.into();
            }
            next(base, cores, 0, now)
        });
        next.put(&self.shared.memory)
    }

    /// The code that the worker leaves with.
    #[wasm_bindgen(js_name = exitCode)]
    pub fn exit_code(&self) -> i32 {
        self.shared
            .with(|_, cores| cores.core(0).map_or(0, |core| core.exit_code()))
    }
}

impl SyncWorker {
    pub(super) fn new(shared: &Rc<Shared<Cores>>) -> Self {
        Self {
            shared: Rc::clone(shared),
            has_yielded: false.into(),
        }
    }
}

fn next(base: &mut Base, cores: &mut Cores, core: u32, now: Millis) -> Full {
    let next = cores.next(&mut base.process, core, now);
    if let sync::Next::Request { id, .. } = next {
        base.threads.serve(Some(RequestId(id)), now);
    }
    Full::next(next)
}
