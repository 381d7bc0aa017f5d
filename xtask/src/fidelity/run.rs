//! What one run of a scenario gave.

use std::fmt::{self, Write};

/// A client's events in their order.
pub(super) type Events = Vec<Event>;

/// Ends that are closer, in u, may come in either order; and so far may a time be from the real
/// server's.
pub(super) const TOLERANCE: f64 = 0.15;

/// Something that a client waited for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// What came.
    pub(super) ending: Ending,
    /// When its first byte came. From the load's start, as all times; in seconds, in a [`Run`] in
    /// u.
    pub(super) first: Option<f64>,
    /// When it was over.
    pub(super) end: f64,
    /// The process that answered, if the answer says.
    pub(super) process: Option<u32>,
}

/// How a client's wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// With a whole response of this status.
    Answered(u16),
    /// With the beginning of one.
    Cut(u16),
    /// Without a response: the connection was refused, reset or closed.
    Dropped,
    /// Nothing came in time.
    TimedOut,
    /// With the server's close, which was waited for.
    Closed,
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Answered(status) => write!(formatter, "{status}"),
            Self::Cut(status) => write!(formatter, "{status} cut short"),
            Self::Dropped => formatter.write_str("dropped"),
            Self::TimedOut => formatter.write_str("nothing"),
            Self::Closed => formatter.write_str("closed"),
        }
    }
}

/// One run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Run {
    /// Each client's events, in u.
    pub(super) clients: Vec<Events>,
    /// The server's exit code, if it exited by itself.
    pub(super) exit: Option<i32>,
}

/// An event that has a time of its own: the client's and the event's number, and its end in u.
pub(super) type End = ((usize, usize), f64);

impl Run {
    /// The run whose clients saw these events, in seconds, where u is so many seconds.
    pub(super) fn new(mut clients: Vec<Events>, u: f64, exit: Option<i32>) -> Self {
        for event in clients.iter_mut().flatten() {
            event.first = event.first.map(|first| first / u);
            event.end /= u;
        }
        Self { clients, exit }
    }

    /// When responses and awaited closes came.
    pub(super) fn ends(&self) -> Vec<End> {
        let mut ends = Vec::new();
        for (client, events) in self.clients.iter().enumerate() {
            for (number, event) in events.iter().enumerate() {
                if matches!(
                    event.ending,
                    Ending::Answered(_) | Ending::Cut(_) | Ending::Closed
                ) {
                    ends.push(((client, number), event.end));
                }
            }
        }
        ends
    }

    /// When the last of them came.
    pub(super) fn makespan(&self) -> f64 {
        self.ends().iter().map(|(_, end)| *end).fold(0.0, f64::max)
    }

    /// How many requests each process answered, most first.
    pub(super) fn split(&self) -> Vec<usize> {
        let mut processes: Vec<u32> = Vec::new();
        let mut counts: Vec<usize> = Vec::new();
        for process in self
            .clients
            .iter()
            .flatten()
            .filter_map(|event| event.process)
        {
            if let Some(index) = processes.iter().position(|its| *its == process) {
                counts[index] += 1;
            } else {
                processes.push(process);
                counts.push(1);
            }
        }
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts
    }

    /// How each client's waits ended.
    pub(super) fn endings(&self) -> Vec<Vec<Ending>> {
        self.clients
            .iter()
            .map(|events| events.iter().map(|event| event.ending).collect())
            .collect()
    }

    /// The ends in their order, those that come together in parentheses.
    pub(super) fn order(&self) -> String {
        let mut ends = self.ends();
        ends.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        let mut text = String::new();
        let mut last = f64::NEG_INFINITY;
        for ((client, number), end) in ends {
            let between = match (text.is_empty(), end - last > TOLERANCE) {
                (true, _) => "",
                (false, true) => " < ",
                (false, false) => " ",
            };
            text.push_str(between);
            text.push_str(&client.to_string());
            if number > 0 {
                let _ = write!(text, ".{number}");
            }
            last = end;
        }
        text
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A run of clients with one response each: its process and its end in u.
    pub(in crate::fidelity) fn run(answers: &[(u32, f64)]) -> Run {
        let events = answers.iter().map(|(process, end)| {
            vec![Event {
                ending: Ending::Answered(200),
                first: Some(*end),
                end: *end,
                process: Some(*process),
            }]
        });
        Run::new(events.collect(), 1.0, None)
    }

    #[test]
    fn times_are_counted_in_u() {
        let run = Run::new(run(&[(1, 0.5), (1, 1.5)]).clients, 0.5, None);
        assert!((run.makespan() - 3.0).abs() < f64::EPSILON);
        assert_eq!(run.clients[0][0].first, Some(1.0));
    }

    #[test]
    fn the_makespan_leaves_out_what_never_came() {
        let mut run = run(&[(1, 1.0), (1, 2.0)]);
        run.clients[1][0].ending = Ending::Dropped;
        assert!((run.makespan() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn splits_count_each_process_most_first() {
        assert_eq!(run(&[(7, 1.0), (9, 1.0), (9, 2.0)]).split(), [2, 1]);
    }

    #[test]
    fn ends_that_are_close_have_no_order() {
        let run = run(&[(1, 2.0), (1, 1.0), (1, 1.1), (1, 3.0)]);
        assert_eq!(run.order(), "1 2 < 0 < 3");
    }
}
