//! What the Python of gunicorn's gthread and gevent workers calls: their main threads, and the
//! threads that serve connections.

use std::rc::Rc;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::RequestId;
use crate::os::Millis;
use crate::os::Signal;
use crate::servers::WorkerClass;
use crate::workers::threaded::{self as pool, Taken};

use super::reply::{Full, Reply};
use super::state::Shared;

/// A worker with a thread for each connection that is served.
#[wasm_bindgen]
pub struct ThreadedWorker {
    shared: Rc<Shared<pool::ThreadedWorker>>,
}

#[wasm_bindgen]
impl ThreadedWorker {
    /// The main thread asks for a connection for the pool: Connection, Park or Exit.
    #[wasm_bindgen(js_name = nextConnection)]
    pub fn next_connection(&self, now: Millis) -> Reply {
        let next = self.shared.with(|base, worker| {
            base.name_thread();
            worker.next(&mut base.process, now)
        });
        Full::from(next).put(&self.shared.memory)
    }

    /// A thread of the pool asks for the next request of a connection: Request, `RequestWithBody`,
    /// Done, and Park or `ParkFor` where it is to wait for the connection's key.
    #[wasm_bindgen(js_name = connectionRequest)]
    pub fn connection_request(&self, id: u32, now: Millis) -> Reply {
        let taken = self.shared.with(|base, worker| {
            base.name_thread();
            if base.process.launch.worker_class == WorkerClass::Green {
                // While it is known which of the connection's requests it was.
                base.trace_threads(worker);
            }
            let taken = worker.take(&mut base.process, id, now);
            if matches!(taken, Taken::Request { .. }) {
                base.threads.serve(Some(RequestId(id)), now);
            }
            taken
        });
        Full::taken(taken, id).put(&self.shared.memory)
    }

    /// A thread of the pool is done with a request, or has waited since. Whether it has to wait for
    /// the connection's key, for 5 seconds at most, and ask again.
    #[wasm_bindgen(js_name = endRequest)]
    pub fn end_request(&self, id: u32, now: Millis) -> bool {
        self.shared.with(|base, worker| {
            base.name_thread();
            // While it is known which of the connection's requests it was.
            base.trace_threads(worker);
            worker.end(&mut base.process, id, now)
        })
    }

    /// The pool is done with a connection, which the main thread keeps or closes. Whether it has to
    /// park and ask again.
    #[wasm_bindgen(js_name = releaseConnection)]
    pub fn release_connection(&self, id: u32, now: Millis) -> bool {
        self.shared.with(|base, worker| {
            base.name_thread();
            worker.finish(&mut base.process, id, now)
        })
    }

    /// The worker stops.
    pub fn stop(&self) {
        self.shared.with(|_, worker| worker.stop());
    }

    /// A signal that came before Python had handlers, once.
    #[wasm_bindgen(js_name = earlySignal)]
    pub fn early_signal(&self) -> Option<i32> {
        self.shared
            .with(|_, worker| worker.early().map(Signal::number))
    }
}

impl ThreadedWorker {
    pub(super) fn new(shared: &Rc<Shared<pool::ThreadedWorker>>) -> Self {
        Self {
            shared: Rc::clone(shared),
        }
    }
}
