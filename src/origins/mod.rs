//! What processes are copies of, and the workers that are prepared for them.
//!
//! A real master forks its workers, in milliseconds. Here a new worker is given the memory of an
//! interpreter that has booted, or of a master that has loaded its app: its *origin*. Some workers
//! are prepared ahead of time: *spares*, with that memory in place, and *blanks*, which will copy
//! an image that is not made yet.
//!
//! Sans-IO: what workers say comes in, what is to be done to them goes out as [`Action`]s.

mod origin;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use origin::{Image, Origin};

use crate::os::{Millis, Pid};

/// How often it is looked whether the machine is quiet, in milliseconds.
const LOOK: Millis = 500.0;
/// At most so many blanks start at once.
const MOST_BLANKS: usize = 8;
/// So many blanks, and so many spares of one origin, are kept.
const STOCK: usize = 2;

/// A worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkerId(u32);

/// An origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct OriginId(u32);

/// What the memory of a worker is to be.
#[derive(Debug, Clone, PartialEq)]
pub enum MemoryOf<I> {
    /// That of an interpreter that boots.
    Boot {
        /// Whether an image of it is wanted.
        makes_image: bool,
    },
    /// A copy of an image.
    Image(I),
    /// A copy of the image that it is given later, if one is made.
    Awaited,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<I> {
    /// Create a worker.
    Create(WorkerId),
    /// Tell a worker to become a process, of which it does not know yet which.
    Start(WorkerId, MemoryOf<I>),
    /// Give a worker the image that it waits for; `None`: none could be made.
    GiveImage(WorkerId, Option<I>),
    /// End a worker.
    Terminate(WorkerId),
    /// Keep the image of a booted interpreter for the next visit; `None`: it is not fit for that.
    Keep(Option<I>),
    /// The spares that were expected under this number are ready or taken, or will never be ready
    /// for this reason.
    Prepared(u32, Result<(), String>),
}

/// All origins, and the workers that no process has yet.
#[derive(Debug)]
pub struct Origins<I> {
    all: BTreeMap<OriginId, Origin<I>>,
    next_origin: OriginId,
    /// A booted interpreter.
    interpreter: OriginId,
    /// Masters that have loaded their app.
    masters: BTreeMap<Pid, OriginId>,
    /// What each worker is a copy of.
    of_workers: BTreeMap<WorkerId, OriginId>,
    /// Workers whose interpreter has booted: user code may run in them from then on.
    booted: BTreeSet<WorkerId>,
    next_worker: WorkerId,
    /// Workers whose interpreter is all but its memory: they wait for whichever image they are
    /// given.
    blanks: VecDeque<WorkerId>,
    /// How many there shall be in quiet times.
    stock: usize,
    /// When the next is wanted.
    restock_at: Option<Millis>,
    actions: VecDeque<Action<I>>,
}

impl<I: Clone> Default for Origins<I> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: Clone> Origins<I> {
    /// Nothing runs, and no interpreter has booted.
    #[must_use]
    pub fn new() -> Self {
        let interpreter = OriginId(0);
        Self {
            all: BTreeMap::from([(interpreter, Origin::new(Image::Unmade))]),
            next_origin: OriginId(1),
            interpreter,
            masters: BTreeMap::new(),
            of_workers: BTreeMap::new(),
            booted: BTreeSet::new(),
            next_worker: WorkerId(0),
            blanks: VecDeque::new(),
            stock: 0,
            restock_at: None,
            actions: VecDeque::new(),
        }
    }

    /// What is to be done next.
    pub fn next_action(&mut self) -> Option<Action<I>> {
        self.actions.pop_front()
    }

    // --- processes

    /// A worker that was prepared for a child of this process, if there is one. It is no spare and
    /// no blank any more: what it says is a process's.
    pub fn take_prepared(&mut self, parent: Pid, now: Millis) -> Option<WorkerId> {
        let origin = self.of(parent);
        self.take_spare(origin)
            .or_else(|| self.take_blank(origin, now))
    }

