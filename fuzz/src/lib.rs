//! Fuzz targets: what is checked for each input. `fuzz_targets/` hands them to libFuzzer, and
//! `cargo xtask fuzz` runs that; `corpus/` has the inputs that it begins with.

pub mod chunked;
pub mod client_connection;
pub mod command_line;
mod files;
pub mod process_frames;
pub mod server_connection;
mod servers;
pub mod uwsgi_ini;
pub mod websocket;
pub mod websocket_deflate;
