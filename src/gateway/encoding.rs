//! Byte strings on their way between Rust and Python: in one buffer, each behind its length.
//!
//! A *string* is a little-endian `u32` length and so many bytes. Lengths come first rather than
//! separators because any byte may stand in a header value.

/// Where a string is being written whose length is known only at its end.
#[derive(Debug, Clone, Copy)]
#[must_use = "an open string has no length yet"]
pub struct Open(usize);

/// Appends a string.
pub fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a number, as its own four bytes.
pub fn put_u32(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

/// Begins a string that is then appended piece by piece, to be ended with [`close`].
pub fn open(out: &mut Vec<u8>) -> Open {
    put_u32(out, 0);
    Open(out.len())
}

/// Ends the string begun with [`open`]: everything appended since is its content.
pub fn close(out: &mut [u8], open: Open) {
    let length = out.len() - open.0;
    set_u32(out, open.0 - 4, length);
}

/// Overwrites the number at `at`, which [`put_u32`] has put there.
pub fn set_u32(out: &mut [u8], at: usize, number: usize) {
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&(number as u32).to_le_bytes());
    }
}

/// Reads strings one after another. It stops at the first that is cut short.
#[derive(Debug, Clone)]
pub struct Strings<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Strings<'a> {
    /// The strings of a buffer that begins with their number.
    #[must_use]
    pub fn counted(buffer: &'a [u8]) -> Self {
        match buffer.split_first_chunk() {
            Some((count, rest)) => Self {
                rest,
                left: u32::from_le_bytes(*count) as usize,
            },
            None => Self { rest: &[], left: 0 },
        }
    }

    /// The strings of a buffer that begins with the number of its pairs.
    #[must_use]
    pub fn counted_pairs(buffer: &'a [u8]) -> Self {
        let strings = Self::counted(buffer);
        Self {
            left: strings.left * 2,
            ..strings
        }
    }

    /// How many strings the buffer still promises. Not zero after the iteration: the buffer was cut
    /// short.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }

    /// Two strings at a time: name and value.
    pub fn pairs(mut self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        std::iter::from_fn(move || Some((self.next()?, self.next()?)))
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.left == 0 {
            return None;
        }
        let (length, rest) = self.rest.split_first_chunk()?;
        let (string, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.rest = rest;
        self.left -= 1;
        Some(string)
    }
}

/// Set in the first number of a run whose strings are told apart by their lengths.
const COUNTED: u32 = 1 << 31;

/// Appends strings as a *run*, the form in which they cross to Python and to the page: the length
/// of their text, then the text, in which NULs separate them, as interpreters split a text faster
/// than any loop in them could. If one has a NUL in it, or there is none: their number and
/// [`COUNTED`], then the lengths of all of them, then their bytes.
pub fn put_run<'a>(out: &mut Vec<u8>, strings: impl Iterator<Item = &'a [u8]>) {
    let mut lengths = Vec::new();
    let mut text = Vec::with_capacity(512);
    let mut has_nul = false;
    for string in strings {
        has_nul |= string.contains(&0);
        put_u32(&mut lengths, string.len());
        text.extend_from_slice(string);
        text.push(0);
    }
    let count = lengths.len() / 4;
    if count > 0 && !has_nul {
        text.pop();
        put_u32(out, text.len());
        out.append(&mut text);
        return;
    }
    put_u32(out, count | COUNTED as usize);
    out.extend_from_slice(&lengths);
    let mut rest = &text[..];
    for length in lengths.chunks_exact(4) {
        let (string, after) = rest.split_at_checked(number(length)).unwrap_or_default();
        out.extend_from_slice(string);
        rest = after.get(1..).unwrap_or_default();
    }
}

/// A number of four bytes.
fn number(bytes: &[u8]) -> usize {
    bytes.try_into().map_or(0, u32::from_le_bytes) as usize
}

