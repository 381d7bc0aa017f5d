//! What `str` has and `[u8]` has not.

/// What is before and after the first `separator`; nothing is after if there is none.
#[must_use]
pub fn cut(text: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == separator) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[]),
    }
}
