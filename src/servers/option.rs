//! The table of a server's options, and the values that a command line gave them.

use super::python;

/// A server's options, one a line: `names | kind | value | default | why it is refused`. What is
/// left out at the end is empty. The reason is a word that a line `!word A sentence.` explains;
/// lines that begin with `#` are remarks. What `--help` says about them is in `help.txt` beside the
/// table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table(pub(crate) &'static str);

/// One option: its line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opt(&'static str);

/// What an option's value may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// `flag`: no value, it is there or not.
    Flag,
    /// `switch`: no value, but a positive and a negative name (click's `--x / --no-x`).
    Switch,
    /// `help`: prints the help.
    Help,
    /// `version`: prints the version.
    Version,
    /// `text`: anything.
    Text,
    /// `repeated`: anything, and the option may be repeated.
    Repeated,
    /// `int`: an integer.
    Int,
    /// `octal`: an integer with Python's prefixes (`0o17`) or C's octal (`017`).
    AutoInt,
    /// `float`: a number of seconds.
    Float,
    /// `bool`: `true`, `no`, `1` …
    Bool,
    /// `choice`: one of those that the name of the value lists, `[auto,on,off]`.
    Choice,
    /// `optional WORD`: may be left out, and is WORD then (argparse `nargs="?"`).
    Optional(&'static str),
}

impl Table {
    /// All options, in order.
    pub(crate) fn options(self) -> Vec<Opt> {
        self.0
            .lines()
            .filter(|line| line.starts_with('-'))
            .map(Opt)
            .collect()
    }

    /// The option with this name.
    pub(crate) fn named(self, name: &str) -> Option<Opt> {
        self.options()
            .into_iter()
            .find(|option| option.has_name(name))
    }

    /// Why an option is refused, in a sentence.
    pub(crate) fn refusal(self, option: Opt) -> Option<&'static str> {
        let word = option.field(4);
        if word.is_empty() {
            return None;
        }
        let mut sentences = self
            .0
            .lines()
            .filter_map(|line| split(line.strip_prefix('!')?, ' '));
        // A word that has no sentence still refuses: a test sees to it that there is none.
        Some(
            sentences
                .find(|(known, _)| *known == word)
                .map_or("refused.", |(_, sentence)| sentence),
        )
    }
}

impl Opt {
    fn field(self, index: usize) -> &'static str {
        self.0.split('|').nth(index).map_or("", trim)
    }

    /// Its names in the order in which the original lists them. For a [`Kind::Switch`] the second
    /// name is the negative one.
    pub(crate) fn names(self) -> Vec<&'static str> {
        self.field(0).split(' ').collect()
    }

    /// Its names with something between them.
    pub(crate) fn joined_names(self, between: &str) -> String {
        self.field(0).replace(' ', between)
    }

    /// Its first name.
    pub(crate) fn name(self) -> &'static str {
        self.field(0).split(' ').next().unwrap_or("")
    }

    /// Whether it has this name.
    pub(crate) fn has_name(self, name: &str) -> bool {
        listed(name, self.field(0))
    }

    /// What its value may be.
    pub(crate) fn kind(self) -> Kind {
        match self.field(1) {
            "flag" => Kind::Flag,
            "switch" => Kind::Switch,
            "help" => Kind::Help,
            "version" => Kind::Version,
            "repeated" => Kind::Repeated,
            "int" => Kind::Int,
            "octal" => Kind::AutoInt,
            "float" => Kind::Float,
            "bool" => Kind::Bool,
            "choice" => Kind::Choice,
            other => match other.strip_prefix("optional") {
                Some(word) => Kind::Optional(word.trim_ascii_start()),
                None => Kind::Text,
            },
        }
    }

    /// What a usage line calls its value; the choices of a [`Kind::Choice`].
    pub(crate) fn metavar(self) -> &'static str {
        self.field(2)
    }

    /// Its default; empty if it has none.
    pub(crate) fn default(self) -> &'static str {
        self.field(3)
    }

    /// Whether it takes no value.
    pub(crate) fn is_flag(self) -> bool {
        matches!(
            self.kind(),
            Kind::Flag | Kind::Switch | Kind::Help | Kind::Version
        )
    }
}

