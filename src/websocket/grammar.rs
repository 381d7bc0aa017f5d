//! Lists in header fields (RFC 9110, section 5.6), as `websockets` reads them.

/// Why a field does not follow its grammar: `expected token at 3 in a, b`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{expected} at {position} in {field}")]
pub struct GrammarError {
    expected: &'static str,
    position: usize,
    field: String,
}

/// A parameter of an extension: its name, and its value where it has one.
pub type Parameter = (String, Option<String>);
/// An extension with its parameters.
pub type Extension = (String, Vec<Parameter>);

/// A field's value, read from left to right.
#[derive(Debug)]
struct Reader<'a> {
    field: &'a [u8],
    at: usize,
}

/// The tokens of a list: `Connection`, `Sec-WebSocket-Protocol`.
///
/// # Errors
/// It is no such list.
pub fn tokens(field: &[u8]) -> Result<Vec<String>, GrammarError> {
    list(field, |reader| reader.token("expected token"))
}

/// The protocols of an `Upgrade` field: tokens, each with a version or without.
///
/// # Errors
/// It is no such list.
pub fn protocols(field: &[u8]) -> Result<Vec<String>, GrammarError> {
    list(field, |reader| {
        let mut protocol = reader.token("expected protocol")?;
        if reader.peek() == Some(b'/')
            && reader
                .field
                .get(reader.at + 1)
                .is_some_and(|byte| is_token_byte(*byte))
        {
            reader.at += 1;
            protocol.push('/');
            protocol += &reader.token("expected protocol")?;
        }
        Ok(protocol)
    })
}

/// The extensions of a `Sec-WebSocket-Extensions` field (RFC 6455, section 9.1).
///
/// # Errors
/// It is no such list.
pub fn extensions(field: &[u8]) -> Result<Vec<Extension>, GrammarError> {
    list(field, |reader| {
        let name = reader.token("expected token")?;
        reader.skip_space();
        let mut parameters = Vec::new();
        while reader.peek() == Some(b';') {
            reader.at += 1;
            reader.skip_space();
            parameters.push(reader.parameter()?);
        }
        Ok((name, parameters))
    })
}

fn list<T>(
    field: &[u8],
    item: impl Fn(&mut Reader<'_>) -> Result<T, GrammarError>,
) -> Result<Vec<T>, GrammarError> {
    let mut reader = Reader { field, at: 0 };
    reader.skip_commas();
    let mut items = Vec::new();
    loop {
        items.push(item(&mut reader)?);
        reader.skip_space();
        match reader.peek() {
            None => return Ok(items),
            Some(b',') => reader.skip_commas(),
            Some(_) => return Err(reader.error("expected comma")),
        }
        if reader.peek().is_none() {
            return Ok(items);
        }
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.field.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn skip_commas(&mut self) {
        while self.peek() == Some(b',') {
            self.at += 1;
            self.skip_space();
        }
    }

    fn error(&self, expected: &'static str) -> GrammarError {
        GrammarError {
            expected,
            position: self.at,
            field: latin1(self.field),
        }
    }

    fn token(&mut self, expected: &'static str) -> Result<String, GrammarError> {
        let rest = &self.field[self.at..];
        let length = rest.iter().take_while(|byte| is_token_byte(**byte)).count();
        if length == 0 {
            return Err(self.error(expected));
        }
        self.at += length;
        Ok(latin1(&rest[..length]))
    }

    fn parameter(&mut self) -> Result<Parameter, GrammarError> {
        let name = self.token("expected token")?;
        self.skip_space();
        if self.peek() != Some(b'=') {
            return Ok((name, None));
        }
        self.at += 1;
        self.skip_space();
        let value = if self.peek() == Some(b'"') {
            let begin = self.at;
            let value = self.quoted()?;
            if value.is_empty() || !value.iter().all(|byte| is_token_byte(*byte)) {
                self.at = begin;
                return Err(self.error("invalid quoted header content"));
            }
            latin1(&value)
        } else {
            self.token("expected token")?
        };
        self.skip_space();
        Ok((name, Some(value)))
    }

    fn quoted(&mut self) -> Result<Vec<u8>, GrammarError> {
        let mut value = Vec::new();
        let mut bytes = self.field[self.at + 1..].iter().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.at += at + 2;
                    return Ok(value);
                }
                b'\\' => match bytes.next() {
                    Some((_, escaped @ (b'\t' | 0x20..=0x7e | 0x80..))) => value.push(*escaped),
                    _ => break,
                },
                b'\t' | 0x20..=0x7e => value.push(*byte),
                _ => break,
            }
        }
        Err(self.error("expected quoted string"))
    }
}

/// Whether it is a token (RFC 9110, section 5.6.2).
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-!#$%&'*+.^_`|~".contains(&byte)
}

/// Header fields are Latin-1.
#[must_use]
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;

    fn error<T: std::fmt::Debug>(result: Result<T, GrammarError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn lists_have_commas_and_may_have_empty_items() {
        assert_eq!(
            tokens(b"keep-alive, Upgrade").unwrap(),
            ["keep-alive", "Upgrade"]
        );
        assert_eq!(tokens(b",, a ,\t,b,").unwrap(), ["a", "b"]);
        assert_eq!(error(tokens(b"")), "expected token at 0 in ");
        assert_eq!(
            error(tokens(b"Upgrade, a b")),
            "expected comma at 11 in Upgrade, a b"
        );
        assert_eq!(error(tokens(b"\xe9")), "expected token at 0 in é");
    }

    #[test]
    fn protocols_have_versions() {
        assert_eq!(
            protocols(b"websocket, HTTP/2.0").unwrap(),
            ["websocket", "HTTP/2.0"]
        );
        assert_eq!(error(protocols(b"a/")), "expected comma at 1 in a/");
    }

    #[test]
    fn extensions_have_parameters() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            extensions(b"a; b; c=1; d = \"2\", e").unwrap(),
            [
                (
                    "a".to_owned(),
                    vec![
                        ("b".to_owned(), None),
                        ("c".to_owned(), text("1")),
                        ("d".to_owned(), text("2"))
                    ]
                ),
                ("e".to_owned(), vec![])
            ]
        );
        assert_eq!(
            error(extensions(b"a; ; =")),
            "expected token at 3 in a; ; ="
        );
        assert_eq!(
            error(extensions(b"a; b=\"1")),
            "expected quoted string at 5 in a; b=\"1"
        );
        assert_eq!(
            error(extensions(b"a; b=\"1 2\"")),
            "invalid quoted header content at 5 in a; b=\"1 2\""
        );
    }
}
