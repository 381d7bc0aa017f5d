//! What uWSGI is set to: by its environment, its command line and the ini files that these name, in the original's order.
//!
//! All of it becomes one run of options. It is written out as words for the processes, which so read no file.

use super::PROGRAM;
use crate::servers::grammar::Stop;
use crate::servers::option::{Kind, Opt, Values, listed, own, split, text, trim};
use crate::servers::{Call, absolute};

/// The first of the words that are settled: no shell makes such a word.
const SETTLED: &str = "\u{1}";
/// Files that name each other, and placeholders that stand for each other, end somewhere.
const MOST_ROUNDS: u32 = 99;
/// Options that say whether, or how often, those that follow are set.
const LOGIC: &str = "for for-times if-env ifenv if-not-env if-opt if-not-opt if-exists ifexists if-not-exists if-file if-not-file \
                     if-reload if-not-reload";

/// An option or a variable that is set.
struct Given {
    key: String,
    value: String,
    /// It has done what it does.
    done: bool,
    /// Placeholders name it.
    named: bool,
}

/// All that is set.
pub(super) struct Settings<'a> {
    call: &'a Call<'a>,
    given: Vec<Given>,
    /// What is printed on the way.
    pub(super) said: Vec<String>,
    logic: Option<(String, String)>,
    strict: bool,
    /// The file that was read last, and the first one.
    last: String,
    first: String,
    files: u32,
}

/// The options that a process gets, as its master has settled them.
pub(super) fn settled(words: &[String]) -> Option<Values> {
    let (first, rest) = words.split_first()?;
    if first != SETTLED {
        return None;
    }
    let mut values = Values::new(PROGRAM.table);
    for (name, value) in rest.iter().filter_map(|word| split(word, '=')) {
        if let Some(option) = PROGRAM.table.named(name) {
            values.give(option, value);
        }
    }
    Some(values)
}

/// The words of settled options.
pub(super) fn words(values: &Values) -> Vec<String> {
    let word = |(option, value): &(Opt, String)| text(&[option.name(), "=", value]);
    let mut words = vec![own(SETTLED)];
    words.extend(values.given.iter().map(word));
    words
}

impl<'a> Settings<'a> {
    /// Nothing is set.
    pub(super) fn new(call: &'a Call<'a>) -> Self {
        Self {
            call,
            given: Vec::new(),
            said: Vec::new(),
            logic: None,
            strict: false,
            last: String::new(),
            first: String::new(),
            files: 0,
        }
    }

    /// Reads it all.
    ///
    /// # Errors
    /// The help is asked for, or something is wrong or refused.
    pub(super) fn read(&mut self, words: &[String]) -> Result<Values, Stop> {
        let line = PROGRAM.parse(words)?;
        for (name, value) in self.call.env.outer.iter().chain(self.call.env.own) {
            if let Some(name) = name.strip_prefix("UWSGI_") {
                let key = replaced(&name.to_ascii_lowercase(), "_", "-");
                self.add(&key, value)?;
            }
        }
        for (option, value) in &line.given {
            let long = option
                .names()
                .into_iter()
                .find_map(|name| name.strip_prefix("--"));
            self.add(long.unwrap_or_default(), value)?;
        }
        for file in &line.positionals {
            let ending = file.rsplit('.').next().unwrap_or("");
            if ending == "ini" {
                self.load(file)?;
            } else if listed(ending, "xml yaml yml") {
                return stop(&[
                    "uwsgi: ",
                    file,
                    ": wasgi reads ini files only: write the options into one.",
                ]);
            } else {
                return stop(&["unable to load configuration from ", file]);
            }
        }
        self.replace_placeholders()?;
        self.settle()
    }

    fn add(&mut self, key: &str, value: &str) -> Result<(), Stop> {
        if listed(key, "end endfor endif end-if end-for") {
            self.logic = None;
            return Ok(());
        }
        let Some((how, argument)) = self.logic.take() else {
            return self.push(key, value);
        };
        if listed(key, LOGIC) {
            return stop(&["recursive logic in options is not supported (option = ", key, ")"]);
        }
        for word in self.rounds(&how, &argument) {
            self.push(key, &replaced(value, "%(_)", &word))?;
        }
        self.logic = Some((how, argument));
        Ok(())
    }

