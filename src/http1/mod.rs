//! HTTP/1.1 on the wire (RFC 9112), sans-IO: bytes in, events out, and back.

pub mod message;
