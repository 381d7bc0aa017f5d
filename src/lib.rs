//! wasgi: a Python web server in a browser tab.
//!
//! One wasm module with two roles. The *machine* (one Web Worker) is the computer: its clock, its
//! network, its process table and the servers' masters. A *process* (one Web Worker each) is one
//! operating-system process: an HTTP server in Rust in front of its own `CPython`. Every room but
//! [`browser`] is sans-IO: bytes and times come in as arguments, actions go out as values, so it
//! builds and tests natively. `docs/architecture.md` shows the house.

pub mod asgi;
pub mod bounds;
pub mod client;
pub mod event_loop;
pub mod gateway;
pub mod http1;
pub mod machine;
pub mod master;
pub mod net;
pub mod origins;
pub mod os;
pub mod servers;
pub mod trace;
pub mod websocket;
pub mod workers;
pub mod wsgi;

pub use wasgi_wire as wire;

#[cfg(target_arch = "wasm32")]
pub mod browser;

#[cfg(test)]
mod testing;
