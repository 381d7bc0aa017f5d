//! Lines end at 100 columns: the rule for Rust, CSS, HTML and Markdown. `ESLint` has it for
//! JavaScript, Ruff for Python.
//!
//! What cannot be broken is exempt: a string literal in Rust, a URL, and in Markdown a fenced
//! block.

use std::path::Path;
use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use super::Counts;
use crate::error::Result;
use crate::project::{self, Project};

const WIDTH: usize = 100;
/// What is not ours, or not written by hand.
const IGNORED: &[&str] = &[".git", "dist", "node_modules", "target"];

pub(super) fn lines(project: &Project) -> Result<Counts> {
    let mut long = 0;
    for path in project::files_under_but(&project.root, IGNORED)? {
        let Some(find) = rule(&path) else { continue };
        let text = String::from_utf8_lossy(&project::read(&path)?).into_owned();
        for (line, width) in find(&text) {
            let path = path.strip_prefix(&project.root).unwrap_or(&path);
            eprintln!("{}:{line}: {width} columns", path.display());
            long += 1;
        }
    }
    if long > 0 {
        eprintln!("{long} lines are longer than {WIDTH} columns: break them.");
    }
    Ok(Counts::check(long == 0))
}

/// Finds lines that are too long: their numbers, from 1, and widths.
type Rule = fn(&str) -> Vec<(usize, usize)>;

/// The rule for a file.
fn rule(path: &Path) -> Option<Rule> {
    match path.extension()?.to_str()? {
        "rs" => Some(in_rust),
        "css" | "html" => Some(in_text),
        "md" => Some(in_markdown),
        _ => None,
    }
}

/// All lines that are too long and have no URL.
fn in_text(text: &str) -> Vec<(usize, usize)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.contains("://"))
        .map(|(index, line)| (index + 1, line.chars().count()))
        .filter(|&(_, width)| width > WIDTH)
        .collect()
}

fn in_markdown(text: &str) -> Vec<(usize, usize)> {
    let mut is_fenced = false;
    let is_prose: Vec<bool> = text
        .lines()
        .map(|line| {
            let line = line.trim_start();
            let is_fence = line.starts_with("```");
            is_fenced ^= is_fence;
            !is_fenced && !is_fence
        })
        .collect();
    let mut long = in_text(text);
    long.retain(|(line, _)| is_prose[line - 1]);
    long
}

fn in_rust(text: &str) -> Vec<(usize, usize)> {
    let mut long = in_text(text);
    if long.is_empty() {
        return long;
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut literals = vec![0; lines.len()];
    // What cannot be read is for the compiler to say.
    if let Ok(tokens) = TokenStream::from_str(text) {
        add_literals(tokens, &lines, &mut literals);
    }
    long.retain(|(line, width)| width - literals[line - 1] > WIDTH);
    long
}

/// Adds how many columns of each line string literals take. Documentation is no literal, though it
/// is one to the compiler.
fn add_literals(tokens: TokenStream, lines: &[&str], columns: &mut [usize]) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => add_literals(group.stream(), lines, columns),
            TokenTree::Literal(literal) => {
                let (start, end) = (literal.span().start(), literal.span().end());
                let opening = lines[start.line - 1].chars().skip(start.column);
                let opening: String = opening.take_while(|letter| *letter != '"').collect();
                if !["", "b", "c", "r", "br", "cr"].contains(&opening.trim_end_matches('#')) {
                    continue;
                }
                for line in start.line..=end.line {
                    let width = lines[line - 1].chars().count();
                    let from = if line == start.line { start.column } else { 0 };
                    let to = if line == end.line { end.column } else { width };
                    columns[line - 1] += to - from;
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(long: Vec<(usize, usize)>) -> Vec<usize> {
        long.into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a_line_of_a_hundred_columns_is_not_too_long() {
        let text = format!("{}\n{}\n", "é".repeat(100), "é".repeat(101));
        assert_eq!(in_text(&text), [(2, 101)]);
    }

    #[test]
    fn a_url_cannot_be_broken() {
        assert_eq!(in_text(&format!("see https://{}", "x".repeat(100))), []);
    }

    #[test]
    fn fenced_blocks_of_markdown_are_exempt_tables_are_not() {
        let long = "x ".repeat(60);
        let text = format!("{long}\n| {long} |\n```sh\n{long}\n```\n{long}\n");
        assert_eq!(numbers(in_markdown(&text)), [1, 2, 6]);
    }

    #[test]
    fn what_a_string_literal_makes_too_long_is_exempt_in_rust() {
        let long = "x".repeat(101);
        let text = format!(
            "const A: &str = \"{long}\";\n\
             const B: &str = r#\"\n{long}\n\"#;\n\
             /// {long}\n\
             const C: u8 = 1; // \"{long}\"\n\
             const {long}: &[u8] = b\"\";\n"
        );
        assert_eq!(numbers(in_rust(&text)), [5, 6, 7]);
    }
}