    /// A new worker for a child of this process. It waits for [`start`](Self::start).
    pub fn create(&mut self, parent: Pid) -> WorkerId {
        let worker = self.create_worker();
        self.of_workers.insert(worker, self.of(parent));
        worker
    }

    /// Tells a new worker what its memory is to be.
    pub fn start(&mut self, worker: WorkerId) {
        let Some(id) = self.of_workers.get(&worker).copied() else {
            return;
        };
        let Some(origin) = self.all.get_mut(&id) else {
            return;
        };
        let memory = origin.memory_for(worker);
        self.actions.push_back(Action::Start(worker, memory));
    }

    /// A process has ended, and its worker with it.
    pub fn process_ended(&mut self, pid: Pid, worker: WorkerId) {
        self.booted.remove(&worker);
        if let Some(id) = self.of_workers.remove(&worker) {
            self.abandon(id, worker);
        }
        if let Some(master) = self.masters.remove(&pid) {
            self.end_spares(master);
        }
        self.forget_unused();
    }

    /// A master has forked: its children are copies of this image.
    pub fn forked(&mut self, pid: Pid, image: I) {
        let id = self.add_origin(Image::Made(image));
        if let Some(before) = self.masters.insert(pid, id) {
            self.end_spares(before);
            self.forget_unused();
        }
    }

    // --- what workers say

    /// A worker has made the image that it was to make, or could not: `None`. A copy that does not
    /// fit says so too. Once its interpreter has booted, no worker is believed about images: user
    /// code may be who speaks.
    pub fn image_made(&mut self, worker: WorkerId, image: Option<I>) {
        if self.booted.contains(&worker) {
            return;
        }
        if let Some(&id) = self.of_workers.get(&worker) {
            self.set_image(id, image.as_ref());
            self.actions.push_back(Action::Keep(image));
        }
    }

    /// The interpreter of a worker has crashed before its process accepted. The image that it began
    /// with may be the reason: it is not kept, and whoever starts next boots and makes another.
    pub fn crashed(&mut self, worker: WorkerId) {
        let id = self.interpreter;
        let is_copy = self.of_workers.get(&worker) == Some(&id);
        let has_image = |origin: &Origin<I>| matches!(origin.image, Image::Made(_));
        if !is_copy || !self.all.get(&id).is_some_and(has_image) {
            return;
        }
        self.end_spares(id);
        self.interpreter = self.add_origin(Image::Unmade);
        self.actions.push_back(Action::Keep(None));
    }

    /// The image of a booted interpreter was kept from an earlier visit.
    pub fn image_kept(&mut self, image: &I) {
        self.set_image(self.interpreter, Some(image));
    }

    /// The interpreter of a worker has booted.
    pub fn booted(&mut self, worker: WorkerId, now: Millis) {
        let Some(&id) = self.of_workers.get(&worker) else {
            return;
        };
        self.booted.insert(worker);
        let Some(origin) = self.all.get_mut(&id) else {
            return;
        };
        if origin.booting != Some(worker) {
            return;
        }
        origin.booting = None;
        if origin.expecting.is_empty() {
            origin.fill_soon(now);
        } else {
            self.fill(id);
        }
    }

    /// A spare or blank cannot boot. The process that would have taken it says why, in its turn.
    pub fn failed(&mut self, worker: WorkerId, reason: &str) {
        self.actions.push_back(Action::Terminate(worker));
        self.blanks.retain(|&blank| blank != worker);
        self.booted.remove(&worker);
        let Some(id) = self.of_workers.remove(&worker) else {
            return;
        };
        if let Some(origin) = self.all.get_mut(&id) {
            origin.remove_spare(worker);
        }
        self.abandon(id, worker);
        self.answer(id, &Err(reason.to_owned()));
    }

    // --- spares

    /// Sees to it that there are spares for those who replace this worker, or for the children of
    /// this master, when those who start now have started. So many may be wanted at once.
    pub fn prepare(&mut self, for_whom: Prepare, processes: usize, now: Millis) {
        let id = match for_whom {
            Prepare::Replacement(worker) => self.of_workers.get(&worker).copied(),
            Prepare::Children(master) => Some(self.of(master)),
        };
        let id = id.filter(|&id| self.is_current(id));
        if let Some(origin) = id.and_then(|id| self.all.get_mut(&id)) {
            origin.wanted = origin.wanted.max(processes.min(STOCK));
            origin.fill_soon(now);
        }
    }

