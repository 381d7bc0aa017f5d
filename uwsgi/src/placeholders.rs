//! What stands for something else in uWSGI's ini files and values: `%d`, `$(VARIABLE)`, `@(file)`,
//! `%(option)`.

use wasgi_options::{absolute, own, text, trim};

use crate::getopt::Stop;
use crate::settings::{MOST_ROUNDS, Settings, stop};

impl Settings<'_> {
    /// Replaces what a `%` and a sign stand for; those that stand for nothing vanish.
    pub(crate) fn replace_magic(
        &self,
        content: &str,
        name: &str,
        file: &str,
        section: &str,
    ) -> String {
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
                'k' => self.call.variable("=").unwrap_or("1"),
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

    /// Replaces `$(VARIABLE)`, `@(file)` and `%(option)` in all values, in this order.
    pub(crate) fn replace_placeholders(&mut self) -> Result<(), Stop> {
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
                "$(" => self.call.variable(key).map(own),
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
                    value = put(&value, start, end + 1, &with);
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

    /// Options and numbers with signs between them, from left to right; without a sign they are put
    /// together.
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
}

/// C's `atoi`: the number at the beginning.
#[inline(never)]
pub(crate) fn number(value: &str) -> i64 {
    let value = trim(value);
    let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
    let mut number: i64 = 0;
    for digit in digits.bytes().take_while(u8::is_ascii_digit) {
        number = number
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'));
    }
    if value.starts_with('-') {
        -number
    } else {
        number
    }
}

/// Where a part begins, at or after a place. (The library's search is 3 kB of wasm.)
#[inline(never)]
pub(crate) fn find(value: &str, part: &str, from: usize) -> Option<usize> {
    let at = |at: &usize| value.get(*at..).is_some_and(|rest| rest.starts_with(part));
    (from..value.len()).find(at)
}

/// The text with all parts of a kind replaced.
pub(crate) fn replaced(value: &str, part: &str, with: &str) -> String {
    let mut value = own(value);
    let mut from = 0;
    while let Some(at) = find(&value, part, from) {
        value = put(&value, at, at + part.len(), with);
        from = at + with.len();
    }
    value
}

/// The text with something else from one place up to another.
#[inline(never)]
fn put(value: &str, from: usize, to: usize, with: &str) -> String {
    let before = value.get(..from).unwrap_or("");
    text(&[before, with, value.get(to..).unwrap_or("")])
}
