//! kosoku, which plays the cases of the Autobahn test suite: each case ends on our server as it
//! does on the real one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;

use super::difference::Difference;
use super::pair::{Pair, Side};
use crate::error::{Error, Result};
use crate::project;

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    behavior: String,
    behavior_close: String,
}

/// The cases, by their numbers.
type Verdicts = BTreeMap<String, Verdict>;

/// What came of the cases.
pub(super) struct Outcome {
    /// So many cases were played.
    pub(super) played: usize,
    /// Cases that neither server passes.
    pub(super) failed_by_both: usize,
    /// Cases that end differently.
    pub(super) differences: Vec<Difference>,
}

/// Plays all cases on both servers, one after the other.
pub(super) async fn play(pair: &Pair, programs: &Path) -> Result<Outcome> {
    let real = verdicts(pair, Side::Real, programs).await?;
    let ours = verdicts(pair, Side::Ours, programs).await?;
    Ok(compare(&real, &ours))
}

async fn verdicts(pair: &Pair, side: Side, programs: &Path) -> Result<Verdicts> {
    let folder = TempDir::with_prefix("wasgi-kosoku-")
        .map_err(|error| Error::io("create", &std::env::temp_dir())(error))?;
    let mut kosoku = Command::new(programs.join("kosoku"));
    kosoku
        .args(["--mode", "fuzzingclient", "--outdir"])
        .arg(folder.path())
        .arg(pair.address(side).to_string())
        .kill_on_drop(true);
    // It fails if a case does, which both servers may.
    let output = kosoku
        .output()
        .await
        .map_err(Error::io("run", Path::new("kosoku")))?;
    let index = folder.path().join("index.json");
    let Ok(text) = project::read(&index) else {
        return Err(Error::Message(format!(
            "kosoku ended without a report on {}: {}",
            side.name(),
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    };
    let agents: BTreeMap<String, Verdicts> = serde_json::from_slice(&text)
        .map_err(|error| Error::Message(format!("kosoku's report cannot be read: {error}.")))?;
    Ok(agents.into_values().flatten().collect())
}

fn compare(real: &Verdicts, ours: &Verdicts) -> Outcome {
    let text = |verdict: Option<&Verdict>| {
        verdict.map_or("not played".to_owned(), |verdict| {
            format!("{}, close {}", verdict.behavior, verdict.behavior_close)
        })
    };
    let is_failed = |verdict: &Verdict| verdict.behavior == "FAILED";
    let cases: std::collections::BTreeSet<&String> = real.keys().chain(ours.keys()).collect();
    let mut outcome = Outcome {
        played: cases.len(),
        failed_by_both: 0,
        differences: Vec::new(),
    };
    for case in cases {
        let (real, ours) = (real.get(case), ours.get(case));
        if real != ours {
            outcome.differences.push(Difference {
                place: format!("case {case}"),
                real: text(real),
                ours: text(ours),
            });
        } else if real.is_some_and(is_failed) {
            outcome.failed_by_both += 1;
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_that_end_differently_are_told() {
        let verdicts = |behaviors: &[(&str, &str)]| -> Verdicts {
            let verdict = |behavior: &str| Verdict {
                behavior: behavior.into(),
                behavior_close: "OK".into(),
            };
            behaviors
                .iter()
                .map(|(case, behavior)| ((*case).into(), verdict(behavior)))
                .collect()
        };
        let real = verdicts(&[
            ("1.1", "OK"),
            ("1.2", "OK"),
            ("1.3", "FAILED"),
            ("1.4", "OK"),
        ]);
        let ours = verdicts(&[("1.1", "OK"), ("1.2", "FAILED"), ("1.3", "FAILED")]);
        let outcome = compare(&real, &ours);
        let found: Vec<String> = outcome
            .differences
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!((outcome.played, outcome.failed_by_both), (4, 1));
        assert_eq!(
            found,
            [
                "case 1.2: OK, close OK | FAILED, close OK",
                "case 1.4: OK, close OK | not played",
            ]
        );
    }
}
