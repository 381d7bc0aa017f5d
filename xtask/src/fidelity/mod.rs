//! `cargo xtask fidelity`: the scenarios of `tests/fidelity` on the real servers and on ours, in
//! turns in the same run, so that whatever else the machine does meanwhile meets both. Compared is
//! the shape of the timing: how long all takes, who ends before whom, which process answers how
//! many, and what each client gets.

mod compare;
mod difference;
mod load;
mod report;
mod response;
mod run;
mod scenario;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;

use crate::bench::state;
use crate::build;
use crate::error::{Error, Result};
use crate::processes;
use crate::project::{self, Project};
use crate::servers::{Kind, Server, Started};
use crate::venv;

use difference::Difference;
use load::Action;
use report::{Outcome, Side};
use run::Run;
use scenario::{Scenario, Unit};

/// So many times the real server may show that it does what ours did, before ours is off.
const CHANCES: usize = 10;

/// Which servers run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Both,
    Real,
    Ours,
}

/// Play the scenarios of tests/fidelity on the real servers and on ours, in turns
///
/// Who waits for whom, how long, in which order. Fails if a scenario is off.
#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    only: Only,
    /// How often each scenario is played
    #[arg(long, value_name = "N", default_value = "3")]
    repeat: NonZero<usize>,
    /// A site that was built before; without it, the site is built
    #[arg(long, value_name = "DIST")]
    site: Option<PathBuf>,
    /// Show the scenarios, and play none
    #[arg(long)]
    list: bool,
    /// Show every run
    #[arg(short, long)]
    verbose: bool,
    /// A folder for what the servers log
    #[arg(long, value_name = "DIRECTORY")]
    logs: Option<PathBuf>,
    /// A scenario, or a file of scenarios; without it, all
    #[arg(value_name = "ID")]
    names: Vec<String>,
}

/// The servers that are to run, if not both.
#[derive(Debug, Args)]
struct Only {
    /// Only the real servers
    #[arg(long, overrides_with = "ours")]
    real: bool,
    /// Only ours
    #[arg(long, overrides_with = "real")]
    ours: bool,
}

impl Options {
    fn which(&self) -> Which {
        match (self.only.real, self.only.ours) {
            (true, _) => Which::Real,
            (_, true) => Which::Ours,
            _ => Which::Both,
        }
    }
}

/// Plays the scenarios and prints the table. Fails if one is off.
pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    if let Some(logs) = &options.logs {
        project::create_dir(logs)?;
    }
    let scenarios = scenario::read(project, &options.names)?;
    if options.list {
        for scenario in &scenarios {
            println!("{}", report::listed(scenario));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let kinds = kinds(project, options)?;
    let apps = scenario::directory(project).join("apps");
    let interrupted = interruption()?;

    println!("{}\n\n{}", state::describe(), report::head());
    let mut outcomes = Vec::new();
    for scenario in &scenarios {
        let outcome = play(scenario, &kinds, options, &apps, interrupted)?;
        if interrupted.load(Ordering::Relaxed) {
            return Ok(ExitCode::from(130));
        }
        println!("{}", outcome.text());
        if options.verbose {
            print!("{}", outcome.details());
        }
        outcomes.push(outcome);
    }
    println!("\n{}\n{}", report::summary(&outcomes), state::describe());
    let off = outcomes.iter().any(Outcome::is_off);
    Ok(if off {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The servers that are asked for, made where they are not there yet: the real one, and ours.
fn kinds(project: &Project, options: &Options) -> Result<[Option<Kind>; 2]> {
    let real = if options.which() == Which::Ours {
        None
    } else {
        let programs = venv::programs(
            project,
            "fidelity-venv",
            "the real servers to compare with",
            "xtask/requirements-fidelity.txt",
        )?;
        Some(Kind::Real(programs))
    };
    let ours = match &options.site {
        _ if options.which() == Which::Real => None,
        Some(site) => {
            let site = std::path::absolute(site).map_err(Error::io("find", site))?;
            Some(Kind::ours(site)?)
        }
        None => {
            let options = build::Options::new(project);
            build::build(project, &options)?;
            Some(Kind::ours(options.dist)?)
        }
    };
    Ok([real, ours])
}

/// Becomes true with the interrupt key: servers must be ended before we are.
fn interruption() -> Result<&'static AtomicBool> {
    static INTERRUPTED: AtomicBool = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(Error::io("start", Path::new("the event loop")))?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                INTERRUPTED.store(true, Ordering::Relaxed);
            }
        });
    });
    Ok(&INTERRUPTED)
}

