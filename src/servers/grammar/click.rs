//! The grammar of Python's `click`, as uvicorn uses it: full long names only, `--x / --no-x`, an environment variable for
//! every option, messages. uvicorn has no short names.

use super::{Stop, columns, similar};
use crate::servers::option::{Kind, Opt, Values};
use crate::servers::{Environment, python};

/// A program whose command line `click` reads.
pub(crate) struct Program {
    /// How it was called: `uvicorn` or `python -m uvicorn`.
    pub name: &'static str,
    /// Its options.
    pub options: &'static [Opt],
    /// Its positional argument.
    pub argument: &'static str,
    /// Prefix of its environment variables.
    pub env_prefix: &'static str,
}

impl Program {
    /// Reads the words after the program's name, and what the environment says about options not among them.
    ///
    /// # Errors
    /// The help or the version is asked for, or the words break the grammar.
    pub(crate) fn parse(&self, words: &[String], env: &Environment) -> Result<Values, Stop> {
        let mut values = self.split(words)?;
        self.eager(&values, env)?;
        let mut seen = Vec::new();
        for (index, _) in &values.given {
            if !seen.contains(index) {
                seen.push(*index);
                self.check(&values, *index)?;
            }
        }
        if values.positionals.is_empty() {
            let variable = [self.env_prefix, self.argument].concat();
            match env.get(&variable).filter(|value| !value.is_empty()) {
                Some(value) => values.positionals.push(value.to_owned()),
                None => return Err(self.error(&["Missing argument '", self.argument, "'."].concat())),
            }
        }
        for (index, option) in self.options.iter().enumerate() {
            if !values.has(index)
                && let Some(text) = self.variable(option, env)
            {
                if option.kind == Kind::Repeated {
                    values
                        .given
                        .extend(text.split_whitespace().map(|word| (index, word.to_owned())));
                } else {
                    values.given.push((index, text.to_owned()));
                }
                self.check(&values, index)?;
                if option.is_flag()
                    && let Some((_, text)) = values.given.last_mut()
                {
                    let set = boolean(text) == Some(true);
                    if set { "true" } else { "false" }.clone_into(text);
                }
            }
        }
        match values.positionals.get(1..) {
            None | Some([]) => Ok(values),
            Some([one]) => Err(self.error(&["Got unexpected extra argument (", one, ")"].concat())),
            Some(many) => {
                Err(self.error(&["Got unexpected extra arguments (", &many.join(" "), ")"].concat()))
            }
        }
    }

