//! The grammar of Python's `click`, as uvicorn uses it: full long names only, `--x / --no-x`, an
//! environment variable for every option, messages. uvicorn has no short names.

use super::{Stop, similar};
use crate::servers::option::{Kind, Opt, Table, Values, listed, own, split, text, trim};
use crate::servers::{Call, Environment, python};

/// A program whose command line `click` reads.
pub(crate) struct Program {
    /// How it was called: `uvicorn` or `python -m uvicorn`.
    pub name: &'static str,
    /// Its options.
    pub table: Table,
    /// Its positional argument.
    pub argument: &'static str,
    /// Prefix of its environment variables.
    pub env_prefix: &'static str,
}

impl Program {
    /// Reads the words after the program's name, and what the environment says about options not
    /// among them. Files that have to be there are looked for where the machine says what there is.
    ///
    /// # Errors
    /// The help or the version is asked for, or the words break the grammar.
    pub(crate) fn parse(&self, words: &[String], call: &Call) -> Result<Values, Stop> {
        let env = &call.env;
        let mut values = self.split(words)?;
        self.eager(&values, call)?;
        for (option, value) in &values.given {
            let value = match option.kind() {
                Kind::Repeated => value,
                // Of an option given several times the last value counts, and the others are not
                // looked at.
                _ => values.given(option.name()).unwrap_or(""),
            };
            self.check(*option, value, call)?;
        }
        if values.positionals.is_empty() {
            match env.get(&text(&[self.env_prefix, self.argument])) {
                Some(value) if !value.is_empty() => values.positionals.push(own(value)),
                _ => return Err(self.error(&text(&["Missing argument '", self.argument, "'."]))),
            }
        }
        for option in self.table.options() {
            if !values.has(option)
                && let Some(value) = self.variable(option, env)
            {
                if option.kind() != Kind::Repeated {
                    self.check(option, value, call)?;
                }
                let value = match option.kind() {
                    Kind::Repeated => {
                        let between = if option.metavar() == "PATH" { ':' } else { ' ' };
                        for word in value.split(between).filter(|word| !word.is_empty()) {
                            self.check(option, word, call)?;
                            values.give(option, word);
                        }
                        continue;
                    }
                    Kind::Flag | Kind::Switch if boolean(value) == Some(true) => "true",
                    Kind::Flag | Kind::Switch => "false",
                    _ => value,
                };
                values.give(option, value);
            }
        }
        match values.positionals.as_slice() {
            [] | [_] => Ok(values),
            [_, extra] => Err(self.error(&text(&["Got unexpected extra argument (", extra, ")"]))),
            [_, extra @ ..] => Err(self.error(&text(&[
                "Got unexpected extra arguments (",
                &extra.join(" "),
                ")",
            ]))),
        }
    }

