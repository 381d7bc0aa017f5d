//! One origin: a booted interpreter, or a master that has loaded an app.

use std::collections::{BTreeSet, VecDeque};

use super::{LOOK, MemoryOf, WorkerId};
use crate::os::Millis;

/// The image of an origin.
#[derive(Debug)]
pub(super) enum Image<I> {
    /// There is none yet.
    Unmade,
    /// None could be made.
    Refused,
    Made(I),
}

#[derive(Debug)]
pub(super) struct Origin<I> {
    pub(super) image: Image<I>,
    /// Who makes the image.
    pub(super) maker: Option<WorkerId>,
    /// Workers that wait for the image.
    pub(super) waiting: BTreeSet<WorkerId>,
    /// Workers that are or will soon be ready to become a process; who began first comes first.
    pub(super) spares: VecDeque<WorkerId>,
    /// How many spares there shall be.
    pub(super) wanted: usize,
    /// The spare that is not ready yet: one at a time, so that the first is there early.
    pub(super) booting: Option<WorkerId>,
    /// Whether a spare has been used: the next waits for a quiet moment, so as not to take the
    /// processor from those who work.
    pub(super) used: bool,
    /// When it is looked whether there is time for the next spare.
    pub(super) fill_at: Option<Millis>,
    /// Who is told when the spares that are expected are ready.
    pub(super) expecting: Vec<u32>,
}

impl<I: Clone> Origin<I> {
    pub(super) fn new(image: Image<I>) -> Self {
        Self {
            image,
            maker: None,
            waiting: BTreeSet::new(),
            spares: VecDeque::new(),
            wanted: 0,
            booting: None,
            used: false,
            fill_at: None,
            expecting: Vec::new(),
        }
    }

    /// What the memory of a worker is to be that starts now.
    pub(super) fn memory_for(&mut self, worker: WorkerId) -> MemoryOf<I> {
        match &self.image {
            Image::Made(image) => MemoryOf::Image(image.clone()),
            Image::Refused => MemoryOf::Boot { makes_image: false },
            Image::Unmade if self.maker.is_some() => {
                self.waiting.insert(worker);
                MemoryOf::Awaited
            }
            Image::Unmade => {
                self.maker = Some(worker);
                MemoryOf::Boot { makes_image: true }
            }
        }
    }

    /// Returns those who wait for the image.
    pub(super) fn set_image(&mut self, image: Option<I>) -> BTreeSet<WorkerId> {
        self.image = image.map_or(Image::Refused, Image::Made);
        self.maker = None;
        std::mem::take(&mut self.waiting)
    }

    /// Looks a little later whether there is time for the next spare, if one is wanted.
    pub(super) fn fill_soon(&mut self, now: Millis) {
        if self.fill_at.is_none() && self.spares.len() < self.wanted {
            self.fill_at = Some(now + LOOK);
        }
    }

    /// Whether a spare may boot now.
    pub(super) fn has_time(&self, quiet: bool) -> bool {
        let is_first = !self.used && self.spares.is_empty();
        !matches!(self.image, Image::Unmade) && (is_first || quiet)
    }

    /// A spare has failed: no more are wanted.
    pub(super) fn remove_spare(&mut self, worker: WorkerId) {
        self.wanted = 0;
        self.spares.retain(|&spare| spare != worker);
        if self.booting == Some(worker) {
            self.booting = None;
        }
    }
}