/// Plays a scenario on both servers in turns.
fn play(
    scenario: &Scenario,
    kinds: &[Option<Kind>; 2],
    options: &Options,
    apps: &Path,
    interrupted: &AtomicBool,
) -> Result<Outcome> {
    let mut sides = [(); 2].map(|()| Side::default());
    let rounds_asked = options.repeat.get().max(scenario.repeat);
    let mut rounds = rounds_asked;
    let mut round = 0;
    let mut again = true;
    while round < rounds {
        // Neither always comes first.
        let turns = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for turn in turns {
            let Some(kind) = &kinds[turn] else { continue };
            if sides[turn].refused.is_some() || interrupted.load(Ordering::Relaxed) {
                continue;
            }
            let pause = scenario.pause(round % rounds_asked, rounds_asked);
            match once(scenario, kind, apps, pause, options.logs.as_deref())? {
                Ok(run) => sides[turn].runs.push(run),
                Err(why) => sides[turn].refused = Some(why),
            }
        }
        round += 1;
        // A time that is off may be the machine's: it gets as many rounds again.
        if round == rounds
            && again
            && compare_sides(scenario, &sides)
                .iter()
                .any(Difference::may_be_noise)
        {
            rounds *= 2;
            again = false;
        }
    }
    let mut differences = compare_sides(scenario, &sides);
    let [mut real, ours] = sides;
    // What ours did may be what the real server does now and then.
    while let Some(kind) = &kinds[0]
        && differences.iter().any(Difference::may_be_chance)
        && real.runs.len() < CHANCES
        && !interrupted.load(Ordering::Relaxed)
    {
        let pause = scenario.pause(real.runs.len(), CHANCES);
        match once(scenario, kind, apps, pause, options.logs.as_deref())? {
            Ok(run) => real.runs.push(run),
            Err(_) => break,
        }
        differences = compare::compare(scenario.unit, &real.runs, &ours.runs);
    }
    let notes = compare::other_ends(&real.runs, &ours.runs);
    let [has_real, has_ours] = [0, 1].map(|turn| kinds[turn].is_some());
    Ok(Outcome {
        id: scenario.id.clone(),
        real: has_real.then_some(real),
        ours: has_ours.then_some(ours),
        differences,
        notes,
    })
}

fn compare_sides(scenario: &Scenario, [real, ours]: &[Side; 2]) -> Vec<Difference> {
    compare::compare(scenario.unit, &real.runs, &ours.runs)
}

/// One run, or why there is none.
fn once(
    scenario: &Scenario,
    kind: &Kind,
    apps: &Path,
    pause: Duration,
    logs: Option<&Path>,
) -> Result<Result<Run, String>> {
    let mut server = match Server::start(kind, &scenario.command, apps)? {
        Started::Up(server) => server,
        Started::Exited(code, _) if scenario.is_start() => {
            return Ok(Ok(Run::new(Vec::new(), 1.0, Some(code))));
        }
        Started::Exited(code, line) => return Ok(Err(format!("{line} (exit code {code})"))),
    };
    if let Some(Err(error)) = scenario.warm.as_ref().map(|path| alone(path, &server)) {
        return Ok(Err(error.to_string()));
    }
    let unit = match scenario.unit {
        Unit::Sleep => scenario::SLEEP,
        // The first finds nothing warm.
        Unit::Cpu => {
            match alone(&scenario.busy, &server).and_then(|_| alone(&scenario.busy, &server)) {
                Ok(unit) => unit,
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
    };
    std::thread::sleep(pause);
    let (process, app) = (server.process(), server.app());
    let signals = scenario.signals.iter().map(|signal| Action {
        at: Duration::try_from_secs_f64(signal.at).unwrap_or_default(),
        act: Box::new(move || {
            processes::send_signal(process, &signal.signal);
        }),
    });
    let edits = scenario.edits.iter().map(|edit| {
        let path = app.join(&edit.path);
        Action {
            at: Duration::try_from_secs_f64(edit.at).unwrap_or_default(),
            act: Box::new(move || {
                // A scenario whose edit fails is off by what its clients get.
                let _ = project::write(&path, &edit.contents);
            }),
        }
    });
    let clients = load::play(
        &scenario.clients(),
        signals.chain(edits).collect(),
        server.address,
    );
    // The machine may be busier or less busy by now.
    let unit = match scenario.unit {
        Unit::Cpu => alone(&scenario.busy, &server).map_or(unit, |after| (unit + after) / 2),
        Unit::Sleep => unit,
    };
    let exit = if scenario.exits {
        server.exit_code()
    } else {
        None
    };
    if let Some(logs) = logs {
        server.keep_log(&logs.join(&scenario.id))?;
    }
    Ok(Ok(Run::new(clients, unit.as_secs_f64(), exit)))
}

/// How long a request takes alone.
fn alone(path: &str, server: &Server) -> Result<Duration> {
    load::time_alone(path, server.address).map_err(Error::io("time", Path::new(path)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::options;

    fn parse(words: &[&str]) -> Result<Options, clap::Error> {
        options::parse(words)
    }

    #[test]
    fn three_repetitions_on_both_servers_are_usual() {
        let options = parse(&[]).unwrap();
        assert_eq!(
            (options.which(), options.repeat.get(), options.list),
            (Which::Both, 3, false)
        );
        let options = parse(&["--ours", "--repeat", "5", "g-sync-w1-sleep5", "signals"]).unwrap();
        assert_eq!((options.which(), options.repeat.get()), (Which::Ours, 5));
        assert_eq!(options.names, ["g-sync-w1-sleep5", "signals"]);
    }

    #[test]
    fn no_repetitions_and_unknown_options_are_refused() {
        assert!(parse(&["--repeat", "0"]).is_err());
        assert!(parse(&["--fast"]).is_err());
    }
}
