//! Whether ours did as the real server did.

use super::difference::Difference;
use super::run::{Ending, Run, TOLERANCE};
use super::scenario::Unit;
use crate::bench::table::median;

/// So many splits of the real server are not all that it has.
const MANY: usize = 3;

/// The different splits of these runs, each once.
pub(super) fn splits(runs: &[Run]) -> Vec<Vec<usize>> {
    let mut splits: Vec<Vec<usize>> = Vec::new();
    for split in runs.iter().map(Run::split) {
        if !splits.contains(&split) {
            splits.push(split);
        }
    }
    splits
}

/// The least and the most of how long all took.
pub(super) fn range(runs: &[Run]) -> (f64, f64) {
    runs.iter()
        .map(Run::makespan)
        .fold((f64::INFINITY, 0.0), |(least, most), makespan| {
            (least.min(makespan), most.max(makespan))
        })
}

/// The one in the middle of how long all took.
pub(super) fn middle(runs: &[Run]) -> f64 {
    median(&runs.iter().map(Run::makespan).collect::<Vec<_>>())
}

/// In what ours differs from the real server, each kind once. Nothing where one of them has no
/// runs.
pub(super) fn compare(unit: Unit, real: &[Run], ours: &[Run]) -> Vec<Difference> {
    if real.is_empty() {
        return Vec::new();
    }
    let mut differences = Vec::new();
    differences.extend(ours.iter().find_map(|run| endings(real, run)));
    differences.extend(ours.iter().find_map(|run| split(real, run)));
    differences.extend(makespan(unit, real, ours));
    differences.extend(order_of_all(real, ours));
    differences.extend(ours.iter().find_map(|run| exit(real, run)));
    differences
}

fn endings(real: &[Run], ours: &Run) -> Option<Difference> {
    let found = ours.endings();
    let first = real.first()?.endings();
    if real.iter().all(|run| run.endings() == first) {
        let client = (0..found.len()).find(|client| found.get(*client) != first.get(*client))?;
        return Some(Difference::Endings {
            client,
            real: first.get(client).cloned().unwrap_or_default(),
            ours: found[client].clone(),
        });
    }
    let sorted = |mut endings: Vec<Vec<Ending>>| {
        endings.sort_unstable();
        endings
    };
    let found = sorted(found);
    let known = real.iter().any(|run| sorted(run.endings()) == found);
    (!known).then_some(Difference::AllEndings { ours: found })
}

/// Where the real server shows many splits it would show others too: those as uneven as its own are
/// then like them.
fn split(real: &[Run], ours: &Run) -> Option<Difference> {
    let (known, found) = (splits(real), ours.split());
    let within = |measure: fn(&[usize]) -> usize| {
        let measures = known.iter().map(|split| measure(split));
        let (least, most) = (measures.clone().min(), measures.max());
        least.is_some_and(|least| least <= measure(&found))
            && most.is_some_and(|most| most >= measure(&found))
    };
    let is_like = known.contains(&found)
        || known.len() >= MANY
            && within(<[usize]>::len)
            && within(|split| split.first().copied().unwrap_or_default());
    (!is_like).then_some(Difference::Split {
        real: known,
        ours: found,
    })
}

/// The median must be like the real server's, or within what it did. Where its splits vary, that is
/// so for each split of ours.
fn makespan(unit: Unit, real: &[Run], ours: &[Run]) -> Option<Difference> {
    let (least, most) = range(real);
    let within = |ours: f64| ours >= least - TOLERANCE && ours <= most + TOLERANCE;
    let like_one = |ours: f64| {
        real.iter()
            .any(|run| (run.makespan() - ours).abs() <= TOLERANCE)
    };
    let varies = splits(real).len() > 1 && unit == Unit::Sleep;
    let wrong = if varies {
        splits(ours).into_iter().find_map(|split| {
            let runs: Vec<Run> = ours
                .iter()
                .filter(|run| run.split() == split)
                .cloned()
                .collect();
            Some(middle(&runs)).filter(|ours| !like_one(*ours))
        })
    } else {
        Some(middle(ours)).filter(|ours| !ours.is_nan() && !within(*ours))
    };
    wrong.map(|ours| Difference::Makespan {
        real: (least, most),
        ours,
    })
}

