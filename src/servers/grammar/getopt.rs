//! The grammar of the C library's `getopt_long`, as uWSGI uses it: options and other words in any order, messages.

use super::Stop;
use crate::servers::option::{Kind, Opt, Support, Values};

/// A program whose command line `getopt_long` reads.
pub(crate) struct Program {
    /// Its name in messages.
    pub name: &'static str,
    /// The options that are known one by one.
    pub options: &'static [Opt],
    /// First parts (up to a hyphen) of the names of all the options that the program has, separated by spaces.
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
        let mut values = Values::new(self.options);
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
                let (index, option) = self.long(name)?;
                let value = match (attached, option.kind) {
                    (Some(_), _) if option.is_flag() => {
                        return Err(self.error(&["option '--", name, "' doesn't allow an argument"].concat()));
                    }
                    (Some(value), _) => value.to_owned(),
                    (None, Kind::Optional(left_out)) => left_out.to_owned(),
                    (None, _) if option.is_flag() => "true".to_owned(),
                    (None, _) => match words.next() {
                        Some(value) => value.clone(),
                        None => {
                            return Err(self.error(&["option '--", name, "' requires an argument"].concat()));
                        }
                    },
                };
                take(&mut values, index, option, value)?;
            } else if word.len() > 1 && word.starts_with('-') {
                let mut letters = word.chars();
                letters.next();
                while let Some(letter) = letters.next() {
                    let (index, option) = self.short(letter)?;
                    if option.is_flag() {
                        take(&mut values, index, option, "true".to_owned())?;
                        continue;
                    }
                    let rest = letters.as_str();
                    let value = if rest.is_empty() {
                        words.next().map(String::as_str)
                    } else {
                        Some(rest)
                    };
                    let Some(value) = value else {
                        return Err(self.error(&format!("option requires an argument -- '{letter}'")));
                    };
                    take(&mut values, index, option, value.to_owned())?;
                    break;
                }
            } else {
                values.positionals.push(word.clone());
            }
        }
        Ok(values)
    }

    fn long(&self, name: &str) -> Result<(usize, &'static Opt), Stop> {
        let full = ["--", name].concat();
        if let Some(found) = self
            .options
            .iter()
            .enumerate()
            .find(|(_, option)| option.has_name(&full))
        {
            return self.allowed(found, &full);
        }
        let stem = name.split('-').next().unwrap_or(name);
        if self.stems.split(' ').any(|known| known == stem) {
            return Err(self.refusal(&full, "wasgi does not have this option."));
        }
        if self
            .options
            .iter()
            .flat_map(Opt::each_name)
            .any(|known| known.starts_with(&full))
        {
            return Err(self.refusal(&full, "wasgi needs the option's full name."));
        }
        Err(self.error(&["unrecognized option '", &full, "'"].concat()))
    }

    fn short(&self, letter: char) -> Result<(usize, &'static Opt), Stop> {
        let full = format!("-{letter}");
        if let Some(found) = self
            .options
            .iter()
            .enumerate()
            .find(|(_, option)| option.has_name(&full))
        {
            return self.allowed(found, &full);
        }
        if self.letters.contains(letter) {
            return Err(self.refusal(&full, "wasgi does not have this option."));
        }
        Err(self.error(&format!("invalid option -- '{letter}'")))
    }

    fn allowed(&self, found: (usize, &'static Opt), name: &str) -> Result<(usize, &'static Opt), Stop> {
        match found.1.support {
            Support::Honoured => Ok(found),
            Support::Refused(reason) => Err(self.refusal(name, reason)),
        }
    }

    fn refusal(&self, name: &str, reason: &str) -> Stop {
        Stop::Usage(vec![[self.name, ": option '", name, "': ", reason].concat()])
    }

    fn error(&self, message: &str) -> Stop {
        Stop::Usage(vec![
            [self.name, ": ", message].concat(),
            self.after_error.to_owned(),
        ])
    }

    /// The help text: each long name on a line of its own.
    pub(crate) fn help(&self) -> Vec<String> {
        let mut out = vec![["Usage: ", self.name, " [options...]"].concat()];
        for option in self.options {
            let short = option.each_name().find(|name| !name.starts_with("--"));
            for long in option.each_name().filter(|name| name.starts_with("--")) {
                let mut line = String::from("    ");
                if let Some(short) = short {
                    line.push_str(short);
                    line.push('|');
                }
                line.push_str(long);
                let padding = 44_usize.saturating_sub(line.len()).max(1);
                line.extend(std::iter::repeat_n(' ', padding));
                line.push_str(&option.description());
                out.push(line);
            }
        }
        out
    }
}

/// Notes an option. The help comes at once, everything else when all is read.
fn take(values: &mut Values, index: usize, option: &Opt, value: String) -> Result<(), Stop> {
    if option.kind == Kind::Help {
        return Err(Stop::Help);
    }
    values.given.push((index, value));
    Ok(())
}
