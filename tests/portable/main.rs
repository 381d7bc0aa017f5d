//! What runs natively and in a browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod http1;
mod testing;
