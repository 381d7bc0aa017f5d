//! HTTP/1.1 on the wire (RFC 9112), sans-IO: bytes in, events out, and back.
//!
//! [`server::Connection`] and [`client::Connection`] are the two ends of a connection. What a
//! server accepts is named by its [`Rules`] and [`Limits`].

mod body;
mod chunked;
pub mod client;
mod date;
mod encode;
mod error;
mod event;
mod fields;
mod framing;
mod input;
mod limits;
pub mod message;
mod presets;
mod request_line;
mod rules;
mod section;
pub mod server;
mod step;
mod text;

pub use date::http_date;
pub use encode::{
    CONTINUE, begin_chunk, encode_chunk, encode_chunk_upper, encode_head, encode_last_chunk,
};
pub use error::{RequestError, ResponseError};
pub use event::Event;
pub use limits::Limits;
pub use message::{Framing, RequestHead, ResponseHead, Version};
pub use rules::{
    BareLf, ChunkExtensions, Codings, EmptyLines, Expectations, Folding, Lengths, Methods,
    Persistence, Rules, Targets, Trailers, Underscores, Values, Versions,
};
