//! How much may wait to be sent.

/// Bytes that wait to be sent beyond which `send()` waits (asyncio's high-water mark).
pub(super) const HIGH_WATER: usize = 65_536;
/// Bytes below which it goes on (asyncio's low-water mark).
pub(super) const LOW_WATER: usize = HIGH_WATER / 4;
