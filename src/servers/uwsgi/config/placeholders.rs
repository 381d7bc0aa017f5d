//! What stands for something else in uWSGI's ini files and values: `%d`, `$(VARIABLE)`, `@(file)`,
//! `%(option)`.

use std::collections::BTreeSet;

use super::{Config, MOST_ROUNDS};
use crate::servers::absolute;
use crate::servers::grammar::Stop;

impl Config<'_> {
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
            let processors;
            out.push_str(match sign {
                '%' => "%",
                '(' => "%(",
                'V' => "2.0.31",
                'v' => self.call.cwd,
                'h' => "emscripten",
                'k' => {
                    processors = self.call.processors.to_string();
                    &processors
                }
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
        let values = self.given.iter().map(|given| given.value.as_str());
        let named: BTreeSet<String> = values.flat_map(placeholders).map(str::to_owned).collect();
        for given in &mut self.given {
            given.named = named.contains(&given.key);
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

    fn replaced(&mut self, mut value: String, symbol: &str) -> Result<String, Stop> {
        let mut from = 0;
        let mut rounds = 0;
        while let Some(start) = value
            .get(from..)
            .and_then(|rest| rest.find(symbol))
            .map(|at| from + at)
        {
            self.spend(value.len() - from + self.given.len())?;
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
                "$(" => self.call.env.get(key).map(str::to_owned),
                "@(" if key.is_empty() => None,
                "@(" => {
                    let Some(content) = self.call.text(key) else {
                        return Err(Stop::Usage(format!(
                            "open(\"{key}\"): No such file or directory [core/io.c line 525]"
                        )));
                    };
                    Some(content.strip_suffix('\n').unwrap_or(content).to_owned())
                }
                _ if key.contains(' ') => Some(self.computed(key)),
                _ => self.value(key).map(str::to_owned),
            };
            match with {
                Some(with) => {
                    value.replace_range(start..=end, &with);
                    from = 0;
                    rounds += 1;
                    if rounds > MOST_ROUNDS {
                        return Err(Stop::Usage(format!(
                            "uwsgi: {symbol}…): a placeholder stands for itself."
                        )));
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
            let left = leading_number(&value);
            match word {
                "+" | "-" | "*" | "/" => sign = word,
                "++" => value = left.wrapping_add(1).to_string(),
                "--" => value = left.wrapping_sub(1).to_string(),
                word => {
                    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
                    let word = if digits {
                        word
                    } else {
                        self.value(word).unwrap_or("")
                    };
                    let right = leading_number(word);
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

/// The keys of the placeholders `%(key)` in a value.
fn placeholders(value: &str) -> impl Iterator<Item = &str> {
    let after = value.split("%(").skip(1);
    after.filter_map(|rest| rest.split_once(')').map(|(key, _)| key))
}

/// C's `atoi`: the number at the beginning.
pub(super) fn leading_number(value: &str) -> i64 {
    let value = value.trim_ascii();
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
