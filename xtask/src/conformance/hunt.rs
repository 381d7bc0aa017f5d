//! The search for differences on one set-up: many exchanges at once, then what differed alone, then
//! smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::client::{Patience, Seen};
use super::difference::{Answer, Difference, compare};
use super::exchange::Exchange;
use super::http;
use super::known::Known;
use super::pair::{Pair, Players, Refusal, Side};
use super::set_up::{SetUp, Subject};
use super::websocket;
use crate::error::Result;

/// So many exchanges are played before the logs are compared, and the servers' health.
const BATCH: usize = 48;
/// An exchange alone is played so often, before it counts that it differs.
const TRIES: usize = 3;
/// So many exchanges of a kind are tried alone.
const CANDIDATES: usize = 3;
/// So many kinds of differences are looked into.
const KINDS: usize = 40;
/// So many smaller exchanges are tried.
const SMALLER: usize = 60;
/// Of so many batches whose logs differ, each exchange is played alone.
const LOG_BATCHES: usize = 4;

/// Where an exchange comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A grammar: the exchange follows from these.
    Seed { seed: u64, index: usize },
    /// A file.
    File(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed { seed, index } => write!(f, "--seed {seed}:{index}"),
            Self::File(name) => write!(f, "({name})"),
        }
    }
}

/// A difference that was found.
#[derive(Debug)]
pub(super) struct Finding {
    origin: Option<Origin>,
    exchange: Exchange,
    differences: Vec<Difference>,
    answers: Option<[Answer; 2]>,
    /// How many exchanges of the run differed in this way.
    count: usize,
}

impl Finding {
    /// One that is of no exchange.
    pub(super) fn of_server(side: Side, why: &str) -> Self {
        let mut difference = Difference {
            place: "server".into(),
            real: "runs".into(),
            ours: "runs".into(),
        };
        match side {
            Side::Real => why.clone_into(&mut difference.real),
            Side::Ours => why.clone_into(&mut difference.ours),
        }
        Self {
            origin: None,
            exchange: Exchange::default(),
            differences: vec![difference],
            answers: None,
            count: 1,
        }
    }

    /// How it is printed, for a set-up.
    pub(super) fn text(&self, set_up: &str) -> String {
        use std::fmt::Write;

        let mut text = String::new();
        let origin = self.origin.as_ref();
        let seed = origin.map_or(String::new(), |origin| format!(" {origin}"));
        let _ = writeln!(text, "\n--only {set_up}{seed}  ({} like it)", self.count);
        for difference in &self.differences {
            let _ = writeln!(text, "  {difference}");
        }
        for line in self.exchange.to_string().lines() {
            let _ = writeln!(text, "    {line}");
        }
        for (side, answer) in Side::BOTH.iter().zip(self.answers.iter().flatten()) {
            let _ = writeln!(text, "  {}: {}", side.name(), Shown(answer));
        }
        text
    }
}

struct Shown<'a>(&'a Answer);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 700;
        let Answer { text, end, log } = self.0;
        let escaped = text.escape_debug().to_string();
        let shown: String = escaped.chars().take(MOST).collect();
        let more = if shown.len() < escaped.len() {
            "…"
        } else {
            ""
        };
        write!(f, "{end:?} {shown}{more}")?;
        for line in log.iter().flatten() {
            write!(f, "\n        {line}")?;
        }
        Ok(())
    }
}

/// What came of a set-up.
pub(super) struct Outcome {
    /// Kinds of differences, each of which was printed.
    pub(super) findings: usize,
    /// Exchanges played.
    pub(super) played: usize,
    /// Exchanges that differed in an unexplained way, at first sight.
    pub(super) suspects: usize,
}

/// An exchange that may differ.
pub(super) struct Suspect {
    origin: Origin,
    exchange: Exchange,
}