/// One process keeps an order. Several race: what they always did may have been chance, and ours is
/// off if most of its runs do otherwise.
fn order_of_all(real: &[Run], ours: &[Run]) -> Option<Difference> {
    let found: Vec<Difference> = ours.iter().filter_map(|run| order(real, run)).collect();
    let race = splits(real).iter().any(|split| split.len() > 1);
    let is_off = !race || found.len() * 2 > ours.len();
    found.into_iter().next().filter(|_| is_off)
}

/// Ends that are clearly apart, and in the same order in all real runs, must be in that order.
fn order(real: &[Run], ours: &Run) -> Option<Difference> {
    let ends: Vec<_> = real.iter().map(Run::ends).collect();
    let found = ours.ends();
    let end = |ends: &[super::run::End], which| {
        ends.iter()
            .find(|(its, _)| *its == which)
            .map(|(_, end)| *end)
    };
    for (before, early) in &found {
        for (after, late) in &found {
            let always = || {
                ends.iter()
                    .all(|ends| match (end(ends, *before), end(ends, *after)) {
                        (Some(before), Some(after)) => after - before > TOLERANCE,
                        _ => false,
                    })
            };
            if early >= late && before != after && always() {
                return Some(Difference::Order {
                    before: *before,
                    after: *after,
                });
            }
        }
    }
    None
}

fn exit(real: &[Run], ours: &Run) -> Option<Difference> {
    let known = real.iter().any(|run| run.exit == ours.exit);
    (!known).then(|| Difference::Exit {
        real: real.first().and_then(|run| run.exit),
        ours: ours.exit,
    })
}

