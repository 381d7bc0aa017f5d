//! What a process's Python is told about its server and itself.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::master::MASTER_SLOT;
use crate::os::Millis;
use crate::servers::{HttpLibrary, Interface, Lifespan, Program, WorkerClass};

use super::Process;
use super::state::Base;

/// See `wasgi_runtime.configuration.Configuration`, which says what each field means.
#[derive(Debug, Serialize)]
#[allow(clippy::struct_excessive_bools)] // Independent facts.
struct Configuration<'a> {
    server: &'static str,
    interface: &'static str,
    pid: u32,
    ppid: u32,
    slot: u32,
    child: bool,
    master: bool,
    cwd: &'a str,
    directory: &'a str,
    python_path: &'a [String],
    argv: &'a [String],
    address: (&'a str, u16),
    lifespan: &'static str,
    http: HttpLibrary,
    python_responses: bool,
    worker_class: &'static str,
    multithread: bool,
    multiprocess: bool,
    threads: u32,
    max_requests: Option<u32>,
    /// In seconds, as all durations in Python.
    heartbeat: Option<f64>,
    graceful_timeout: Option<f64>,
    keep_alive: f64,
    access_log: bool,
    forwarded_allow_ips: &'a str,
    /// What only this server is set to.
    options: &'a Program,
}

#[wasm_bindgen]
impl Process {
    /// What Python needs to know: an object, which it converts at once. One that it kept would keep
    /// the process from being forked.
    ///
    /// # Errors
    /// The object cannot be made.
    #[wasm_bindgen(unchecked_return_type = "object")]
    pub fn configuration(&self) -> Result<JsValue, JsValue> {
        let object = self.shared.with(|base, _| {
            let serializer = Serializer::new().serialize_maps_as_objects(true);
            Configuration::of(base).serialize(&serializer)
        });
        Ok(object?)
    }
}

impl<'a> Configuration<'a> {
    fn of(base: &'a Base) -> Self {
        let process = &base.process;
        let launch = &process.launch;
        let sync = launch.worker_class == WorkerClass::Sync;
        Self {
            server: launch.server().name(),
            interface: match launch.interface {
                Interface::Wsgi => "wsgi",
                Interface::Asgi => "asgi",
            },
            pid: process.pid,
            ppid: process.parent,
            slot: process.slot,
            child: launch.master,
            master: launch.master_has_python() && process.slot == MASTER_SLOT,
            cwd: &base.directory,
            directory: launch.chdir.as_ref().unwrap_or(&base.directory),
            python_path: &launch.python_path,
            argv: &launch.argv,
            address: launch
                .binds
                .first()
                .map_or(("", 0), |(host, port)| (host, *port)),
            lifespan: match launch.asgi.lifespan {
                Lifespan::Auto => "auto",
                Lifespan::On => "on",
                Lifespan::Off => "off",
            },
            http: launch.asgi.http,
            python_responses: launch.python_responses,
            worker_class: launch.worker_class.name(),
            multithread: !sync || launch.threads > 1,
            multiprocess: launch.workers > 1,
            threads: launch.threads,
            max_requests: launch.max_requests,
            heartbeat: launch
                .gunicorn()
                .and_then(|gunicorn| gunicorn.timeout)
                .map(|timeout| seconds(timeout / 2.0)),
            graceful_timeout: launch.graceful_timeout.map(seconds),
            keep_alive: seconds(launch.keep_alive),
            access_log: launch.access_log,
            forwarded_allow_ips: &launch.forwarded_allow_ips,
            options: &launch.program,
        }
    }
}

fn seconds(duration: Millis) -> f64 {
    duration / 1000.0
}
