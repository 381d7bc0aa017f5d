//! The table of a server's options, and the values that a command line gave them.

use std::ptr;

use super::python;

/// One option of a server. What `--help` says about it is in `help.txt` beside the table.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    /// Its names in the order in which the original lists them. For a [`Kind::Switch`] the second
    /// name is the negative one.
    pub(crate) names: &'static [&'static str],
    /// What its value may be.
    pub(crate) kind: Kind,
    /// What a usage line calls its value, if it has one.
    pub(crate) metavar: Option<&'static str>,
    /// Its default.
    pub(crate) default: Option<&'static str>,
    /// Why it is refused, in a sentence.
    pub(crate) refusal: Option<&'static str>,
}

/// What an option's value may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// No value: it is there or not.
    Flag,
    /// No value, but a positive and a negative name (click's `--x / --no-x`).
    Switch,
    /// Prints the help.
    Help,
    /// Prints the version.
    Version,
    /// Anything.
    Text,
    /// Anything, and the option may be repeated.
    Repeated,
    /// A file or directory that has to be there.
    Path,
    /// A directory that has to be there, and the option may be repeated.
    Paths,
    /// An integer.
    Int,
    /// An integer with Python's prefixes (`0o17`) or C's octal (`017`).
    AutoInt,
    /// A number of seconds.
    Float,
    /// `true`, `no`, `1` …
    Bool,
    /// One of these.
    Choice(&'static [&'static str]),
    /// The value may be left out, and is this then (argparse's `nargs="?"`).
    Optional(&'static str),
}

impl Kind {
    /// Whether every value given counts, not only the last.
    pub(crate) fn is_repeated(self) -> bool {
        matches!(self, Self::Repeated | Self::Paths)
    }

    /// Whether the value has to be a path that is there.
    pub(crate) fn is_path(self) -> bool {
        matches!(self, Self::Path | Self::Paths)
    }
}

impl OptionSpec {
    /// An option with these names.
    pub(crate) const fn new(names: &'static [&'static str], kind: Kind) -> Self {
        Self {
            names,
            kind,
            metavar: None,
            default: None,
            refusal: None,
        }
    }

    /// What a usage line calls its value.
    pub(crate) const fn metavar(mut self, metavar: &'static str) -> Self {
        self.metavar = Some(metavar);
        self
    }

    /// Its default.
    pub(crate) const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// Why it is refused, in a sentence.
    pub(crate) const fn refused(mut self, refusal: &'static str) -> Self {
        self.refusal = Some(refusal);
        self
    }

    /// Its first name.
    pub(crate) fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// Its first long name.
    pub(crate) fn long_name(&self) -> Option<&'static str> {
        self.names
            .iter()
            .copied()
            .find(|name| name.starts_with("--"))
    }

    /// Whether it takes no value.
    pub(crate) fn is_flag(&self) -> bool {
        matches!(
            self.kind,
            Kind::Flag | Kind::Switch | Kind::Help | Kind::Version
        )
    }
}

/// All options of a server, in the order of its help.
#[derive(Debug)]
pub(crate) struct OptionTable(pub(crate) &'static [OptionSpec]);

impl OptionTable {
    /// All options, in order.
    pub(crate) fn iter(&self) -> std::slice::Iter<'static, OptionSpec> {
        self.0.iter()
    }

    /// The option with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&'static OptionSpec> {
        self.iter().find(|option| option.names.contains(&name))
    }
}

/// What a command line says: for each option given its texts, and the positional arguments.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// The options that may be given.
    pub(crate) table: &'static OptionTable,
    /// Options and their texts, in the order given. The text of a flag is `true` or `false`.
    pub(crate) given: Vec<(&'static OptionSpec, String)>,
    /// The positional arguments.
    pub(crate) positionals: Vec<String>,
}

impl Values {
    /// Nothing given yet.
    pub(crate) fn new(table: &'static OptionTable) -> Self {
        Self {
            table,
            given: Vec::new(),
            positionals: Vec::new(),
        }
    }

    /// Notes an option.
    pub(crate) fn give(&mut self, option: &'static OptionSpec, text: &str) {
        self.given.push((option, text.to_owned()));
    }

    /// All texts of an option, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.given
            .iter()
            .filter(|(option, _)| option.names.contains(&name))
            .map(|(_, text)| text.as_str())
            .collect()
    }

    /// The text that counts if the option is given: the last one.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.all(name).pop()
    }

    /// The text that counts: the last one given, or the default, or nothing.
    pub(crate) fn text(&self, name: &str) -> &str {
        let option = self.table.named(name);
        debug_assert!(option.is_some(), "the table lacks {name}");
        self.given(name).or_else(|| option?.default).unwrap_or("")
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
    pub(crate) fn has(&self, option: &OptionSpec) -> bool {
        self.given.iter().any(|(given, _)| ptr::eq(*given, option))
    }

    /// These values, and for options not given here those of `lower`.
    pub(crate) fn over(mut self, lower: Values) -> Self {
        let kept: Vec<_> = lower
            .given
            .into_iter()
            .filter(|(option, _)| !self.has(option))
            .collect();
        self.given.extend(kept);
        self
    }

    /// The text that counts, if it is not empty.
    pub(crate) fn set(&self, name: &str) -> Option<String> {
        Some(self.text(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// A count that is not 0.
    pub(crate) fn positive(&self, name: &str) -> Option<u32> {
        self.count(name).filter(|count| *count > 0)
    }

    /// The first option given that is refused, and why. One that is given its own default asks for
    /// what happens anyway.
    pub(crate) fn refused(&self) -> Option<(&'static OptionSpec, &'static str)> {
        self.given.iter().find_map(|(option, text)| {
            let asks_for_default =
                !option.is_flag() && option.default.is_some_and(|default| text == default);
            let refusal = option.refusal.filter(|_| !asks_for_default)?;
            Some((*option, refusal))
        })
    }
}

/// `path` as an absolute path without `.` and `..`, seen from `directory`.
pub(crate) fn absolute(directory: &str, path: &str) -> String {
    let full = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{directory}/{path}")
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
    format!("/{}", parts.join("/"))
}
