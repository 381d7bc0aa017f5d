//! For tests of command lines.

use clap::{Args, Parser};

#[derive(Parser)]
struct Line<T: Args> {
    #[command(flatten)]
    options: T,
}

/// The options of a task that these words stand for.
pub(crate) fn parse<T: Args>(words: &[&str]) -> Result<T, clap::Error> {
    let line = Line::try_parse_from([&["task"], words].concat())?;
    Ok(line.options)
}
