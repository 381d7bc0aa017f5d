//! `cargo xtask conformance`: exchanges that are made up, on the real servers and on ours. Compared
//! is what a client and an operator see; see `docs/conformance.md`.

mod client;
mod corpora;
mod difference;
mod exchange;
mod frames;
mod http;
mod hunt;
mod known;
mod kosoku;
mod normal;
mod pair;
mod response;
mod set_up;
mod websocket;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

use clap::Args;

use crate::build;
use crate::error::{Error, Result};
use crate::project::{self, Project};
use crate::servers::Kind;
use crate::venv;

use exchange::Exchange;
use hunt::{Finding, Suspect};
use known::Known;
use pair::{Pair, Refusal};
use set_up::{SetUp, Subject};

/// Compare made-up exchanges on the real servers and on ours
///
/// The bytes, who closes and how, the environ or scope, the log. Fails if something differs that
/// tests/conformance/known.toml does not explain.
#[derive(Debug, Args)]
pub struct Options {
    /// The same seed makes the same exchanges; SEED:I plays exchange I alone, SEED:I-J some
    #[arg(long, value_name = "SEED", default_value = "1")]
    seed: Seed,
    /// How many exchanges are played on each set-up
    #[arg(long, value_name = "N", default_value_t = 200)]
    cases: usize,
    /// A set-up; may be given several times. Without it, all
    #[arg(long, value_name = "SET-UP")]
    only: Vec<String>,
    /// A site that was built before; without it, the site is built
    #[arg(long, value_name = "DIST")]
    site: Option<PathBuf>,
    /// Play the exchange that this file tells
    #[arg(long, value_name = "FILE")]
    play: Option<PathBuf>,
    /// Play the requests in the tests of gunicorn, h11 and uvicorn too
    #[arg(long)]
    corpora: bool,
    /// Play kosoku's cases for WebSocket too, which are those of the Autobahn test suite
    #[arg(long)]
    kosoku: bool,
    /// Show the set-ups, and play nothing
    #[arg(long)]
    list: bool,
}

/// What is played of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seed {
    seed: u64,
    /// If not all.
    some: Option<Range<usize>>,
}

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not N, N:I or N:I-J");
        let number = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        let (seed, some) = match text.split_once(':') {
            None => (text, None),
            Some((seed, range)) => {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                (seed, Some(number(first)?..number(last)?.saturating_add(1)))
            }
        };
        Ok(Self {
            seed: seed.parse().map_err(|_| wrong())?,
            some,
        })
    }
}

