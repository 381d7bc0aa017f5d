//! The chunked transfer coding (RFC 9112, section 7.1).

use super::error::RequestError;
use super::fields::Headers;
use super::input::Input;
use super::limits::Limits;
use super::rules::{ChunkExtensions, ChunkSizes, Rules};
use super::section::{Most, Section};
use super::step::Step;
use super::{fields, text};

/// Longest line of a chunk's size where the limits name none, bytes.
const LONGEST_SIZE_LINE: usize = 65536;

/// Where in a chunked body the reader is.
#[derive(Debug)]
pub(super) enum Chunked {
    /// At the line of a chunk's size.
    Size,
    /// Inside a chunk's data; so many bytes are left.
    Data(u64),
    /// At the line end after a chunk's data.
    DataEnd,
    /// After the last chunk.
    Trailers(Section),
    /// At the body's end.
    Done(Headers),
}

impl Chunked {
    pub(super) fn new() -> Chunked {
        Chunked::Size
    }

    /// Why the body is not complete if nothing more comes.
    pub(super) fn cut_short(&self, input: &Input) -> RequestError {
        match self {
            Chunked::DataEnd => RequestError::EndInChunkEnd(input.rest().to_vec()),
            Chunked::Trailers(_) => RequestError::EndInChunkEnd(Vec::new()),
            _ => RequestError::EndInBody { missing: None },
        }
    }

    pub(super) fn next(
        &mut self,
        input: &mut Input,
        rules: &Rules,
        limits: &Limits,
    ) -> Result<Step, RequestError> {
        loop {
            match self {
                Chunked::Size => match read_size(input, rules, limits)? {
                    None => return Ok(Step::Wait),
                    Some(0) => *self = Chunked::Trailers(Section::default()),
                    Some(size) => *self = Chunked::Data(size),
                },
                Chunked::Data(left) => {
                    let data = input.take(usize::try_from(*left).unwrap_or(usize::MAX));
                    if data.is_empty() {
                        return Ok(Step::Wait);
                    }
                    *left -= data.len() as u64;
                    if *left == 0 {
                        *self = Chunked::DataEnd;
                    }
                    return Ok(Step::Data(data));
                }
                Chunked::DataEnd => {
                    let end = match input.rest() {
                        [first, ..] if rules.chunk_end_by_byte && *first != b'\r' => {
                            return Err(RequestError::ChunkEnd(vec![*first]));
                        }
                        [] | [_] => return Ok(Step::Wait),
                        [first, second, ..] => [*first, *second],
                    };
                    if end != *b"\r\n" {
                        return Err(RequestError::ChunkEnd(end.to_vec()));
                    }
                    input.take(2);
                    *self = Chunked::Size;
                }
                Chunked::Trailers(section) => {
                    let Some(length) =
                        section.find_end(input, rules.bare_lf, Most::bytes(limits.head))?
                    else {
                        return Ok(Step::Wait);
                    };
                    let trailers = input.take(length);
                    *self = Chunked::Done(fields::parse_trailers(
                        input.slice(trailers),
                        rules,
                        limits,
                    )?);
                }
                Chunked::Done(_) => return Ok(Step::End),
            }
        }
    }
}

/// Reads the line of a chunk's size, once it is there.
fn read_size(
    input: &mut Input,
    rules: &Rules,
    limits: &Limits,
) -> Result<Option<u64>, RequestError> {
    let limit = if limits.field_size > 0 {
        limits.field_size
    } else {
        LONGEST_SIZE_LINE
    };
    let ends_with_crlf = rules.chunk_sizes != ChunkSizes::Short;
    let mut found = input.next_lf();
    while ends_with_crlf
        && let Some(lf) = found
        && !input.rest()[..lf].ends_with(b"\r")
    {
        found = input.next_lf();
    }
    let Some(lf) = found else {
        // The last byte may be the CR of the line end.
        let too_long = input.rest().len() > limit + 1;
        return if too_long {
            Err(RequestError::ChunkLineTooLong { limit })
        } else {
            Ok(None)
        };
    };
    if lf > limit + 1 {
        return Err(RequestError::ChunkLineTooLong { limit });
    }
    let line = &input.rest()[..lf];
    let Some(line) = line.strip_suffix(b"\r") else {
        return Err(RequestError::ChunkSize(line.to_vec()));
    };
    let (size, extension) = match line.iter().position(|&byte| byte == b';') {
        Some(semicolon) => (&line[..semicolon], Some(&line[semicolon..])),
        None => (line, None),
    };
    let size = match (rules.chunk_extensions, extension) {
        (ChunkExtensions::Spaced, Some(_)) | (ChunkExtensions::Text, None) => text::trim_end(size),
        _ => size,
    };
    let number = match rules.chunk_sizes {
        ChunkSizes::Short => hexadecimal(size),
        ChunkSizes::TwentyDigits if size.len() > 20 => None,
        ChunkSizes::TwentyDigits | ChunkSizes::Integer => large_hexadecimal(size),
    };
    let number = number.ok_or_else(|| RequestError::ChunkSize(size.to_vec()))?;
    if let Some(extension) = extension
        && !is_extension(extension, rules.chunk_extensions)
    {
        return Err(RequestError::ChunkExtension(extension.to_vec()));
    }
    input.take(lf + 1);
    Ok(Some(number))
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        number.checked_mul(16)?.checked_add(u64::from(digit))
    })
}

fn large_hexadecimal(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    is_number.then(|| hexadecimal(digits).unwrap_or(u64::MAX))
}

/// `chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`, from the first `;`.
fn is_extension(mut rest: &[u8], extensions: ChunkExtensions) -> bool {
    let blank: fn(&[u8]) -> &[u8] = match extensions {
        ChunkExtensions::Spaced => text::trim_start,
        ChunkExtensions::Tight => <[u8]>::as_ref,
        ChunkExtensions::Text => return !rest.contains(&b'\n'),
        ChunkExtensions::Visible => return rest.iter().all(|&byte| text::is_text(byte)),
    };
    while !rest.is_empty() {
        let Some(name) = blank(rest).strip_prefix(b";") else {
            return false;
        };
        let name = blank(name);
        rest = match skip_token(name) {
            Some(after_name) => after_name,
            None if extensions == ChunkExtensions::Tight && name.starts_with(b"=") => name,
            None => return false,
        };
        if let Some(value) = blank(rest).strip_prefix(b"=") {
            let value = blank(value);
            rest = match skip_value(value) {
                Some(after_value) => after_value,
                None if extensions == ChunkExtensions::Tight && !value.starts_with(b"\"") => value,
                None => return false,
            };
        }
    }
    true
}

fn skip_token(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes
        .iter()
        .take_while(|&&byte| text::is_token_byte(byte))
        .count();
    (length > 0).then(|| &bytes[length..])
}

/// `chunk-ext-val = token / quoted-string`
fn skip_value(bytes: &[u8]) -> Option<&[u8]> {
    let Some(mut rest) = bytes.strip_prefix(b"\"") else {
        return skip_token(bytes);
    };
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some(after),
            [b'\\', escaped, after @ ..] if text::is_text(*escaped) => after,
            [byte, after @ ..] if text::is_text(*byte) && *byte != b'\\' => after,
            _ => return None,
        };
    }
}
