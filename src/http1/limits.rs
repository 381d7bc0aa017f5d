//! How much servers read.

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
    /// Most bytes that may have come of a head, a chunk's line or a trailer section that is not
    /// complete; what is complete may be longer (h11). `None` is without limit.
    pub incomplete: Option<usize>,
    /// Longest line of a head, bytes without its line end, for a server that takes a head line by
    /// line (Twisted): `head` then counts whole lines, without their ends.
    pub line: usize,
}

impl Limits {
    /// gunicorn's limits, with its reading of zero and of what is too large.
    #[must_use]
    pub const fn gunicorn(request_line: usize, fields: usize, field_size: usize) -> Limits {
        let request_line = if request_line > 8190 {
            8190
        } else {
            request_line
        };
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
            incomplete: None,
            line: 0,
        }
    }

    /// uvicorn with httptools: llhttp has none.
    pub const HTTPTOOLS: Limits = Limits {
        request_line: 0,
        fields: 0,
        field_size: 0,
        head: 0,
        incomplete: None,
        line: 0,
    };

    /// uvicorn with h11: `--h11-max-incomplete-event-size` as it is by default.
    pub const H11: Limits = Limits {
        incomplete: Some(16384),
        ..Limits::HTTPTOOLS
    };

    /// daphne (Twisted).
    pub const DAPHNE: Limits = Limits {
        request_line: 16384,
        fields: 500,
        field_size: 16384,
        head: 16384,
        incomplete: None,
        line: 16384,
    };

    /// uWSGI with this `--buffer-size` (4096 by default).
    #[must_use]
    pub const fn uwsgi(buffer_size: usize) -> Limits {
        Limits {
            request_line: 0,
            fields: 0,
            field_size: 0,
            head: buffer_size,
            incomplete: None,
            line: 0,
        }
    }
}
