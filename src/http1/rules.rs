//! Where servers differ: which requests each of them reads, and how.
//!
//! Every leniency has its own name here, so that a server's reading of HTTP is a list of choices and not a parser of its own.

/// How a server reads requests. Start from one of the constants and change what a command line changes:
///
/// ```
/// use wasgi::http1::{Rules, Underscores};
/// // gunicorn --header-map dangerous
/// let rules = Rules { underscores: Underscores::Keep, ..Rules::GUNICORN };
/// ```
// Each is a choice of its own, and has its name.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Empty lines before a request line (RFC 9112, section 2.2).
    pub empty_lines: EmptyLines,
    /// Whether a line may end with LF alone (RFC 9112, section 2.2).
    pub bare_lf: bool,
    /// Whether a bad request line is refused as soon as it is complete, or only with the rest of the head.
    pub request_line_first: bool,
    /// Whether the parts of a request line may be separated by several spaces (RFC 9112, section 3).
    pub several_spaces: bool,
    /// Which methods there are (RFC 9110, section 9).
    pub methods: Methods,
    /// Whether methods are turned to upper case (gunicorn `--casefold-http-method`).
    pub uppercase_methods: bool,
    /// Which request targets there are (RFC 9112, section 3.2).
    pub targets: Targets,
    /// Which versions there are (RFC 9112, section 2.3).
    pub versions: Versions,
    /// Whether a field value may go on in the next line (RFC 9112, section 5.2).
    pub folding: bool,
    /// Whether white space may stand between a field's name and its colon (RFC 9112, section 5.1).
    pub space_before_colon: bool,
    /// Which bytes a field value may hold (RFC 9110, section 5.5).
    pub values: Values,
    /// Whether white space after a field value belongs to it (RFC 9112, section 5.1, says that it does not).
    pub trailing_space: bool,
    /// Whether an HTTP/1.1 request must have a Host field (RFC 9112, section 3.2).
    pub host_required: bool,
    /// Whether the Host field may be repeated (RFC 9112, section 3.2).
    pub repeated_host: bool,
    /// Whether the Content-Type field may be repeated (RFC 9110, section 5.3).
    pub repeated_content_type: bool,
    /// What an Expect field does (RFC 9110, section 10.1.1).
    pub expectations: Expectations,
    /// Field names with an underscore, which CGI-style names cannot tell from a hyphen.
    pub underscores: Underscores,
    /// Several Content-Length fields, or several lengths in one (RFC 9112, section 6.3).
    pub lengths: Lengths,
    /// Whether Transfer-Encoding and Content-Length may both be there; the former wins (RFC 9112, section 6.3).
    pub length_with_coding: bool,
    /// Which transfer codings there are (RFC 9112, section 6.1).
    pub codings: Codings,
    /// Whether an HTTP/1.0 request may be chunked (RFC 9112, section 6.1).
    pub http10_chunked: bool,
    /// What may follow the size of a chunk in its line (RFC 9112, section 7.1.1).
    pub chunk_extensions: ChunkExtensions,
    /// Trailer fields that are refused (RFC 9110, section 6.5.1).
    pub forbidden_trailers: &'static [&'static str],
    /// Whether the connection is kept after the response (RFC 9112, section 9.3).
    pub persistence: Persistence,
    /// Whether the connection ends after CONNECT, whatever the answer (RFC 9112, section 9.3).
    pub connect_closes: bool,
}

/// Empty lines before a request line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyLines {
    /// They are taken for a bad request line.
    Refuse,
    /// One is skipped.
    One,
    /// Every CR and LF is skipped.
    Any,
}

/// Which methods there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// Tokens of 3 to 20 bytes without lower-case letters and `#` (gunicorn).
    Conventional,
    /// Those that llhttp knows (uvicorn with httptools).
    Registered,
    /// Every token (RFC 9110, section 5.6.2).
    Token,
    /// Everything that holds no white space.
    Any,
}

/// Which request targets there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// Visible ASCII in a form that fits the method: `*` for OPTIONS, authority form for CONNECT (gunicorn).
    Forms,
    /// Visible ASCII that begins with `/`, `*` or a scheme, whatever the method (llhttp).
    Url,
    /// Visible ASCII (h11).
    Visible,
    /// Everything that holds no white space.
    Any,
}

/// Which versions there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// `HTTP/1.0` and `HTTP/1.1`.
    Known,
    /// `HTTP/1.` and a digit; those above 1.1 are read as 1.1 (gunicorn).
    Minor,
    /// `HTTP/`, two digits; those below 1.1 are read as 1.0, others as 1.1 (h11).
    Digits,
    /// `HTTP/` and 0.9, 1.0, 1.1 or 2.0; none at all is 0.9. Only 1.1 persists by default (llhttp).
    Llhttp,
    /// Everything; what is not `HTTP/1.1` is read as 1.0.
    Any,
}

