//! The grammar of Python's `argparse` (3.11), as gunicorn and daphne use it: abbreviated long names, values glued to short
//! names, `--`, negative numbers, messages.

use super::{Stop, columns};
use crate::servers::option::{Kind, Opt, Values};
use crate::servers::python;

/// A program whose command line `argparse` reads.
pub(crate) struct Program {
    /// Its name in messages.
    pub name: &'static str,
    /// Its usage, if the program has words of its own for it; otherwise all options are listed.
    pub usage: Option<&'static str>,
    /// Its options.
    pub options: &'static [Opt],
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
    /// An option: its index in the table, the name, and the value attached to it.
    Option(usize, String, Option<String>),
    /// It looks like an option and is none.
    Unknown,
}

/// An option that a word may stand for: its index, its name, and the value attached to the word.
type Candidate = (usize, String, Option<String>);

impl Program {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// The help or the version is asked for, or the words break the grammar.
    pub(crate) fn parse(&self, words: &[String]) -> Result<Values, Stop> {
        // As argparse does: all words are classified before any is acted upon, so an ambiguous abbreviation at
        // the end comes before a bad number at the beginning.
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
        let mut reader = Reader {
            program: self,
            words,
            classes,
            values: Values::new(self.options),
            taken: false,
        };
        reader.read()
    }

    fn classify(&self, word: &str) -> Result<Word, Stop> {
        if !word.starts_with('-') {
            return Ok(Word::Argument);
        }
        if let Some(index) = self.index(word) {
            return Ok(Word::Option(index, word.to_owned(), None));
        }
        if word.len() == 1 {
            return Ok(Word::Argument);
        }
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        if attached.is_some()
            && let Some(index) = self.index(name)
        {
            return Ok(Word::Option(index, name.to_owned(), attached.map(str::to_owned)));
        }
        let mut candidates = self.candidates(word, name, attached);
        if candidates.len() > 1 {
            let names: Vec<&str> = candidates.iter().map(|(_, name, _)| name.as_str()).collect();
            return Err(
                self.error(&["ambiguous option: ", word, " could match ", &names.join(", ")].concat())
            );
        }
        Ok(match candidates.pop() {
            Some((index, name, value)) => Word::Option(index, name, value),
            None if is_negative_number(word) || word.contains(' ') => Word::Argument,
            None => Word::Unknown,
        })
    }

    /// The options that a word may abbreviate, or whose short name it begins with.
    fn candidates(&self, word: &str, name: &str, attached: Option<&str>) -> Vec<Candidate> {
        let all = || {
            self.options
                .iter()
                .enumerate()
                .flat_map(|(i, o)| o.each_name().map(move |name| (i, name)))
        };
        if word.starts_with("--") {
            return all()
                .filter(|(_, full)| full.starts_with(name))
                .map(|(index, full)| (index, full.to_owned(), attached.map(str::to_owned)))
                .collect();
        }
        let second = word.chars().nth(1).map_or(1, |c| 1 + c.len_utf8());
        let (short, rest) = word.split_at(second);
        all()
            .filter_map(|(index, full)| {
                if full == short {
                    Some((index, full.to_owned(), Some(rest.to_owned())))
                } else if full.starts_with(word) {
                    Some((index, full.to_owned(), None))
                } else {
                    None
                }
            })
            .collect()
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.options.iter().position(|option| option.has_name(name))
    }

    /// `usage: …`, which argparse wraps so that no part is torn, with the positional argument on a line of its own.
    fn usage(&self) -> Vec<String> {
        let mut line = ["usage: ", self.usage.unwrap_or(self.name)].concat();
        let Positional::One(positional) = self.positional else {
            return vec![line];
        };
        let indent = line.len();
        let mut lines = Vec::new();
        for option in self.options {
            let name = option.each_name().next().unwrap_or_default();
            let value = if option.is_flag() { "" } else { " " };
            let part = [" [", name, value, option.metavar, "]"].concat();
            if line.len() + part.len() > 78 {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            }
            line.push_str(&part);
        }
        lines.push(line);
        lines.push([&" ".repeat(indent), " ", positional].concat());
        lines
    }

    /// A usage error.
    pub(crate) fn error(&self, message: &str) -> Stop {
        let mut lines = self.usage();
        lines.push([self.name, ": error: ", message].concat());
        Stop::Usage(lines)
    }

    /// A usage error about an option.
    pub(crate) fn option_error(&self, option: &Opt, message: &str) -> Stop {
        self.error(&["argument ", &option.names.replace(' ', "/"), ": ", message].concat())
    }