    /// The words for which the options inside are set.
    fn rounds(&self, how: &str, argument: &str) -> Vec<String> {
        let (name, wanted) = match split(argument, '=') {
            Some((name, wanted)) => (name, Some(wanted)),
            None => (argument, None),
        };
        let found = match how {
            "for" => {
                return argument
                    .split(' ')
                    .filter(|word| !word.is_empty())
                    .map(own)
                    .collect();
            }
            "for-times" => return (1..=number(argument)).map(|round| round.to_string()).collect(),
            "if-env" | "ifenv" | "if-not-env" => self.call.env.get(name),
            "if-opt" | "if-not-opt" => self.value(name),
            "if-reload" => None,
            "if-not-reload" => return vec![String::new()],
            _ => self.call.file(argument).map(|_| argument),
        };
        let found = found.filter(|value| wanted.is_none_or(|wanted| *value == wanted || *value == argument));
        let negated = how.strip_prefix("if-not-").is_some();
        match (found, negated) {
            (Some(value), false) => vec![own(value)],
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
                let Some((key, value)) = split(value, '=') else {
                    return stop(&["invalid placeholder/--set value"]);
                };
                return self.push(key, value);
            }
            _ if listed(key, LOGIC) => self.logic = Some((own(key), own(value))),
            _ => done = false,
        }
        self.given.push(Given {
            key: own(key),
            value: own(value),
            done,
            named: false,
        });
        Ok(())
    }

    /// Reads a section of a file.
    fn load(&mut self, name: &str) -> Result<(), Stop> {
        self.files += 1;
        if self.files > MOST_ROUNDS {
            return stop(&["uwsgi: ", name, ": the ini files name each other without end."]);
        }
        if name == "-" || find(name, "://", 0).is_some() {
            let reason = ": wasgi reads files of the project only, and has neither a terminal nor a network to read from.";
            return stop(&["uwsgi: option '--ini': ", name, reason]);
        }
        let (file, section) = name.rsplit_once(':').unwrap_or((name, ""));
        let again = name.starts_with(':');
        let file = if again { own(&self.last) } else { own(file) };
        let Some(content) = self.call.file(&file) else {
            let line = " failed: No such file or directory [core/utils.c line 3640]";
            return stop(&["realpath() of ", &file, line]);
        };
        if !again {
            self.said
                .push(text(&["[uWSGI] getting INI configuration from ", &file]));
        }
        if self.first.is_empty() {
            self.first.clone_from(&file);
        }
        self.last.clone_from(&file);
        let content = self.replace_magic(content, name, &file, section);
        let asked = if section.is_empty() { "uwsgi" } else { section };
        let mut there = false;
        let mut is_asked = false;
        for line in content.split('\n').map(trim) {
            if let Some(name) = line.strip_prefix('[') {
                let mut name = name.chars();
                name.next_back();
                is_asked = name.as_str() == asked;
            } else if is_asked && !line.is_empty() && !line.starts_with([';', '#']) {
                there = true;
                let (key, value) = split(line, '=').unwrap_or((line, ""));
                self.add(trim(key), trim(value))?;
            }
        }
        if !there {
            let warning = [
                "*** WARNING: Can't find section \"",
                asked,
                "\" in INI configuration file ",
            ];
            self.said.push(text(&[&warning.concat(), &file, " ***"]));
        }
        Ok(())
    }

    /// Replaces what a `%` and a sign stand for; those that stand for nothing vanish.
    fn replace_magic(&self, content: &str, name: &str, file: &str, section: &str) -> String {
        let mut out = String::with_capacity(content.len());
        let mut signs = content.chars();
        while let Some(sign) = signs.next() {
            if sign != '%' {
                out.push(sign);
                continue;
            }
            let Some(sign) = signs.next() else {
                out.push('%');
                break;
            };
            let of_first = sign.is_ascii_uppercase();
            let path = absolute(self.call.cwd, if of_first { &self.first } else { file });
            let (directory, base) = path.rsplit_once('/').unwrap_or(("", &path));
            out.push_str(match sign {
                '%' => "%",
                '(' => "%(",
                'V' => "2.0.31",
                'v' => self.call.cwd,
                'h' => "emscripten",
                'k' => self.call.env.get("=").unwrap_or("1"),
                'u' | 'g' => "0",
                'x' => section,
                'o' => name,
                'p' | 'P' => &path,
                's' | 'S' => base,
                'd' | 'D' => path.strip_suffix(base).unwrap_or(""),
                'c' | 'C' => directory.rsplit('/').next().unwrap_or(""),
                'e' | 'E' => base.rsplit_once('.').map_or("", |(_, end)| end),
                'n' | 'N' => base.rsplit_once('.').map_or(base, |(stem, _)| stem),
                digit => {
                    let at = digit.to_digit(10).map(|digit| digit as usize + 1);
                    at.and_then(|at| directory.split('/').nth(at)).unwrap_or("")
                }
            });
        }
        out
    }

    fn value(&self, key: &str) -> Option<&str> {
        let given = self.given.iter().find(|given| given.key == key);
        given.map(|given| given.value.as_str())
    }

    /// Replaces `$(VARIABLE)`, `@(file)` and `%(option)` in all values, in this order.
    fn replace_placeholders(&mut self) -> Result<(), Stop> {
        for index in 0..self.given.len() {
            if let Some(given) = self.given.get(index) {
                let placeholder = text(&["%(", &given.key, ")"]);
                let named = self
                    .given
                    .iter()
                    .any(|given| find(&given.value, &placeholder, 0).is_some());
                if let Some(given) = self.given.get_mut(index) {
                    given.named = named;
                }
            }
        }
        for symbol in ["$(", "@(", "%("] {
            for index in 0..self.given.len() {
                let Some(given) = self.given.get(index).filter(|given| !given.done) else {
                    continue;
                };
                let value = self.replaced(given.value.clone(), symbol)?;
                if let Some(given) = self.given.get_mut(index) {
                    given.value = value;
                }
            }
        }
        Ok(())
    }

    fn replaced(&self, mut value: String, symbol: &str) -> Result<String, Stop> {
        let mut from = 0;
        let mut rounds = 0;
        while let Some(start) = find(&value, symbol, from) {
            let key_at = start + 2;
            let mut depth = 1;
            let end = value.get(key_at..).unwrap_or("").find(|sign| {
                depth += match sign {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            let Some(end) = end.map(|length| key_at + length) else {
                break;
            };
            let key = value.get(key_at..end).unwrap_or("");
            let with = match symbol {
                "$(" => self.call.env.get(key).map(own),
                "@(" if key.is_empty() => None,
                "@(" => {
                    let Some(content) = self.call.file(key) else {
                        let line = "\"): No such file or directory [core/io.c line 525]";
                        return stop(&["open(\"", key, line]);
                    };
                    Some(own(content.strip_suffix('\n').unwrap_or(content)))
                }
                _ if key.contains(' ') => Some(self.computed(key)),
                _ => self.value(key).map(own),
            };
            match with {
                Some(with) => {
                    value.replace_range(key_at - 2..=end, &with);
                    from = 0;
                    rounds += 1;
                    if rounds > MOST_ROUNDS {
                        return stop(&["uwsgi: ", symbol, "…): a placeholder stands for itself."]);
                    }
                }
                None => from = end + 1,
            }
        }
        Ok(value)
    }

    /// Options and numbers with signs between them, from left to right; without a sign they are put together.
    fn computed(&self, key: &str) -> String {
        let mut value = String::new();
        let mut sign = "";
        for word in key.split(' ').filter(|word| !word.is_empty()) {
            let left = number(&value);
            match word {
                "+" | "-" | "*" | "/" => sign = word,
                "++" => value = (left + 1).to_string(),
                "--" => value = (left - 1).to_string(),
                word => {
                    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
                    let word = if digits {
                        word
                    } else {
                        self.value(word).unwrap_or("")
                    };
                    let right = number(word);
                    let result = match sign {
                        "+" => left.wrapping_add(right),
                        "-" => left.wrapping_sub(right),
                        "*" => left.wrapping_mul(right),
                        "/" => left.checked_div(right).unwrap_or(0),
                        _ => {
                            value.push_str(word);
                            continue;
                        }
                    };
                    value = result.to_string();
                    sign = "";
                }
            }
        }
        value
    }

    /// What is set that is an option.
    fn settle(&self) -> Result<Values, Stop> {
        let mut values = Values::new(PROGRAM.table);
        for Given {
            key, value, named, ..
        } in self.given.iter().filter(|given| !given.done)
        {
            let name = text(&["--", key]);
            if *named && PROGRAM.table.named(&name).is_none() {
                continue;
            }
            let Some(option) = PROGRAM.find(&name)? else {
                if self.strict {
                    return stop(&["[strict-mode] unknown config directive: ", key]);
                }
                continue;
            };
            match option.kind() {
                Kind::Help => return Err(Stop::Help),
                Kind::Int => {
                    let number = number(value);
                    if number < 0 {
                        return stop(&["invalid value for option \"", key, "\": must be > 0"]);
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
    !listed(&value.to_ascii_lowercase(), "false off no 0")
}

/// C's `atoi`: the number at the beginning.
#[inline(never)]
fn number(value: &str) -> i64 {
    let value = trim(value);
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    let mut number: i64 = 0;
    for digit in digits.bytes().take_while(u8::is_ascii_digit) {
        number = number.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    }
    if value.starts_with('-') { -number } else { number }
}

/// Where a part begins, at or after a place. (The library's search is 3 kB of wasm.)
#[inline(never)]
fn find(value: &str, part: &str, from: usize) -> Option<usize> {
    let at = |at: &usize| value.get(*at..).is_some_and(|rest| rest.starts_with(part));
    (from..value.len()).find(at)
}

/// The text with all parts of a kind replaced.
fn replaced(value: &str, part: &str, with: &str) -> String {
    let mut value = own(value);
    let mut from = 0;
    while let Some(at) = find(&value, part, from) {
        value.replace_range(at..at + part.len(), with);
        from = at + with.len();
    }
    value
}

#[inline(never)]
fn stop<T>(parts: &[&str]) -> Result<T, Stop> {
    Err(Stop::Usage(text(parts)))
}
