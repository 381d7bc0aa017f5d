//! What uWSGI is set to: by its environment, its command line and the ini files that these name, in
//! the original's order. All of it becomes one list of options.

mod placeholders;
#[cfg(test)]
mod tests;

use super::PROGRAM;
use crate::servers::Call;
use crate::servers::grammar::Stop;
use crate::servers::option::{Kind, Values};
use placeholders::leading_number;

/// Files that name each other, and placeholders that stand for each other, end somewhere.
pub(crate) const MOST_ROUNDS: u32 = 99;
/// Options that may be set, in loops too.
const MOST_OPTIONS: usize = 10_000;
/// Bytes of text that may be made and looked through until all placeholders are replaced. The
/// original takes what memory and time there are; here other servers wait meanwhile.
const MOST_TEXT: usize = 1 << 25;
/// What a loop replaces in the values inside.
const ROUND: &str = "%(_)";
/// Options that say whether, or how often, those that follow are set.
const LOGIC: [&str; 14] = [
    "for",
    "for-times",
    "if-env",
    "ifenv",
    "if-not-env",
    "if-opt",
    "if-not-opt",
    "if-exists",
    "ifexists",
    "if-not-exists",
    "if-file",
    "if-not-file",
    "if-reload",
    "if-not-reload",
];

/// An option or a variable that is set.
pub(crate) struct Given {
    pub(crate) key: String,
    pub(crate) value: String,
    /// It has done what it does.
    pub(crate) done: bool,
    /// Placeholders name it.
    pub(crate) named: bool,
}

/// All that is set.
pub(crate) struct Config<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) given: Vec<Given>,
    /// What is printed on the way.
    pub(crate) printed: Vec<String>,
    logic: Option<(String, String)>,
    strict: bool,
    /// The file that was read last, and the first one.
    last: String,
    pub(crate) first: String,
    files: u32,
    /// Of [`MOST_TEXT`].
    text: usize,
}

impl<'a> Config<'a> {
    /// Nothing is set.
    pub(crate) fn new(call: &'a Call<'a>) -> Self {
        Self {
            call,
            given: Vec::new(),
            printed: Vec::new(),
            logic: None,
            strict: false,
            last: String::new(),
            first: String::new(),
            files: 0,
            text: 0,
        }
    }

    /// Reads it all.
    ///
    /// # Errors
    /// The help is asked for, or something is wrong or refused.
    pub(crate) fn read(&mut self, words: &[String]) -> Result<Values, Stop> {
        let line = PROGRAM.parse(words)?;
        for (name, value) in self.call.env.outer.iter().chain(self.call.env.own) {
            if let Some(name) = name.strip_prefix("UWSGI_") {
                let key = name.to_ascii_lowercase().replace('_', "-");
                self.add(&key, value)?;
            }
        }
        for (option, value) in &line.given {
            let name = option.long_name().unwrap_or_default();
            self.add(name.trim_start_matches("--"), value)?;
        }
        for file in &line.positionals {
            let ending = file.rsplit('.').next().unwrap_or("");
            if ending == "ini" {
                self.load(file)?;
            } else if ["xml", "yaml", "yml"].contains(&ending) {
                return Err(Stop::Usage(format!(
                    "uwsgi: {file}: wasgi reads ini files only: write the options into one."
                )));
            } else {
                return Err(Stop::Usage(format!(
                    "unable to load configuration from {file}"
                )));
            }
        }
        self.replace_placeholders()?;
        self.values()
    }

    fn add(&mut self, key: &str, value: &str) -> Result<(), Stop> {
        if ["end", "endfor", "endif", "end-if", "end-for"].contains(&key) {
            self.logic = None;
            return Ok(());
        }
        let Some((how, argument)) = self.logic.take() else {
            return self.push(key, value);
        };
        if LOGIC.contains(&key) {
            return Err(Stop::Usage(format!(
                "recursive logic in options is not supported (option = {key})"
            )));
        }
        for word in self.rounds(&how, &argument) {
            let places = value.matches(ROUND).count();
            self.spend(
                value
                    .len()
                    .saturating_add(places.saturating_mul(word.len())),
            )?;
            self.push(key, &value.replace(ROUND, &word))?;
        }
        self.logic = Some((how, argument));
        Ok(())
    }

    /// Counts text that is made or looked through.
    ///
    /// # Errors
    /// It is too much.
    fn spend(&mut self, bytes: usize) -> Result<(), Stop> {
        self.text = self.text.saturating_add(bytes);
        if self.text > MOST_TEXT {
            return Err(Stop::Usage(format!(
                "uwsgi: the options stand for more than {} MiB of text: look for loops, and for \
                 placeholders that name each other.",
                MOST_TEXT >> 20
            )));
        }
        Ok(())
    }

