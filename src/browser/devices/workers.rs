//! The Web Workers of processes, and of those that are prepared.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use js_sys::Function;
use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::scope::{message_of, property};
use crate::origins::WorkerId;

/// What happens to a worker.
#[derive(Debug)]
pub(super) enum WorkerEvent {
    /// It has posted this.
    Posted(JsValue),
    /// It has thrown, or could not be created or told something: the error's message, which may be
    /// empty.
    Failed(String),
}

/// Events of workers, in the order in which they came.
pub(super) type WorkerEvents = UnboundedReceiver<(WorkerId, WorkerEvent)>;

/// A worker and its listeners.
#[derive(Debug)]
struct Running {
    worker: Worker,
    _posted: Closure<dyn Fn(MessageEvent)>,
    _failed: Closure<dyn Fn(ErrorEvent)>,
    /// What hears of its errors once it has ended.
    heard_after: Function,
}

impl Drop for Running {
    fn drop(&mut self) {
        // What it has posted may be on its way still: nobody listens any more. An error that
        // nobody heard would be the machine's own.
        self.worker.set_onmessage(None);
        self.worker.set_onerror(Some(&self.heard_after));
        self.worker.terminate();
    }
}

/// All workers. What happens to them goes into one queue, so that no listener calls into the
/// machine while it works.
#[derive(Debug)]
pub(super) struct Workers {
    /// Where the assets are.
    base: String,
    running: RefCell<BTreeMap<WorkerId, Running>>,
    events: UnboundedSender<(WorkerId, WorkerEvent)>,
    /// Keeps errors of workers that have ended from becoming the machine's.
    prevent: Closure<dyn Fn(ErrorEvent)>,
}

impl Workers {
    pub(super) fn new(base: String) -> (Self, WorkerEvents) {
        let (events, queue) = mpsc::unbounded();
        let workers = Self {
            base,
            running: RefCell::new(BTreeMap::new()),
            events,
            prevent: Closure::new(|event: ErrorEvent| event.prevent_default()),
        };
        (workers, queue)
    }

    /// Creates a worker. If that fails, [`WorkerEvent::Failed`] says why.
    pub(super) fn create(&self, id: WorkerId) {
        match new_worker(&self.base) {
            Ok(worker) => {
                let running = self.listen(id, worker);
                self.running.borrow_mut().insert(id, running);
            }
            Err(error) => self.happens(id, WorkerEvent::Failed(message_of(&error))),
        }
    }

    fn listen(&self, id: WorkerId, worker: Worker) -> Running {
        let events = self.events.clone();
        let posted = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            // Nobody hears it any more where the machine has ended.
            let _ = events.unbounded_send((id, WorkerEvent::Posted(event.data())));
        });
        let events = self.events.clone();
        let failed = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
            event.prevent_default();
            // An event that is no ErrorEvent has none: the script did not load.
            let message = property(&event, "message").as_string().unwrap_or_default();
            let _ = events.unbounded_send((id, WorkerEvent::Failed(message)));
        });
        worker.set_onmessage(Some(posted.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Running {
            worker,
            _posted: posted,
            _failed: failed,
            heard_after: self.prevent.as_ref().unchecked_ref::<Function>().clone(),
        }
    }

    /// Tells a worker something. If that fails, [`WorkerEvent::Failed`] says why.
    pub(super) fn send<T: Tsify + Serialize>(&self, id: WorkerId, message: &T) {
        let Some(worker) = self.port(id) else {
            return;
        };
        let told = match message.into_ts() {
            Ok(message) => worker
                .post_message(&message.js_value())
                .map_err(|error| message_of(&error)),
            Err(error) => Err(error.to_string()),
        };
        if let Err(reason) = told {
            self.happens(id, WorkerEvent::Failed(reason));
        }
    }

    /// Ends a worker, whatever it does.
    pub(super) fn terminate(&self, id: WorkerId) {
        // It is dropped when nothing is borrowed any more.
        let ended = self.running.borrow_mut().remove(&id);
        drop(ended);
    }

    /// Where a worker gets messages; `None`: it is no more, or could not be created.
    pub(super) fn port(&self, id: WorkerId) -> Option<Worker> {
        let running = self.running.borrow();
        running.get(&id).map(|running| running.worker.clone())
    }

    fn happens(&self, id: WorkerId, event: WorkerEvent) {
        // Nobody hears it any more where the machine has ended.
        let _ = self.events.unbounded_send((id, event));
    }
}

/// A worker as it starts, with the script that processes run, among the assets in `base`.
fn new_worker(base: &str) -> Result<Worker, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name("process");
    Worker::new_with_options(&format!("{base}process.js"), &options)
}