    /// Tells options from arguments, without looking at the values.
    fn split(&self, words: &[String]) -> Result<Values, Stop> {
        let mut values = Values::new(self.table);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                values.positionals.extend(words.cloned());
                break;
            }
            if word.len() < 2 || !word.starts_with('-') {
                values.positionals.push(own(word));
                continue;
            }
            let (name, attached) = match split(word, '=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), None),
            };
            let Some(option) = self.table.named(name) else {
                return Err(self.no_such_option(name));
            };
            let is_flag = option.is_flag();
            let value = match attached {
                Some(_) if is_flag => return Err(misused(name, " does not take a value.")),
                None if is_flag && name == option.name() => "true",
                None if is_flag => "false",
                Some(value) => value,
                None => match words.next() {
                    Some(value) => value,
                    None => return Err(misused(name, " requires an argument.")),
                },
            };
            values.give(option, value);
        }
        Ok(values)
    }

    fn no_such_option(&self, name: &str) -> Stop {
        let mut short = [0; 4];
        let (name, similar) = if name.starts_with("--") {
            (
                own(name),
                similar::close_matches(name, self.table.options().into_iter().flat_map(Opt::names)),
            )
        } else {
            let letter = name.chars().nth(1).unwrap_or('-');
            (text(&["-", letter.encode_utf8(&mut short)]), Vec::new())
        };
        let hint = match similar.as_slice() {
            [] => String::new(),
            [one] => text(&[" Did you mean '", one, "'?"]),
            many => text(&[" (Did you mean one of: '", &many.join("', '"), "'?)"]),
        };
        self.error(&text(&[
            "No such option ",
            &python::repr(&name),
            ".",
            &hint,
        ]))
    }

    /// `--help` and `--version` come before every value's check, in the order given.
    fn eager(&self, values: &Values, call: &Call) -> Result<(), Stop> {
        for (option, _) in &values.given {
            match option.kind() {
                Kind::Help => return Err(Stop::Help),
                Kind::Version => return Err(Stop::Version),
                _ => {}
            }
        }
        if let Some(option) = self.table.named("--version")
            && let Some(value) = self.variable(option, &call.env)
        {
            self.check(option, value, call)?;
            if boolean(value) == Some(true) {
                return Err(Stop::Version);
            }
        }
        Ok(())
    }

    /// What the environment says about an option: `UVICORN_LOG_LEVEL`; repeated ones are in the
    /// plural.
    #[inline(never)]
    fn variable<'a>(&self, option: Opt, env: &'a Environment) -> Option<&'a str> {
        let kind = option.kind();
        let mut name = self.env_prefix.to_owned();
        for letter in option.name().get(2..).unwrap_or("").chars() {
            name.push(if letter == '-' {
                '_'
            } else {
                letter.to_ascii_uppercase()
            });
        }
        if kind == Kind::Repeated {
            name.push('S');
        }
        env.get(&name)
            .filter(|value| !value.is_empty() && kind != Kind::Help)
    }

    fn check(&self, option: Opt, value: &str, call: &Call) -> Result<(), Stop> {
        if option.metavar() == "PATH" && !call.exists(value) {
            let message = text(&["Path ", &python::repr(value), " does not exist."]);
            return Err(self.invalid(option, &message));
        }
        let why = match option.kind() {
            Kind::Int if python::int(value).is_none() => own(" is not a valid integer."),
            Kind::Float if !python::is_float(value) => own(" is not a valid float."),
            Kind::Choice => {
                let choices = option.metavar().trim_matches(['[', ']']);
                if choices.split(',').any(|choice| choice == value) {
                    return Ok(());
                }
                text(&[" is not one of '", &choices.replace(',', "', '"), "'."])
            }
            Kind::Bool | Kind::Flag | Kind::Switch | Kind::Version if boolean(value).is_none() => {
                own(
                    " is not a valid boolean. Recognized values: , 0, 1, f, false, n, no, off, on, t, true, y, yes",
                )
            }
            _ => return Ok(()),
        };
        Err(self.invalid(option, &text(&[&python::repr(value), &why])))
    }

    /// A usage error.
    #[inline(never)]
    pub(crate) fn error(&self, message: &str) -> Stop {
        Stop::Usage(text(&[
            &self.usage(),
            "\nTry '",
            self.name,
            " --help' for help.\n\nError: ",
            message,
        ]))
    }

    /// The first line of the help and of usage errors.
    pub(crate) fn usage(&self) -> String {
        text(&["Usage: ", self.name, " [OPTIONS] ", self.argument])
    }

    /// A usage error about an option's value.
    #[inline(never)]
    pub(crate) fn invalid(&self, option: Opt, message: &str) -> Stop {
        self.error(&text(&[
            "Invalid value for '",
            option.name(),
            "': ",
            message,
        ]))
    }
}

/// click's message without the usage: it does so where the option itself is used wrongly.
fn misused(name: &str, how: &str) -> Stop {
    Stop::Usage(text(&["Error: Option ", &python::repr(name), how]))
}

#[inline(never)]
fn boolean(text: &str) -> Option<bool> {
    let text = trim(text).to_ascii_lowercase();
    if text.is_empty() || listed(&text, "0 no false off f n") {
        return Some(false);
    }
    if listed(&text, "1 yes true on t y") {
        Some(true)
    } else {
        None
    }
}