    /// The words for which the options inside are set.
    fn rounds(&self, how: &str, argument: &str) -> Vec<String> {
        let (name, wanted) = match argument.split_once('=') {
            Some((name, wanted)) => (name, Some(wanted)),
            None => (argument, None),
        };
        let found = match how {
            "for" => {
                return argument
                    .split(' ')
                    .filter(|word| !word.is_empty())
                    .map(str::to_owned)
                    .collect();
            }
            "for-times" => {
                // More would be refused.
                let times = leading_number(argument).min(MOST_OPTIONS as i64 + 1);
                return (1..=times).map(|round| round.to_string()).collect();
            }
            "if-env" | "ifenv" | "if-not-env" => self.call.env.get(name),
            "if-opt" | "if-not-opt" => self.value(name),
            "if-reload" => None,
            "if-not-reload" => return vec![String::new()],
            _ => self.call.text(argument).map(|_| argument),
        };
        let found = found
            .filter(|value| wanted.is_none_or(|wanted| *value == wanted || *value == argument));
        let negated = how.starts_with("if-not-");
        match (found, negated) {
            (Some(value), false) => vec![value.to_owned()],
            (None, true) => vec![String::new()],
            _ => Vec::new(),
        }
    }

    fn push(&mut self, key: &str, value: &str) -> Result<(), Stop> {
        let mut done = true;
        match key {
            "ini" => self.load(value)?,
            "strict" => self.strict = is_true(value),
            "set" | "set-ph" | "set-placeholder" => {
                let Some((key, value)) = value.split_once('=') else {
                    return Err(Stop::Usage("invalid placeholder/--set value".to_owned()));
                };
                return self.push(key, value);
            }
            _ if LOGIC.contains(&key) => self.logic = Some((key.to_owned(), value.to_owned())),
            _ => done = false,
        }
        if self.given.len() == MOST_OPTIONS {
            return Err(Stop::Usage(format!(
                "uwsgi: option '--{key}': more than {MOST_OPTIONS} options are set: look for a \
                 loop."
            )));
        }
        self.given.push(Given {
            key: key.to_owned(),
            value: value.to_owned(),
            done,
            named: false,
        });
        Ok(())
    }

    /// Reads a section of a file.
    fn load(&mut self, name: &str) -> Result<(), Stop> {
        self.files += 1;
        if self.files > MOST_ROUNDS {
            return Err(Stop::Usage(format!(
                "uwsgi: {name}: the ini files name each other without end."
            )));
        }
        if name == "-" || name.contains("://") {
            return Err(Stop::Usage(format!(
                "uwsgi: option '--ini': {name}: wasgi reads files of the project only, and has \
                 neither a terminal nor a network to read from."
            )));
        }
        let (file, section) = name.rsplit_once(':').unwrap_or((name, ""));
        let again = name.starts_with(':');
        let file = if again {
            self.last.clone()
        } else {
            file.to_owned()
        };
        let Some(content) = self.call.text(&file) else {
            return Err(Stop::Usage(format!(
                "realpath() of {file} failed: No such file or directory [core/utils.c line 3640]"
            )));
        };
        if !again {
            self.printed
                .push(format!("[uWSGI] getting INI configuration from {file}"));
        }
        if self.first.is_empty() {
            self.first.clone_from(&file);
        }
        self.last.clone_from(&file);
        let content = self.replace_magic(content, name, &file, section);
        let asked = if section.is_empty() { "uwsgi" } else { section };
        let mut there = false;
        let mut is_asked = false;
        for line in content.split('\n').map(str::trim_ascii) {
            if let Some(name) = line.strip_prefix('[') {
                let mut name = name.chars();
                name.next_back();
                is_asked = name.as_str() == asked;
            } else if is_asked && !line.is_empty() && !line.starts_with([';', '#']) {
                there = true;
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                self.add(key.trim_ascii(), value.trim_ascii())?;
            }
        }
        if !there {
            self.printed.push(format!(
                "*** WARNING: Can't find section \"{asked}\" in INI configuration file {file} ***"
            ));
        }
        Ok(())
    }

    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        let given = self.given.iter().find(|given| given.key == key);
        given.map(|given| given.value.as_str())
    }

    /// What is set that is an option.
    fn values(&self) -> Result<Values, Stop> {
        let mut values = Values::new(PROGRAM.table);
        for Given {
            key, value, named, ..
        } in self.given.iter().filter(|given| !given.done)
        {
            let name = format!("--{key}");
            if *named && PROGRAM.table.named(&name).is_none() {
                continue;
            }
            let Some(option) = PROGRAM.find(&name)? else {
                if self.strict {
                    return Err(Stop::Usage(format!(
                        "[strict-mode] unknown config directive: {key}"
                    )));
                }
                continue;
            };
            match option.kind {
                Kind::Help => return Err(Stop::Help),
                Kind::Int => {
                    let number = leading_number(value);
                    if number < 0 {
                        return Err(Stop::Usage(format!(
                            "invalid value for option \"{key}\": must be > 0"
                        )));
                    }
                    values.give(option, &number.to_string());
                }
                Kind::Flag | Kind::Optional(_) => {
                    values.give(option, if is_true(value) { "true" } else { "false" });
                }
                _ => values.give(option, value),
            }
        }
        Ok(values)
    }
}

/// Whether a flag's value sets it.
fn is_true(value: &str) -> bool {
    !["false", "off", "no", "0"].contains(&value.to_ascii_lowercase().as_str())
}
