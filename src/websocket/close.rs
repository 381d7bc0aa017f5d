//! Close codes and the payload of a close frame (RFC 6455, sections 5.5.1 and 7.4).

use super::utf8;
use super::violation::Violation;

/// The connection has done what it was for.
pub const NORMAL: u16 = 1000;
/// The other end broke the protocol.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A close frame without a code; never on the wire.
pub const NO_STATUS: u16 = 1005;
/// The connection ended without a close frame; never on the wire.
pub const ABNORMAL: u16 = 1006;
/// Text that is not UTF-8.
pub const INVALID_DATA: u16 = 1007;
/// A message beyond the limit.
pub const TOO_BIG: u16 = 1009;
/// The server met a condition that it did not expect.
pub const INTERNAL_ERROR: u16 = 1011;
/// The server stops, and may be back soon.
pub const SERVICE_RESTART: u16 = 1012;

/// Bytes that a reason may have: a control frame's payload without the code.
pub const MAX_REASON: usize = super::frame::MAX_CONTROL - 2;

/// Why a connection closes, as a close frame says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The code; [`NO_STATUS`] where the frame had none.
    pub code: u16,
    /// The reason, empty where there is none.
    pub reason: String,
}

impl Close {
    /// A close with this code and reason.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// The payload of a frame that says this.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        if self.code == NO_STATUS {
            return Vec::new();
        }
        [&self.code.to_be_bytes()[..], self.reason.as_bytes()].concat()
    }

    /// Reads the payload of a close frame.
    ///
    /// # Errors
    /// The payload has one byte, a code that must not be sent, or a reason that is not UTF-8.
    pub fn decode(payload: &[u8]) -> Result<Self, Violation> {
        let (code, reason) = match payload {
            [] => return Ok(Self::new(NO_STATUS, "")),
            [_] => return Err(Violation::CloseTooShort),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        let reason = utf8::decode(reason).map_err(Violation::CloseReason)?;
        if !may_be_sent(code) {
            return Err(Violation::CloseCode(code));
        }
        Ok(Self::new(code, reason))
    }
}

/// Whether a close frame may have this code (RFC 6455, section 7.4, and the codes registered since
/// then).
#[must_use]
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn an_empty_payload_means_no_status() {
        assert_eq!(Close::decode(b""), Ok(Close::new(NO_STATUS, "")));
        assert!(Close::new(NO_STATUS, "").encode().is_empty());
    }

    #[test]
    fn a_code_has_two_bytes() {
        assert_eq!(Close::decode(b"\x03"), Err(Violation::CloseTooShort));
        assert_eq!(Close::decode(b"\x03\xe8"), Ok(Close::new(1000, "")));
    }

    #[test]
    fn a_reason_is_utf8() {
        let Err(Violation::CloseReason(error)) = Close::decode(b"\x03\xe8a\xff") else {
            unreachable!("the reason is not UTF-8")
        };
        assert_eq!((error.start, error.reason()), (1, "invalid start byte"));
    }

    #[test]
    fn codes_that_stand_for_no_frame_are_not_sent() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert!(!may_be_sent(code), "{code}");
        }
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999] {
            assert!(may_be_sent(code), "{code}");
        }
    }
}