impl Suspect {
    /// The exchanges of a run.
    pub(super) fn of_run(set_up: &SetUp, seed: u64, indices: Range<usize>) -> Vec<Self> {
        let strategies = Strategies::new(set_up);
        let suspect = |index| {
            let origin = Origin::Seed { seed, index };
            let exchange = strategies.tree(&origin)?.current();
            Some(Self { origin, exchange })
        };
        indices.filter_map(suspect).collect()
    }

    /// An exchange that a file has.
    pub(super) fn of_file(name: String, exchange: Exchange) -> Self {
        let origin = Origin::File(name);
        Self { origin, exchange }
    }
}

/// Plays exchanges on a set-up.
pub(super) async fn hunt(pair: Pair, known: &Known, suspects: Vec<Suspect>) -> Result<Outcome> {
    let mut hunt = Hunt::new(pair.set_up, known);
    let Some(mut pair) = hunt.sweep(pair, suspects).await? else {
        return Ok(hunt.outcome);
    };
    hunt.look_into_logs(&mut pair).await;
    hunt.look_into(&mut pair).await;
    Ok(hunt.outcome)
}

struct Hunt<'a> {
    set_up: SetUp,
    known: &'a Known,
    /// Suspects by the kind of what differed, and how many there are.
    kinds: BTreeMap<String, (Vec<Suspect>, usize)>,
    /// Batches whose logs differed.
    log_batches: Vec<Vec<Suspect>>,
    outcome: Outcome,
}

impl<'a> Hunt<'a> {
    fn new(set_up: SetUp, known: &'a Known) -> Self {
        Self {
            set_up,
            known,
            kinds: BTreeMap::new(),
            log_batches: Vec::new(),
            outcome: Outcome {
                findings: 0,
                played: 0,
                suspects: 0,
            },
        }
    }

    fn unexplained(&self, exchange: &Exchange, answers: &[Answer; 2]) -> Vec<Difference> {
        let found = compare(&answers[0], &answers[1]);
        self.known.unexplained(self.set_up.name, exchange, found)
    }

    /// Plays all exchanges, as many at once as the set-up allows. `None`: a server cannot be
    /// started again.
    async fn sweep(&mut self, mut pair: Pair, all: Vec<Suspect>) -> Result<Option<Pair>> {
        let mut all = all.into_iter().peekable();
        while all.peek().is_some() {
            let suspects: Vec<Suspect> = all.by_ref().take(BATCH).collect();
            let ends = [suspects.first(), suspects.last()]
                .map(|suspect| suspect.map_or(String::new(), |suspect| suspect.origin.to_string()));
            self.outcome.played += suspects.len();
            let exchanges = suspects
                .iter()
                .map(|suspect| suspect.exchange.clone())
                .collect();
            let seen = play_all(pair.players(), exchanges, self.set_up.lanes).await;
            let [real, ours] = pair.logs().await;
            let with_log = |log| Answer {
                text: String::new(),
                end: super::client::End::Open,
                log: Some(log),
            };
            let found = compare(&with_log(real), &with_log(ours));
            let found: Vec<_> = found.into_iter().filter(|one| one.place == "log").collect();
            let odd_log = !self
                .known
                .unexplained_log(self.set_up.name, found)
                .is_empty();
            let mut quiet = Vec::new();
            for (suspect, [real, ours]) in suspects.into_iter().zip(&seen) {
                let answers = [Answer::new(real, None), Answer::new(ours, None)];
                let found = self.unexplained(&suspect.exchange, &answers);
                match found.first() {
                    Some(first) => self.suspect(first.kind(), suspect),
                    None if odd_log => quiet.push(suspect),
                    None => {}
                }
            }
            if !quiet.is_empty() {
                self.log_batches.push(quiet);
            }
            let range = ends.join(" to ");
            match self.look_after(pair, &range).await? {
                Some(healthy) => pair = healthy,
                None => return Ok(None),
            }
        }
        Ok(Some(pair))
    }

    fn suspect(&mut self, kind: String, suspect: Suspect) {
        self.outcome.suspects += 1;
        let (suspects, count) = self.kinds.entry(kind).or_default();
        *count += 1;
        if suspects.len() < CANDIDATES {
            suspects.push(suspect);
        }
    }

