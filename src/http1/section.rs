//! Finding the end of a section of field lines, as it comes in.

use super::error::RequestError;
use super::input::Input;
use super::rules::BareLf;

/// How far a section of lines has been looked at.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Where the current line begins, from the section's first byte.
    line: usize,
}

impl Section {
    /// The section's length with its empty line, once that is there. `limit` (0: none) is the most
    /// it may be.
    pub(super) fn find_end(
        &mut self,
        input: &mut Input,
        bare_lf: BareLf,
        limit: usize,
    ) -> Result<Option<usize>, RequestError> {
        let too_long = |length: usize| limit > 0 && length > limit;
        while let Some(lf) = input.next_lf() {
            let line = &input.rest()[self.line..lf];
            let ends_with_cr = line.last() == Some(&b'\r');
            // Limits come first: the same must be said of a section that comes byte by byte.
            if too_long(lf) {
                return Err(RequestError::HeadTooLong { limit });
            }
            match bare_lf {
                BareLf::Refuse if !ends_with_cr => return Err(RequestError::BareLfInFields),
                BareLf::Data if !ends_with_cr => continue,
                _ => {}
            }
            if line.len() == usize::from(ends_with_cr) {
                let end = lf + 1;
                return if too_long(end) {
                    Err(RequestError::HeadTooLong { limit })
                } else {
                    Ok(Some(end))
                };
            }
            self.line = lf + 1;
        }
        if too_long(input.rest().len()) {
            Err(RequestError::HeadTooLong { limit })
        } else {
            Ok(None)
        }
    }
}
