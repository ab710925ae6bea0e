//! Room for the draw, and the draw of an office's day.
//!
//! The room is kept before anything is targeted, from the sizes alone: the dearest that could be drawn. So what is
//! targeted never depends on who is drawn, and the capacity suffices whoever is.

use qingfeng_rules::{Millionths, RandomLeast};

use super::draw::{self, DayKey, Stratum};
use super::plan::StratumDraw;

/// A stratum of an office's day.
#[derive(Clone, Debug)]
pub(super) struct StratumOf {
    pub(super) name: String,
    pub(super) rate: Millionths,
    /// All its declarations.
    pub(super) declarations: u64,
    /// Those that are not selected otherwise, by their positions, and what each costs.
    pub(super) population: Vec<(usize, u32)>,
    /// What the rate asks for, and what the room allows of it, where shares are rounded up in each stratum.
    asked: u64,
    size: u64,
}

/// What was kept for the draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reserve {
    /// In the capacity's unit.
    pub(super) units: u64,
    /// The inspections asked for, and those that the room allows, all strata together.
    pub(super) asked: u64,
    pub(super) total: u64,
}

impl StratumOf {
    pub(super) fn new(name: String, rate: Millionths) -> Self {
        Self { name, rate, declarations: 0, population: Vec::new(), asked: 0, size: 0 }
    }
}

/// Sums of the greatest first: of 0, 1, 2, ... of them.
fn dearest(mut costs: Vec<u32>) -> Vec<u64> {
    costs.sort_unstable_by(|a, b| b.cmp(a));
    let mut sums = vec![0];
    let mut sum = 0_u64;
    for cost in costs {
        sum += u64::from(cost);
        sums.push(sum);
    }
    sums
}

/// Keeps room for the draw, of what is left of the capacity: the sizes that the rates ask for, or as much of them as
/// fits, cut in proportion by largest remainders.
pub(super) fn reserve(strata: &mut [StratumOf], least: RandomLeast, left: u64) -> Reserve {
    match least {
        RandomLeast::Stratum => {
            let costs: Vec<Vec<u64>> = strata
                .iter()
                .map(|stratum| dearest(stratum.population.iter().map(|&(_, cost)| cost).collect()))
                .collect();
            for stratum in strata.iter_mut() {
                stratum.asked = stratum.rate.of_at_least(stratum.declarations);
                stratum.size = stratum.asked.min(stratum.population.len() as u64);
            }
            let asked: u64 = strata.iter().map(|stratum| stratum.size).sum();
            let wanted: Vec<u64> = strata.iter().map(|stratum| stratum.size).collect();
            let cost = |sizes: &[u64]| -> u64 {
                let of = sizes.iter().zip(&costs).map(|(&size, sums)| sums.get(size as usize).copied());
                of.map(|sum| sum.unwrap_or(u64::MAX)).fold(0, u64::saturating_add)
            };
            // Whatever is drawn costs 1 at least.
            let mut total = if cost(&wanted) <= left { asked } else { asked.min(left) };
            let sizes = loop {
                let sizes = shared(&wanted, total);
                if total == 0 || cost(&sizes) <= left {
                    break sizes;
                }
                total -= 1;
            };
            for (stratum, &size) in strata.iter_mut().zip(&sizes) {
                stratum.size = size;
            }
            Reserve { units: cost(&sizes), asked, total }
        }
        RandomLeast::Day => {
            let parts =
                strata.iter().map(|stratum| u128::from(stratum.declarations) * u128::from(stratum.rate.0));
            let asked = u64::try_from(parts.sum::<u128>().div_ceil(1_000_000)).unwrap_or(u64::MAX);
            let drawable = strata.iter().filter(|stratum| stratum.rate.0 > 0);
            let costs = drawable.flat_map(|stratum| stratum.population.iter().map(|&(_, cost)| cost));
            let sums = dearest(costs.collect());
            let asked = asked.min(sums.len() as u64 - 1);
            let fits = sums.partition_point(|&sum| sum <= left) as u64 - 1;
            let total = asked.min(fits);
            Reserve { units: sums[total as usize], asked, total }
        }
    }
}

/// A total shared out in proportion to what is wanted, by largest remainders, ties to the first.
fn shared(wanted: &[u64], total: u64) -> Vec<u64> {
    let all: u64 = wanted.iter().sum();
    if total >= all {
        return wanted.to_vec();
    }
    let product = |want: u64| u128::from(want) * u128::from(total);
    let mut sizes: Vec<u64> = wanted.iter().map(|&want| (product(want) / u128::from(all)) as u64).collect();
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(product(wanted[at]) % u128::from(all)));
    let left = total - sizes.iter().sum::<u64>();
    for &at in order.iter().take(left as usize) {
        sizes[at] += 1;
    }
    sizes
}

