//! What a shell does with a line before a program sees it: variables, quotes, words. One plain
//! command runs here, so what else a shell has (pipes, lists, redirections) is refused.

use super::call::Environment;

/// Exit code of a shell for a line that it cannot read.
const SYNTAX: i32 = 2;

/// Why a line has no words: what is printed, and the exit code.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unreadable {
    /// For standard error.
    pub text: String,
    /// The exit code.
    pub code: i32,
}

/// The words of a line, with its variables replaced.
///
/// # Errors
/// A quote is not closed, or the line needs more than a plain command.
pub(super) fn words(line: &str, env: &Environment) -> Result<Vec<String>, Unreadable> {
    let line = line.trim();
    let expanded = expand(line, env)?;
    shlex::split(&expanded).ok_or_else(|| {
        unreadable("wasgi: The line ends in a backslash: take it away or continue the line.")
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Quoting {
    None,
    Single,
    Double,
}

/// Replaces variables as bash does, and looks for what `shlex` would take for a part of a word.
fn expand(line: &str, env: &Environment) -> Result<String, Unreadable> {
    let mut out = String::with_capacity(line.len());
    let mut quoting = Quoting::None;
    let mut word_begins = true;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (quoting, c) {
            (Quoting::None, '#') if word_begins => break,
            (Quoting::None, '\'') => quoting = Quoting::Single,
            (Quoting::None, '"') => quoting = Quoting::Double,
            (Quoting::Single, '\'') | (Quoting::Double, '"') => quoting = Quoting::None,
            (Quoting::None, '(' | ')') => {
                return Err(unreadable(format!(
                    "bash: -c: line 1: syntax error near unexpected token `{c}'\nbash: -c: line 1: `{line}'"
                )));
            }
            (Quoting::None, '|' | '&' | ';' | '<' | '>' | '\n') => {
                let what = if c == '\n' {
                    "a second line".to_owned()
                } else {
                    format!("the sign {c}")
                };
                return Err(unreadable(format!(
                    "wasgi: One plain command runs here, so {what} is not available. Put it in quotes if it belongs to a word."
                )));
            }
            (Quoting::None | Quoting::Double, '\\') => {
                // A backslash at the end of a line joins it with the next.
                let escaped = rest.next();
                if escaped != Some('\n') {
                    out.push(c);
                    out.extend(escaped);
                    word_begins = false;
                }
                continue;
            }
            (Quoting::None | Quoting::Double, '`') => return Err(substitution()),
            (Quoting::None | Quoting::Double, '$') => {
                let after = rest.as_str();
                if quoting == Quoting::None && after.starts_with(['\'', '"']) {
                    return Err(unreadable(
                        "wasgi: Quotes with a dollar sign before them are not available: use plain ones.",
                    ));
                }
                let (name, length) = variable(after)?;
                if length > 0 {
                    insert(&mut out, env.get(name).unwrap_or(""), quoting);
                    rest = after.get(length..).unwrap_or("").chars();
                    word_begins = false;
                    continue;
                }
            }
            _ => {}
        }
        out.push(c);
        word_begins = quoting == Quoting::None && c.is_ascii_whitespace();
    }
    let open = match quoting {
        Quoting::None => return Ok(out),
        Quoting::Single => "'",
        Quoting::Double => "\"",
    };
    Err(unreadable(format!(
        "bash: -c: line 1: unexpected EOF while looking for matching `{open}'"
    )))
}

/// The variable that follows a `$`, and how many bytes it takes. None: the `$` stands for itself.
fn variable(after: &str) -> Result<(&str, usize), Unreadable> {
    let name_length = |text: &str| {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return 0;
        }
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    if let Some(braced) = after.strip_prefix('{') {
        let length = name_length(braced);
        if length > 0 && braced.get(length..).is_some_and(|end| end.starts_with('}')) {
            return Ok((braced.get(..length).unwrap_or(""), length + 2));
        }
        return Err(unreadable(
            "wasgi: `${…}` takes a plain variable name here: write its value.",
        ));
    }
    if after.starts_with('(') {
        return Err(substitution());
    }
    let length = name_length(after);
    Ok((after.get(..length).unwrap_or(""), length))
}

/// Adds a variable's value so that `shlex` reads it back unchanged; outside quotes its white space
/// separates words.
fn insert(out: &mut String, value: &str, quoting: Quoting) {
    for c in value.chars() {
        let special = match quoting {
            Quoting::Double => matches!(c, '\\' | '"' | '$' | '`'),
            _ => matches!(c, '\\' | '"' | '\'' | '#'),
        };
        if special {
            out.push('\\');
        }
        out.push(c);
    }
}

fn substitution() -> Unreadable {
    unreadable(
        "wasgi: There is no shell here whose output could be inserted: write the value, or quote the text in single quotes.",
    )
}

fn unreadable(text: impl Into<String>) -> Unreadable {
    Unreadable {
        text: text.into(),
        code: SYNTAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn read(line: &str) -> Result<Vec<String>, Unreadable> {
        let variables = [
            ("PORT", "8000"),
            ("FLAGS", "-w 2"),
            ("ODD", "it's \"$x\" #1"),
        ];
        let outer: Vec<(String, String)> = variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        words(
            line,
            &Environment {
                own: &[],
                outer: &outer,
            },
        )
    }

    #[test]
    fn words_are_split_as_bash_splits_them() {
        for (line, expected) in [
            ("  a  b\tc ", &["a", "b", "c"][..]),
            ("a 'b c' \"d e\" f\\ g", &["a", "b c", "d e", "f g"]),
            (
                "a --format='%(h)s \"%(r)s\"' ''",
                &["a", "--format=%(h)s \"%(r)s\"", ""],
            ),
            ("a b # | not; this", &["a", "b"]),
            ("a b#c 'x;y' \"(&)\" \\|", &["a", "b#c", "x;y", "(&)", "|"]),
            ("a \\\n b", &["a", "b"]),
            ("", &[]),
        ] {
            let expected: Vec<String> = expected.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(read(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn variables_are_replaced_outside_single_quotes() {
        for (line, expected) in [
            (
                "a :$PORT ${PORT}0 \"$PORT\" '$PORT' \\$PORT",
                &["a", ":8000", "80000", "8000", "$PORT", "$PORT"][..],
            ),
            (
                "a $FLAGS \"$FLAGS\" $NONE \"$NONE\" b$",
                &["a", "-w", "2", "-w 2", "", "b$"],
            ),
            (
                "a \"$ODD\" $ODD",
                &["a", "it's \"$x\" #1", "it's", "\"$x\"", "#1"],
            ),
        ] {
            let expected: Vec<String> = expected.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(read(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn lines_that_bash_cannot_read_get_its_message() {
        let messages =
            |line: &str| read(line).map_err(|unreadable| (unreadable.text, unreadable.code));
        let open = |quote: char| {
            format!("bash: -c: line 1: unexpected EOF while looking for matching `{quote}'")
        };
        assert_eq!(messages("a 'b"), Err((open('\''), 2)));
        assert_eq!(messages("a \"b'"), Err((open('"'), 2)));
        let call = "bash: -c: line 1: syntax error near unexpected token `('\nbash: -c: line 1: `gunicorn app:create()'";
        assert_eq!(messages("gunicorn app:create()"), Err((call.to_owned(), 2)));
    }

    #[test]
    fn what_needs_a_real_shell_is_refused_in_a_sentence() {
        for line in [
            "a | b",
            "a && b",
            "a; b",
            "a > b",
            "a &",
            "a $(b)",
            "a `b`",
            "a \"$(b)\"",
            "a ${b:-c}",
            "a $'b'",
            "a\nb",
            "a\\",
        ] {
            let unreadable = read(line).err();
            let text = unreadable
                .as_ref()
                .map(|unreadable| unreadable.text.clone())
                .unwrap_or_default();
            assert!(
                text.starts_with("wasgi: ") && text.ends_with('.'),
                "{line}: {text}"
            );
            assert_eq!(unreadable.map(|unreadable| unreadable.code), Some(2));
        }
    }
}