    /// Starts servers anew that are not what they were.
    async fn look_after(&mut self, mut pair: Pair, range: &str) -> Result<Option<Pair>> {
        let mut ails = false;
        for side in Side::BOTH {
            if let Some(why) = pair.ailment(side).await {
                ails = true;
                let why = format!("after {range}: {why}");
                self.report(&Finding::of_server(side, &why));
            }
        }
        if !ails {
            let _ = pair.logs().await;
            return Ok(Some(pair));
        }
        match pair.restart()? {
            Ok(pair) => Ok(Some(pair)),
            Err(Refusal { side, why }) => {
                self.report(&Finding::of_server(side, &why));
                Ok(None)
            }
        }
    }

    /// Plays the exchanges alone of batches whose logs differed.
    async fn look_into_logs(&mut self, pair: &mut Pair) {
        for batch in std::mem::take(&mut self.log_batches)
            .into_iter()
            .take(LOG_BATCHES)
        {
            for suspect in batch {
                let answers = pair.play_alone(&suspect.exchange).await;
                let found = self.unexplained(&suspect.exchange, &answers);
                if let Some(first) = found.first() {
                    self.suspect(first.kind(), suspect);
                }
            }
        }
    }

    /// Plays one of each kind alone, and makes it small.
    async fn look_into(&mut self, pair: &mut Pair) {
        let mut kinds: Vec<_> = std::mem::take(&mut self.kinds).into_iter().collect();
        kinds.sort_by_key(|(_, (_, count))| std::cmp::Reverse(*count));
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for (_, (suspects, count)) in kinds.into_iter().take(KINDS) {
            for suspect in suspects {
                let Some(finding) = self.confirm(pair, suspect.exchange.clone()).await else {
                    continue;
                };
                let mut finding = self.shrink(pair, suspect.origin, finding).await;
                finding.count = count;
                let kind = finding.differences.first().map(Difference::kind);
                // What looked otherwise at first may be the same when it is small.
                if seen.insert(kind.unwrap_or_default()) {
                    self.report(&finding);
                }
                break;
            }
        }
    }

    /// Prints a finding at once: the search may take long.
    fn report(&mut self, finding: &Finding) {
        print!("{}", finding.text(self.set_up.name));
        self.outcome.findings += 1;
    }

    /// Plays an exchange alone. `None`: it does not differ, or the real server may do what ours
    /// did.
    async fn confirm(&self, pair: &mut Pair, exchange: Exchange) -> Option<Finding> {
        let mut reals: Vec<Answer> = Vec::new();
        let mut all_ours: Vec<Answer> = Vec::new();
        let mut last = Vec::new();
        for _ in 0..TRIES {
            let [real, ours] = pair.play_alone(&exchange).await;
            reals.push(real);
            all_ours.push(ours);
            for real in &reals {
                for ours in &all_ours {
                    let found = compare(real, ours);
                    let found = self.known.unexplained(self.set_up.name, &exchange, found);
                    if found.is_empty() {
                        return None;
                    }
                    last = found;
                }
            }
        }
        Some(Finding {
            origin: None,
            exchange,
            differences: last,
            answers: reals.pop().zip(all_ours.pop()).map(<[Answer; 2]>::from),
            count: 0,
        })
    }