/// Which bytes a field value may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Visible characters, space, tab and bytes above 127: the RFC's.
    Text,
    /// Everything but NUL, CR, LF, vertical tab and form feed (h11).
    Loose,
    /// Everything but NUL, CR and LF (Twisted).
    Line,
    /// Everything (uWSGI).
    Any,
}

/// What an Expect field does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectations {
    /// `100-continue` is honoured for HTTP/1.1; anything else is refused with 417 (gunicorn).
    OnlyContinue,
    /// `100-continue` is honoured for HTTP/1.1; anything else is ignored.
    Continue,
    /// `100-continue` is honoured for every version; anything else is ignored (httptools).
    ContinueAlways,
    /// Every expectation is ignored (uWSGI).
    Ignore,
}

/// Field names with an underscore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Underscores {
    /// They are kept.
    Keep,
    /// They are dropped, but for the names listed here (any case; `*` is every name).
    Drop {
        /// gunicorn's `forwarder_headers`, for a peer that `--forwarded-allow-ips` trusts.
        except: &'static [&'static str],
    },
    /// They are refused, but for the names listed here.
    Refuse {
        /// As for [`Underscores::Drop`].
        except: &'static [&'static str],
    },
}

/// Several Content-Length values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lengths {
    /// One field with one number.
    One,
    /// As many as there are, if they are the same number (h11).
    Same,
    /// The last field counts (uWSGI).
    Last,
}

/// Which transfer codings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codings {
    /// The registered ones, chunked once and last; a compressed body is passed on as it is and closes the connection (gunicorn).
    Registered,
    /// Anything, chunked once and last (llhttp).
    FinalChunked,
    /// `chunked` alone (h11).
    OnlyChunked,
    /// One field, `chunked` or `identity` (Twisted).
    ChunkedOrIdentity,
    /// Transfer-Encoding is ignored (uWSGI).
    Ignore,
}

/// What may follow the size of a chunk in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkExtensions {
    /// The RFC's grammar, white space around `;` and `=` included (gunicorn).
    Spaced,
    /// The RFC's grammar without white space; the value may be empty (llhttp).
    Tight,
    /// Anything after `;`, white space after the size alone (h11).
    Text,
    /// Anything after `;` (Twisted).
    Any,
}

/// Whether the connection is kept after the response, as far as the request has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// The first Connection field counts, as a whole (gunicorn).
    FirstField,
    /// The options in all Connection fields count, `close` before `keep-alive` for HTTP/1.1 (RFC 9112, section 9.3).
    Options,
    /// As [`Persistence::Options`], and HTTP/1.0 is never kept (h11).
    OptionsHttp11,
    /// The first Connection field's words count, separated by spaces, and HTTP/1.0 is never kept (Twisted).
    WordsHttp11,
    /// Never (uWSGI `--http-socket`).
    Never,
}

impl Rules {
    /// gunicorn 27.0.1.
    pub const GUNICORN: Rules = Rules {
        empty_lines: EmptyLines::One,
        bare_lf: false,
        request_line_first: true,
        several_spaces: false,
        methods: Methods::Conventional,
        uppercase_methods: false,
        targets: Targets::Forms,
        versions: Versions::Minor,
        folding: false,
        space_before_colon: false,
        values: Values::Text,
        trailing_space: false,
        host_required: false,
        repeated_host: false,
        repeated_content_type: false,
        expectations: Expectations::OnlyContinue,
        underscores: Underscores::Drop {
            except: &["SCRIPT_NAME", "PATH_INFO"],
        },
        lengths: Lengths::One,
        length_with_coding: false,
        codings: Codings::Registered,
        http10_chunked: false,
        chunk_extensions: ChunkExtensions::Spaced,
        forbidden_trailers: &[
            "host",
            "content-length",
            "transfer-encoding",
            "trailer",
            "authorization",
            "te",
        ],
        persistence: Persistence::FirstField,
        connect_closes: true,
    };

    /// uvicorn 0.54.0 with httptools (llhttp), its default.
    pub const HTTPTOOLS: Rules = Rules {
        empty_lines: EmptyLines::Any,
        bare_lf: false,
        request_line_first: true,
        several_spaces: true,
        methods: Methods::Registered,
        uppercase_methods: false,
        targets: Targets::Url,
        versions: Versions::Llhttp,
        folding: false,
        space_before_colon: false,
        values: Values::Text,
        trailing_space: true,
        host_required: false,
        repeated_host: true,
        repeated_content_type: true,
        expectations: Expectations::ContinueAlways,
        underscores: Underscores::Keep,
        lengths: Lengths::One,
        length_with_coding: false,
        codings: Codings::FinalChunked,
        http10_chunked: true,
        chunk_extensions: ChunkExtensions::Tight,
        forbidden_trailers: &["content-length"],
        persistence: Persistence::Options,
        connect_closes: false,
    };

