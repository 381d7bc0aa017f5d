//! What one client does on one connection, and how that is written down.

use std::fmt::{self, Write};

/// One step of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Waits until nothing more comes.
    Quiet,
    /// Sends no more (FIN), and goes on reading.
    Finish,
}

/// The steps of a client on one connection. After the last it waits until the server closes, or
/// nothing more comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Exchange(pub(super) Vec<Step>);

/// Runs of one byte that are at least so long are written as `\*{BYTE:LENGTH}`.
const RUN: usize = 24;

impl Exchange {
    /// The exchange that a text tells, of a line for each step, as [`fmt::Display`] writes it. The
    /// error is the line that is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| Step::parse(line).ok_or_else(|| line.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Step {
    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_start();
        match line {
            "quiet" => Some(Self::Quiet),
            "finish" => Some(Self::Finish),
            _ => unescape(line.strip_prefix("send ")?).map(Self::Send),
        }
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Send(bytes) => writeln!(f, "send {}", escape(bytes))?,
                Step::Quiet => writeln!(f, "quiet")?,
                Step::Finish => writeln!(f, "finish")?,
            }
        }
        Ok(())
    }
}

/// Bytes as a line of ASCII, long runs shortened.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        let byte = run[0].escape_ascii();
        if run.len() >= RUN {
            let _ = write!(text, "\\*{{{byte}:{}}}", run.len());
        } else {
            for _ in run {
                let _ = write!(text, "{byte}");
            }
        }
    }
    text
}

fn unescape(mut text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !text.is_empty() {
        if let Some(run) = text.strip_prefix("\\*{") {
            let (byte, rest) = unescape_one(run)?;
            let (length, rest) = rest.strip_prefix(':')?.split_once('}')?;
            bytes.resize(bytes.len() + length.parse::<usize>().ok()?, byte);
            text = rest;
        } else {
            let (byte, rest) = unescape_one(text)?;
            bytes.push(byte);
            text = rest;
        }
    }
    Some(bytes)
}

fn unescape_one(text: &str) -> Option<(u8, &str)> {
    let Some(escaped) = text.strip_prefix('\\') else {
        let byte = *text.as_bytes().first()?;
        return byte.is_ascii().then(|| (byte, &text[1..]));
    };
    let byte = match escaped.as_bytes().first()? {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        byte @ (b'\\' | b'\'' | b'"') => *byte,
        b'x' => {
            let byte = u8::from_str_radix(escaped.get(1..3)?, 16).ok()?;
            return Some((byte, &escaped[3..]));
        }
        _ => return None,
    };
    Some((byte, &escaped[1..]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_exchange_is_read_as_it_is_written() {
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend(vec![b'a'; 70_000]);
        bytes.extend([b'}'; 30]);
        bytes.extend([0; 30]);
        let exchange = Exchange(vec![
            Step::Send(bytes),
            Step::Quiet,
            Step::Send(b"x".to_vec()),
            Step::Finish,
        ]);
        let text = exchange.to_string();
        assert!(text.len() < 1200, "{}", text.len());
        assert_eq!(Exchange::parse(&text).unwrap(), exchange);
    }

    #[test]
    fn a_line_that_is_no_step_is_told() {
        assert_eq!(Exchange::parse("quiet\nsing x\n"), Err("sing x".into()));
        assert!(Exchange::parse("send \\q").is_err());
        assert!(Exchange::parse("send \\*{a:x}").is_err());
    }
}
