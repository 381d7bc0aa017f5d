//! How the other end broke the protocol.

use super::close_code;
use super::frame::Length;
use super::utf8::NotUtf8;

/// A breach of RFC 6455 or RFC 7692, or a message beyond the limit. The text is that of the library
/// `websockets`; [`Rules::reason`](super::Rules::reason) has the others'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// An opcode that nobody has defined.
    #[error("invalid opcode")]
    Opcode(u8),
    /// A client's frame without a mask, or a server's with one.
    #[error("incorrect masking")]
    Masking,
    /// A length in more bytes than it needs, or with its highest bit set.
    #[error("invalid length")]
    Length(Length),
    /// Reserved bits that no extension uses.
    #[error("reserved bits must be 0")]
    Reserved,
    /// A control frame with more than 125 bytes.
    #[error("control frame too long")]
    ControlTooLong,
    /// A control frame in fragments.
    #[error("fragmented control frame")]
    ControlFragmented,
    /// A new message where a fragment of the last was due; the frame's opcode.
    #[error("expected a continuation frame")]
    ExpectedContinuation(u8),
    /// A continuation of nothing.
    #[error("unexpected continuation frame")]
    UnexpectedContinuation,
    /// A close frame between the fragments of a message.
    #[error("incomplete fragmented message")]
    IncompleteMessage,
    /// A close frame with half a code.
    #[error("close frame too short")]
    CloseTooShort,
    /// A close frame with a code that must not be sent.
    #[error("invalid status code")]
    CloseCode(u16),
    /// A close frame with a reason that is not UTF-8.
    #[error("{} at position {}", .0.reason(), .0.start)]
    CloseReason(NotUtf8),
    /// Text that is not UTF-8.
    #[error("{0}")]
    Text(NotUtf8),
    /// The bit for compression in a fragment other than the first.
    #[error("RSV1 bit set in continuation frame")]
    CompressedContinuation,
    /// Compressed bytes that cannot be decompressed.
    #[error("decompression failed")]
    Decompression,
    /// A message beyond the limit.
    #[error("{}", too_big(*.size, *.read, *.limit))]
    TooBig {
        /// The bytes of the frame, where they are known.
        size: Option<u64>,
        /// The bytes of the fragments before it.
        read: Option<usize>,
        /// The most that a message may have.
        limit: usize,
    },
}

impl Violation {
    /// The code of the close frame that answers it.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Violation::TooBig { .. } => close_code::TOO_BIG,
            Violation::CloseReason(_) | Violation::Text(_) => close_code::INVALID_DATA,
            _ => close_code::PROTOCOL_ERROR,
        }
    }
}

fn too_big(size: Option<u64>, read: Option<usize>, limit: usize) -> String {
    let size = size.map_or(String::new(), |size| format!("with {size} bytes "));
    let read = read.map_or(String::new(), |read| format!("after reading {read} bytes "));
    format!("frame {size}{read}exceeds limit of {limit} bytes")
}
