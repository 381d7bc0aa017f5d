//! Where servers differ: which requests each of them reads, and how.
//!
//! Every leniency has its own name here, so that a server's reading of HTTP is a list of choices
//! and not a parser of its own.

/// How a server reads requests. Start from one of the constants and change what a command line
/// changes:
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
    /// What LF without CR is (RFC 9112, section 2.2).
    pub bare_lf: BareLf,
    /// Whether a request that begins with a control character or a space is refused at once.
    pub visible_start: bool,
    /// Whether a bad request line is refused as soon as it is complete, or only with the rest of
    /// the head.
    pub request_line_first: bool,
    /// Where a request line ends.
    pub line_end: LineEnd,
    /// Whether the parts of a request line may be separated by several spaces (RFC 9112, section
    /// 3).
    pub several_spaces: bool,
    /// Which methods there are (RFC 9110, section 9).
    pub methods: Methods,
    /// Whether methods are turned to upper case (gunicorn `--casefold-http-method`).
    pub uppercase_methods: bool,
    /// Which request targets there are (RFC 9112, section 3.2).
    pub targets: Targets,
    /// Which versions there are (RFC 9112, section 2.3).
    pub versions: Versions,
    /// A field value that goes on in the next line (RFC 9112, section 5.2).
    pub folding: Folding,
    /// Whether a field name must be a token (RFC 9110, section 5.1).
    pub token_names: bool,
    /// Whether white space may stand between a field's name and its colon (RFC 9112, section 5.1).
    pub space_before_colon: bool,
    /// Which bytes a field value may hold (RFC 9110, section 5.5).
    pub values: Values,
    /// Whether white space after a field value belongs to it (RFC 9112, section 5.1, says that it
    /// does not).
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
    /// Whether Transfer-Encoding and Content-Length may both be there; the former wins (RFC 9112,
    /// section 6.3).
    pub length_with_coding: bool,
    /// Which transfer codings there are (RFC 9112, section 6.1).
    pub codings: Codings,
    /// Whether an HTTP/1.0 request may be chunked (RFC 9112, section 6.1).
    pub http10_chunked: bool,
    /// Whether the first byte after a chunk's data is looked at before the second has come.
    pub chunk_end_by_byte: bool,
    /// How the size of a chunk is read (RFC 9112, section 7.1).
    pub chunk_sizes: ChunkSizes,
    /// What may follow the size of a chunk in its line (RFC 9112, section 7.1.1).
    pub chunk_extensions: ChunkExtensions,
    /// What is done with trailer fields (RFC 9112, section 7.1.2).
    pub trailers: Trailers,
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

/// What LF without CR is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BareLf {
    /// An error.
    Refuse,
    /// The end of a line.
    EndsLine,
    /// A byte like others: the line goes on to the next CR LF.
    Data,
}

/// Where a request line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// At the first line end (RFC 9112, section 3).
    First,
    /// At the first one behind two spaces: uWSGI looks for spaces only until it has the method and
    /// the target.
    BehindTwoSpaces,
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
    /// Visible ASCII in a form that fits the method: `*` for OPTIONS, authority form for CONNECT
    /// (gunicorn).
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

/// A field value that goes on in the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// It is refused.
    Refuse,
    /// Its lines are joined with a space, without the white space around each.
    Join,
    /// Its lines are joined with a space; white space before a line's end stays (h11, Twisted).
    Append,
    /// The line ends stay in it (uWSGI).
    Keep,
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
    /// Everything (uWSGI: what ends a line is no part of the value).
    Raw,
}

/// What an Expect field does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectations {
    /// `100-continue` is honoured for HTTP/1.1; anything else is refused with 417 (gunicorn).
    OnlyContinue,
    /// `100-continue` is honoured for HTTP/1.1; anything else is ignored.
    Continue,
    /// As [`Expectations::Continue`], also as a member of a list (h11).
    ContinueListed,
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
    /// One field with one number below 2⁶⁴.
    One,
    /// One field with one number, however large: a Python integer. Nobody sends so much.
    OneInteger,
    /// As many as there are, if they are the same digits, which remain as one field (h11).
    Same,
    /// The last field counts (uWSGI).
    Last,
}

/// Which transfer codings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codings {
    /// The registered ones, chunked once and last; a compressed body is passed on as it is and
    /// closes the connection (gunicorn).
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

/// How the line of a chunk's size is read. Where a size is larger than that, the largest number
/// stands for it: nobody sends so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkSizes {
    /// A number below 2⁶⁴; a line feed without a carriage return is an error (llhttp).
    Short,
    /// At most 20 digits, up to CR LF (h11).
    TwentyDigits,
    /// A Python integer, up to CR LF.
    Integer,
}

/// What may follow the size of a chunk in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkExtensions {
    /// The RFC's grammar, white space around `;` and `=` included (gunicorn).
    Spaced,
    /// The RFC's grammar without white space; names and values may be empty where there is `=`
    /// (llhttp).
    Tight,
    /// Anything after `;`, white space after the size alone; the line ends with CR LF (h11).
    Text,
    /// Anything after `;` but control characters (Twisted).
    Visible,
}

/// What is done with trailer fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trailers {
    /// They must be fields by these rules.
    Read {
        /// Fields that may not be trailers (RFC 9110, section 6.5.1), any case.
        forbidden: &'static [&'static str],
    },
    /// They must be fields by these rules, and those that frame a body must make sense (h11).
    Checked,
    /// Lines are skipped, whatever they are (Twisted).
    Skip,
}

/// Whether the connection is kept after the response, as far as the request has a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persistence {
    /// The first Connection field counts, as a whole (gunicorn).
    FirstField,
    /// The options in all Connection fields count, `close` before `keep-alive` for HTTP/1.1 (RFC
    /// 9112, section 9.3).
    Options,
    /// As [`Persistence::Options`], and HTTP/1.0 is never kept (h11).
    OptionsHttp11,
    /// The first Connection field's words count, separated by spaces, and HTTP/1.0 is never kept
    /// (Twisted).
    WordsHttp11,
    /// Never (uWSGI `--http-socket`).
    Never,
}
