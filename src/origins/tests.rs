use super::{Action, MemoryOf, Origins, Prepare, WorkerId};

/// An image of a booted interpreter, and one of a master that has loaded its app.
const BOOTED: &str = "booted";
const LOADED: &str = "loaded";

const MASTER: u32 = 20;
const SHELL: u32 = 1;

const BOOTS: MemoryOf<&str> = MemoryOf::Boot { makes_image: true };

/// Origins and what they have had done.
struct House {
    origins: Origins<&'static str>,
    now: f64,
    quiet: bool,
    created: Vec<WorkerId>,
    ended: Vec<WorkerId>,
    /// What each worker was told, in order.
    told: Vec<(WorkerId, Told)>,
    kept: Vec<Option<&'static str>>,
    prepared: Vec<(u32, Result<(), String>)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Told {
    Start(MemoryOf<&'static str>),
    Image(Option<&'static str>),
}

impl House {
    fn new() -> Self {
        Self {
            origins: Origins::new(),
            now: 0.0,
            quiet: true,
            created: Vec::new(),
            ended: Vec::new(),
            told: Vec::new(),
            kept: Vec::new(),
            prepared: Vec::new(),
        }
    }

    /// Where an interpreter has booted.
    fn booted() -> Self {
        let mut house = Self::new();
        house.origins.image_kept(&BOOTED);
        house
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.origins.next_action() {
            match action {
                Action::Create(worker) => self.created.push(worker),
                Action::Start(worker, memory) => self.told.push((worker, Told::Start(memory))),
                Action::GiveImage(worker, image) => self.told.push((worker, Told::Image(image))),
                Action::Terminate(worker) => self.ended.push(worker),
                Action::Keep(image) => self.kept.push(image),
                Action::Prepared(number, outcome) => self.prepared.push((number, outcome)),
            }
        }
    }

    /// A process of a server starts in a worker of its own.
    fn start(&mut self, parent: u32) -> WorkerId {
        let worker = self.origins.create(parent);
        self.origins.start(worker);
        self.carry_out();
        worker
    }

    fn take(&mut self) -> Option<WorkerId> {
        let taken = self.origins.take_prepared(SHELL, self.now);
        self.carry_out();
        taken
    }

    fn prepare(&mut self, processes: usize) {
        self.origins
            .prepare(Prepare::Children(SHELL), processes, self.now);
        self.carry_out();
    }

    fn expect(&mut self, number: u32, spares: usize) {
        self.origins.expect(number, spares);
        self.carry_out();
    }

    fn is_ready(&mut self, worker: WorkerId) {
        self.origins.booted(worker, self.now);
        self.carry_out();
    }

    /// Time goes by, from timer to timer.
    fn pass(&mut self, millis: f64) {
        let end = self.now + millis;
        while let Some(due) = self.origins.deadline().filter(|&due| due <= end) {
            self.now = due;
            self.origins.tick(due, self.quiet);
            self.carry_out();
        }
        self.now = end;
    }

    fn told(&self, worker: WorkerId) -> Vec<Told> {
        let told = self.told.iter().filter(|(of, _)| *of == worker);
        told.map(|(_, told)| told.clone()).collect()
    }
}

fn copies(image: &'static str) -> Told {
    Told::Start(MemoryOf::Image(image))
}

fn awaits() -> Told {
    Told::Start(MemoryOf::Awaited)
}

#[test]
fn the_first_process_boots_and_makes_an_image_which_those_that_start_meanwhile_wait_for() {
    let mut house = House::new();
    let first = house.start(SHELL);
    let second = house.start(SHELL);
    assert_eq!(house.told(first), [Told::Start(BOOTS)]);
    assert_eq!(house.told(second), [awaits()]);
    house.origins.image_made(first, Some(BOOTED));
    house.carry_out();
    assert_eq!(house.told(second), [awaits(), Told::Image(Some(BOOTED))]);
}

#[test]
fn a_worker_whose_interpreter_has_booted_is_not_believed_about_images() {
    let mut house = House::new();
    let first = house.start(SHELL);
    house.origins.image_made(first, Some(BOOTED));
    house.origins.booted(first, house.now);
    for forged in [Some("forged"), None] {
        house.origins.image_made(first, forged);
        house.carry_out();
    }
    let second = house.start(SHELL);
    assert_eq!(house.told(second), [copies(BOOTED)]);
    assert_eq!(house.kept, [Some(BOOTED)]);
}

#[test]
fn an_image_whose_copy_crashes_before_it_accepts_is_forgotten_and_the_next_process_boots() {
    let mut house = House::booted();
    let first = house.start(SHELL);
    house.origins.crashed(first);
    house.origins.process_ended(MASTER, first);
    house.carry_out();
    assert_eq!(house.kept.last(), Some(&None));
    let second = house.start(SHELL);
    assert_eq!(house.told(second), [Told::Start(BOOTS)]);
}

#[test]
fn a_process_is_a_copy_of_the_image_that_there_is() {
    let mut house = House::booted();
    let worker = house.start(SHELL);
    assert_eq!(house.told(worker), [copies(BOOTED)]);
}

#[test]
fn where_who_makes_the_image_ends_the_others_boot_by_themselves_and_the_next_makes_one() {
    let mut house = House::new();
    let first = house.start(SHELL);
    let second = house.start(SHELL);
    house.origins.process_ended(11, first);
    house.carry_out();
    assert_eq!(house.told(second), [awaits(), Told::Image(None)]);
    let third = house.start(SHELL);
    assert_eq!(house.told(third), [Told::Start(BOOTS)]);
}

#[test]
fn where_no_image_can_be_made_every_process_boots_by_itself() {
    let mut house = House::new();
    let first = house.start(SHELL);
    house.origins.image_made(first, None);
    let second = house.start(SHELL);
    assert_eq!(
        house.told(second),
        [Told::Start(MemoryOf::Boot { makes_image: false })]
    );
    assert_eq!(house.kept, [None]);
}

#[test]
fn the_children_of_a_master_that_has_forked_are_copies_of_it_those_of_others_are_not() {
    let mut house = House::booted();
    let master = house.start(SHELL);
    house.origins.forked(MASTER, LOADED);
    let child = house.start(MASTER);
    let other = house.start(MASTER + 1);
    assert_eq!(house.told(child), [copies(LOADED)]);
    assert_eq!(house.told(other), [copies(BOOTED)]);
    house.origins.process_ended(MASTER, master);
    let late = house.start(MASTER);
    assert_eq!(house.told(late), [copies(BOOTED)]);
}

#[test]
fn a_child_whose_master_ends_before_it_has_started_is_a_copy_of_it_all_the_same() {
    let mut house = House::booted();
    let master = house.start(SHELL);
    house.origins.forked(MASTER, LOADED);
    let child = house.origins.create(MASTER);
    house.origins.process_ended(MASTER, master);
    house.origins.start(child);
    house.carry_out();
    assert_eq!(house.told(child), [copies(LOADED)]);
}

#[test]
fn a_spare_is_prepared_when_those_that_start_have_started() {
    let mut house = House::booted();
    house.prepare(1);
    assert_eq!(house.created, []);
    house.pass(500.0);
    assert_eq!(house.told(house.created[0]), [copies(BOOTED)]);
}

#[test]
fn there_is_one_spare_at_most() {
    let mut house = House::booted();
    house.prepare(1);
    house.prepare(1);
    house.pass(500.0);
    house.prepare(1);
    house.pass(500.0);
    assert_eq!(house.created.len(), 1);
}

#[test]
fn where_two_processes_may_be_replaced_at_once_there_are_two_spares_the_second_in_quiet() {
    let mut house = House::booted();
    house.quiet = false;
    house.prepare(1);
    house.prepare(4);
    house.pass(500.0);
    house.is_ready(house.created[0]);
    house.pass(5000.0);
    assert_eq!(house.created.len(), 1);
    house.quiet = true;
    house.pass(500.0);
    assert_eq!(house.created.len(), 2);
    house.is_ready(house.created[1]);
    house.pass(5000.0);
    assert_eq!(house.created.len(), 2);
    let taken = [house.take(), house.take()];
    assert_eq!(taken, [Some(house.created[0]), Some(house.created[1])]);
}

#[test]
fn a_spare_is_taken_once() {
    let mut house = House::booted();
    house.prepare(1);
    house.pass(500.0);
    assert_eq!(house.take(), Some(house.created[0]));
    assert_eq!(house.take(), None);
}

#[test]
fn the_heir_of_a_spare_that_was_used_waits_until_nobody_is_connected() {
    let mut house = House::booted();
    house.quiet = false;
    house.prepare(1);
    house.pass(500.0);
    house.take();
    house.prepare(1);
    house.pass(5000.0);
    assert_eq!(house.created.len(), 1);
    house.quiet = true;
    house.pass(500.0);
    assert_eq!(house.created.len(), 2);
}

#[test]
fn a_spare_that_fails_to_boot_is_none() {
    let mut house = House::booted();
    house.prepare(1);
    house.pass(500.0);
    let spare = house.created[0];
    house.origins.failed(spare, "no memory");
    assert_eq!(house.take(), None);
    assert_eq!(house.ended, [spare]);
}

#[test]
fn the_spare_of_a_master_ends_with_it() {
    let mut house = House::booted();
    let master = house.start(SHELL);
    house.origins.forked(MASTER, LOADED);
    house
        .origins
        .prepare(Prepare::Children(MASTER), 1, house.now);
    house.pass(500.0);
    let spare = house.created[1];
    house.origins.process_ended(MASTER, master);
    house.carry_out();
    assert_eq!(house.ended, [spare]);
}

#[test]
fn no_spare_is_prepared_for_the_children_of_a_master_that_has_ended() {
    let mut house = House::booted();
    let master = house.start(SHELL);
    house.origins.forked(MASTER, LOADED);
    let child = house.start(MASTER);
    house.origins.process_ended(MASTER, master);
    house
        .origins
        .prepare(Prepare::Replacement(child), 1, house.now);
    assert_eq!(house.origins.deadline(), None);
}

#[test]
fn spares_for_a_server_that_is_about_to_start_boot_one_after_the_other_the_first_at_once() {
    let mut house = House::booted();
    house.expect(1, 3);
    assert_eq!(house.created.len(), 1);
    house.is_ready(house.created[0]);
    assert_eq!(house.created.len(), 2);
    // Run comes before all are there: who takes one leaves that many fewer to boot.
    let taken = [house.take(), house.take(), house.take()];
    assert_eq!(
        taken,
        [Some(house.created[0]), Some(house.created[1]), None]
    );
    house.is_ready(house.created[1]);
    assert_eq!(house.created.len(), 2);
}

#[test]
fn who_expects_spares_is_told_when_the_last_of_them_is_ready_not_before() {
    let mut house = House::booted();
    house.expect(7, 2);
    assert_eq!(house.prepared, []);
    house.is_ready(house.created[0]);
    assert_eq!(house.prepared, []);
    house.is_ready(house.created[1]);
    assert_eq!(house.prepared, [(7, Ok(()))]);
}

#[test]
fn who_expects_spares_that_are_there_already_is_told_at_once() {
    let mut house = House::booted();
    house.expect(7, 1);
    house.is_ready(house.created[0]);
    house.expect(8, 1);
    assert_eq!(house.prepared, [(7, Ok(())), (8, Ok(()))]);
}

#[test]
fn who_expects_spares_is_told_when_a_server_has_taken_them_before_they_were_ready() {
    let mut house = House::booted();
    house.expect(7, 1);
    house.take();
    assert_eq!(house.prepared, [(7, Ok(()))]);
}

#[test]
fn who_expects_spares_is_told_why_one_cannot_boot() {
    let mut house = House::booted();
    house.expect(7, 2);
    house.origins.failed(house.created[0], "Error: no memory");
    house.carry_out();
    assert_eq!(house.prepared, [(7, Err("Error: no memory".to_owned()))]);
    assert_eq!(house.created.len(), 1);
}

#[test]
fn on_a_first_visit_a_spare_makes_the_image() {
    let mut house = House::new();
    house.expect(7, 2);
    let first = house.created[0];
    assert_eq!(house.told(first), [Told::Start(BOOTS)]);
    house.origins.image_made(first, Some(BOOTED));
    house.is_ready(first);
    assert_eq!(house.kept, [Some(BOOTED)]);
    assert_eq!(house.told(house.created[1]), [copies(BOOTED)]);
}

#[test]
fn workers_for_the_forks_of_a_master_start_before_it_has_loaded_its_app_and_copy_its_image() {
    let mut house = House::booted();
    house.origins.expect_forks(2);
    house.carry_out();
    let (first, second) = (house.created[0], house.created[1]);
    assert_eq!(house.told(first), [awaits()]);
    assert_eq!(house.told(second), [awaits()]);
    house.origins.forked(MASTER, LOADED);
    assert_eq!(house.origins.take_prepared(MASTER, 0.0), Some(first));
    house.carry_out();
    assert_eq!(house.told(first), [awaits(), Told::Image(Some(LOADED))]);
}

#[test]
fn blanks_that_were_used_are_replaced_in_a_quiet_moment_and_end_with_the_last_server_that_forks() {
    let mut house = House::booted();
    house.quiet = false;
    let master = house.start(SHELL);
    house.origins.expect_forks(1);
    house.origins.forked(MASTER, LOADED);
    house.origins.take_prepared(MASTER, house.now);
    house.carry_out();
    house.pass(2000.0);
    assert_eq!(house.created.len(), 2, "somebody waits for an answer");
    house.quiet = true;
    house.pass(500.0);
    assert_eq!(house.created.len(), 3);
    house.origins.server_ended();
    house.carry_out();
    assert_eq!(house.ended, [], "the master may fork again");
    house.origins.process_ended(MASTER, master);
    house.origins.server_ended();
    house.carry_out();
    assert_eq!(house.ended, [house.created[2]]);
}

#[test]
fn when_what_workers_read_is_lost_those_that_are_prepared_end_and_the_next_boots_anew() {
    let mut house = House::booted();
    house.prepare(1);
    house.pass(500.0);
    house.origins.lost();
    house.carry_out();
    assert_eq!(house.ended, [house.created[0]]);
    let next = house.start(SHELL);
    assert_eq!(house.told(next), [Told::Start(BOOTS)]);
}
