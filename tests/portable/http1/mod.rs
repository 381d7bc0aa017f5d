//! HTTP/1.1 on the wire, by what it must do (RFC 9112) and by what each server does.

mod any_bytes;
mod client;
mod encoder;
mod fields;
mod framing;
mod harness;
mod limits;
mod request_lines;
mod server;
