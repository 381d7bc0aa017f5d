//! The machine's devices: links, workers, timers, assets, files. `docs/devices.md` shows how they
//! work together.
//!
//! Nothing here is entered twice: JavaScript calls in from its event loop alone (a message, a
//! timer, a bell, a promise), and nothing that Rust calls there calls back, but for
//! `MachineLinks.receiveNext`, during which nothing is borrowed. So every `RefCell` is borrowed for
//! less than one call from the event loop, and mostly for one line.

mod assets;
mod download;
mod image_cache;
mod links;
mod loading;
mod machine_worker;
mod process;
mod project;
mod scope;
mod spawning;
mod timer;
mod turns;
mod workers;

pub use links::MachineLinks;
pub use machine_worker::MachineWorker;
