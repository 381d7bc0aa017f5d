//! The grammar of the C library's `getopt_long`, as uWSGI uses it: options and other words in any
//! order, messages.

use super::Stop;
use crate::servers::option::{Kind, OptionSpec, OptionTable, Values};

/// A program whose command line `getopt_long` reads.
pub(crate) struct Program {
    /// Its name in messages.
    pub name: &'static str,
    /// The options that are known one by one.
    pub table: &'static OptionTable,
    /// First parts (up to a hyphen) of the names of all the options that the program has, separated
    /// by white space.
    pub stems: &'static str,
    /// The letters of all its short options.
    pub letters: &'static str,
    /// What it says after a usage error.
    pub after_error: &'static str,
}

impl Program {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// The help is asked for, or the words break the grammar, or an option is refused.
    pub(crate) fn parse(&self, words: &[String]) -> Result<Values, Stop> {
        let mut values = Values::new(self.table);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                values.positionals.extend(words.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, attached) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (long, None),
                };
                let option = self.long(name, word)?;
                let wrong = |how: &str| self.error(&format!("option '--{name}' {how}"));
                let value = match (attached, option.kind) {
                    (Some(_), _) if option.is_flag() => {
                        return Err(wrong("doesn't allow an argument"));
                    }
                    (Some(value), _) => value,
                    (None, Kind::Optional(left_out)) => left_out,
                    (None, _) if option.is_flag() => "true",
                    (None, _) => match words.next() {
                        Some(value) => value,
                        None => return Err(wrong("requires an argument")),
                    },
                };
                note(&mut values, option, value)?;
            } else if word.len() > 1 && word.starts_with('-') {
                let mut letters = word.chars();
                letters.next();
                while let Some(letter) = letters.next() {
                    let option = self.short(letter)?;
                    if option.is_flag() {
                        note(&mut values, option, "true")?;
                        continue;
                    }
                    let value = match letters.as_str() {
                        "" => words.next().map(String::as_str),
                        rest => Some(rest),
                    };
                    match value {
                        Some(value) => note(&mut values, option, value)?,
                        None => {
                            return Err(self.letter_error("option requires an argument", letter));
                        }
                    }
                    break;
                }
            } else {
                values.positionals.push(word.clone());
            }
        }
        Ok(values)
    }

    /// The option of this name, with its hyphens; none if the program has none.
    ///
    /// # Errors
    /// It is refused.
    pub(crate) fn find(&self, full: &str) -> Result<Option<&'static OptionSpec>, Stop> {
        if let Some(option) = self.table.named(full) {
            return self.allowed(option, full).map(Some);
        }
        let name = full.strip_prefix("--").unwrap_or(full);
        let stem = name.split_once('-').map_or(name, |(stem, _)| stem);
        if self
            .stems
            .split_ascii_whitespace()
            .any(|known| known == stem)
        {
            return Err(self.refusal(full, "wasgi does not have this option."));
        }
        Ok(None)
    }

    fn long(&self, name: &str, word: &str) -> Result<&'static OptionSpec, Stop> {
        let full = format!("--{name}");
        if let Some(option) = self.find(&full)? {
            return Ok(option);
        }
        if self
            .table
            .iter()
            .flat_map(|option| option.names)
            .any(|known| known.starts_with(&full))
        {
            return Err(self.refusal(&full, "wasgi needs the option's full name."));
        }
        Err(self.error(&format!("unrecognized option '{word}'")))
    }

    fn short(&self, letter: char) -> Result<&'static OptionSpec, Stop> {
        let full = format!("-{letter}");
        if let Some(option) = self.table.named(&full) {
            return self.allowed(option, &full);
        }
        if self.letters.contains(letter) {
            return Err(self.refusal(&full, "wasgi does not have this option."));
        }
        Err(self.letter_error("invalid option", letter))
    }

    fn allowed(
        &self,
        option: &'static OptionSpec,
        name: &str,
    ) -> Result<&'static OptionSpec, Stop> {
        match option.refusal {
            None => Ok(option),
            Some(reason) => Err(self.refusal(name, reason)),
        }
    }

    fn refusal(&self, name: &str, reason: &str) -> Stop {
        Stop::Usage(format!("{}: option '{name}': {reason}", self.name))
    }

    fn error(&self, message: &str) -> Stop {
        Stop::Usage(format!("{}: {message}\n{}", self.name, self.after_error))
    }

    fn letter_error(&self, message: &str, letter: char) -> Stop {
        self.error(&format!("{message} -- '{letter}'"))
    }
}

/// Notes an option. The help comes at once, everything else when all is read.
fn note(values: &mut Values, option: &'static OptionSpec, value: &str) -> Result<(), Stop> {
    if option.kind == Kind::Help {
        return Err(Stop::Help);
    }
    values.give(option, value);
    Ok(())
}
