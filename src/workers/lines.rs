//! What a process prints, as lines of bounded length.

use crate::bounds::LINE_BYTES;

/// The line of a stream that has not ended yet.
#[derive(Debug, Default)]
pub(super) struct OpenLine {
    bytes: Vec<u8>,
    /// Bytes that are not kept.
    more: usize,
}

impl OpenLine {
    /// Adds bytes, and gives the lines that end with them.
    pub(super) fn add(&mut self, bytes: &[u8], mut ended: impl FnMut(&[u8])) {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            self.extend(part);
            if parts.peek().is_some() {
                self.end(&mut ended);
            }
        }
    }

    /// No more comes: what has no line end is a line too.
    pub(super) fn finish(&mut self, ended: impl FnOnce(&[u8])) {
        if !self.bytes.is_empty() {
            self.end(ended);
        }
    }

    fn extend(&mut self, part: &[u8]) {
        let room = LINE_BYTES.saturating_sub(self.bytes.len());
        let (kept, more) = part.split_at(part.len().min(room));
        self.bytes.extend_from_slice(kept);
        self.more += more.len();
    }

    fn end(&mut self, ended: impl FnOnce(&[u8])) {
        if self.more > 0 {
            self.more += cut_character(&mut self.bytes);
            let note = format!(" … ({} bytes more)", self.more);
            self.bytes.extend_from_slice(note.as_bytes());
        }
        ended(&self.bytes);
        self.bytes.clear();
        self.more = 0;
    }
}

/// Removes a character at the end of which a part is missing; how many bytes that were.
fn cut_character(bytes: &mut Vec<u8>) -> usize {
    let before = bytes.len();
    if let Err(error) = std::str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    before - bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = OpenLine::default();
        for piece in pieces {
            line.add(piece, |ended| {
                lines.push(String::from_utf8_lossy(ended).into_owned());
            });
        }
        line.finish(|ended| lines.push(String::from_utf8_lossy(ended).into_owned()));
        lines
    }

    #[test]
    fn lines_end_wherever_the_pieces_do() {
        assert_eq!(lines(&[b"a", b"b\n\nc\nd"]), ["ab", "", "c", "d"]);
        assert_eq!(lines(&[b"a\n"]), ["a"]);
    }

    #[test]
    fn of_a_line_without_end_its_beginning_is_kept_and_the_rest_counted() {
        let piece = vec![b'x'; 50_000];
        let mut pieces: Vec<&[u8]> = vec![&piece; 700];
        pieces.push(b"\nnext\n");
        let kept = "x".repeat(LINE_BYTES);
        let more = 35_000_000 - LINE_BYTES;
        assert_eq!(
            lines(&pieces),
            [format!("{kept} … ({more} bytes more)"), "next".to_owned()]
        );
    }

    #[test]
    fn no_character_is_cut_in_two() {
        let text = format!("x{}", "é".repeat(LINE_BYTES));
        let [line] = &lines(&[text.as_bytes()])[..] else {
            unreachable!("one line");
        };
        let more = text.len() - (LINE_BYTES - 1);
        assert!(line.ends_with(&format!("é … ({more} bytes more)")));
    }
}
