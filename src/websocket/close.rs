//! The payload of a close frame (RFC 6455, section 5.5.1).

use super::close_code::{NO_STATUS, may_be_sent};
use super::utf8;
use super::violation::Violation;

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
        let mut payload = self.code.to_be_bytes().to_vec();
        payload.extend_from_slice(self.reason.as_bytes());
        payload
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
}
