//! What the fields of a request say about its body and its connection (RFC 9112, sections 6.3 and
//! 9.3).

use super::fields::Headers;
use super::message::{Framing, RequestHead, Version};
use super::request_line::RequestLine;
use super::rules::{Codings, Expectations, Lengths, Persistence, Rules};
use super::{RequestError, text};

/// A head whose line and fields can be read, and which the rules refuse.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) head: RequestHead,
    pub(super) error: RequestError,
}

/// What a request's fields say of its body and its connection.
struct Framed {
    framing: Framing,
    keep_alive: bool,
    expects_continue: bool,
}

impl Framed {
    fn read(line: &RequestLine, headers: &Headers, rules: &Rules) -> Result<Self, RequestError> {
        check_singletons(line, headers, rules)?;
        let expects_continue = read_expectation(line, headers, rules)?;
        let (framing, compressed) = read_framing(line, headers, rules)?;
        let must_close = compressed || (rules.connect_closes && line.method == b"CONNECT");
        Ok(Self {
            framing,
            keep_alive: !must_close && persists(line, headers, rules.persistence),
            expects_continue,
        })
    }

    /// Nothing follows a head that is refused.
    fn nothing() -> Self {
        Self {
            framing: Framing::Empty,
            keep_alive: false,
            expects_continue: false,
        }
    }
}

/// Puts a head together from its line and fields, by the rules.
pub(super) fn complete(
    line: RequestLine,
    mut headers: Headers,
    rules: &Rules,
) -> Result<RequestHead, Box<Refused>> {
    let (framed, error) = match Framed::read(&line, &headers, rules) {
        Ok(framed) => (framed, None),
        Err(error) => (Framed::nothing(), Some(error)),
    };
    if rules.lengths == Lengths::Same {
        normalize(&mut headers);
    }
    let RequestLine {
        method,
        target,
        version,
        protocol,
        ..
    } = line;
    let Framed {
        framing,
        keep_alive,
        expects_continue,
    } = framed;
    let head = RequestHead {
        method,
        target,
        version,
        protocol,
        headers,
        framing,
        keep_alive,
        expects_continue,
    };
    match error {
        None => Ok(head),
        Some(error) => Err(Box::new(Refused { head, error })),
    }
}

/// Whether trailers that frame a body do so in a way that a head's fields could.
pub(super) fn check_trailers(trailers: &Headers, rules: &Rules) -> Result<(), RequestError> {
    read_length(trailers, rules.lengths)?;
    read_codings(trailers, rules.codings)?;
    Ok(())
}

/// Lengths that are the same become one field with one number, codings are in lower case: so h11
/// hands them on.
fn normalize(headers: &mut Headers) {
    let mut has_length = false;
    headers.retain_mut(|(name, value)| {
        if name.eq_ignore_ascii_case(b"Content-Length") {
            let length = text::list(value).next().unwrap_or_default().to_vec();
            *value = length;
            return !std::mem::replace(&mut has_length, true);
        }
        if name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            value.make_ascii_lowercase();
        }
        true
    });
}

fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value.as_slice())
}

fn check_singletons(
    line: &RequestLine,
    headers: &Headers,
    rules: &Rules,
) -> Result<(), RequestError> {
    for (name, may_repeat) in [
        ("Host", rules.repeated_host),
        ("Content-Type", rules.repeated_content_type),
    ] {
        if !may_repeat && values(headers, name).nth(1).is_some() {
            return Err(RequestError::Repeated(name.into()));
        }
    }
    if rules.host_required
        && &*line.protocol == Version::Http11.as_bytes()
        && values(headers, "Host").next().is_none()
    {
        return Err(RequestError::MissingHost);
    }
    Ok(())
}

/// Whether the client waits for `100 Continue`.
fn read_expectation(
    line: &RequestLine,
    headers: &Headers,
    rules: &Rules,
) -> Result<bool, RequestError> {
    if rules.expectations == Expectations::Ignore {
        return Ok(false);
    }
    let mut waits = false;
    for value in values(headers, "Expect") {
        let is_continue = |value: &[u8]| value.eq_ignore_ascii_case(b"100-continue");
        if is_continue(value) {
            waits = true;
        } else if rules.expectations == Expectations::ContinueListed {
            waits |= text::list(value).any(is_continue);
        } else if rules.expectations == Expectations::OnlyContinue {
            return Err(RequestError::Expectation(value.to_vec()));
        }
    }
    Ok(waits
        && (line.version == Version::Http11 || rules.expectations == Expectations::ContinueAlways))
}

