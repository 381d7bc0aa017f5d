//! What a process's Python is told about its server and itself.

use wasm_bindgen::prelude::wasm_bindgen;

use super::process::Process;
use crate::os::Millis;
use crate::servers::{Interface, Lifespan, Server, WorkerClass};
use crate::wire::strings::Strings;

#[wasm_bindgen]
impl Process {
    /// Puts what Python needs to know: a list of names and values.
    pub fn configuration(&mut self) {
        let launch = &self.common.launch;
        let flag = |on: bool| if on { "1" } else { "0" }.to_owned();
        let sync = launch.worker_class == WorkerClass::Sync;
        let gunicorn = launch.server == Server::Gunicorn;
        let pairs = [
            ("server", launch.server.name().to_owned()),
            ("slot", self.common.slot.to_string()),
            (
                "interface",
                if launch.interface == Interface::Wsgi {
                    "wsgi"
                } else {
                    "asgi"
                }
                .to_owned(),
            ),
            ("module", launch.target.module.clone()),
            ("attribute", launch.target.attribute.clone()),
            ("factory", flag(launch.target.factory)),
            ("target", launch.target.import_string.clone()),
            ("pid", self.common.pid.to_string()),
            ("ppid", self.common.parent.to_string()),
            ("child", flag(launch.master)),
            (
                "directory",
                launch
                    .chdir
                    .clone()
                    .unwrap_or_else(|| self.directory.clone()),
            ),
            ("argv", launch.argv.join("\0")),
            ("cwd", self.directory.clone()),
            ("master", flag(self.is_master())),
            ("python_path", launch.python_path.join("\0")),
            (
                "heartbeat",
                if gunicorn {
                    seconds(launch.timeout / 2.0)
                } else {
                    "0".to_owned()
                },
            ),
            (
                "lifespan",
                match launch.lifespan {
                    Lifespan::Auto => "auto",
                    Lifespan::On => "on",
                    Lifespan::Off => "off",
                }
                .to_owned(),
            ),
            ("python_responses", flag(launch.python_responses)),
            ("green", flag(launch.worker_class == WorkerClass::Green)),
            ("multithread", flag(!sync || launch.threads > 1)),
            ("multiprocess", flag(launch.workers > 1)),
            (
                "graceful_timeout",
                launch
                    .graceful_timeout
                    .map_or_else(|| "-1".to_owned(), seconds),
            ),
            (
                "host",
                launch
                    .binds
                    .first()
                    .map_or_else(String::new, |bind| bind.0.clone()),
            ),
            (
                "port",
                launch.binds.first().map_or(0, |bind| bind.1).to_string(),
            ),
            ("max_requests", launch.max_requests.unwrap_or(0).to_string()),
            (
                "threads",
                match launch.worker_class {
                    WorkerClass::Threaded => launch.threads.to_string(),
                    WorkerClass::Sync | WorkerClass::Async | WorkerClass::Green => String::new(),
                },
            ),
        ];
        let strings: Strings = pairs
            .iter()
            .chain(&launch.options)
            .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
            .collect();
        self.memory.put(&strings.encode());
    }
}

/// A duration in seconds, in decimals. Not by `f64`'s `Display`, whose tables and algorithms are 8
/// kB of the wasm (gzip).
fn seconds(duration: Millis) -> String {
    let millis = duration as u64;
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
