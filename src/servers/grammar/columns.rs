//! The two columns of a help text.

/// Adds a line with an option and its description: the option indented by two, the description wrapped in a column of its
/// own that begins at `column` and is `width` wide; on the next line if the option is too long.
#[inline(never)]
pub(super) fn row(out: &mut String, option: &str, description: &str, column: usize, width: usize) {
    out.push_str("\n  ");
    out.push_str(option);
    let mut length = 2 + option.len();
    if length + 2 > column {
        out.push('\n');
        length = 0;
    }
    for word in description.split(' ') {
        if length > column && length + 1 + word.len() > column + width {
            out.push('\n');
            length = 0;
        }
        let space = if length > column { 1 } else { column - length };
        for _ in 0..space {
            out.push(' ');
        }
        out.push_str(word);
        length += space + word.len();
    }
}
