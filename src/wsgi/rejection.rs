//! What gunicorn answers to a request that its parser refuses.

use crate::gateway::python::{repr, repr_bytes};
use crate::gateway::{Argument, Exception, ExceptionClass, latin1};
use crate::http1::RequestError;
use crate::wsgi::error_page::Rejection;

impl Rejection {
    /// The answer to a request that could not be read; `None` where the client ended the
    /// connection: nobody is there to read an answer.
    #[must_use]
    pub fn of(error: &RequestError) -> Option<Self> {
        use RequestError as E;
        let bad =
            |message: String, error: String| reject(400, "Bad Request", message, error, false);
        let plain = |error: String| bad(error.clone(), error);
        let line = |line: &[u8]| {
            let error = format!("Invalid HTTP request line: {}", repr(line));
            bad(format!("Invalid Request Line '{error}'"), error)
        };
        let header = |what: &str, accessed: bool| {
            let error = format!("Invalid HTTP Header: {what}");
            reject(400, "Bad Request", error.clone(), error, accessed)
        };
        let too_large = |error: &str| {
            let message = format!("Error parsing headers: '{error}'");
            reject(
                431,
                "Request Header Fields Too Large",
                message,
                error.to_owned(),
                false,
            )
        };
        Some(match error {
            E::EndInHead | E::EndInBody { .. } => return None,
            E::EndInChunkEnd(bytes) | E::ChunkEnd(bytes) => plain(format!(
                "Invalid chunk terminator is not '\\r\\n': {}",
                repr_bytes(bytes)
            )),
            E::RequestLine(text) => line(text),
            E::BareLfInRequestLine => line(BARE_LF),
            E::Method(method) => {
                let error = format!("Invalid HTTP method: {}", repr(method));
                bad(format!("Invalid Method '{error}'"), error)
            }
            E::Version(version) => {
                let error = format!("Invalid HTTP Version: {}", version_repr(version));
                bad(format!("Invalid HTTP Version '{error}'"), error)
            }
            E::RequestLineTooLong { size, limit } => {
                let error = format!("Request Line is too large ({size} > {limit})");
                reject(414, "URI Too Long", error.clone(), error, false)
            }
            E::TooManyFields { .. } => too_large("limit request headers fields"),
            E::FieldTooLong { .. } => too_large("limit request headers fields size"),
            E::ChunkLineTooLong { limit } => plain(format!(
                "Invalid chunk size: {}",
                repr_bytes(chunk_line_too_long(*limit).as_bytes())
            )),
            E::HeadTooLong { .. } => too_large("max buffer headers"),
            E::BareLfInFields => header(&repr(BARE_LF), false),
            E::FieldLine(text) => header(&repr(text), false),
            E::FieldValue(name) => header(&repr(&upper(name)), false),
            // Only where its exception carries the request does gunicorn log an access.
            E::Repeated(name) => header(&repr(&upper(name)), true),
            E::MissingHost => header("'HOST'", true),
            E::ContentLength(_) => header("'CONTENT-LENGTH'", true),
            E::TransferEncoding(_) => header("'TRANSFER-ENCODING'", true),
            E::ForbiddenTrailer(name) => {
                plain(format!("Invalid HTTP header name: {}", repr(&upper(name))))
            }
            E::FieldName(name) => plain(format!("Invalid HTTP header name: {}", repr(name))),
            E::Folding(name) => plain(format!(
                "Obsolete line folding is unacceptable: {}",
                repr(&upper(name))
            )),
            E::UnsupportedCoding(coding) => {
                let error = format!("Unsupported transfer coding: {}", repr(coding));
                reject(501, "Bad Request", error.clone(), error, false)
            }
            E::Expectation(expectation) => {
                let error = format!("Unable to comply with expectation: {}", repr(expectation));
                reject(417, "Expectation Failed", error.clone(), error, false)
            }
            E::ChunkSize(size) => plain(format!("Invalid chunk size: {}", repr_bytes(size))),
            E::ChunkExtension(extension) => plain(format!(
                "Invalid chunk extension: {}",
                chunk_extension(extension)
            )),
        })
    }

    /// The exception that reading the body raises in the app. Its message is the error's; what it
    /// is made of is what the error names.
    #[must_use]
    pub fn exception(&self, of: &RequestError) -> Exception {
        use ExceptionClass as C;
        use RequestError as E;
        let text = |latin1: &[u8]| Argument::Text(latin1::decode(latin1));
        let (class, argument) = match of {
            E::ChunkSize(size) => (C::InvalidChunkSize, Argument::Bytes(size.clone())),
            E::ChunkLineTooLong { limit } => {
                let what = chunk_line_too_long(*limit);
                (C::InvalidChunkSize, Argument::Bytes(what.into_bytes()))
            }
            E::ChunkExtension(extension) => (
                C::InvalidChunkExtension,
                Argument::Text(chunk_extension(extension).to_owned()),
            ),
            E::ChunkEnd(bytes) | E::EndInChunkEnd(bytes) => {
                (C::ChunkMissingTerminator, Argument::Bytes(bytes.clone()))
            }
            E::ForbiddenTrailer(name) => (C::InvalidHeaderName, text(&upper(name))),
            E::FieldName(name) => (C::InvalidHeaderName, text(name)),
            E::Folding(name) => (C::ObsoleteFolding, text(&upper(name))),
            E::TooManyFields { .. } | E::FieldTooLong { .. } | E::HeadTooLong { .. } => {
                (C::LimitRequestHeaders, Argument::Text(self.error.clone()))
            }
            E::BareLfInFields => (C::InvalidHeader, text(BARE_LF)),
            E::FieldLine(line) => (C::InvalidHeader, text(line)),
            E::FieldValue(name) | E::Repeated(name) => (C::InvalidHeader, text(&upper(name))),
            // No other error is found behind the head.
            _ => (C::InvalidHeader, Argument::Text(self.error.clone())),
        };
        Exception {
            class,
            message: self.error.clone(),
            arguments: vec![argument],
        }
    }
}

