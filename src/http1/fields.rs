//! Field lines of a head or a trailer section (RFC 9112, section 5).
//!
//! httparse reads what is right. What it refuses is read again, line by line, by the rules'
//! leniencies, to find out what is wrong and with which line.

use super::limits::Limits;
use super::rules::{BareLf, Folding, Rules, Trailers, Underscores, Values};
use super::{RequestError, framing, text};

pub(super) type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// Reads the fields in `block`, which ends with an empty line.
pub(super) fn parse(block: &[u8], rules: &Rules, limits: &Limits) -> Result<Headers, RequestError> {
    if rules.bare_lf == BareLf::Data && has_bare_lf(block) {
        // httparse would end lines there.
        return line_by_line(block, rules, limits);
    }
    let mut few = [httparse::EMPTY_HEADER; 32];
    match httparse::parse_headers(block, &mut few) {
        Ok(httparse::Status::Complete((length, fields))) => {
            collect(block, length, fields, rules, limits)
        }
        Err(httparse::Error::TooManyHeaders) => {
            let lines = text::count_lines(block);
            let mut many = vec![httparse::EMPTY_HEADER; lines];
            match httparse::parse_headers(block, &mut many) {
                Ok(httparse::Status::Complete((length, fields))) => {
                    collect(block, length, fields, rules, limits)
                }
                _ => line_by_line(block, rules, limits),
            }
        }
        _ => line_by_line(block, rules, limits),
    }
}

/// What httparse has read, by the rules' restrictions.
fn collect(
    block: &[u8],
    length: usize,
    fields: &[httparse::Header],
    rules: &Rules,
    limits: &Limits,
) -> Result<Headers, RequestError> {
    // The empty line at the end is CR LF or, where that is allowed, LF.
    let end = if block[..length].ends_with(b"\r\n") {
        length - 2
    } else {
        length - 1
    };
    let offset = |field: &httparse::Header| field.name.as_ptr() as usize - block.as_ptr() as usize;
    let mut headers = Headers::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        let line_end = fields.get(index + 1).map_or(end, offset);
        let line = &block[offset(field)..line_end];
        let value = if rules.trailing_space {
            after_colon(without_line_end(&line[field.name.len() + 1..]), rules)
        } else {
            field.value
        };
        check_count(&headers, limits)?;
        check_size(line.len(), limits)?;
        if is_kept(field.name.as_bytes(), rules)? {
            headers.push((field.name.as_bytes().to_vec(), value.to_vec()));
        }
    }
    Ok(headers)
}

/// Reads the fields with the leniencies that httparse has not, and finds what is wrong with them.
fn line_by_line(block: &[u8], rules: &Rules, limits: &Limits) -> Result<Headers, RequestError> {
    let mut headers = Headers::new();
    let mut lines = split_lines(block, rules.bare_lf).peekable();
    while let Some(whole) = lines.next() {
        let line = without_line_end(whole);
        if line.is_empty() {
            break;
        }
        check_count(&headers, limits)?;
        let colon = line
            .iter()
            .position(|&byte| byte == b':')
            .filter(|&colon| colon > 0);
        let Some(colon) = colon else {
            return Err(RequestError::FieldLine(line.to_vec()));
        };
        let name = if rules.space_before_colon {
            text::trim_end(&line[..colon])
        } else {
            &line[..colon]
        };
        if rules.token_names && !text::is_token(name) {
            return Err(RequestError::FieldName(name.to_vec()));
        }
        let mut value = after_colon(&line[colon + 1..], rules).to_vec();
        let mut size = whole.len();
        while let Some(more) =
            lines.next_if(|next| next.starts_with(b" ") || next.starts_with(b"\t"))
        {
            if rules.folding == Folding::Refuse {
                return Err(RequestError::Folding(name.to_vec()));
            }
            size += more.len();
            check_size(size, limits)?;
            if rules.folding == Folding::Keep {
                value.extend_from_slice(b"\r\n");
                value.extend_from_slice(without_line_end(more));
                continue;
            }
            let more = text::trim_start(without_line_end(more));
            if rules.folding == Folding::Append {
                value.push(b' ');
                value.extend_from_slice(more);
                continue;
            }
            value.truncate(text::trim_end(&value).len());
            value.push(b' ');
            value.extend_from_slice(text::trim_end(more));
        }
        if !rules.trailing_space {
            value.truncate(text::trim_end(&value).len());
        }
        // A value that begins in its second line has no space before it.
        let value = after_colon(&value, rules);
        let is_bare_cr = |pair: &[u8]| pair[0] == b'\r' && pair[1] != b'\n';
        if !value.iter().all(|&byte| is_value_byte(byte, rules.values))
            || value.windows(2).any(is_bare_cr)
        {
            return Err(RequestError::FieldValue(name.to_vec()));
        }
        check_size(size, limits)?;
        if is_kept(name, rules)? {
            headers.push((name.to_vec(), value.to_vec()));
        }
    }
    Ok(headers)
}

