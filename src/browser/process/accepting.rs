//! The worker begins to accept.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::net::frame::{FromProcess, push};
use crate::os::Stream;
use crate::servers::{self, Level};
use crate::workers;

use super::Process;
use super::reply::Reply;

#[wasm_bindgen]
impl Process {
    /// The app is loaded, and the worker wants to accept: Accepting, `NoAddress` or Park.
    pub fn accept(&self) -> Reply {
        self.shared.with(|base, worker| {
            let process = &mut base.process;
            let Some(bound) = process.bound else {
                // A server without a master opens its listeners itself. A process that took over a
                // booted interpreter may not have heard yet of those that it inherits.
                if !process.launch.master && !std::mem::replace(&mut base.has_asked_to_bind, true) {
                    push(&mut process.frames, FromProcess::Bind, 0, b"");
                }
                return Reply::Park;
            };
            base.knows_address = true;
            if !bound {
                return Reply::NoAddress;
            }
            process.muted = false;
            worker.listen(process);
            log_address(process);
            process.send(FromProcess::Accepting, 0);
            Reply::Accepting
        })
    }
}

/// What uvicorn says once it runs, where no master has said it.
fn log_address(process: &mut workers::ProcessContext) {
    let launch = &process.launch;
    if let Some(uvicorn) = launch.uvicorn()
        && !launch.master
        && let Some((host, port)) = launch.binds.first()
    {
        let line = servers::log::uvicorn_running(host, *port, uvicorn.use_colors);
        if process.logs(Level::Info) {
            process.line(Stream::Stderr, &line);
        }
    }
}
