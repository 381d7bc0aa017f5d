//! The opening handshake (RFC 6455, section 4).

mod client;
mod key;
mod server;

pub use client::{ClientError, Opened, Opening};
pub use key::accept_key;
pub use server::{
    Acceptance, Refusal, Silence, accept, accept_legacy, check_legacy, is_key, subprotocols,
};
