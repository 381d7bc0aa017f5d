//! What a reader of a body says of the input, however the body is framed.

use std::ops::Range;

/// What comes next of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Bytes of the body, at this place of the input.
    Data(Range<usize>),
    /// The body is complete.
    End,
    /// Nothing before more is received.
    Wait,
}
