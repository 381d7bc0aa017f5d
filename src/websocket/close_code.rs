//! Close codes (RFC 6455, section 7.4).

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
    fn codes_that_stand_for_no_frame_are_not_sent() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            assert!(!may_be_sent(code), "{code}");
        }
        for code in [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999] {
            assert!(may_be_sent(code), "{code}");
        }
    }
}
