//! The process role. [`Process`] is what every process has: messages, threads, signals, output.
//! What only some workers have, only their types have: [`SyncWorker`], [`ThreadedWorker`],
//! [`AsyncWorker`], and [`WsgiRequests`], the requests of the two that call WSGI apps.
//!
//! A stack of Python's may be suspended below any call, and another may call meanwhile. So no
//! borrow of what the types share outlives a call: see [`state::Shared::with`].

mod accepting;
mod asgi;
mod configuration;
mod dispositions;
mod hooks;
mod log;
mod main_thread;
mod memory;
mod message;
mod messages;
mod reply;
mod signals;
mod state;
mod sync;
mod threaded;
mod threads;
mod websocket;
mod worker;
mod wsgi;

use std::rc::Rc;

use tsify::Ts;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::event_loop::EventLoop;
use crate::os::Millis;
use crate::servers::{self, Command, Surroundings, WorkerClass};
use crate::workers;
use crate::workers::cores::Cores;
use crate::workers::{r#async, threaded as pool};

pub use asgi::AsyncWorker;
pub use dispositions::Disposition;
pub use hooks::HookAnswer;
pub use log::LogLevel;
pub use main_thread::{Fork, Step};
pub use memory::Memory;
pub use reply::Reply;
pub use sync::SyncWorker;
pub use threaded::ThreadedWorker;
pub use threads::{Check, Keys, Outcome, WaitFor};
pub use websocket::SocketEvent;
pub use wsgi::{Cause, WsgiRequests};

use super::Claims;
use super::protocol::Identity;
use state::{Base, Shared};
use worker::Worker;

/// A process.
#[wasm_bindgen]
pub struct Process {
    shared: Rc<Shared<dyn Worker>>,
    class: Class,
}

/// The same as the process's `shared`, by the class of its worker.
enum Class {
    Sync(Rc<Shared<Cores>>),
    Threaded(Rc<Shared<pool::ThreadedWorker>>),
    Async(Rc<Shared<r#async::AsyncWorker>>),
}

#[wasm_bindgen]
impl Process {
    /// The process that a command line makes of one of its server's workers.
    ///
    /// `random` is between 0 and 1: what is random about the worker depends on it.
    ///
    /// # Errors
    /// The command line is none that starts a server: the machine parses it before. Or the identity
    /// is no [`Identity`].
    #[wasm_bindgen(constructor)]
    pub fn new(
        memory: Memory,
        identity: Ts<Identity>,
        now: Millis,
        random: f64,
    ) -> Result<Process, String> {
        let identity = identity.to_rust().map_err(|error| error.to_string())?;
        let surroundings = Surroundings {
            configuration: &identity.configuration,
            ..Surroundings::new(&identity.env, &identity.directory)
        };
        let Command::Serve(mut launch) = servers::parse_argv(&identity.argv, &surroundings) else {
            return Err("this command line starts no server".to_owned());
        };
        launch.jitter(random);
        let worker_class = launch.worker_class;
        let mut threads = EventLoop::new(now);
        if worker_class == WorkerClass::Green {
            threads.cooperate();
        }
        let process = workers::ProcessContext::new(*launch, identity.pid, identity.ppid);
        let base = Base::new(process, threads, identity.directory);
        Ok(match worker_class {
            WorkerClass::Sync => {
                let cores = Cores::new(&base.process);
                Self::of(Shared::new(memory, base, cores), Class::Sync)
            }
            WorkerClass::Threaded | WorkerClass::Green => {
                let worker = pool::ThreadedWorker::new();
                Self::of(Shared::new(memory, base, worker), Class::Threaded)
            }
            WorkerClass::Async => {
                let worker = r#async::AsyncWorker::new();
                Self::of(Shared::new(memory, base, worker), Class::Async)
            }
        })
    }

    /// The calls of a sync worker, if it is one.
    #[wasm_bindgen(js_name = syncWorker)]
    pub fn sync_worker(&self) -> Option<SyncWorker> {
        match &self.class {
            Class::Sync(shared) => Some(SyncWorker::new(shared)),
            _ => None,
        }
    }

    /// The calls of a worker with a thread for each connection, if it is one.
    #[wasm_bindgen(js_name = threadedWorker)]
    pub fn threaded_worker(&self) -> Option<ThreadedWorker> {
        match &self.class {
            Class::Threaded(shared) => Some(ThreadedWorker::new(shared)),
            _ => None,
        }
    }

    /// The calls of an asyncio worker, if it is one.
    #[wasm_bindgen(js_name = asyncWorker)]
    pub fn async_worker(&self) -> Option<AsyncWorker> {
        match &self.class {
            Class::Async(shared) => Some(AsyncWorker::new(shared)),
            _ => None,
        }
    }

    /// The calls about the requests of WSGI apps, if the worker has such.
    #[wasm_bindgen(js_name = wsgiRequests)]
    pub fn wsgi_requests(&self) -> Option<WsgiRequests> {
        match &self.class {
            Class::Sync(shared) => Some(WsgiRequests::new(Rc::clone(shared) as _)),
            Class::Threaded(shared) => Some(WsgiRequests::new(Rc::clone(shared) as _)),
            Class::Async(_) => None,
        }
    }

    /// What connections that are offered are claimed by, where memory can be shared.
    #[wasm_bindgen(js_name = shareClaims)]
    pub fn share_claims(&self, claims: Claims) {
        self.shared
            .with(|base, _| base.process.claims = Some(Box::new(claims)));
    }
}

impl Process {
    fn of<W: Worker + 'static>(shared: Shared<W>, class: fn(Rc<Shared<W>>) -> Class) -> Self {
        let shared = Rc::new(shared);
        Self {
            shared: Rc::clone(&shared) as _,
            class: class(shared),
        }
    }
}
