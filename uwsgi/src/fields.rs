//! Texts, one after the other: the length of each in four bytes, the least first, then its UTF-8.

/// The texts; what is not whole ends them.
pub(crate) fn read(mut bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk()
        && let Some((text, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)
    {
        texts.push(String::from_utf8_lossy(text).into_owned());
        bytes = rest;
    }
    texts
}

/// The bytes of texts.
pub(crate) fn written(texts: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_half_of_one_does_not() {
        let texts = ["a".to_owned(), String::new(), "\0ü\n".to_owned()];
        let mut bytes = written(&texts);
        assert_eq!(read(&bytes), texts);
        bytes.pop();
        assert_eq!(read(&bytes), texts[..2]);
        assert_eq!(read(b"\xff\xff\xff"), [""; 0]);
    }
}
