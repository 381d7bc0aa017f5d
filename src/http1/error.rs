//! What is wrong with a message, finely enough for a server to choose its status and words.

use thiserror::Error;

/// Bytes of the peer as text for a message: one character a byte, as latin-1.
struct Text<'a>(&'a [u8]);

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use std::fmt::Write as _;
        self.0
            .iter()
            .try_for_each(|&byte| formatter.write_char(char::from(byte)))
    }
}

/// Why a request is not read. Each carries what offends, as it was received. The connection yields
/// nothing after it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// The line is not `METHOD TARGET VERSION`, or its target is in no form that the rules know.
    #[error("the request line is not a method, a target and a version: {}", Text(.0))]
    RequestLine(Vec<u8>),
    /// The method is not one that the rules know.
    #[error("unknown method: {}", Text(.0))]
    Method(Vec<u8>),
    /// The version is not one that the rules know: what stands where `HTTP/1.1` should.
    #[error("unknown HTTP version: {}", Text(.0))]
    Version(Vec<u8>),
    /// The request line ends with LF alone.
    #[error("the request line ends with LF without CR")]
    BareLfInRequestLine,
    /// A field line ends with LF alone.
    #[error("a field line ends with LF without CR")]
    BareLfInFields,
    /// The request line is too long.
    #[error("the request line is too long ({size} > {limit})")]
    RequestLineTooLong {
        /// Its length, or as much as had been received of it, line end included.
        size: usize,
        /// [`Limits::request_line`](super::Limits::request_line).
        limit: usize,
    },
    /// There are too many fields.
    #[error("there are more than {limit} fields")]
    TooManyFields {
        /// [`Limits::fields`](super::Limits::fields).
        limit: usize,
    },
    /// A field is too long.
    #[error("a field is longer than {limit} bytes")]
    FieldTooLong {
        /// [`Limits::field_size`](super::Limits::field_size).
        limit: usize,
    },
    /// The head, or the trailer section, is too long.
    #[error("the head is longer than {limit} bytes")]
    HeadTooLong {
        /// [`Limits::head`](super::Limits::head).
        limit: usize,
    },
    /// A field line without a name and a colon: the line.
    #[error("a field line has no name and colon: {}", Text(.0))]
    FieldLine(Vec<u8>),
    /// A field name that is not a token, or one that the rules refuse.
    #[error("bad field name: {}", Text(.0))]
    FieldName(Vec<u8>),
    /// A field value with a byte that it must not have: the field's name.
    #[error("the value of the field {} has a byte that it must not have", Text(.0))]
    FieldValue(Vec<u8>),
    /// A field value that goes on in the next line: the field's name.
    #[error("the value of the field {} is folded over several lines", Text(.0))]
    Folding(Vec<u8>),
    /// A field that must not be repeated is: its name.
    #[error("the field {} is repeated", Text(.0))]
    Repeated(Vec<u8>),
    /// An HTTP/1.1 request without Host.
    #[error("there is no Host field")]
    MissingHost,
    /// Content-Length is not a number, or there is Transfer-Encoding as well: its value.
    #[error("bad Content-Length: {}", Text(.0))]
    ContentLength(Vec<u8>),
    /// Transfer-Encoding does not end with chunked, has it twice, or is in an HTTP/1.0 request: its
    /// value.
    #[error("bad Transfer-Encoding: {}", Text(.0))]
    TransferEncoding(Vec<u8>),
    /// A transfer coding that the rules do not know: the field's value.
    #[error("unsupported transfer coding: {}", Text(.0))]
    UnsupportedCoding(Vec<u8>),
    /// An expectation other than `100-continue`: its value.
    #[error("unknown expectation: {}", Text(.0))]
    Expectation(Vec<u8>),
    /// The size of a chunk is not a hexadecimal number, or too large: what stands there.
    #[error("bad chunk size: {}", Text(.0))]
    ChunkSize(Vec<u8>),
    /// The line with a chunk's size is too long.
    #[error("the line of a chunk's size is longer than {limit} bytes")]
    ChunkLineTooLong {
        /// [`Limits::field_size`](super::Limits::field_size).
        limit: usize,
    },
    /// What follows the size of a chunk is no extension: what stands there.
    #[error("bad chunk extension: {}", Text(.0))]
    ChunkExtension(Vec<u8>),
    /// CR LF does not follow a chunk's data: the two bytes that do.
    #[error("a chunk does not end with CR LF")]
    ChunkEnd(Vec<u8>),
    /// The client ended the connection where a chunk's data or the whole chunked body should end:
    /// what stands there.
    #[error("the connection ended where a chunk should end")]
    EndInChunkEnd(Vec<u8>),
    /// A trailer field that must not be one: its name.
    #[error("the field {} must not be a trailer", Text(.0))]
    ForbiddenTrailer(Vec<u8>),
    /// The client ended the connection inside a head.
    #[error("the connection ended inside a request head")]
    EndInHead,
    /// The client ended the connection inside a body. What came of it has been yielded.
    #[error("the connection ended inside a request body")]
    EndInBody {
        /// Bytes that Content-Length promised and that are missing; `None` for a chunked body.
        missing: Option<u64>,
    },
}

/// Why a response is not read. The connection yields nothing after it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResponseError {
    /// The first line is not an HTTP status line: the line.
    #[error("not a status line: {}", Text(.0))]
    StatusLine(Vec<u8>),
    /// The header section cannot be read.
    #[error("the response's header section cannot be read: {0}")]
    Fields(httparse::Error),
    /// The head is longer than a client takes.
    #[error("the response head is longer than {limit} bytes")]
    HeadTooLong {
        /// Bytes that are taken.
        limit: usize,
    },
    /// Content-Length is not a number, or there are several that differ: its value.
    #[error("bad Content-Length: {}", Text(.0))]
    ContentLength(Vec<u8>),
    /// The chunked coding is broken.
    #[error("the response's chunked body cannot be read: {0}")]
    Chunked(Box<RequestError>),
    /// Bytes came without a request to answer.
    #[error("the server sent bytes that answer no request")]
    Unasked,
    /// The server ended the connection before a byte of the response: on a kept connection the
    /// request may be sent again.
    #[error("the server closed the connection without a response")]
    EndBeforeHead,
    /// The server ended the connection inside the head.
    #[error("the server closed the connection inside the response head")]
    EndInHead,
    /// The server ended the connection inside the body. What came of it has been yielded.
    #[error("the server closed the connection inside the response body")]
    EndInBody {
        /// Bytes that Content-Length promised and that are missing; `None` for a chunked body.
        missing: Option<u64>,
    },
}
