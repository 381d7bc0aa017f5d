//! The table: a line for each scenario, and below it what is off.

use std::fmt::Write;

use super::compare::{middle, range, splits};
use super::difference::{Difference, split_text};
use super::run::Run;
use super::scenario::Scenario;

/// What came of one server's part in a scenario.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Its runs.
    pub(super) runs: Vec<Run>,
    /// Why there are no more.
    pub(super) refused: Option<String>,
}

/// A scenario and what came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Its id.
    pub(super) id: String,
    /// The real server's part, if it was to run.
    pub(super) real: Option<Side>,
    /// Ours.
    pub(super) ours: Option<Side>,
    /// In what they differ.
    pub(super) differences: Vec<Difference>,
    /// Ends that differ though all took as long.
    pub(super) notes: Vec<String>,
}

impl Outcome {
    /// Whether something is not as it should be.
    pub(super) fn is_off(&self) -> bool {
        let refused =
            |side: &Option<Side>| side.as_ref().is_some_and(|side| side.refused.is_some());
        !self.differences.is_empty() || refused(&self.real) || refused(&self.ours)
    }

    /// Its line of the table, and below it what is off.
    pub(super) fn text(&self) -> String {
        let runs = |side: &Option<Side>| {
            side.as_ref()
                .map_or(&[][..], |side| &side.runs[..])
                .to_vec()
        };
        let (real, ours) = (runs(&self.real), runs(&self.ours));
        let difference = if real.is_empty() || ours.is_empty() {
            "-".into()
        } else {
            format!("{:+.2}", middle(&ours) - middle(&real))
        };
        let order = match self
            .differences
            .iter()
            .any(|found| matches!(found, Difference::Order { .. }))
        {
            _ if real.is_empty() || ours.is_empty() => "-",
            true => "≠",
            false => "=",
        };
        let verdict = if self.is_off() {
            "off"
        } else {
            "as the real one"
        };
        let mut text = line([
            &self.id,
            &times(&real),
            &times(&ours),
            &difference,
            order,
            &splits_text(&real),
            &splits_text(&ours),
            verdict,
        ]);
        for (name, side) in [("real server", &self.real), ("ours", &self.ours)] {
            if let Some(why) = side.as_ref().and_then(|side| side.refused.as_ref()) {
                let _ = write!(text, "\n    {name} refused: {why}");
            }
        }
        for difference in &self.differences {
            let _ = write!(text, "\n    {difference}");
        }
        for note in &self.notes {
            let _ = write!(text, "\n    (note: {note})");
        }
        text
    }

    /// Every run of both.
    pub(super) fn details(&self) -> String {
        let mut text = String::new();
        for (name, side) in [("real", &self.real), ("ours", &self.ours)] {
            for run in side.iter().flat_map(|side| &side.runs) {
                let ends = run.clients.iter().map(|events| {
                    let ends: Vec<String> = events
                        .iter()
                        .map(|event| format!("{:.2} {}", event.end, event.ending))
                        .collect();
                    ends.join(", ")
                });
                let ends: Vec<String> = ends.collect();
                let exit = run
                    .exit
                    .map(|code| format!("; exit {code}"))
                    .unwrap_or_default();
                let _ = writeln!(
                    text,
                    "    {name}: {} | {} | {}{exit}",
                    split_text(&run.split()),
                    run.order(),
                    ends.join("; ")
                );
            }
        }
        text
    }
}

/// The table's head.
pub(super) fn head() -> String {
    line([
        "scenario",
        "real u",
        "our u",
        "ours−real",
        "order",
        "real splits",
        "our splits",
        "",
    ])
}

/// Median, and least and most.
fn times(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "-".into();
    }
    let (least, most) = range(runs);
    format!("{:.2} ({least:.2}–{most:.2})", middle(runs))
}

fn splits_text(runs: &[Run]) -> String {
    let texts: Vec<String> = splits(runs)
        .iter()
        .map(|split| match split.len() {
            // Fifty processes of one request each would be a long line.
            length if length > 6 => format!("{length} processes"),
            _ => split_text(split),
        })
        .collect();
    if texts.is_empty() {
        "-".into()
    } else {
        texts.join(" ")
    }
}

fn line(cells: [&str; 8]) -> String {
    let [
        id,
        real,
        ours,
        difference,
        order,
        real_splits,
        our_splits,
        verdict,
    ] = cells;
    format!(
        "{id:<34} {real:>18} {ours:>18} {difference:>9} {order:^5} {real_splits:<14} {our_splits:<14} {verdict}"
    )
    .trim_end()
    .to_owned()
}

/// The last line.
pub(super) fn summary(outcomes: &[Outcome]) -> String {
    let off: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.is_off())
        .map(|outcome| outcome.id.as_str())
        .collect();
    if off.is_empty() {
        return format!("{} scenarios, all as the real servers.", outcomes.len());
    }
    format!(
        "{} scenarios, {} off: {}",
        outcomes.len(),
        off.len(),
        off.join(" ")
    )
}

/// A scenario in the list of all.
pub(super) fn listed(scenario: &Scenario) -> String {
    format!(
        "{:<10} {:<34} {}\n{:45} {}",
        scenario.subject,
        scenario.id,
        scenario.command,
        "",
        scenario.load_text()
    )
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::run;
    use super::*;

    fn outcome(real: Vec<Run>, ours: Side) -> Outcome {
        Outcome {
            id: "x".into(),
            real: Some(Side {
                runs: real,
                refused: None,
            }),
            ours: Some(ours),
            differences: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_line_has_both_servers_times_and_splits() {
        let real = vec![
            run(&[(1, 1.0), (2, 1.0)]),
            run(&[(1, 1.0), (1, 2.0)]),
            run(&[(1, 1.1)]),
        ];
        let ours = Side {
            runs: vec![run(&[(8, 1.2), (9, 1.0)])],
            refused: None,
        };
        let text = outcome(real, ours).text();
        let words: Vec<&str> = text.split_whitespace().collect();
        let expected = "x 1.10 (1.00–2.00) 1.20 (1.20–1.20) +0.10 = 1+1 2 1 1+1 as the real one";
        assert_eq!(words.join(" "), expected);
    }

    #[test]
    fn a_command_line_that_ours_refuses_is_off_and_says_why() {
        let ours = Side {
            runs: Vec::new(),
            refused: Some("gevent is not there.".into()),
        };
        let outcome = outcome(vec![run(&[(1, 1.0)])], ours);
        assert!(outcome.is_off());
        assert!(
            outcome
                .text()
                .ends_with("off\n    ours refused: gevent is not there.")
        );
        assert_eq!(summary(&[outcome]), "1 scenarios, 1 off: x");
    }
}