/// A value without what stands between it and the colon: uWSGI skips spaces only.
fn after_colon<'a>(value: &'a [u8], rules: &Rules) -> &'a [u8] {
    if rules.values == Values::Raw {
        let begin = value.iter().position(|&byte| byte != b' ');
        &value[begin.unwrap_or(value.len())..]
    } else {
        text::trim_start(value)
    }
}

fn has_bare_lf(block: &[u8]) -> bool {
    block.starts_with(b"\n")
        || block
            .windows(2)
            .any(|pair| pair[1] == b'\n' && pair[0] != b'\r')
}

/// The lines of `block` with their ends.
fn split_lines(block: &[u8], bare_lf: BareLf) -> impl Iterator<Item = &[u8]> {
    let mut before = 0;
    block.split_inclusive(move |&byte| {
        let ends = byte == b'\n' && (bare_lf != BareLf::Data || before == b'\r');
        before = byte;
        ends
    })
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn check_count(headers: &Headers, limits: &Limits) -> Result<(), RequestError> {
    let limit = limits.fields;
    if limit > 0 && headers.len() >= limit {
        Err(RequestError::TooManyFields { limit })
    } else {
        Ok(())
    }
}

fn check_size(size: usize, limits: &Limits) -> Result<(), RequestError> {
    let limit = limits.field_size;
    if limit > 0 && size > limit {
        Err(RequestError::FieldTooLong { limit })
    } else {
        Ok(())
    }
}

fn is_value_byte(byte: u8, values: Values) -> bool {
    match values {
        Values::Text => text::is_text(byte),
        Values::Loose => !matches!(byte, 0 | 0x0b | 0x0c | b'\r' | b'\n'),
        Values::Line => !matches!(byte, 0 | b'\r' | b'\n'),
        Values::Raw => true, // Its CRs are looked at with what follows them.
    }
}

/// Whether the rules keep a field of this name.
fn is_kept(name: &[u8], rules: &Rules) -> Result<bool, RequestError> {
    let listed = |names: &[&str]| {
        names
            .iter()
            .any(|&n| n == "*" || n.as_bytes().eq_ignore_ascii_case(name))
    };
    match rules.underscores {
        Underscores::Keep => Ok(true),
        _ if !name.contains(&b'_') => Ok(true),
        Underscores::Drop { except } => Ok(listed(except)),
        Underscores::Refuse { except } if listed(except) => Ok(true),
        Underscores::Refuse { .. } => Err(RequestError::FieldName(name.to_vec())),
    }
}

/// Reads a trailer section, which ends with an empty line.
pub(super) fn parse_trailers(
    block: &[u8],
    rules: &Rules,
    limits: &Limits,
) -> Result<Headers, RequestError> {
    let forbidden = match rules.trailers {
        Trailers::Skip => return Ok(Headers::new()),
        Trailers::Checked => {
            let trailers = parse(block, rules, limits)?;
            framing::check_trailers(&trailers, rules)?;
            return Ok(trailers);
        }
        Trailers::Read { forbidden } => forbidden,
    };
    let trailers = parse(block, rules, limits)?;
    let is_forbidden = |name: &[u8]| {
        forbidden
            .iter()
            .any(|n| n.as_bytes().eq_ignore_ascii_case(name))
    };
    match trailers.iter().find(|(name, _)| is_forbidden(name)) {
        Some((name, _)) => Err(RequestError::ForbiddenTrailer(name.clone())),
        None => Ok(trailers),
    }
}
