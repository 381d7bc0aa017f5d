//! What happened in a module, gathered over as many runs as it took: a test that hangs or ends its
//! process is noted, and the next run goes on without it.

use std::collections::HashSet;

use super::event::{Event, Status, Test};

/// How a run ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// The runner said that it is through, or that it is broken.
    Told,
    /// Nothing came for so many seconds.
    Silence(u64),
    /// The process, or the browser, ended: its last words.
    Death(String),
}

/// A module's tests.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) module: String,
    /// Those that were run, and the fixtures that failed.
    pub(super) tests: Vec<Test>,
    /// Those that the list left out.
    pub(super) omitted: Vec<String>,
    names: HashSet<String>,
    running: Option<String>,
    /// How many tests there were before this run.
    before: usize,
    is_through: bool,
    broken: Option<String>,
}

impl Outcome {
    /// Nothing has been run.
    pub(super) fn new(module: &str) -> Self {
        Self {
            module: module.into(),
            ..Self::default()
        }
    }

    /// What the runner tells. Returns whether it tells more in this run.
    pub(super) fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Begin => {}
            Event::Start(name) => self.running = Some(name),
            Event::Stop(test) => {
                self.running = None;
                self.add(test);
            }
            // Those that an earlier run has done are left out too.
            Event::Omitted(name) => {
                if self.names.insert(name.clone()) {
                    self.omitted.push(name);
                }
            }
            Event::Broken(traceback) => {
                self.broken = Some(traceback);
                return false;
            }
            Event::End => {
                self.is_through = true;
                return false;
            }
        }
        true
    }

    /// A run has ended. Returns whether another may do more: without the tests in [`Self::done`].
    pub(super) fn ended(&mut self, ending: Ending) -> bool {
        if self.is_through {
            return false;
        }
        let (status, detail) = match (self.broken.take(), ending) {
            (Some(traceback), _) => (Status::Failed, traceback),
            (None, Ending::Silence(seconds)) => {
                (Status::Hung, format!("Nothing happened for {seconds} s."))
            }
            (None, Ending::Death(words)) => (Status::Died, words),
            (None, Ending::Told) => (Status::Died, String::new()),
        };
        let running = self.running.take();
        // Without any more tests to leave out, the next run would end the same way.
        let goes_on = running.is_some() || self.tests.len() > self.before;
        self.add(Test {
            name: running.unwrap_or_else(|| format!("{} (outside its tests)", self.module)),
            status,
            detail,
        });
        self.before = self.tests.len();
        goes_on
    }

    /// The tests that need not be run again.
    pub(super) fn done(&self) -> impl Iterator<Item = &str> {
        self.tests.iter().map(|test| test.name.as_str())
    }

    /// How many tests ended as one of these.
    pub(super) fn count(&self, statuses: &[Status]) -> usize {
        self.tests
            .iter()
            .filter(|test| statuses.contains(&test.status))
            .count()
    }

    fn add(&mut self, test: Test) {
        self.names.insert(test.name.clone());
        self.tests.push(test);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(name: &str) -> Event {
        Event::Start(name.into())
    }

    fn stop(name: &str, status: Status) -> Event {
        Event::Stop(Test {
            name: name.into(),
            status,
            detail: String::new(),
        })
    }

    fn statuses(outcome: &Outcome) -> Vec<(&str, Status)> {
        outcome
            .tests
            .iter()
            .map(|test| (test.name.as_str(), test.status))
            .collect()
    }

    #[test]
    fn a_module_that_is_through_is_not_run_again() {
        let mut outcome = Outcome::new("m");
        assert!(outcome.take(start("m.a")));
        assert!(outcome.take(stop("m.a", Status::Passed)));
        assert!(!outcome.take(Event::End));
        assert!(!outcome.ended(Ending::Death("exit code 3".into())));
        assert_eq!(statuses(&outcome), [("m.a", Status::Passed)]);
    }

    #[test]
    fn the_test_that_ran_when_the_process_died_has_died_and_the_others_are_run_after_it() {
        let mut outcome = Outcome::new("m");
        outcome.take(start("m.a"));
        outcome.take(stop("m.a", Status::Passed));
        outcome.take(start("m.b"));
        assert!(outcome.ended(Ending::Death("SIGABRT".into())));
        assert_eq!(outcome.done().collect::<Vec<_>>(), ["m.a", "m.b"]);
        for event in [
            Event::Omitted("m.a".into()),
            Event::Omitted("m.b".into()),
            Event::Omitted("m.listed".into()),
            start("m.c"),
        ] {
            outcome.take(event);
        }
        outcome.take(stop("m.c", Status::Skipped));
        outcome.take(Event::End);
        assert!(!outcome.ended(Ending::Told));
        assert_eq!(
            statuses(&outcome),
            [
                ("m.a", Status::Passed),
                ("m.b", Status::Died),
                ("m.c", Status::Skipped)
            ]
        );
        assert_eq!(outcome.omitted, ["m.listed"]);
    }

    #[test]
    fn a_hang_outside_tests_ends_the_module() {
        let mut outcome = Outcome::new("m");
        assert!(!outcome.ended(Ending::Silence(120)));
        assert_eq!(
            statuses(&outcome),
            [("m (outside its tests)", Status::Hung)]
        );
        assert!(outcome.tests[0].detail.contains("120 s"));
    }

    #[test]
    fn what_ends_a_run_between_tests_is_noted_and_the_other_tests_are_run_after_it() {
        let mut outcome = Outcome::new("m");
        outcome.take(start("m.a"));
        outcome.take(stop("m.a", Status::Failed));
        outcome.take(Event::Broken("KeyboardInterrupt".into()));
        assert!(outcome.ended(Ending::Told));
        outcome.take(Event::Broken("KeyboardInterrupt".into()));
        assert!(!outcome.ended(Ending::Told), "no progress");
        assert_eq!(outcome.tests[1].name, "m (outside its tests)");
    }

    #[test]
    fn a_module_that_cannot_be_imported_has_failed() {
        let mut outcome = Outcome::new("m");
        assert!(!outcome.take(Event::Broken("ImportError: no".into())));
        assert!(!outcome.ended(Ending::Told));
        assert_eq!(
            statuses(&outcome),
            [("m (outside its tests)", Status::Failed)]
        );
    }
}