/// Ends of ours, in u, that are further from the real server's than they may be, where all else is
/// alike: what is worth a look, though all took as long.
pub(super) fn other_ends(real: &[Run], ours: &[Run]) -> Vec<String> {
    let Some(first) = real.first() else {
        return Vec::new();
    };
    let of = |runs: &[Run], which| -> Vec<f64> {
        let ends = runs.iter().flat_map(Run::ends);
        ends.filter(|(its, _)| *its == which)
            .map(|(_, end)| end)
            .collect()
    };
    first
        .ends()
        .into_iter()
        .filter_map(|(which, _)| {
            let (real, ours) = (of(real, which), median(&of(ours, which)));
            let least = real.iter().copied().fold(f64::INFINITY, f64::min);
            let most = real.iter().copied().fold(0.0, f64::max);
            (ours < least - TOLERANCE || ours > most + TOLERANCE).then(|| {
                format!(
                    "{}.{} ends at {ours:.2} u, real {least:.2} to {most:.2}",
                    which.0, which.1
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::run::tests::run;
    use super::*;

    fn differ(real: &[Run], ours: &[Run]) -> Vec<Difference> {
        compare(Unit::Sleep, real, ours)
    }

    #[test]
    fn a_makespan_may_be_a_little_off() {
        let real = [run(&[(1, 1.00)]), run(&[(1, 1.05)]), run(&[(1, 1.02)])];
        assert_eq!(differ(&real, &[run(&[(8, 1.19)])]), []);
        let difference = Difference::Makespan {
            real: (1.0, 1.05),
            ours: 1.3,
        };
        assert_eq!(differ(&real, &[run(&[(8, 1.3)])]), [difference]);
        assert_eq!(differ(&real, &[run(&[(8, 0.5)])]).len(), 1);
    }

    #[test]
    fn one_slow_run_of_three_is_the_machines() {
        let real = [run(&[(1, 1.0)])];
        let ours = [run(&[(8, 1.0)]), run(&[(8, 1.9)]), run(&[(8, 1.1)])];
        assert_eq!(differ(&real, &ours), []);
    }

    #[test]
    fn an_order_that_the_real_server_always_has_is_kept() {
        let real = [run(&[(1, 1.0), (1, 2.0)]), run(&[(1, 1.1), (1, 2.0)])];
        let difference = Difference::Order {
            before: (0, 0),
            after: (1, 0),
        };
        assert_eq!(differ(&real, &[run(&[(8, 2.0), (8, 1.0)])]), [difference]);
    }

    #[test]
    fn an_order_that_varies_does_not_count() {
        let real = [run(&[(1, 1.0), (1, 2.0)]), run(&[(1, 2.0), (1, 1.0)])];
        assert_eq!(differ(&real, &[run(&[(8, 2.0), (8, 1.0)])]), []);
        let together = [run(&[(1, 1.0), (1, 1.1)])];
        assert_eq!(differ(&together, &[run(&[(8, 1.1), (8, 1.0)])]), []);
    }

    #[test]
    fn where_processes_race_most_of_our_runs_have_the_order() {
        let real = [run(&[(1, 1.0), (2, 2.0)])];
        let (same, other) = (run(&[(8, 1.0), (9, 2.0)]), run(&[(8, 2.0), (9, 1.0)]));
        assert_eq!(differ(&real, &[same.clone(), other.clone()]), []);
        assert_eq!(differ(&real, &[same, other.clone(), other]).len(), 1);
    }

    #[test]
    fn where_splits_vary_each_of_ours_is_one_of_the_real_ones_with_its_makespan() {
        let even = run(&[(1, 1.0), (2, 1.0), (1, 2.0), (2, 2.0)]);
        let uneven = run(&[(1, 1.0), (2, 1.0), (1, 2.0), (1, 3.0)]);
        let real = [even.clone(), uneven.clone()];
        assert_eq!(differ(&real, &[uneven.clone(), uneven.clone()]), []);
        let all = run(&[(1, 1.0), (1, 2.0), (1, 3.0), (1, 3.0)]);
        let difference = Difference::Split {
            real: vec![vec![2, 2], vec![3, 1]],
            ours: vec![4],
        };
        assert_eq!(differ(&real, &[even.clone(), all]), [difference]);
        let between = run(&[(1, 1.0), (2, 1.0), (1, 2.0), (2, 2.5)]);
        assert!(matches!(
            differ(&real, &[even, between])[..],
            [Difference::Makespan { .. }]
        ));
    }

    #[test]
    fn where_there_are_many_splits_another_that_is_not_more_uneven_is_like_them() {
        let of = |processes: [u32; 6]| run(&processes.map(|process| (process, 1.0)));
        let real = [
            of([1, 1, 1, 1, 2, 2]),
            of([1, 1, 1, 2, 2, 3]),
            of([1, 1, 1, 1, 2, 3]),
        ];
        assert_eq!(differ(&real, &[of([1, 1, 1, 2, 2, 2])]), []);
        for wrong in [[1, 1, 1, 1, 1, 2], [1, 1, 2, 2, 3, 3], [1, 1, 1, 2, 3, 4]] {
            assert!(
                matches!(differ(&real, &[of(wrong)])[..], [Difference::Split { .. }]),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn every_client_gets_what_the_real_server_gives() {
        let real = [run(&[(1, 1.0), (1, 1.0)])];
        let mut ours = run(&[(8, 1.0), (8, 1.0)]);
        ours.clients[1][0].ending = Ending::Answered(503);
        let difference = Difference::Endings {
            client: 1,
            real: vec![Ending::Answered(200)],
            ours: vec![Ending::Answered(503)],
        };
        assert_eq!(differ(&real, &[ours]), [difference]);
    }

    #[test]
    fn where_chance_decides_who_is_turned_away_so_it_may_with_ours() {
        let turned_away = |client: usize| {
            let mut run = run(&[(1, 1.0), (1, 1.0), (1, 1.0)]);
            run.clients[client][0].ending = Ending::Answered(503);
            run
        };
        let real = [turned_away(0), turned_away(1)];
        assert_eq!(differ(&real, &[turned_away(2)]), []);
        assert!(matches!(
            differ(&real, &[run(&[(1, 1.0); 3])])[..],
            [Difference::AllEndings { .. }]
        ));
    }

    #[test]
    fn exit_codes_are_the_same() {
        let mut real = run(&[(1, 1.0)]);
        real.exit = Some(0);
        let mut ours = real.clone();
        assert_eq!(differ(&[real.clone()], &[ours.clone()]), []);
        ours.exit = Some(1);
        let difference = Difference::Exit {
            real: Some(0),
            ours: Some(1),
        };
        assert_eq!(differ(&[real], &[ours]), [difference]);
    }

    #[test]
    fn a_request_that_waited_for_another_is_told_though_all_took_as_long() {
        let real = [run(&[(1, 0.2), (1, 2.0)])];
        let ours = [run(&[(8, 1.0), (8, 2.0)])];
        assert_eq!(differ(&real, &ours), []);
        assert_eq!(
            other_ends(&real, &ours),
            ["0.0 ends at 1.00 u, real 0.20 to 0.20"]
        );
    }
}
