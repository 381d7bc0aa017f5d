//! Finding the end of a section of field lines, as it comes in.

use super::error::RequestError;
use super::input::Input;
use super::rules::BareLf;

/// How much a section may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    /// Bytes; 0: any number.
    pub(super) length: usize,
    /// Bytes of a line without its end. 0: it may be as long as the section. Else line ends do not
    /// count in `length`, nor does a line that has no end yet.
    pub(super) line: usize,
}

impl Most {
    /// A section of so many bytes, whatever lines it has.
    pub(super) const fn bytes(length: usize) -> Self {
        Self { length, line: 0 }
    }
}

/// How far a section of lines has been looked at.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Where the current line begins, from the section's first byte.
    line: usize,
    /// Bytes of the line ends before it.
    ends: usize,
}

impl Section {
    /// The section's length with its empty line, once that is there.
    pub(super) fn find_end(
        &mut self,
        input: &mut Input,
        bare_lf: BareLf,
        most: Most,
    ) -> Result<Option<usize>, RequestError> {
        let limit = most.length;
        let too_long = |length: usize| limit > 0 && length > limit;
        while let Some(lf) = input.next_lf() {
            let line = &input.rest()[self.line..lf];
            let ends_with_cr = line.last() == Some(&b'\r');
            if most.line > 0 && ends_with_cr {
                if line.len() - 1 > most.line {
                    return Err(RequestError::FieldTooLong { limit: most.line });
                }
                if too_long(lf - 1 - self.ends) {
                    return Err(RequestError::HeadTooLong { limit });
                }
                self.ends += 2;
            }
            // Limits come first: the same must be said of a section that comes byte by byte.
            if most.line == 0 && too_long(lf) {
                return Err(RequestError::HeadTooLong { limit });
            }
            match bare_lf {
                BareLf::Refuse if !ends_with_cr => return Err(RequestError::BareLfInFields),
                BareLf::Data if !ends_with_cr => continue,
                _ => {}
            }
            if line.len() == usize::from(ends_with_cr) {
                let end = lf + 1;
                return if most.line == 0 && too_long(end) {
                    Err(RequestError::HeadTooLong { limit })
                } else {
                    Ok(Some(end))
                };
            }
            self.line = lf + 1;
        }
        if most.line > 0 {
            // A line whose end has not come is too long when that cannot fit any more.
            return if input.rest().len() - self.line >= most.line + 2 {
                Err(RequestError::FieldTooLong { limit: most.line })
            } else {
                Ok(None)
            };
        }
        if too_long(input.rest().len()) {
            Err(RequestError::HeadTooLong { limit })
        } else {
            Ok(None)
        }
    }
}