    /// Has spares ready at once: a server is about to start. [`Action::Prepared`] answers under
    /// this number.
    pub fn expect(&mut self, number: u32, spares: usize) {
        let id = self.interpreter;
        if let Some(origin) = self.all.get_mut(&id) {
            origin.wanted = spares;
            origin.expecting.push(number);
        }
        self.fill(id);
    }

    /// Boots one more spare, if one is wanted.
    fn fill(&mut self, id: OriginId) {
        let Some(origin) = self.all.get_mut(&id) else {
            return;
        };
        if origin.booting.is_some() {
            return;
        }
        if origin.spares.len() >= origin.wanted {
            self.answer(id, &Ok(()));
            return;
        }
        let worker = self.create_worker();
        self.of_workers.insert(worker, id);
        self.start(worker);
        if let Some(origin) = self.all.get_mut(&id) {
            origin.spares.push_back(worker);
            origin.booting = Some(worker);
        }
    }

    fn take_spare(&mut self, id: OriginId) -> Option<WorkerId> {
        let origin = self.all.get_mut(&id)?;
        origin.wanted = origin.wanted.saturating_sub(1);
        let spare = origin.spares.pop_front()?;
        origin.used = true;
        if origin.booting == Some(spare) {
            origin.booting = None;
            // A server starts: what is still missing boots in a quiet moment.
            self.answer(id, &Ok(()));
        }
        Some(spare)
    }

    /// Tells those who expect spares how it went.
    fn answer(&mut self, id: OriginId, outcome: &Result<(), String>) {
        if let Some(origin) = self.all.get_mut(&id) {
            let answers = origin.expecting.drain(..);
            self.actions
                .extend(answers.map(|number| Action::Prepared(number, outcome.clone())));
        }
    }

    // --- blanks

    /// A process is about to fork so many times. Its image is made when it has loaded its app, and
    /// no spare can have it in place: so workers start meanwhile that will only have to copy it.
    pub fn expect_forks(&mut self, forks: usize) {
        let wanted = forks.min(MOST_BLANKS);
        self.stock = self.stock.max(wanted.min(STOCK));
        while self.blanks.len() < wanted {
            self.add_blank();
        }
    }

    fn add_blank(&mut self) {
        let worker = self.create_worker();
        self.actions
            .push_back(Action::Start(worker, MemoryOf::Awaited));
        self.blanks.push_back(worker);
    }

    /// A worker that becomes a copy of the origin's image, if that is made.
    fn take_blank(&mut self, id: OriginId, now: Millis) -> Option<WorkerId> {
        let Image::Made(image) = &self.all.get(&id)?.image else {
            return None;
        };
        let worker = self.blanks.pop_front()?;
        self.of_workers.insert(worker, id);
        self.actions
            .push_back(Action::GiveImage(worker, Some(image.clone())));
        self.restock_later(now);
        Some(worker)
    }

    /// Sees to it that there are blanks again, one after the other, in quiet moments.
    fn restock_later(&mut self, now: Millis) {
        if self.restock_at.is_none() && self.blanks.len() < self.stock {
            self.restock_at = Some(now + LOOK);
        }
    }

    /// A server has ended: without a master that forks, no blanks are wanted.
    pub fn server_ended(&mut self) {
        if !self.masters.is_empty() {
            return;
        }
        self.restock_at = None;
        self.stock = 0;
        self.end_blanks();
    }

    fn end_blanks(&mut self) {
        self.actions
            .extend(self.blanks.drain(..).map(Action::Terminate));
    }

    // --- time

    /// When [`tick`](Self::tick) is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let fills = self.all.values().filter_map(|origin| origin.fill_at);
        fills.chain(self.restock_at).min_by(f64::total_cmp)
    }