/// The strings of a run. Of one that is cut short, none that is not whole.
pub fn run(buffer: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (first, rest) = buffer
        .split_at_checked(4)
        .unwrap_or((&[0, 0, 0, 0x80], &[]));
    let first = number(first);
    // Either there is a text, or there are lengths.
    let counted = first & COUNTED as usize != 0;
    let text = if counted { None } else { rest.get(..first) };
    let (lengths, mut bytes) = text
        .map_or_else(
            || rest.split_at_checked((first & !(COUNTED as usize)) * 4),
            |_| None,
        )
        .unwrap_or_default();
    let separated = text
        .into_iter()
        .flat_map(|text| text.split(|&byte| byte == 0));
    separated.chain(lengths.chunks_exact(4).map_while(move |length| {
        let (string, rest) = bytes.split_at_checked(number(length))?;
        bytes = rest;
        Some(string)
    }))
}

/// A run as strings behind a count, for [`Strings::counted`].
#[must_use]
pub fn counted_from_run(buffer: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(buffer.len());
    put_u32(&mut out, 0);
    let mut count = 0;
    for string in run(buffer) {
        put(&mut out, string);
        count += 1;
    }
    set_u32(&mut out, 0, count);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_they_were_put() {
        let mut buffer = Vec::new();
        put_u32(&mut buffer, 3);
        put(&mut buffer, b"a\0b");
        let string = open(&mut buffer);
        buffer.extend_from_slice(b"piece");
        buffer.extend_from_slice(b"1020");
        close(&mut buffer, string);
        put(&mut buffer, b"");
        let strings: Vec<_> = Strings::counted(&buffer).collect();
        assert_eq!(strings, [&b"a\0b"[..], b"piece1020", b""]);
    }

    #[test]
    fn a_buffer_that_is_cut_short_yields_only_what_is_whole() {
        let mut buffer = Vec::new();
        put_u32(&mut buffer, 2);
        put(&mut buffer, b"whole");
        put(&mut buffer, b"cut");
        buffer.pop();
        let mut strings = Strings::counted(&buffer);
        assert_eq!(strings.by_ref().collect::<Vec<_>>(), [b"whole"]);
        assert_eq!(strings.left(), 1);
        assert_eq!(Strings::counted(b"\x01\x00").count(), 0);
    }

    #[test]
    fn a_length_beyond_the_buffer_is_not_believed() {
        assert_eq!(Strings::counted(b"\x01\0\0\0\xff\xff\xff\xffx").count(), 0);
    }

    #[test]
    fn a_run_comes_back_as_it_was_put() {
        let mut buffer = Vec::new();
        put_run(&mut buffer, [&b"one"[..], b"", b"three"].into_iter());
        assert_eq!(
            run(&buffer).collect::<Vec<_>>(),
            [&b"one"[..], b"", b"three"]
        );
        assert_eq!(buffer, b"\x0a\0\0\0one\0\0three");
        let counted = counted_from_run(&buffer);
        assert_eq!(Strings::counted(&counted).count(), 3);
    }

    #[test]
    fn a_run_of_strings_with_nuls_comes_back_as_it_was_put() {
        for strings in [
            &[&b"a\0b"[..], b"", b"\0", b"c"][..],
            &[],
            &[b"\0"],
            &[b""],
            &[b"", b""],
        ] {
            let mut buffer = b"before".to_vec();
            put_run(&mut buffer, strings.iter().copied());
            buffer.extend_from_slice(if strings.is_empty() { b"" } else { b"behind" });
            assert_eq!(run(&buffer[6..]).collect::<Vec<_>>(), strings);
        }
    }

    #[test]
    fn a_run_that_is_cut_short_yields_only_what_is_whole() {
        let mut buffer = Vec::new();
        put_run(&mut buffer, [&b"who\0le"[..], b"cut"].into_iter());
        buffer.pop();
        assert_eq!(run(&buffer).collect::<Vec<_>>(), [b"who\0le"]);
        let mut buffer = Vec::new();
        put_run(&mut buffer, [&b"whole"[..], b"cut"].into_iter());
        buffer.pop();
        assert_eq!(run(&buffer).count(), 0);
        for cut in [
            &b"\xff\xff\xff\xff"[..],
            b"",
            b"\0\0\0",
            b"\xff\xff\xff\x7fa\0b",
        ] {
            assert_eq!(run(cut).count(), 0);
        }
    }
}
