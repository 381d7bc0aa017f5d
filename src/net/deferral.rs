//! Connections that are not offered to `accept()` before their client has sent something: Linux's
//! `TCP_DEFER_ACCEPT`, which uWSGI sets on its sockets; and what uWSGI's HTTP router makes of it,
//! which bothers a worker only with a request's whole head.

use crate::os::Millis;

/// What a listener's connections wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deferral {
    /// Nothing: they are accepted once they are established.
    #[default]
    None,
    /// The first byte or the client's end, for as long as the kernel repeats its SYN-ACK: it does
    /// so after 1, 3 and 7 s for uWSGI's 4 s.
    Data,
    /// A whole head, for as long as the router keeps a connection (`--http-timeout`).
    Head,
}

/// Longest head that a router reads on its own.
const LONGEST_HEAD: usize = 65_536;

impl Deferral {
    /// How long a connection waits that gives no reason to be accepted.
    pub(super) fn limit(self) -> Millis {
        match self {
            Self::None => 0.0,
            Self::Data => 7_200.0,
            Self::Head => 60_000.0,
        }
    }

    /// Whether a connection with these bytes is ready.
    pub(super) fn is_over(self, data: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Data => !data.is_empty(),
            Self::Head => {
                data.len() > LONGEST_HEAD || data.windows(4).any(|bytes| bytes == b"\r\n\r\n")
            }
        }
    }
}
