//! The table of a server's options, and the values that a command line gave them.

/// One option of a server's command line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opt {
    /// Its names in the order in which the original lists them, separated by a space: `-w --workers`. For a
    /// [`Kind::Switch`] the second name is the negative one.
    pub names: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// What `--help` calls its value.
    pub metavar: &'static str,
    /// Its default as `--help` shows it; empty if `--help` shows none.
    pub default: &'static str,
    /// What it does, for `--help`.
    pub help: &'static str,
    /// Whether it works here.
    pub support: Support,
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
    /// Any text.
    Text,
    /// Any text, and the option may be repeated.
    Repeated,
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
    /// A value that may be left out, and what it is then (argparse `nargs="?"`).
    Optional(&'static str),
}

/// Whether an option works in a browser tab.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Support {
    /// It does what it says.
    Honoured,
    /// It is known and refused; here is why, in a sentence.
    Refused(&'static str),
}

impl Opt {
    /// An option with a value.
    pub(crate) const fn new(
        names: &'static str,
        kind: Kind,
        metavar: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            names,
            kind,
            metavar,
            default,
            help,
            support: Support::Honoured,
        }
    }

    /// A flag.
    pub(crate) const fn flag(names: &'static str, default: &'static str, help: &'static str) -> Self {
        Self::new(names, Kind::Flag, "", default, help)
    }

    /// The same option, refused for this reason.
    pub(crate) const fn refused(mut self, reason: &'static str) -> Self {
        self.support = Support::Refused(reason);
        self
    }

    /// What `--help` says about it.
    pub(crate) fn description(&self) -> String {
        let refused = matches!(self.support, Support::Refused(_));
        [self.help, if refused { " (refused here)" } else { "" }].concat()
    }

    /// Its names, one by one.
    pub(crate) fn each_name(&self) -> impl Iterator<Item = &'static str> {
        self.names.split(' ')
    }

    /// Whether it has this name.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.each_name().any(|n| n == name)
    }

    /// Whether it takes no value.
    pub(crate) fn is_flag(&self) -> bool {
        matches!(self.kind, Kind::Flag | Kind::Switch | Kind::Help | Kind::Version)
    }
}

/// What a command line says: for each option given its texts, and the positional arguments.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// The table that the indices below refer to.
    pub options: &'static [Opt],
    /// Index of the option and its text, in the order given. The text of a flag is `true` or `false`.
    pub given: Vec<(usize, String)>,
    /// The positional arguments.
    pub positionals: Vec<String>,
}

impl Values {
    /// Nothing given yet.
    pub(crate) fn new(options: &'static [Opt]) -> Self {
        Self {
            options,
            given: Vec::new(),
            positionals: Vec::new(),
        }
    }

    /// All texts of an option, in order.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let option = self.options.iter().position(|o| o.has_name(name));
        debug_assert!(option.is_some(), "the table lacks {name}");
        self.given
            .iter()
            .filter(move |(index, _)| Some(*index) == option)
            .map(|(_, text)| text.as_str())
    }

    /// The text that counts: the last one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// Whether a flag is set, or what its default is.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.text(name).map_or(default, |text| text == "true")
    }

    /// The value of an integer option; the grammar has checked that it is one.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(super::python::int)
    }

    /// The value of an integer option as a count: negative is 0, too large is the largest.
    pub(crate) fn count(&self, name: &str) -> Option<u32> {
        self.int(name).map(|n| n.clamp(0, i64::from(u32::MAX)) as u32)
    }

    /// Whether the option at this index was given.
    pub(crate) fn has(&self, option: usize) -> bool {
        self.given.iter().any(|(index, _)| *index == option)
    }

    /// These values, and for options not given here those of `lower`.
    pub(crate) fn over(mut self, lower: Values) -> Self {
        let own: Vec<bool> = (0..self.options.len()).map(|option| self.has(option)).collect();
        self.given.extend(
            lower
                .given
                .into_iter()
                .filter(|(option, _)| !own.get(*option).copied().unwrap_or(false)),
        );
        self
    }

    /// The first option given that is refused, and why. One that is given its own default asks for what happens anyway.
    pub(crate) fn refused(&self) -> Option<(&'static Opt, &'static str)> {
        self.given.iter().find_map(|(index, text)| {
            let option = self.options.get(*index)?;
            let asks_for_default = !option.is_flag() && !option.default.is_empty() && text == option.default;
            match option.support {
                Support::Refused(reason) if !asks_for_default => Some((option, reason)),
                _ => None,
            }
        })
    }
}
