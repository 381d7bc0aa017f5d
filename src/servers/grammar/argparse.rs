//! The grammar of Python's `argparse` (3.11), as gunicorn and daphne use it: abbreviated long
//! names, values glued to short names, `--`, negative numbers, messages.

use super::Stop;
use crate::servers::option::{Kind, OptionSpec, OptionTable, Values};
use crate::servers::python;

/// A program whose command line `argparse` reads.
pub(crate) struct Program {
    /// Its name in messages.
    pub name: &'static str,
    /// Its usage, if the program has words of its own for it; otherwise all options are listed.
    pub usage: Option<&'static str>,
    /// Its options.
    pub table: &'static OptionTable,
    /// Its positional argument.
    pub positional: Positional,
}

/// A program's positional argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Positional {
    /// Any number of them.
    Any,
    /// Exactly one, of this name.
    One(&'static str),
}

/// A word of the command line after the first look at it.
enum Word {
    /// A value or a positional argument.
    Argument,
    /// `--`
    Dashes,
    /// An option, the name that was meant, and the value attached to it.
    Option(&'static OptionSpec, &'static str, Option<String>),
    /// It looks like an option and is none.
    Unknown,
}

impl Word {
    fn is_option(&self) -> bool {
        matches!(self, Word::Option(..) | Word::Unknown)
    }
}

impl Program {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// The help or the version is asked for, or the words break the grammar.
    pub(crate) fn parse(&self, words: &[String]) -> Result<Values, Stop> {
        // As argparse does: all words are classified before any is acted upon, so an ambiguous
        // abbreviation at the end comes before a bad number at the beginning.
        let mut classes = Vec::with_capacity(words.len());
        let mut only_arguments = false;
        for word in words {
            classes.push(if only_arguments {
                Word::Argument
            } else if word == "--" {
                only_arguments = true;
                Word::Dashes
            } else {
                self.classify(word)?
            });
        }
        Reader {
            program: self,
            words,
            classes,
            values: Values::new(self.table),
            taken: false,
        }
        .read()
    }

    fn classify(&self, word: &str) -> Result<Word, Stop> {
        if word.len() < 2 || !word.starts_with('-') {
            return Ok(Word::Argument);
        }
        if let Some(exact) = self.exact(word, None) {
            return Ok(exact);
        }
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        if attached.is_some()
            && let Some(exact) = self.exact(name, attached)
        {
            return Ok(exact);
        }
        // Abbreviations, and short names with a value behind them.
        let second = word.chars().nth(1).map_or(1, |c| 1 + c.len_utf8());
        let (short, glued) = word.split_at_checked(second).unwrap_or((word, ""));
        let mut candidates = Vec::new();
        for option in self.table.iter() {
            for known in option.names.iter().copied() {
                let attached = if word.starts_with("--") {
                    if !known.starts_with(name) {
                        continue;
                    }
                    attached
                } else if known == short {
                    Some(glued)
                } else if known.starts_with(word) {
                    None
                } else {
                    continue;
                };
                candidates.push((option, known, attached));
            }
        }
        match candidates.as_slice() {
            [(option, known, attached)] => {
                Ok(Word::Option(option, known, attached.map(str::to_owned)))
            }
            [] if is_negative_number(word) || word.contains(' ') => Ok(Word::Argument),
            [] => Ok(Word::Unknown),
            many => {
                let names: Vec<&str> = many.iter().map(|(_, known, _)| *known).collect();
                let names = names.join(", ");
                Err(self.error(&format!("ambiguous option: {word} could match {names}")))
            }
        }
    }

    fn exact(&self, name: &str, attached: Option<&str>) -> Option<Word> {
        let option = self.table.named(name)?;
        let known = option.names.iter().find(|known| **known == name)?;
        Some(Word::Option(option, known, attached.map(str::to_owned)))
    }

    /// `usage: …`, which argparse wraps so that no part is torn, with the positional argument on a
    /// line of its own.
    pub(crate) fn usage(&self) -> String {
        let mut out = format!("usage: {}", self.usage.unwrap_or(self.name));
        let Positional::One(positional) = self.positional else {
            return out;
        };
        let indent = " ".repeat(out.len());
        let mut length = out.len();
        for option in self.table.iter() {
            let value = if option.is_flag() { "" } else { " " };
            let part = format!(
                " [{}{value}{}]",
                option.name(),
                option.metavar.unwrap_or_default()
            );
            if length + part.len() > 78 {
                out.push('\n');
                out.push_str(&indent);
                length = indent.len();
            }
            length += part.len();
            out.push_str(&part);
        }
        format!("{out}\n{indent} {positional}")
    }

    /// A usage error.
    pub(crate) fn error(&self, message: &str) -> Stop {
        Stop::Usage(format!("{}\n{}: error: {message}", self.usage(), self.name))
    }

    /// A usage error about an option.
    pub(crate) fn option_error(&self, option: &OptionSpec, message: &str) -> Stop {
        self.error(&format!("argument {}: {message}", option.names.join("/")))
    }
}