/// What a command line says: for each option given its texts, and the positional arguments.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// The table of the options below.
    pub(crate) table: Table,
    /// Options and their texts, in the order given. The text of a flag is `true` or `false`.
    pub(crate) given: Vec<(Opt, String)>,
    /// The positional arguments.
    pub(crate) positionals: Vec<String>,
}

impl Values {
    /// Notes an option.
    pub(crate) fn give(&mut self, option: Opt, text: &str) {
        self.given.push((option, own(text)));
    }

    /// Nothing given yet.
    pub(crate) fn new(table: Table) -> Self {
        Self {
            table,
            given: Vec::new(),
            positionals: Vec::new(),
        }
    }

    /// All texts of an option, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let of_option = self
            .given
            .iter()
            .filter(|(option, _)| option.has_name(name));
        of_option.map(|(_, text)| text.as_str()).collect()
    }

    /// The text that counts if the option is given: the last one.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.all(name).pop()
    }

    /// The text that counts: the last one given, or the default.
    pub(crate) fn text(&self, name: &str) -> &str {
        let option = self.table.named(name);
        debug_assert!(option.is_some(), "the table lacks {name}");
        self.given(name)
            .unwrap_or_else(|| option.map_or("", Opt::default))
    }

    /// Whether a flag is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name).eq_ignore_ascii_case("true")
    }

    /// The value of an integer option, if it is given or has a default; the grammar has checked
    /// that it is an integer.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        python::int(self.text(name))
    }

    /// The value of an integer option as a count: negative is 0, too large is the largest.
    pub(crate) fn count(&self, name: &str) -> Option<u32> {
        self.int(name).map(python::clamp)
    }

    /// Whether an option was given.
    pub(crate) fn has(&self, option: Opt) -> bool {
        self.given
            .iter()
            .any(|(given, _)| std::ptr::eq(given.0, option.0))
    }

    /// These values, and for options not given here those of `lower`.
    pub(crate) fn over(mut self, lower: Values) -> Self {
        let kept: Vec<_> = lower
            .given
            .into_iter()
            .filter(|(option, _)| !self.has(*option))
            .collect();
        self.given.extend(kept);
        self
    }

    /// What each option says, by its long name: for the process's Python. One that is there without
    /// a value says `true`.
    pub(crate) fn texts(&self) -> Vec<(&'static str, String)> {
        let mut texts = Vec::new();
        for option in self.table.options() {
            let name = option
                .names()
                .into_iter()
                .find(|name| name.starts_with("--"));
            let text = match self.text(option.name()) {
                "" if self.has(option) => "true",
                text => text,
            };
            texts.push((name.unwrap_or_default(), own(text)));
        }
        texts
    }

    /// The first option given that is refused, and why. One that is given its own default asks for
    /// what happens anyway.
    pub(crate) fn refused(&self) -> Option<(Opt, &'static str)> {
        self.given.iter().find_map(|(option, text)| {
            let asks_for_default =
                !option.is_flag() && !option.default().is_empty() && text == option.default();
            if asks_for_default {
                None
            } else {
                Some((*option, self.table.refusal(*option)?))
            }
        })
    }
}

/// The parts, one after the other.
pub(crate) fn text(parts: &[&str]) -> String {
    parts.concat()
}

/// A copy.
pub(crate) fn own(text: &str) -> String {
    text.to_owned()
}

/// What is before and after the first `at`.
pub(crate) fn split(text: &str, at: char) -> Option<(&str, &str)> {
    text.split_once(at)
}

/// The text without white space around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_ascii()
}

/// Whether a word is in a list whose words are separated by spaces.
pub(crate) fn listed(word: &str, list: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// `path` as an absolute path without `.` and `..`, seen from `directory`.
pub(crate) fn absolute(directory: &str, path: &str) -> String {
    let full = if path.starts_with('/') {
        own(path)
    } else {
        text(&[directory, "/", path])
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in full.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    text(&["/", &parts.join("/")])
}