/// Plays exchanges on every set-up that is asked for. Fails if something differs.
pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let set_ups = set_up::chosen(&options.only)
        .map_err(|name| Error::Message(format!("{name:?} is no set-up; --list shows them.")))?;
    if options.list {
        for set_up in &set_ups {
            println!("{:22} {}", set_up.name, set_up.line(8000));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let bench = Bench::new(project, options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(Error::io("start", Path::new("the event loop")))?;
    runtime.block_on(async {
        let mut differs = false;
        for set_up in set_ups {
            tokio::select! {
                result = bench.play(set_up) => differs |= result?,
                _ = tokio::signal::ctrl_c() => return Ok(ExitCode::from(130)),
            }
        }
        Ok(if differs {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    })
}

fn read_exchange(path: &Path) -> Result<Exchange> {
    let bytes = project::read(path)?;
    Exchange::parse(&String::from_utf8_lossy(&bytes)).map_err(|line| {
        Error::Message(format!(
            "{line:?} is no step: each line is `send BYTES`, `quiet` or `finish`."
        ))
    })
}

/// The real servers and ours, made where they are not there yet.
fn kinds(project: &Project, options: &Options) -> Result<[Kind; 2]> {
    let programs = venv::programs(
        project,
        "fidelity-venv",
        "the real servers to compare with",
        "xtask/requirements-fidelity.txt",
    )?;
    let site = if let Some(site) = &options.site {
        std::path::absolute(site).map_err(Error::io("find", site))?
    } else {
        let options = build::Options::new(project);
        build::build(project, &options)?;
        options.dist
    };
    Ok([Kind::Real(programs), Kind::ours(site)?])
}

/// What every set-up is played with.
struct Bench<'a> {
    options: &'a Options,
    kinds: [Kind; 2],
    apps: PathBuf,
    known: Known,
    /// An exchange that is to be played alone.
    told: Option<Exchange>,
    /// Those of the corpora, with their files.
    corpora: Vec<(String, Exchange)>,
    /// Where kosoku is, if it is to be played.
    kosoku: Option<PathBuf>,
}

impl<'a> Bench<'a> {
    fn new(project: &Project, options: &'a Options) -> Result<Self> {
        let wants_kosoku = options.kosoku.then(|| corpora::programs(project));
        Ok(Self {
            options,
            known: Known::read(project)?,
            told: options.play.as_deref().map(read_exchange).transpose()?,
            corpora: if options.corpora {
                corpora::read(project)?
            } else {
                Vec::new()
            },
            kosoku: wants_kosoku.transpose()?,
            kinds: kinds(project, options)?,
            apps: project.path("tests/conformance/apps"),
        })
    }

    /// Plays on one set-up, and prints what differs. Returns whether something does.
    async fn play(&self, set_up: SetUp) -> Result<bool> {
        let begin = Instant::now();
        let mut pair = match Pair::start(set_up, &self.kinds, self.apps.clone())? {
            Ok(pair) => pair,
            Err(Refusal { side, why }) => {
                print!("{}", Finding::of_server(side, &why).text(set_up.name));
                return Ok(true);
            }
        };
        if let Some(exchange) = &self.told {
            let finding = hunt::play_one(&mut pair, &self.known, exchange).await;
            match &finding {
                Some(finding) => print!("{}", finding.text(set_up.name)),
                None => println!("{}: alike", set_up.name),
            }
            return Ok(finding.is_some());
        }
        let mut differs = false;
        let mut suspects = Vec::new();
        let indices = if let Some(range) = &self.options.seed.some {
            range.clone()
        } else {
            differs |= !known_still_occur(&mut pair, &self.known).await;
            if set_up.subject != Subject::WebSocket {
                let files = self.corpora.iter().cloned();
                suspects.extend(files.map(|(name, exchange)| Suspect::of_file(name, exchange)));
            }
            if set_up.subject != Subject::Http {
                differs |= self.play_kosoku(&pair).await?;
            }
            0..self.options.cases
        };
        suspects.extend(Suspect::of_run(&set_up, self.options.seed.seed, indices));
        let outcome = hunt::hunt(pair, &self.known, suspects).await?;
        println!(
            "{}: {} exchanges, {} kinds of differences ({} exchanges at first sight), {:.0} s",
            set_up.name,
            outcome.played,
            outcome.findings,
            outcome.suspects,
            begin.elapsed().as_secs_f64()
        );
        Ok(differs || outcome.findings > 0)
    }

    /// Plays kosoku, if that is asked for. Returns whether a case ends differently.
    async fn play_kosoku(&self, pair: &Pair) -> Result<bool> {
        let Some(programs) = &self.kosoku else {
            return Ok(false);
        };
        let outcome = kosoku::play(pair, programs).await?;
        for difference in &outcome.differences {
            println!("--only {} --kosoku: {difference}", pair.set_up.name);
        }
        println!(
            "{}: {} cases of kosoku, {} end differently, {} fail on both",
            pair.set_up.name,
            outcome.played,
            outcome.differences.len(),
            outcome.failed_by_both
        );
        Ok(!outcome.differences.is_empty())
    }
}

/// Whether each known difference of a set-up still occurs.
async fn known_still_occur(pair: &mut Pair, known: &Known) -> bool {
    const TRIES: usize = 3;
    let mut all = true;
    for entry in known.0.iter().filter(|entry| entry.is_of(pair.set_up.name)) {
        let mut occurs = false;
        for _ in 0..TRIES {
            let [real, ours] = pair.play_alone(&entry.shows).await;
            let found = difference::compare(&real, &ours);
            occurs = found.iter().any(|one| entry.explains(&entry.shows, one));
            if occurs {
                break;
            }
        }
        if !occurs {
            let name = pair.set_up.name;
            println!(
                "{name}: known, but it no longer occurs: {}\n{}",
                entry.reason, entry.shows
            );
            all = false;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::options;

    #[test]
    fn a_seed_may_name_some_exchanges() {
        let seed = |text: &str| text.parse::<Seed>();
        assert_eq!(
            seed("7").unwrap(),
            Seed {
                seed: 7,
                some: None
            }
        );
        assert_eq!(seed("7:3").unwrap().some, Some(3..4));
        assert_eq!(seed("7:3-5").unwrap().some, Some(3..6));
        for wrong in ["", "x", "7:", "7:x", "7:1-", "-1"] {
            assert!(seed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_set_ups_and_200_exchanges_are_usual() {
        let parsed: Options = options::parse(&[]).unwrap();
        assert_eq!((parsed.cases, parsed.only.len()), (200, 0));
        assert!(options::parse::<Options>(&["--fast"]).is_err());
    }
}
