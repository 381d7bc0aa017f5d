//! Options and their values; what is a number in them, Python reads.

pub(crate) use wasgi_options::*;

use super::python;

/// Values as numbers.
pub(crate) trait Numbers {
    /// The value of an integer option, if it is given or has a default; the grammar has checked
    /// that it is an integer.
    fn int(&self, name: &str) -> Option<i64>;

    /// The value of an integer option as a count: negative is 0, too large is the largest.
    fn count(&self, name: &str) -> Option<u32>;
}

impl Numbers for Values {
    #[inline(never)]
    fn int(&self, name: &str) -> Option<i64> {
        python::int(self.text(name))
    }

    #[inline(never)]
    fn count(&self, name: &str) -> Option<u32> {
        self.int(name).map(python::clamp)
    }
}