/// The framing, and whether the body is compressed for the way.
fn read_framing(
    line: &RequestLine,
    headers: &Headers,
    rules: &Rules,
) -> Result<(Framing, bool), RequestError> {
    let length = read_length(headers, rules.lengths);
    let Some((compressed, value)) = read_codings(headers, rules.codings)? else {
        let length = length?.unwrap_or(0);
        return Ok((
            if length == 0 {
                Framing::Empty
            } else {
                Framing::Length(length)
            },
            false,
        ));
    };
    if line.version == Version::Http10 && !rules.http10_chunked {
        return Err(RequestError::TransferEncoding(value.to_vec()));
    }
    match values(headers, "Content-Length").next() {
        Some(length) if !rules.length_with_coding => {
            return Err(RequestError::ContentLength(length.to_vec()));
        }
        _ => length?,
    };
    Ok((Framing::Chunked, compressed))
}

/// `None` if there is no body coding; else whether the body is compressed, and the last field's
/// value.
fn read_codings(
    headers: &Headers,
    codings: Codings,
) -> Result<Option<(bool, &[u8])>, RequestError> {
    if codings == Codings::Ignore {
        return Ok(None);
    }
    let mut found: Option<&[u8]> = None;
    let (mut chunked, mut compressed) = (false, false);
    for value in values(headers, "Transfer-Encoding") {
        let bad = || RequestError::TransferEncoding(value.to_vec());
        let unsupported = || RequestError::UnsupportedCoding(value.to_vec());
        if found.is_some() && matches!(codings, Codings::OnlyChunked | Codings::ChunkedOrIdentity) {
            return Err(bad());
        }
        found = Some(value);
        match codings {
            Codings::Registered => {
                for coding in text::list(value) {
                    let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
                    let compression = is("gzip") || is("deflate") || is("compress");
                    if !(is("chunked") || is("identity") || compression) {
                        return Err(unsupported());
                    }
                    if chunked {
                        return Err(bad());
                    }
                    chunked = is("chunked");
                    compressed |= compression;
                }
            }
            Codings::FinalChunked => {
                for coding in text::list(value) {
                    if chunked {
                        return Err(bad());
                    }
                    chunked = coding.eq_ignore_ascii_case(b"chunked");
                }
            }
            Codings::OnlyChunked | Codings::ChunkedOrIdentity => {
                chunked = value.eq_ignore_ascii_case(b"chunked");
                if codings == Codings::ChunkedOrIdentity && value.eq_ignore_ascii_case(b"identity")
                {
                    return Ok(None);
                }
                if !chunked {
                    return Err(unsupported());
                }
            }
            Codings::Ignore => {}
        }
    }
    match found {
        // A request's length cannot be told without chunked as the last coding (RFC 9112, section
        // 6.3).
        Some(value) if !chunked => Err(RequestError::TransferEncoding(value.to_vec())),
        Some(value) => Ok(Some((compressed, value))),
        None => Ok(None),
    }
}

fn read_length(headers: &Headers, lengths: Lengths) -> Result<Option<u64>, RequestError> {
    let mut length = None;
    let mut digits: Option<&[u8]> = None;
    for value in values(headers, "Content-Length") {
        let bad = || RequestError::ContentLength(value.to_vec());
        match lengths {
            Lengths::One | Lengths::OneInteger if length.is_some() => {
                return Err(RequestError::Repeated(b"Content-Length".to_vec()));
            }
            Lengths::One => length = Some(text::number(text::trim(value)).ok_or_else(bad)?),
            Lengths::OneInteger => {
                length = Some(text::integer(text::trim(value)).ok_or_else(bad)?);
            }
            Lengths::Same => {
                for member in text::list(value) {
                    let is_number =
                        (1..=20).contains(&member.len()) && member.iter().all(u8::is_ascii_digit);
                    if !is_number || digits.is_some_and(|before| before != member) {
                        return Err(bad());
                    }
                    digits = Some(member);
                    // Nobody sends more than that.
                    length = Some(text::number(member).unwrap_or(u64::MAX));
                }
            }
            Lengths::Last => {
                // As atoi() reads it: the digits at the beginning.
                let digits = value
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                length = Some(text::number(&value[..digits]).unwrap_or(0));
            }
        }
    }
    Ok(length)
}

fn persists(line: &RequestLine, headers: &Headers, persistence: Persistence) -> bool {
    let has_option = |option: &str| {
        values(headers, "Connection").any(|value| {
            text::list(value).any(|member| member.eq_ignore_ascii_case(option.as_bytes()))
        })
    };
    match persistence {
        Persistence::FirstField => match values(headers, "Connection").next() {
            Some(value) if value.eq_ignore_ascii_case(b"close") => false,
            Some(value) if value.eq_ignore_ascii_case(b"keep-alive") => true,
            _ => line.persistent,
        },
        Persistence::Options if line.persistent => !has_option("close"),
        Persistence::Options => has_option("keep-alive"),
        Persistence::OptionsHttp11 => line.persistent && !has_option("close"),
        Persistence::WordsHttp11 => {
            let mut words = values(headers, "Connection")
                .take(1)
                .flat_map(|value| value.split(|&byte| byte == b' '));
            line.persistent && !words.any(|word| word.eq_ignore_ascii_case(b"close"))
        }
        Persistence::Never => false,
    }
}
