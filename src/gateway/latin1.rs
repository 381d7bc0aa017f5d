//! Latin-1, in which header fields cross between bytes and Python's `str` (PEP 3333, "Unicode
//! Issues").

/// The text whose characters are these bytes.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes of a text; `?` for what Latin-1 does not have.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    text.chars()
        .map(|char| u8::try_from(char).unwrap_or(b'?'))
        .collect()
}
