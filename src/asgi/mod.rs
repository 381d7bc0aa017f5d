//! ASGI 3.0: what the app is given, and the rules for the events that it sends.

pub mod event_error;
pub mod http;
pub mod proxy;
pub mod refusal;
pub mod scope;
pub mod status;
pub mod url;
pub mod websocket;
