//! Lists of byte strings in one buffer.
//!
//! A list is the length of its text as a little-endian `u32`, then the text, in which NULs separate
//! the strings: interpreters split a text faster than any loop in them could. If a string has a NUL
//! in it, or there is no string, the list is *counted* instead: the number of strings with the
//! highest bit set, then the length of each as a `u32`, then their bytes.

/// Set in the first number of a counted list.
const COUNTED: u32 = 1 << 31;

/// Strings that are gathered, to be encoded as a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strings {
    /// The strings, a NUL behind each.
    text: Vec<u8>,
    /// Where each string ends in `text`, without its NUL.
    ends: Vec<usize>,
    /// Whether a string has a NUL in it.
    has_nul: bool,
}

impl Strings {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// None yet, with room for `bytes` in all of them and `count` strings.
    #[must_use]
    pub fn with_capacity(bytes: usize, count: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes + count),
            ends: Vec::with_capacity(count),
            has_nul: false,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Adds a string.
    pub fn push(&mut self, string: impl AsRef<[u8]>) {
        self.write(|text| text.extend_from_slice(string.as_ref()));
    }

    /// Adds a name and its value.
    pub fn push_pair(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.push(name);
        self.push(value);
    }

    /// Adds the string that `write` appends to what it is given.
    pub fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.text.len();
        write(&mut self.text);
        self.has_nul |= self.text[start..].contains(&0);
        self.ends.push(self.text.len());
        self.text.push(0);
    }

    /// The strings.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let string = self.text.get(start..end).unwrap_or_default();
            start = end + 1;
            string
        })
    }

    /// The strings, two at a time: names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        pairs(self.iter())
    }

    /// Appends the list.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        if !self.is_empty() && !self.has_nul {
            let text = &self.text[..self.text.len() - 1];
            out.reserve(4 + text.len());
            put_number(out, text.len());
            out.extend_from_slice(text);
            return;
        }
        put_number(out, self.len() | COUNTED as usize);
        for string in self.iter() {
            put_number(out, string.len());
        }
        for string in self.iter() {
            out.extend_from_slice(string);
        }
    }

    /// The list.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }
}

impl<S: AsRef<[u8]>> FromIterator<S> for Strings {
    fn from_iter<I: IntoIterator<Item = S>>(strings: I) -> Self {
        let mut gathered = Self::new();
        gathered.extend(strings);
        gathered
    }
}

impl<S: AsRef<[u8]>> Extend<S> for Strings {
    fn extend<I: IntoIterator<Item = S>>(&mut self, strings: I) {
        for string in strings {
            self.push(string);
        }
    }
}

/// The strings of a list. Of one that is cut short, none that is not whole.
pub fn read(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (first, rest) = list.split_at_checked(4).unwrap_or((&[0, 0, 0, 0x80], &[]));
    let first = number(first);
    // Either there is a text, or there are lengths.
    let counted = first & COUNTED as usize != 0;
    let text = if counted { None } else { rest.get(..first) };
    let (lengths, mut bytes) = text
        .map_or_else(
            || rest.split_at_checked((first & !(COUNTED as usize)).saturating_mul(4)),
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

/// Strings two at a time: names and values.
pub fn pairs<'a>(
    mut strings: impl Iterator<Item = &'a [u8]>,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    std::iter::from_fn(move || Some((strings.next()?, strings.next()?)))
}

fn put_number(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&(number as u32).to_le_bytes());
}

fn number(bytes: &[u8]) -> usize {
    bytes.try_into().map_or(0, u32::from_le_bytes) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(strings: &[&[u8]]) -> Vec<u8> {
        strings.iter().collect::<Strings>().encode()
    }

    #[test]
    fn strings_come_back_as_they_were_gathered() {
        let mut strings = Strings::new();
        strings.push(b"a\0b");
        strings.write(|text| text.extend_from_slice(b"piece"));
        strings.push("");
        assert_eq!(strings.len(), 3);
        assert_eq!(
            strings.iter().collect::<Vec<_>>(),
            [&b"a\0b"[..], b"piece", b""]
        );
    }

    #[test]
    fn pairs_are_names_and_values() {
        let mut strings = Strings::with_capacity(16, 4);
        strings.push_pair("host", "a");
        strings.push_pair("accept", b"*/*");
        let pairs: Vec<_> = strings.pairs().collect();
        assert_eq!(
            pairs,
            [(&b"host"[..], &b"a"[..]), (&b"accept"[..], &b"*/*"[..])]
        );
    }

    #[test]
    fn a_list_comes_back_as_it_was_encoded() {
        let list = encode(&[b"one", b"", b"three"]);
        assert_eq!(
            read(&list).collect::<Vec<_>>(),
            [&b"one"[..], b"", b"three"]
        );
        assert_eq!(list, b"\x0a\0\0\0one\0\0three");
    }

    #[test]
    fn a_list_of_strings_with_nuls_comes_back_as_it_was_encoded() {
        for strings in [
            &[&b"a\0b"[..], b"", b"\0", b"c"][..],
            &[],
            &[b"\0"],
            &[b""],
            &[b"", b""],
        ] {
            let mut buffer = b"before".to_vec();
            strings.iter().collect::<Strings>().encode_into(&mut buffer);
            buffer.extend_from_slice(if strings.is_empty() { b"" } else { b"behind" });
            assert_eq!(read(&buffer[6..]).collect::<Vec<_>>(), strings);
        }
    }

    #[test]
    fn a_list_that_is_cut_short_yields_only_what_is_whole() {
        let mut list = encode(&[b"who\0le", b"cut"]);
        list.pop();
        assert_eq!(read(&list).collect::<Vec<_>>(), [b"who\0le"]);
        let mut list = encode(&[b"whole", b"cut"]);
        list.pop();
        assert_eq!(read(&list).count(), 0);
        for cut in [
            &b"\xff\xff\xff\xff"[..],
            b"",
            b"\0\0\0",
            b"\xff\xff\xff\x7fa\0b",
        ] {
            assert_eq!(read(cut).count(), 0);
        }
    }

    #[test]
    fn a_length_beyond_the_buffer_is_not_believed() {
        assert_eq!(read(b"\x01\0\0\x80\xff\xff\xff\xffx").count(), 0);
    }
}
