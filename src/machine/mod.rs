//! The computer: processes, the network between them, the masters that run servers, the client of
//! the page.
//!
//! Sans-IO: what happens comes in with its time, what is to be done goes out as [`Output`]s and
//! messages.

mod allowance;
mod budgets;
mod computer;
mod listeners;
mod log;
mod masters;
mod output;
mod page_window;
mod processes;
mod replicas;
mod running;
mod scale;
mod server_id;
mod starting;
mod trace;

pub use computer::Machine;
pub use masters::Answer;
pub use output::Output;
pub use running::StartCommand;
pub use server_id::{ServerId, ServerNumber};

#[cfg(test)]
mod tests;
