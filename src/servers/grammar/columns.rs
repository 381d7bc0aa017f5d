//! The two columns of a help text.

/// Adds an option and its description: the option indented by two, the description wrapped in a column of its own that
/// begins at `column` and is `width` wide; on the next line if the option is too long.
pub(super) fn row(out: &mut Vec<String>, option: &str, description: &str, column: usize, width: usize) {
    let mut line = String::from("  ");
    line.push_str(option);
    if line.len() + 2 > column {
        out.push(std::mem::take(&mut line));
    }
    for word in description.split(' ') {
        if line.len() > column && line.len() + 1 + word.len() > column + width {
            out.push(std::mem::take(&mut line));
        }
        if line.len() > column {
            line.push(' ');
        }
        while line.len() < column {
            line.push(' ');
        }
        line.push_str(word);
    }
    out.push(line);
}
