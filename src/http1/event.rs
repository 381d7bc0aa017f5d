//! What either end of a connection receives.

use std::ops::Range;

use super::input::Input;

/// What has come from the other end: of a request for a server, of a response for a client. `H` is
/// their head.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a, H> {
    /// The head. Bodies follow, if there are any, and an end.
    Head(H),
    /// Some of the body, as it stands in the connection's buffer. Never empty.
    Body(&'a [u8]),
    /// The message is complete.
    End,
    /// The other end has ended the connection between two messages.
    Closed,
}

/// [`Event`] without the borrow; or nothing until more is received.
pub(super) enum Next<H> {
    Head(H),
    Body(Range<usize>),
    End,
    Closed,
    Wait,
}

impl<H> Next<H> {
    pub(super) fn event(self, input: &Input) -> Option<Event<'_, H>> {
        match self {
            Next::Head(head) => Some(Event::Head(head)),
            Next::Body(range) => Some(Event::Body(input.slice(range))),
            Next::End => Some(Event::End),
            Next::Closed => Some(Event::Closed),
            Next::Wait => None,
        }
    }
}
