//! Signals that the main thread has not handled yet: one of each number at most, as with any other
//! process.

/// A bit for each number from 1 to 64.
#[derive(Debug, Default)]
pub(super) struct Signals(u64);

impl Signals {
    pub(super) fn raise(&mut self, number: u32) {
        if (1..=64).contains(&number) {
            self.0 |= 1 << (number - 1);
        }
    }

    pub(super) fn pending(&self) -> bool {
        self.0 != 0
    }

    pub(super) fn take(&mut self) -> Option<u32> {
        if self.0 == 0 {
            return None;
        }
        let number = self.0.trailing_zeros() + 1;
        self.0 &= self.0 - 1;
        Some(number)
    }
}