    /// uvicorn 0.54.0 with `--http h11`.
    pub const H11: Rules = Rules {
        empty_lines: EmptyLines::Refuse,
        bare_lf: true,
        request_line_first: false,
        several_spaces: false,
        methods: Methods::Token,
        uppercase_methods: false,
        targets: Targets::Visible,
        versions: Versions::Digits,
        folding: true,
        space_before_colon: false,
        values: Values::Loose,
        trailing_space: false,
        host_required: true,
        repeated_host: false,
        repeated_content_type: true,
        expectations: Expectations::Continue,
        underscores: Underscores::Keep,
        lengths: Lengths::Same,
        length_with_coding: true,
        codings: Codings::OnlyChunked,
        http10_chunked: true,
        chunk_extensions: ChunkExtensions::Text,
        forbidden_trailers: &[],
        persistence: Persistence::OptionsHttp11,
        connect_closes: false,
    };

    /// daphne 4.2.3 (Twisted).
    pub const DAPHNE: Rules = Rules {
        empty_lines: EmptyLines::One,
        bare_lf: false,
        request_line_first: true,
        several_spaces: false,
        methods: Methods::Token,
        uppercase_methods: false,
        targets: Targets::Visible,
        versions: Versions::Known,
        folding: true,
        space_before_colon: false,
        values: Values::Line,
        trailing_space: false,
        host_required: false,
        repeated_host: true,
        repeated_content_type: true,
        expectations: Expectations::Continue,
        underscores: Underscores::Drop { except: &[] },
        lengths: Lengths::One,
        length_with_coding: false,
        codings: Codings::ChunkedOrIdentity,
        http10_chunked: true,
        chunk_extensions: ChunkExtensions::Any,
        forbidden_trailers: &[],
        persistence: Persistence::WordsHttp11,
        connect_closes: false,
    };

    /// uWSGI 2.0.31 with `--http-socket`.
    pub const UWSGI: Rules = Rules {
        empty_lines: EmptyLines::Refuse,
        bare_lf: false,
        request_line_first: false,
        several_spaces: false,
        methods: Methods::Any,
        uppercase_methods: false,
        targets: Targets::Any,
        versions: Versions::Any,
        folding: true,
        space_before_colon: false,
        values: Values::Any,
        trailing_space: false,
        host_required: false,
        repeated_host: true,
        repeated_content_type: true,
        expectations: Expectations::Ignore,
        underscores: Underscores::Keep,
        lengths: Lengths::Last,
        length_with_coding: true,
        codings: Codings::Ignore,
        http10_chunked: true,
        chunk_extensions: ChunkExtensions::Any,
        forbidden_trailers: &[],
        persistence: Persistence::Never,
        connect_closes: false,
    };
}

/// How much of a head is read. Zero is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest request line, bytes without its line end.
    pub request_line: usize,
    /// Most header fields.
    pub fields: usize,
    /// Longest header field, bytes with its line end; also the longest line of a chunk's size.
    pub field_size: usize,
    /// Longest head, and longest trailer section, bytes.
    pub head: usize,
}

impl Limits {
    /// gunicorn's limits, with its reading of zero and of what is too large.
    #[must_use]
    pub const fn gunicorn(request_line: usize, fields: usize, field_size: usize) -> Limits {
        let request_line = if request_line > 8190 { 8190 } else { request_line };
        let fields = if fields == 0 || fields > 32768 {
            32768
        } else {
            fields
        };
        let field_size = if field_size == 0 { 8190 } else { field_size };
        Limits {
            request_line,
            fields,
            field_size,
            head: fields * (field_size + 2) + 4,
        }
    }

    /// uvicorn with httptools: llhttp has none.
    pub const HTTPTOOLS: Limits = Limits {
        request_line: 0,
        fields: 0,
        field_size: 0,
        head: 0,
    };

    /// uvicorn with h11: `--h11-max-incomplete-event-size` as it is by default.
    pub const H11: Limits = Limits {
        request_line: 0,
        fields: 0,
        field_size: 0,
        head: 65536,
    };

    /// daphne (Twisted).
    pub const DAPHNE: Limits = Limits {
        request_line: 16384,
        fields: 500,
        field_size: 16384,
        head: 16384,
    };

    /// uWSGI with this `--buffer-size` (4096 by default).
    #[must_use]
    pub const fn uwsgi(buffer_size: usize) -> Limits {
        Limits {
            request_line: 0,
            fields: 0,
            field_size: 0,
            head: buffer_size,
        }
    }
}