    /// The help text. gunicorn writes an option's default into its description: `defaults` asks for that, and has those
    /// that depend on the environment.
    pub(crate) fn help(&self, introduction: &[&str], defaults: Option<&[(&str, String)]>) -> Vec<String> {
        let mut out = self.usage();
        out.push(String::new());
        out.extend(introduction.iter().map(|&line| line.to_owned()));
        out.push("options:".to_owned());
        for option in self.options {
            let invocation: Vec<String> = option
                .each_name()
                .map(|name| match option.kind {
                    Kind::Optional(_) => [name, " [", option.metavar, "]"].concat(),
                    _ if option.is_flag() => name.to_owned(),
                    _ => [name, " ", option.metavar].concat(),
                })
                .collect();
            let mut description = option.description();
            if let Some(defaults) = defaults
                && !matches!(option.kind, Kind::Help | Kind::Version)
            {
                let own = defaults
                    .iter()
                    .find(|(name, _)| option.has_name(name))
                    .map(|(_, default)| default.as_str());
                description.push_str(" [");
                description.push_str(own.unwrap_or(option.default));
                description.push(']');
            }
            columns::row(&mut out, &invocation.join(", "), &description, 24, 54);
        }
        out
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
    fn read(&mut self) -> Result<Values, Stop> {
        let mut extras: Vec<&str> = Vec::new();
        let is_option = |class: &Word| matches!(class, Word::Option(..) | Word::Unknown);
        let after_last_option = self
            .classes
            .iter()
            .rposition(is_option)
            .map_or(0, |last| last + 1);
        let mut at = 0;
        while at < after_last_option {
            let next = at + self.classes.iter().skip(at).position(is_option).unwrap_or(0);
            if at != next {
                let after = self.positionals(at);
                if after > at {
                    at = after;
                    continue;
                }
                extras.extend(self.words.iter().take(next).skip(at).map(String::as_str));
                at = next;
            }
            if matches!(self.classes.get(at), Some(Word::Unknown)) {
                extras.extend(self.words.get(at).map(String::as_str));
                at += 1;
            } else {
                at = self.option(at)?;
            }
        }
        let at = self.positionals(at);
        extras.extend(self.words.iter().skip(at).map(String::as_str));
        if let Positional::One(name) = self.program.positional
            && self.values.positionals.is_empty()
        {
            return Err(self
                .program
                .error(&["the following arguments are required: ", name].concat()));
        }
        if !extras.is_empty() {
            return Err(self
                .program
                .error(&["unrecognized arguments: ", &extras.join(" ")].concat()));
        }
        Ok(std::mem::replace(
            &mut self.values,
            Values::new(self.program.options),
        ))
    }

    /// Takes as many words from `at` as the positional argument may have, and says where they end. It gets one turn
    /// only: what comes later, behind another option, is unrecognized.
    fn positionals(&mut self, at: usize) -> usize {
        if self.taken {
            return at;
        }
        let mut end = at;
        let mut arguments = 0;
        while let Some(class) = self.classes.get(end) {
            match class {
                Word::Argument if self.program.positional == Positional::Any || arguments == 0 => {
                    arguments += 1;
                }
                Word::Dashes => {}
                _ => break,
            }
            end += 1;
        }
        if arguments == 0 && self.program.positional != Positional::Any {
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

    /// Takes the option at `at` with its value, and says where it ends. Short flags may be glued together.
    fn option(&mut self, at: usize) -> Result<usize, Stop> {
        let Some(Word::Option(index, name, attached)) = self.classes.get(at) else {
            return Ok(at + 1);
        };
        let (mut index, mut name, mut attached) = (*index, name.clone(), attached.clone());
        let mut flags = Vec::new();
        loop {
            let Some(option) = self.program.options.get(index) else {
                return Ok(at + 1);
            };
            if option.is_flag() {
                let Some(value) = attached.take() else {
                    flags.push(index);
                    break;
                };
                let mut letters = value.chars();
                let next = letters
                    .next()
                    .filter(|_| !name.starts_with("--"))
                    .map(|c| format!("-{c}"));
                let Some(found) = next.as_deref().and_then(|next| self.program.index(next)) else {
                    let message = ["ignored explicit argument ", &python::repr(&value)].concat();
                    return Err(self.program.option_error(option, &message));
                };
                flags.push(index);
                index = found;
                name = next.unwrap_or_default();
                attached = Some(letters.as_str().to_owned()).filter(|rest| !rest.is_empty());
                continue;
            }
            let mut end = at + 1;
            let value = match (attached.take(), self.words.get(end), self.classes.get(end)) {
                (Some(value), ..) => value,
                (None, Some(word), Some(Word::Argument)) => {
                    end += 1;
                    word.clone()
                }
                _ => match option.kind {
                    Kind::Optional(left_out) => left_out.to_owned(),
                    _ => return Err(self.program.option_error(option, "expected one argument")),
                },
            };
            self.act(&flags)?;
            self.check(option, &value)?;
            self.values.given.push((index, value));
            return Ok(end);
        }
        self.act(&flags)?;
        Ok(at + 1)
    }

    fn act(&mut self, flags: &[usize]) -> Result<(), Stop> {
        for &index in flags {
            match self.program.options.get(index).map(|option| option.kind) {
                Some(Kind::Help) => return Err(Stop::Help),
                Some(Kind::Version) => return Err(Stop::Version),
                _ => self.values.given.push((index, "true".to_owned())),
            }
        }
        Ok(())
    }

    fn check(&self, option: &Opt, value: &str) -> Result<(), Stop> {
        let invalid = match option.kind {
            Kind::Int if python::int(value).is_none() => "int",
            Kind::AutoInt if python::auto_int(value).is_none() => "auto_int",
            Kind::Float if python::float(value).is_none() => "float",
            _ => return Ok(()),
        };
        let message = ["invalid ", invalid, " value: ", &python::repr(value)].concat();
        Err(self.program.option_error(option, &message))
    }
}

/// `-1`, `-.5`: what argparse takes for a value although it begins with a dash.
fn is_negative_number(word: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let number = word.trim_start_matches('-');
    word.len() == number.len() + 1
        && match number.split_once('.') {
            Some((whole, fraction)) => digits(whole) && !fraction.is_empty() && digits(fraction),
            None => !number.is_empty() && digits(number),
        }
}
