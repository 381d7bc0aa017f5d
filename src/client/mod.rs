//! The HTTP client of the machine: what the page's `fetch` and `connect` become on the network.
//!
//! A *stream* is one fetch or one bare connection of the page. Its frames are those of
//! [`crate::net::frame`].

mod fetch;
mod head;
mod outgoing;
mod seen;
mod socket;
mod stream;
mod streams;

pub use head::FetchHead;
pub use seen::{Outcome, Seen};
pub use socket::SocketHead;
pub use stream::StreamId;
pub use streams::Client;
