//! The two columns of a help text.

/// Adds an option and its description: the option indented by two, the description wrapped in a column of its own that
/// begins at `column` and is `width` wide; on the next line if the option is too long.
pub(super) fn row(out: &mut Vec<String>, option: &str, description: &str, column: usize, width: usize) {
    let mut line = String::from("  ");
    line.push_str(option);
    if line.len() + 2 > column {
        out.push(line);
        line = String::new();
    }
    for (index, text) in wrap(description, width).into_iter().enumerate() {
        if index > 0 {
            out.push(std::mem::take(&mut line));
        }
        line.extend(std::iter::repeat_n(' ', column - line.len()));
        line.push_str(&text);
    }
    out.push(line);
}

/// Breaks a text at white space into lines of at most `width` characters.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
