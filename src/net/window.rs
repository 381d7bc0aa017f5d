//! How much may be on its way.

/// Bytes that may be on their way in each direction of a connection before the receiver has
/// consumed any: the two socket buffers of a loopback connection in one. A sender beyond it waits.
pub const WINDOW: u32 = 256 * 1024;