    /// Boots what is due, if there is time: `quiet` means that nobody waits for an answer.
    pub fn tick(&mut self, now: Millis, quiet: bool) {
        let is_due = |at: Option<Millis>| at.is_some_and(|at| at <= now);
        let ids: Vec<OriginId> = self.all.keys().copied().collect();
        for id in ids {
            let Some(origin) = self.all.get_mut(&id) else {
                continue;
            };
            if !is_due(origin.fill_at) {
                continue;
            }
            origin.fill_at = None;
            if origin.has_time(quiet) {
                self.fill(id);
            } else {
                origin.fill_soon(now);
            }
        }
        if is_due(self.restock_at) {
            self.restock_at = None;
            if quiet {
                self.add_blank();
            }
            self.restock_later(now);
        }
    }

    // --- origins

    /// What all workers were told to read is lost: those who have what they need go on, those that
    /// are prepared are of no use.
    pub fn lost(&mut self) {
        let ids: Vec<OriginId> = self.all.keys().copied().collect();
        for id in ids {
            self.end_spares(id);
        }
        self.interpreter = self.add_origin(Image::Unmade);
        self.end_blanks();
        self.forget_unused();
    }

    fn add_origin(&mut self, image: Image<I>) -> OriginId {
        let id = self.next_origin;
        self.next_origin = OriginId(id.0 + 1);
        self.all.insert(id, Origin::new(image));
        id
    }

    /// Whether processes begin as copies of it.
    fn is_current(&self, id: OriginId) -> bool {
        id == self.interpreter || self.masters.values().any(|&master| master == id)
    }

    /// An origin of which no process begins any more is kept for those that began as its copies
    /// and may not have copied it yet.
    fn forget_unused(&mut self) {
        let ids: Vec<OriginId> = self.all.keys().copied().collect();
        for id in ids {
            if !self.is_current(id) && !self.of_workers.values().any(|&of| of == id) {
                self.all.remove(&id);
            }
        }
    }

    /// What a child of a process is a copy of.
    fn of(&self, parent: Pid) -> OriginId {
        let master = self.masters.get(&parent);
        master.copied().unwrap_or(self.interpreter)
    }

    fn create_worker(&mut self) -> WorkerId {
        let worker = self.next_worker;
        self.next_worker = WorkerId(worker.0 + 1);
        self.actions.push_back(Action::Create(worker));
        worker
    }

    /// Those who wait for an origin's image get it.
    fn set_image(&mut self, id: OriginId, image: Option<&I>) {
        let Some(origin) = self.all.get_mut(&id) else {
            return;
        };
        let waiting = origin.set_image(image.cloned());
        self.actions.extend(
            waiting
                .into_iter()
                .map(|worker| Action::GiveImage(worker, image.cloned())),
        );
    }

    /// A worker is no more. If it was to make the image, those who wait for that boot by
    /// themselves, and whoever starts next makes one.
    fn abandon(&mut self, id: OriginId, worker: WorkerId) {
        let Some(origin) = self.all.get_mut(&id) else {
            return;
        };
        origin.waiting.remove(&worker);
        if origin.maker != Some(worker) {
            return;
        }
        self.set_image(id, None);
        if let Some(origin) = self.all.get_mut(&id) {
            origin.image = Image::Unmade;
        }
    }

    fn end_spares(&mut self, id: OriginId) {
        let Some(origin) = self.all.get_mut(&id) else {
            return;
        };
        origin.fill_at = None;
        origin.wanted = 0;
        let spares: Vec<WorkerId> = origin.spares.drain(..).collect();
        for worker in spares {
            self.of_workers.remove(&worker);
            self.booted.remove(&worker);
            self.actions.push_back(Action::Terminate(worker));
            self.abandon(id, worker);
        }
        let reason = "the workers that were expected are no longer wanted";
        self.answer(id, &Err(reason.to_owned()));
    }
}

/// Whom spares are prepared for.
#[derive(Debug, Clone, Copy)]
pub enum Prepare {
    /// Who replaces the process of this worker.
    Replacement(WorkerId),
    /// The children of this master.
    Children(Pid),
}

#[cfg(test)]
mod tests;
