//! Message bodies by their framing (RFC 9112, section 6), both ends of a connection.

use super::chunked::Chunked;
use super::error::RequestError;
use super::fields::Headers;
use super::input::Input;
use super::limits::Limits;
use super::message::Framing;
use super::rules::Rules;
use super::step::Step;

/// Reads one body.
#[derive(Debug)]
pub(super) enum Decoder {
    /// So many bytes are left.
    Length(u64),
    /// Chunks.
    Chunked(Chunked),
    /// Until the connection ends.
    UntilClose,
}

impl Decoder {
    pub(super) fn new(framing: Framing) -> Decoder {
        match framing {
            Framing::Empty => Decoder::Length(0),
            Framing::Length(length) => Decoder::Length(length),
            Framing::Chunked => Decoder::Chunked(Chunked::new()),
            Framing::UntilClose => Decoder::UntilClose,
        }
    }

    pub(super) fn next(
        &mut self,
        input: &mut Input,
        rules: &Rules,
        limits: &Limits,
    ) -> Result<Step, RequestError> {
        match self {
            Decoder::Length(0) => Ok(Step::End),
            Decoder::Length(left) => match input.take(usize::try_from(*left).unwrap_or(usize::MAX))
            {
                nothing if nothing.is_empty() && input.ended => Err(RequestError::EndInBody {
                    missing: Some(*left),
                }),
                nothing if nothing.is_empty() => Ok(Step::Wait),
                data => {
                    *left -= data.len() as u64;
                    Ok(Step::Data(data))
                }
            },
            Decoder::Chunked(chunked) => match chunked.next(input, rules, limits)? {
                Step::Wait if input.ended => Err(chunked.cut_short(input)),
                step => Ok(step),
            },
            Decoder::UntilClose => match input.take(usize::MAX) {
                nothing if nothing.is_empty() && input.ended => Ok(Step::End),
                nothing if nothing.is_empty() => Ok(Step::Wait),
                data => Ok(Step::Data(data)),
            },
        }
    }

    /// The trailers of a body that has been read to its end.
    pub(super) fn take_trailers(&mut self) -> Headers {
        match self {
            Decoder::Chunked(Chunked::Done(trailers)) => std::mem::take(trailers),
            _ => Headers::new(),
        }
    }
}