/// Draws: what became of each stratum, and the positions of those drawn.
pub(super) fn draw<'i>(
    strata: &[StratumOf],
    least: RandomLeast,
    reserve: Reserve,
    key: Option<(&DayKey, &str)>,
    id: &dyn Fn(usize) -> &'i str,
) -> (Vec<StratumDraw>, Vec<usize>) {
    let ids: Vec<Vec<&str>> =
        strata.iter().map(|stratum| stratum.population.iter().map(|&(at, _)| id(at)).collect()).collect();
    let of: Vec<Stratum<'_>> = strata
        .iter()
        .zip(&ids)
        .map(|(stratum, ids)| Stratum {
            name: &stratum.name,
            weight: u128::from(stratum.declarations) * u128::from(stratum.rate.0),
            size: stratum.size,
            ids,
        })
        .collect();
    let probabilities = match least {
        RandomLeast::Stratum => draw::of_sizes(&of),
        RandomLeast::Day => draw::of_weights(&of, reserve.total),
    };
    let drawn: Vec<Vec<usize>> = match (key, least) {
        (None, _) => vec![Vec::new(); of.len()],
        (Some((key, _)), RandomLeast::Stratum) => draw::lowest(key, &of),
        (Some((key, office)), RandomLeast::Day) => draw::systematic(key, office, &of, reserve.total),
    };
    let draws = strata.iter().enumerate().map(|(at, stratum)| {
        let population = stratum.population.len() as u64;
        let (asked, is_cut) = match least {
            RandomLeast::Stratum => (stratum.asked, stratum.size < stratum.asked.min(population)),
            RandomLeast::Day => {
                let floor = u128::from(stratum.declarations) * u128::from(stratum.rate.0) / 1_000_000;
                (u64::try_from(floor).unwrap_or(u64::MAX), reserve.total < reserve.asked)
            }
        };
        StratumDraw {
            name: stratum.name.clone(),
            rate: stratum.rate,
            declarations: stratum.declarations,
            population,
            asked,
            drawn: drawn[at].len() as u64,
            probability: probabilities[at],
            cut: is_cut,
        }
    });
    let draws = draws.collect();
    let members = drawn
        .iter()
        .zip(strata)
        .flat_map(|(drawn, stratum)| drawn.iter().map(|&at| stratum.population[at].0));
    (draws, members.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_shared_by_largest_remainders() {
        for (wanted, total, sizes) in [
            (vec![3, 3, 3], 9, vec![3, 3, 3]),
            (vec![3, 3, 3], 4, vec![2, 1, 1]),
            (vec![10, 1], 5, vec![5, 0]),
            (vec![10, 1, 1], 6, vec![5, 1, 0]),
            (vec![], 0, vec![]),
            (vec![0, 5], 2, vec![0, 2]),
        ] {
            assert_eq!(shared(&wanted, total), sizes, "{wanted:?} {total}");
        }
    }

    #[test]
    fn room_is_kept_for_the_dearest_and_cut_where_it_does_not_fit() {
        let strata = |costs: &[&[u32]]| -> Vec<StratumOf> {
            let one = |(at, costs): (usize, &&[u32])| StratumOf {
                declarations: costs.len() as u64,
                population: costs.iter().copied().enumerate().collect(),
                ..StratumOf::new(format!("s{at}"), Millionths(500_000))
            };
            costs.iter().enumerate().map(one).collect()
        };
        for (least, left, units, total) in [
            // Of 1, 2, 9 two and of 5, 7 one are drawn: 9 + 2 and 7 at the dearest.
            (RandomLeast::Stratum, 100, 18, 3),
            (RandomLeast::Stratum, 18, 18, 3),
            (RandomLeast::Stratum, 17, 16, 2),
            (RandomLeast::Stratum, 15, 9, 1),
            (RandomLeast::Stratum, 8, 0, 0),
            (RandomLeast::Stratum, 0, 0, 0),
            // Of all five three are drawn: 9 + 7 + 5.
            (RandomLeast::Day, 100, 21, 3),
            (RandomLeast::Day, 20, 16, 2),
            (RandomLeast::Day, 8, 0, 0),
        ] {
            let kept = reserve(&mut strata(&[&[1, 2, 9], &[5, 7]]), least, left);
            assert_eq!((kept.units, kept.total), (units, total), "{least:?} {left}");
        }
    }
}
