//! What a process's Python is told about its server and itself.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::os::Millis;
use crate::servers::{Interface, Lifespan, Server, WorkerClass};

use super::Process;
use super::state::Base;

/// See `wasgi_runtime.configuration.Configuration`, which says what each field means.
#[derive(Debug, Serialize)]
#[allow(clippy::struct_excessive_bools)] // Independent facts.
struct Configuration<'a> {
    server: &'static str,
    interface: &'static str,
    module: &'a str,
    attribute: &'a str,
    factory: bool,
    target: &'a str,
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
    python_responses: bool,
    green: bool,
    multithread: bool,
    multiprocess: bool,
    threads: Option<u32>,
    max_requests: Option<u32>,
    /// In seconds, as all durations in Python.
    heartbeat: Option<f64>,
    graceful_timeout: Option<f64>,
    options: BTreeMap<&'a str, &'a str>,
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
            server: launch.server.name(),
            interface: match launch.interface {
                Interface::Wsgi => "wsgi",
                Interface::Asgi => "asgi",
            },
            module: &launch.target.module,
            attribute: &launch.target.attribute,
            factory: launch.target.factory,
            target: &launch.target.import_string,
            pid: process.pid,
            ppid: process.parent,
            slot: process.slot,
            child: launch.master,
            master: launch.interpreter && process.slot == 0,
            cwd: &base.directory,
            directory: launch.chdir.as_ref().unwrap_or(&base.directory),
            python_path: &launch.python_path,
            argv: &launch.argv,
            address: launch
                .binds
                .first()
                .map_or(("", 0), |(host, port)| (host, *port)),
            lifespan: match launch.lifespan {
                Lifespan::Auto => "auto",
                Lifespan::On => "on",
                Lifespan::Off => "off",
            },
            python_responses: launch.python_responses,
            green: launch.worker_class == WorkerClass::Green,
            multithread: !sync || launch.threads > 1,
            multiprocess: launch.workers > 1,
            threads: (launch.worker_class == WorkerClass::Threaded).then_some(launch.threads),
            max_requests: launch.max_requests,
            heartbeat: (launch.server == Server::Gunicorn && launch.timeout > 0.0)
                .then(|| seconds(launch.timeout / 2.0)),
            graceful_timeout: launch.graceful_timeout.map(seconds),
            options: launch
                .options
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect(),
        }
    }
}

fn seconds(duration: Millis) -> f64 {
    duration / 1000.0
}