    /// Tells options from arguments, without looking at the values.
    fn split(&self, words: &[String]) -> Result<Values, Stop> {
        let mut values = Values::new(self.options);
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
            let Some((index, option)) = self.options.iter().enumerate().find(|(_, o)| o.has_name(name))
            else {
                return Err(self.no_such_option(name));
            };
            if option.is_flag() {
                if attached.is_some() {
                    return Err(bare(
                        &["Option ", &python::repr(name), " does not take a value."].concat(),
                    ));
                }
                let negative = option.kind == Kind::Switch && option.each_name().nth(1) == Some(name);
                values
                    .given
                    .push((index, if negative { "false" } else { "true" }.to_owned()));
            } else if let Some(value) = attached.or_else(|| words.next().map(String::as_str)) {
                values.given.push((index, value.to_owned()));
            } else {
                return Err(bare(
                    &["Option ", &python::repr(name), " requires an argument."].concat(),
                ));
            }
        }
        Ok(values)
    }

    fn no_such_option(&self, name: &str) -> Stop {
        let short: String = name.chars().take(2).collect();
        let (name, similar) = if name.starts_with("--") {
            let names: Vec<&'static str> = self.options.iter().flat_map(Opt::each_name).collect();
            (name, similar::close_matches(name, &names))
        } else {
            (short.as_str(), Vec::new())
        };
        let mut message = ["No such option ", &python::repr(name), "."].concat();
        match similar.as_slice() {
            [] => {}
            [one] => message.push_str(&[" Did you mean '", one, "'?"].concat()),
            many => message.push_str(&[" (Did you mean one of: '", &many.join("', '"), "'?)"].concat()),
        }
        self.error(&message)
    }

    /// `--help` and `--version` come before every value's check, in the order given.
    fn eager(&self, values: &Values, env: &Environment) -> Result<(), Stop> {
        for (index, _) in &values.given {
            match self.options.get(*index).map(|option| option.kind) {
                Some(Kind::Help) => return Err(Stop::Help),
                Some(Kind::Version) => return Err(Stop::Version),
                _ => {}
            }
        }
        for option in self.options.iter().filter(|option| option.kind == Kind::Version) {
            match self.variable(option, env).map(|text| (boolean(text), text)) {
                Some((Some(true), _)) => return Err(Stop::Version),
                Some((None, text)) => return Err(self.invalid(option, &not_boolean(text))),
                _ => {}
            }
        }
        Ok(())
    }

    /// What the environment says about an option: `UVICORN_LOG_LEVEL`; repeated ones are in the plural.
    fn variable<'a>(&self, option: &Opt, env: &'a Environment) -> Option<&'a str> {
        if option.kind == Kind::Help {
            return None;
        }
        let name = option
            .each_name()
            .next()?
            .trim_start_matches('-')
            .replace('-', "_")
            .to_uppercase();
        let plural = if option.kind == Kind::Repeated { "S" } else { "" };
        env.get(&[self.env_prefix, &name, plural].concat())
            .filter(|value| !value.is_empty())
    }

    fn check(&self, values: &Values, index: usize) -> Result<(), Stop> {
        let Some(option) = self.options.get(index) else {
            return Ok(());
        };
        let Some((_, text)) = values.given.iter().rfind(|(given, _)| *given == index) else {
            return Ok(());
        };
        let message = match option.kind {
            Kind::Int if python::int(text).is_none() => {
                [&python::repr(text), " is not a valid integer."].concat()
            }
            Kind::Float if python::float(text).is_none() => {
                [&python::repr(text), " is not a valid float."].concat()
            }
            Kind::Choice(choices) if !choices.contains(&text.as_str()) => [
                &python::repr(text),
                " is not one of '",
                &choices.join("', '"),
                "'.",
            ]
            .concat(),
            Kind::Bool | Kind::Flag | Kind::Switch if boolean(text).is_none() => not_boolean(text),
            _ => return Ok(()),
        };
        Err(self.invalid(option, &message))
    }

    /// A usage error.
    pub(crate) fn error(&self, message: &str) -> Stop {
        Stop::Usage(vec![
            ["Usage: ", self.name, " [OPTIONS] ", self.argument].concat(),
            ["Try '", self.name, " --help' for help."].concat(),
            String::new(),
            ["Error: ", message].concat(),
        ])
    }

    /// A usage error about an option's value.
    pub(crate) fn invalid(&self, option: &Opt, message: &str) -> Stop {
        let name = option.each_name().next().unwrap_or_default();
        self.error(&["Invalid value for '", name, "': ", message].concat())
    }

    /// The help text.
    pub(crate) fn help(&self, introduction: &[&str]) -> Vec<String> {
        let mut out = vec![
            ["Usage: ", self.name, " [OPTIONS] ", self.argument].concat(),
            String::new(),
        ];
        out.extend(introduction.iter().map(|&line| line.to_owned()));
        out.push("Options:".to_owned());
        for option in self.options {
            let mut invocation = option.names.replace(' ', " / ");
            let metavar = match option.kind {
                Kind::Choice(choices) => ["[", &choices.join("|"), "]"].concat(),
                _ => option.metavar.to_owned(),
            };
            if !metavar.is_empty() {
                invocation.push(' ');
                invocation.push_str(&metavar);
            }
            let mut description = option.description();
            if !option.default.is_empty() {
                description.push_str(" [default: ");
                description.push_str(option.default);
                description.push(']');
            }
            columns::row(&mut out, &invocation, &description, 34, 44);
        }
        out
    }
}

/// click's message without the usage: it does so where the option itself is used wrongly.
fn bare(message: &str) -> Stop {
    Stop::Usage(vec![["Error: ", message].concat()])
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "1" | "yes" | "true" | "on" | "t" | "y" => Some(true),
        "0" | "no" | "false" | "off" | "f" | "n" | "" => Some(false),
        _ => None,
    }
}

fn not_boolean(text: &str) -> String {
    const STATES: &str = ", 0, 1, f, false, n, no, off, on, t, true, y, yes";
    [
        &python::repr(text),
        " is not a valid boolean. Recognized values: ",
        STATES,
    ]
    .concat()
}
