//! WSGI (PEP 3333): what the app is given, and the rules for what it sends back.

pub mod environ;
pub mod error_page;
mod field;
pub mod outcome;
mod rejection;
pub mod response;
pub mod start_error;
pub mod target;
