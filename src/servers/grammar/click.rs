//! The grammar of Python's `click`, as uvicorn uses it: full long names only, `--x / --no-x`, an
//! environment variable for every option, messages. uvicorn has no short names.

use super::{Stop, similar};
use crate::servers::call::{Call, Environment};
use crate::servers::option::{Kind, OptionSpec, OptionTable, Values};
use crate::servers::python;

/// A program whose command line `click` reads.
pub(crate) struct Program {
    /// How it was called: `uvicorn` or `python -m uvicorn`.
    pub name: &'static str,
    /// Its options.
    pub table: &'static OptionTable,
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
            let value = if option.kind.is_repeated() {
                value
            } else {
                // Of an option given several times the last value counts, and the others are not
                // looked at.
                values.given(option.name()).unwrap_or("")
            };
            self.check(option, value, call)?;
        }
        if values.positionals.is_empty() {
            match env.get(&format!("{}{}", self.env_prefix, self.argument)) {
                Some(value) if !value.is_empty() => values.positionals.push(value.to_owned()),
                _ => return Err(self.error(&format!("Missing argument '{}'.", self.argument))),
            }
        }
        for option in self.table.iter() {
            if !values.has(option)
                && let Some(value) = self.variable(option, env)
            {
                if option.kind.is_repeated() {
                    let between = if option.kind.is_path() { ':' } else { ' ' };
                    for word in value.split(between).filter(|word| !word.is_empty()) {
                        self.check(option, word, call)?;
                        values.give(option, word);
                    }
                    continue;
                }
                self.check(option, value, call)?;
                let value = match option.kind {
                    Kind::Flag | Kind::Switch if boolean(value) == Some(true) => "true",
                    Kind::Flag | Kind::Switch => "false",
                    _ => value,
                };
                values.give(option, value);
            }
        }
        match values.positionals.as_slice() {
            [] | [_] => Ok(values),
            [_, extra] => Err(self.error(&format!("Got unexpected extra argument ({extra})"))),
            [_, extra @ ..] => Err(self.error(&format!(
                "Got unexpected extra arguments ({})",
                extra.join(" ")
            ))),
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
                values.positionals.push(word.clone());
                continue;
            }
            let (name, attached) = match word.split_once('=') {
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
        let (name, similar) = if name.starts_with("--") {
            (
                name.to_owned(),
                similar::close_matches(
                    name,
                    self.table.iter().flat_map(|option| option.names).copied(),
                ),
            )
        } else {
            let letter = name.chars().nth(1).unwrap_or('-');
            (format!("-{letter}"), Vec::new())
        };
        let hint = match similar.as_slice() {
            [] => String::new(),
            [one] => format!(" Did you mean '{one}'?"),
            many => format!(" (Did you mean one of: '{}'?)", many.join("', '")),
        };
        self.error(&format!("No such option {}.{hint}", python::repr(&name)))
    }

    /// `--help` and `--version` come before every value's check, in the order given.
    fn eager(&self, values: &Values, call: &Call) -> Result<(), Stop> {
        for (option, _) in &values.given {
            match option.kind {
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
    fn variable<'a>(&self, option: &OptionSpec, env: &'a Environment) -> Option<&'a str> {
        let name = option.name().trim_start_matches("--").replace('-', "_");
        let plural = if option.kind.is_repeated() { "S" } else { "" };
        env.get(&format!(
            "{}{}{plural}",
            self.env_prefix,
            name.to_ascii_uppercase()
        ))
        .filter(|value| !value.is_empty() && option.kind != Kind::Help)
    }

    fn check(&self, option: &OptionSpec, value: &str, call: &Call) -> Result<(), Stop> {
        if option.kind.is_path() && !call.exists(value) {
            let message = format!("Path {} does not exist.", python::repr(value));
            return Err(self.invalid(option, &message));
        }
        let why = match option.kind {
            Kind::Int if python::int(value).is_none() => " is not a valid integer.".to_owned(),
            Kind::Float if !python::is_float(value) => " is not a valid float.".to_owned(),
            Kind::Choice(choices) if !choices.contains(&value) => {
                format!(" is not one of '{}'.", choices.join("', '"))
            }
            Kind::Bool | Kind::Flag | Kind::Switch | Kind::Version if boolean(value).is_none() => {
                " is not a valid boolean. Recognized values: , 0, 1, f, false, n, no, off, on, t, true, y, yes"
                    .to_owned()
            }
            _ => return Ok(()),
        };
        Err(self.invalid(option, &format!("{}{why}", python::repr(value))))
    }

    /// A usage error.
    pub(crate) fn error(&self, message: &str) -> Stop {
        let (usage, name) = (self.usage(), self.name);
        Stop::Usage(format!(
            "{usage}\nTry '{name} --help' for help.\n\nError: {message}"
        ))
    }

    /// The first line of the help and of usage errors.
    pub(crate) fn usage(&self) -> String {
        format!("Usage: {} [OPTIONS] {}", self.name, self.argument)
    }

    /// A usage error about an option's value.
    pub(crate) fn invalid(&self, option: &OptionSpec, message: &str) -> Stop {
        self.error(&format!("Invalid value for '{}': {message}", option.name()))
    }
}

/// click's message without the usage: it does so where the option itself is used wrongly.
fn misused(name: &str, how: &str) -> Stop {
    Stop::Usage(format!("Error: Option {}{how}", python::repr(name)))
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.trim_ascii().to_ascii_lowercase().as_str() {
        "" | "0" | "no" | "false" | "off" | "f" | "n" => Some(false),
        "1" | "yes" | "true" | "on" | "t" | "y" => Some(true),
        _ => None,
    }
}