/// The second pass: options and positional arguments are taken in order.
struct Reader<'a> {
    program: &'a Program,
    words: &'a [String],
    classes: Vec<Word>,
    values: Values,
    /// Whether the positional argument has had its turn.
    taken: bool,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Values, Stop> {
        let mut extras = String::new();
        let mut at = 0;
        while let Some(next) = self.classes.iter().skip(at).position(Word::is_option) {
            // Positional arguments before the next option; one that cannot be taken any more is
            // left over.
            let next = at + next;
            at = self.positionals(at);
            self.leave(&mut extras, at, next);
            at = at.max(next);
            if let Some(Word::Unknown) = self.classes.get(at) {
                self.leave(&mut extras, at, at + 1);
                at += 1;
            } else {
                at = self.option(at)?;
            }
        }
        at = self.positionals(at);
        self.leave(&mut extras, at, self.words.len());
        if let Positional::One(name) = self.program.positional
            && self.values.positionals.is_empty()
        {
            return Err(self
                .program
                .error(&format!("the following arguments are required: {name}")));
        }
        if !extras.is_empty() {
            return Err(self
                .program
                .error(&format!("unrecognized arguments:{extras}")));
        }
        Ok(self.values)
    }

    /// Notes words that nothing takes.
    fn leave(&self, extras: &mut String, from: usize, to: usize) {
        for word in self.words.iter().take(to).skip(from) {
            extras.push(' ');
            extras.push_str(word);
        }
    }

    /// Takes as many words from `at` as the positional argument may have, and says where they end.
    /// It gets one turn only: what comes later, behind another option, is unrecognized.
    fn positionals(&mut self, at: usize) -> usize {
        // argparse gives no turn to it where an option stands.
        if self.taken || self.classes.get(at).is_some_and(Word::is_option) {
            return at;
        }
        let any = self.program.positional == Positional::Any;
        let mut end = at;
        let mut arguments = 0;
        while let Some(class) = self.classes.get(end) {
            match class {
                Word::Argument if any || arguments == 0 => arguments += 1,
                Word::Dashes => {}
                _ => break,
            }
            end += 1;
        }
        if arguments == 0 && !any {
            return at;
        }
        self.taken = true;
        // The first `--` is taken away wherever it stands.
        let mut dashes = false;
        for word in self.words.iter().take(end).skip(at) {
            if word == "--" && !dashes {
                dashes = true;
            } else {
                self.values.positionals.push(word.clone());
            }
        }
        end
    }

    /// Takes the option at `at` with its value, and says where it ends. Short flags may be glued
    /// together; none of them takes effect if the last is wrong.
    fn option(&mut self, at: usize) -> Result<usize, Stop> {
        let Some(Word::Option(option, name, attached)) = self.classes.get(at) else {
            return Ok(at + 1);
        };
        let (mut option, mut name, mut attached) = (*option, *name, attached.clone());
        let mut flags = Vec::new();
        while option.is_flag() {
            flags.push(option);
            let Some(value) = attached.take() else {
                self.act(&flags)?;
                return Ok(at + 1);
            };
            let letter = value.chars().next().filter(|_| !name.starts_with("--"));
            let next = letter.and_then(|letter| self.program.exact(&format!("-{letter}"), None));
            let Some(Word::Option(found, short, _)) = next else {
                let message = format!("ignored explicit argument {}", python::repr(&value));
                return Err(self.program.option_error(option, &message));
            };
            (option, name) = (found, short);
            let rest = value.get(short.len() - 1..).unwrap_or("");
            attached = (!rest.is_empty()).then(|| rest.to_owned());
        }
        let mut end = at + 1;
        let value = match (attached, self.classes.get(end), option.kind) {
            (Some(value), ..) => value,
            (None, Some(Word::Argument), _) => {
                end += 1;
                self.words.get(at + 1).cloned().unwrap_or_default()
            }
            (None, _, Kind::Optional(left_out)) => left_out.to_owned(),
            _ => return Err(self.program.option_error(option, "expected one argument")),
        };
        self.act(&flags)?;
        self.check(option, &value)?;
        self.values.give(option, &value);
        Ok(end)
    }

    fn act(&mut self, flags: &[&'static OptionSpec]) -> Result<(), Stop> {
        for &option in flags {
            match option.kind {
                Kind::Help => return Err(Stop::Help),
                Kind::Version => return Err(Stop::Version),
                _ => self.values.give(option, "true"),
            }
        }
        Ok(())
    }

    fn check(&self, option: &OptionSpec, value: &str) -> Result<(), Stop> {
        let invalid = match option.kind {
            Kind::Int if python::int(value).is_none() => "int",
            Kind::AutoInt if !python::is_auto_int(value) => "auto_int",
            _ => return Ok(()),
        };
        let message = format!("invalid {invalid} value: {}", python::repr(value));
        Err(self.program.option_error(option, &message))
    }
}

/// `-1`, `-.5`: what argparse takes for a value although it begins with a dash.
fn is_negative_number(word: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let number = word.get(1..).unwrap_or("");
    match number.split_once('.') {
        Some((whole, fraction)) => digits(whole) && !fraction.is_empty() && digits(fraction),
        None => !number.is_empty() && digits(number),
    }
}