/// What gunicorn shows where a line ends in LF alone.
const BARE_LF: &[u8] = b"bare LF as line terminator";

fn chunk_line_too_long(limit: usize) -> String {
    format!("line over {limit} bytes with no terminator")
}

fn chunk_extension(extension: &[u8]) -> &'static str {
    if extension.contains(&b'\r') {
        "bare CR not allowed"
    } else {
        "invalid chunk extension"
    }
}

fn reject(
    status: u16,
    reason: &'static str,
    message: String,
    error: String,
    accessed: bool,
) -> Rejection {
    Rejection {
        status,
        reason,
        message,
        error,
        accessed,
    }
}

fn upper(name: &[u8]) -> Vec<u8> {
    name.to_ascii_uppercase()
}

/// gunicorn shows a version that it could read as a tuple, one that it could not as what stood
/// there.
fn version_repr(version: &[u8]) -> String {
    let numbers = version.strip_prefix(b"HTTP/").and_then(|rest| match rest {
        [major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            Some((char::from(*major), char::from(*minor)))
        }
        _ => None,
    });
    match numbers {
        Some((major, minor)) => format!("({major}, {minor})"),
        None => repr(version),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::testing::test;

    #[test]
    fn each_refusal_has_gunicorns_status_and_words() {
        let of = |error: RequestError| {
            let rejection = Rejection::of(&error).unwrap();
            (rejection.status, rejection.message)
        };
        assert_eq!(
            of(RequestError::Version(b"HTTP/9.1".to_vec())),
            (
                400,
                "Invalid HTTP Version 'Invalid HTTP Version: (9, 1)'".to_owned()
            )
        );
        assert_eq!(
            of(RequestError::RequestLineTooLong {
                size: 5014,
                limit: 4094
            }),
            (414, "Request Line is too large (5014 > 4094)".to_owned())
        );
        assert_eq!(of(RequestError::TooManyFields { limit: 100 }).0, 431);
        assert_eq!(of(RequestError::UnsupportedCoding(b"foo".to_vec())).0, 501);
        assert_eq!(of(RequestError::Expectation(b"foo".to_vec())).0, 417);
        assert_eq!(
            of(RequestError::ChunkSize(b"zz".to_vec())).1,
            "Invalid chunk size: b'zz'"
        );
    }

    #[test]
    fn each_refusal_of_a_body_or_a_line_end_has_gunicorns_words() {
        let of = |error: RequestError| Rejection::of(&error).unwrap().error;
        assert_eq!(
            of(RequestError::BareLfInRequestLine),
            "Invalid HTTP request line: 'bare LF as line terminator'"
        );
        assert_eq!(
            of(RequestError::BareLfInFields),
            "Invalid HTTP Header: 'bare LF as line terminator'"
        );
        assert_eq!(
            of(RequestError::ChunkLineTooLong { limit: 99 }),
            "Invalid chunk size: b'line over 99 bytes with no terminator'"
        );
        assert_eq!(
            of(RequestError::ChunkExtension(b"a\rb".to_vec())),
            "Invalid chunk extension: bare CR not allowed"
        );
        assert_eq!(
            of(RequestError::ChunkExtension(b"=".to_vec())),
            "Invalid chunk extension: invalid chunk extension"
        );
        assert_eq!(
            of(RequestError::ForbiddenTrailer(b"Host".to_vec())),
            "Invalid HTTP header name: 'HOST'"
        );
        assert_eq!(
            of(RequestError::HeadTooLong { limit: 9 }),
            "max buffer headers"
        );
    }

    #[test]
    fn only_refusals_that_carry_the_request_stand_in_the_access_log() {
        let accessed = |error: RequestError| Rejection::of(&error).unwrap().accessed;
        assert!(accessed(RequestError::Repeated(b"Host".to_vec())));
        assert!(accessed(RequestError::ContentLength(b"x".to_vec())));
        assert!(!accessed(RequestError::FieldValue(b"X-A".to_vec())));
        assert!(!accessed(RequestError::Method(b"get".to_vec())));
    }

    #[test]
    fn a_client_that_went_away_is_not_answered() {
        assert_eq!(Rejection::of(&RequestError::EndInHead), None);
    }
}
