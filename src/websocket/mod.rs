//! WebSocket (RFC 6455) with per-message compression (RFC 7692): both ends of a connection, the
//! opening handshake, and what the libraries of the imitated servers make of them.
//!
//! Sans-IO: bytes and times come in, bytes and events go out.
//!
//! | module | what |
//! |---|---|
//! | [`handshake`] | the opening handshake of a server and of a client |
//! | [`connection`] | an open connection: messages, control frames, the closing handshake |
//! | [`frame`] | the framing of bytes |
//! | [`deflate`] | the extension `permessage-deflate` |
//! | [`keep_alive`] | pings that find out whether the other end is still there |
//! | [`rules`] | where the libraries differ |

pub mod close;
pub mod close_code;
pub mod connection;
pub mod deflate;
pub mod extension;
pub mod frame;
pub mod grammar;
pub mod handshake;
pub mod keep_alive;
pub mod rules;
pub mod settings;
pub mod utf8;
pub mod violation;

pub use close::Close;
pub use connection::{Connection, Event, Role};
pub use rules::{Library, Rules};
pub use settings::Settings;
pub use violation::Violation;