    /// Makes the exchange of a finding smaller as long as it differs in the same way.
    async fn shrink(&self, pair: &mut Pair, origin: Origin, finding: Finding) -> Finding {
        let kind = finding.differences.first().map(Difference::kind);
        let is_log = finding
            .differences
            .first()
            .is_some_and(|first| first.place.contains("log"));
        let strategies = Strategies::new(&self.set_up);
        let Some(mut tree) = strategies.tree(&origin) else {
            let origin = Some(origin);
            return Finding { origin, ..finding };
        };
        let mut best = None;
        let mut tries = 0;
        let mut moved = tree.simplify();
        while moved && tries < SMALLER {
            let exchange = tree.current();
            tries += 1;
            let answers = if is_log {
                pair.play_alone(&exchange).await
            } else {
                let [real, ours] = pair.players().play(&exchange, Patience::FIRST).await;
                [Answer::new(&real, None), Answer::new(&ours, None)]
            };
            let found = self.unexplained(&exchange, &answers);
            if found.first().map(Difference::kind) == kind {
                best = Some(exchange);
                moved = tree.simplify();
            } else {
                moved = tree.complicate();
            }
        }
        let smaller = match best {
            Some(exchange) => self.confirm(pair, exchange).await,
            None => None,
        };
        Finding {
            origin: Some(origin),
            ..smaller.unwrap_or(finding)
        }
    }
}

/// Plays exchanges, so many at once. The answers are in the order of the exchanges.
async fn play_all(players: Players, exchanges: Vec<Exchange>, lanes: usize) -> Vec<[Seen; 2]> {
    let permits = Arc::new(Semaphore::new(lanes));
    let mut tasks = JoinSet::new();
    for (number, exchange) in exchanges.into_iter().enumerate() {
        let permits = Arc::clone(&permits);
        tasks.spawn(async move {
            // The semaphore is never closed.
            let _permit = permits.acquire().await;
            (number, players.play(&exchange, Patience::FIRST).await)
        });
    }
    let mut seen = tasks.join_all().await;
    seen.sort_by_key(|(number, _)| *number);
    seen.into_iter().map(|(_, seen)| seen).collect()
}

/// The grammars of a set-up.
struct Strategies {
    subject: Subject,
    http: BoxedStrategy<Exchange>,
    websocket: BoxedStrategy<Exchange>,
}

impl Strategies {
    fn new(set_up: &SetUp) -> Self {
        Self {
            subject: set_up.subject,
            http: http::exchange(set_up.interface),
            websocket: websocket::exchange(),
        }
    }

    /// The exchange of a run, with those that are smaller; it follows from its origin alone.
    /// `None`: it comes from a file.
    fn tree(&self, origin: &Origin) -> Option<Box<dyn ValueTree<Value = Exchange>>> {
        let Origin::Seed { seed, index } = origin else {
            return None;
        };
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&(*index as u64).to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = match self.subject {
            Subject::WebSocket => &self.websocket,
            Subject::Both if index % 3 == 2 => &self.websocket,
            Subject::Both | Subject::Http => &self.http,
        };
        strategy.new_tree(&mut runner).ok()
    }
}

/// An exchange that a file tells, or that an entry shows, on both servers: the finding, if they
/// differ in a way that no entry explains.
pub(super) async fn play_one(
    pair: &mut Pair,
    known: &Known,
    exchange: &Exchange,
) -> Option<Finding> {
    let hunt = Hunt::new(pair.set_up, known);
    let finding = hunt.confirm(pair, exchange.clone()).await?;
    Some(Finding {
        count: 1,
        ..finding
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::set_up;
    use super::*;

    #[test]
    fn an_exchange_follows_from_its_seed_and_number() {
        for set_up in set_up::ALL {
            let strategies = Strategies::new(set_up);
            let exchange = |seed, index| {
                strategies
                    .tree(&Origin::Seed { seed, index })
                    .unwrap()
                    .current()
            };
            assert_eq!(exchange(1, 2), exchange(1, 2));
            let many: Vec<String> = (0..20)
                .map(|index| exchange(1, index).to_string())
                .collect();
            let others: Vec<String> = (0..20)
                .map(|index| exchange(2, index).to_string())
                .collect();
            assert_ne!(many, others);
        }
    }

    #[test]
    fn an_exchange_gets_smaller() {
        let strategies = Strategies::new(&set_up::ALL[0]);
        let mut tree = strategies
            .tree(&Origin::Seed { seed: 1, index: 7 })
            .unwrap();
        let mut last = tree.current();
        while tree.simplify() {
            last = tree.current();
        }
        assert!(last.to_string().len() < 80, "{last}");
    }
}
