//! Between an office's members and the draw, which knows strata and ids alone.

use qingfeng_rules::selection::{Millionths, RandomLeast};

use super::draw::{self, DayKey, Reserve, StratumCount};
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
}

impl StratumOf {
    pub(super) fn new(name: String, rate: Millionths) -> Self {
        Self { name, rate, declarations: 0, population: Vec::new() }
    }
}

fn counts(strata: &[StratumOf]) -> Vec<StratumCount> {
    let count = |stratum: &StratumOf| StratumCount {
        name: stratum.name.clone(),
        rate: stratum.rate,
        declarations: stratum.declarations,
        population: stratum.population.len() as u64,
    };
    strata.iter().map(count).collect()
}

/// Keeps room for the draw, of what is left of the capacity.
pub(super) fn reserve(strata: &[StratumOf], least: RandomLeast, left: u64) -> Reserve {
    let costs: Vec<Vec<u32>> =
        strata.iter().map(|stratum| stratum.population.iter().map(|&(_, cost)| cost).collect()).collect();
    draw::reserve(least, &counts(strata), &costs, left)
}

/// The inspections that the rates ask for, all strata together.
pub(super) fn asked(strata: &[StratumOf], least: RandomLeast) -> u64 {
    match least {
        RandomLeast::Stratum => {
            strata.iter().map(|stratum| stratum.rate.of_at_least(stratum.declarations)).sum()
        }
        RandomLeast::Day => {
            let share = |stratum: &StratumOf| u128::from(stratum.rate.0) * u128::from(stratum.declarations);
            let share: u128 = strata.iter().map(share).sum();
            u64::try_from(share.div_ceil(1_000_000)).unwrap_or(u64::MAX)
        }
    }
}

/// Draws: what became of each stratum, and the positions of those drawn. Without a key nobody is drawn.
pub(super) fn draw<'i>(
    strata: &[StratumOf],
    least: RandomLeast,
    room: &Reserve,
    key: Option<(&DayKey, &str)>,
    id: impl Fn(usize) -> &'i str,
) -> (Vec<StratumDraw>, Vec<usize>) {
    let sizes = draw::plan_draw(least, &counts(strata), Some(room));
    let ids: Vec<Vec<&str>> =
        strata.iter().map(|stratum| stratum.population.iter().map(|&(at, _)| id(at)).collect()).collect();
    let populations: Vec<(&str, &[&str])> =
        strata.iter().zip(&ids).map(|(stratum, ids)| (stratum.name.as_str(), ids.as_slice())).collect();
    let drawn = match key {
        Some((key, office)) => draw::draw(key, office, &sizes, &populations),
        None => vec![Vec::new(); strata.len()],
    };
    let draws = strata.iter().zip(&sizes.strata).zip(&drawn).map(|((stratum, size), drawn)| StratumDraw {
        name: stratum.name.clone(),
        rate: stratum.rate,
        declarations: stratum.declarations,
        population: stratum.population.len() as u64,
        asked: size.asked,
        drawn: drawn.len() as u64,
        probability: size.probability,
        cut: size.cut,
    });
    let draws = draws.collect();
    let members = drawn
        .iter()
        .zip(strata)
        .flat_map(|(drawn, stratum)| drawn.iter().map(|&at| stratum.population[at].0));
    (draws, members.collect())
}
