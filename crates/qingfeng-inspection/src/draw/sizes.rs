//! How many are drawn of each stratum, and how likely each declaration is to be drawn: known before the key is.

use qingfeng_rules::selection::{Millionths, RandomLeast};

/// A stratum of an office's day, before the draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StratumCount {
    /// Its name; no two of an office's day have the same.
    pub name: String,
    /// The rate asked of it.
    pub rate: Millionths,
    /// All its declarations, those included that were selected before the draw.
    pub declarations: u64,
    /// Those among which the draw is: neither mandatory nor targeted.
    pub population: u64,
}

/// How a stratum is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct StratumSize {
    /// The inspections that its rate asks for; where the office's day is rounded up as a whole, the larger of the
    /// two whole numbers next to its share.
    pub asked: u64,
    /// The fewest that are drawn.
    pub least: u64,
    /// The most that are drawn: `least`, or one more where the office's day is rounded up as a whole.
    pub most: u64,
    /// How likely each declaration of the population is to be drawn.
    pub probability: f64,
    /// Whether the capacity does not suffice for what the rate asks.
    pub cut: bool,
    /// The stratum's length in the systematic sample; none where its number is certain.
    pub(super) length: Option<u128>,
}

/// How an office's day is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawSizes {
    /// The strata, in the order in which they were given.
    pub strata: Vec<StratumSize>,
    /// How many are drawn in all.
    pub drawn: u64,
    /// The step of the systematic sample over strata whose number is not certain.
    pub(super) step: u128,
}

/// The room that is kept for the draw before anything is targeted, so that what is targeted cannot depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// The most drawn of each stratum, in the order in which they were given.
    pub most: Vec<u64>,
    /// The most drawn in all.
    pub total: u64,
    /// What the dearest draw would cost.
    pub cost: u64,
    /// Whether the room does not suffice for what the rates ask.
    pub cut: bool,
}

/// What the rate of each stratum asks for, as far as there are declarations; and in all.
fn asked(least: RandomLeast, strata: &[StratumCount]) -> (Vec<u64>, u64) {
    match least {
        RandomLeast::Stratum => {
            let asked = strata
                .iter()
                .map(|stratum| stratum.rate.of_at_least(stratum.declarations).min(stratum.population));
            let asked: Vec<u64> = asked.collect();
            let total = asked.iter().sum();
            (asked, total)
        }
        RandomLeast::Day => {
            let share: u128 = strata.iter().map(weight).sum();
            let drawable = |stratum: &StratumCount| if stratum.rate.0 > 0 { stratum.population } else { 0 };
            let all: Vec<u64> = strata.iter().map(drawable).collect();
            let total = u64::try_from(share.div_ceil(1_000_000)).unwrap_or(u64::MAX).min(all.iter().sum());
            (all, total)
        }
    }
}

/// What a stratum weighs: its rate times its declarations.
fn weight(stratum: &StratumCount) -> u128 {
    u128::from(stratum.rate.0) * u128::from(stratum.declarations)
}

/// The room to keep for the draw: that of the dearest declarations that could be drawn. `costs` has, for each stratum,
/// the cost of each declaration that is not mandatory, and `population` of the strata is how many these are; whatever is
/// targeted of them afterwards, the draw costs no more.
///
/// Where the room does not suffice, all strata get less, by the largest remainder: as many in all as fit.
///
/// ```
/// use qingfeng_inspection::draw::{StratumCount, reserve};
/// use qingfeng_rules::selection::{Millionths, RandomLeast};
///
/// let stratum = StratumCount { name: "all".into(), rate: Millionths(20_000), declarations: 120, population: 100 };
/// let mut costs: Vec<u32> = vec![15; 100];
/// costs[7] = 40;
/// let room = reserve(RandomLeast::Stratum, std::slice::from_ref(&stratum), &[costs.clone()], 500);
/// assert_eq!((room.total, room.cost, room.cut), (3, 40 + 15 + 15, false));
/// let room = reserve(RandomLeast::Stratum, &[stratum], &[costs], 60);
/// assert_eq!((room.total, room.cost, room.cut), (2, 55, true));
/// ```
///
/// # Panics
///
/// If there is not one list of costs for each stratum.
pub fn reserve(least: RandomLeast, strata: &[StratumCount], costs: &[Vec<u32>], room: u64) -> Reserve {
    assert_eq!(strata.len(), costs.len(), "a list of costs for each stratum");
    let (asked, total) = asked(least, strata);
    let mut dearest: Vec<(u32, usize)> =
        costs.iter().enumerate().flat_map(|(at, costs)| costs.iter().map(move |&cost| (cost, at))).collect();
    dearest.sort_unstable_by(|a, b| b.cmp(a));
    let cost_of = |most: &[u64], total: u64| {
        let (mut left, mut total, mut cost) = (most.to_vec(), total, 0_u64);
        for &(price, at) in &dearest {
            if total == 0 {
                break;
            }
            if left[at] > 0 {
                (left[at], total, cost) = (left[at] - 1, total - 1, cost + u64::from(price));
            }
        }
        cost
    };
    let most_of = |total: u64| match least {
        RandomLeast::Stratum => apportioned(&asked, total),
        RandomLeast::Day => asked.clone(),
    };
    let whole = cost_of(&asked, total);
    if whole <= room {
        return Reserve { most: asked, total, cost: whole, cut: false };
    }
    // `fits` fits, `beyond` does not.
    let (mut fits, mut beyond) = (0, total);
    while beyond - fits > 1 {
        let middle = fits + (beyond - fits) / 2;
        if cost_of(&most_of(middle), middle) <= room {
            fits = middle;
        } else {
            beyond = middle;
        }
    }
    let most = most_of(fits);
    let cost = cost_of(&most, fits);
    Reserve { most, total: fits, cost, cut: true }
}

/// A total, apportioned by these numbers: whole parts first, then one each by the largest remainder, then the first.
///
/// ```
/// assert_eq!(qingfeng_inspection::draw::apportioned(&[1, 1, 2], 10), [3, 2, 5]);
/// ```
pub fn apportioned(numbers: &[u64], total: u64) -> Vec<u64> {
    let sum: u128 = numbers.iter().map(|&number| u128::from(number)).sum();
    if sum == 0 {
        return vec![0; numbers.len()];
    }
    let exact: Vec<u128> = numbers.iter().map(|&number| u128::from(number) * u128::from(total)).collect();
    let mut parts: Vec<u64> =
        exact.iter().map(|&part| u64::try_from(part / sum).unwrap_or(u64::MAX)).collect();
    let mut by_remainder: Vec<usize> = (0..numbers.len()).collect();
    by_remainder.sort_by_key(|&at| (std::cmp::Reverse(exact[at] % sum), at));
    let rest = total.saturating_sub(parts.iter().sum());
    for at in by_remainder.into_iter().take(usize::try_from(rest).unwrap_or(usize::MAX)) {
        parts[at] += 1;
    }
    parts
}

/// How many are drawn of each stratum and with what probability, within the room that was kept. It needs no key.
///
/// With [`RandomLeast::Stratum`] the share of each stratum is rounded up: of N declarations at rate r, of which n can
/// be drawn, the smaller of n and the least whole number no less than r N. With [`RandomLeast::Day`] the shares are
/// added and rounded up once, to M; a stratum's share of M is proportional to r N, as far as it has declarations (what
/// it lacks goes to the others in proportion), and one of the two whole numbers next to its share is drawn, so that on
/// average it is the share (systematic sampling: W. G. Madow, "On the Theory of Systematic Sampling, II", Annals of
/// Mathematical Statistics 20, 1949).
///
/// ```
/// use qingfeng_inspection::draw::{StratumCount, plan_draw};
/// use qingfeng_rules::selection::{Millionths, RandomLeast};
///
/// let of = |name: &str, declarations, population| StratumCount {
///     name: name.into(),
///     rate: Millionths(20_000),
///     declarations,
///     population,
/// };
/// let strata = [of("motorcycles", 60, 50), of("other", 30, 30)];
/// let each = plan_draw(RandomLeast::Stratum, &strata, None);
/// assert_eq!((each.drawn, each.strata[0].probability), (3, 2.0 / 50.0));
/// let day = plan_draw(RandomLeast::Day, &strata, None);
/// assert_eq!((day.drawn, day.strata[1].least, day.strata[1].most), (2, 0, 1));
/// ```
pub fn plan_draw(least: RandomLeast, strata: &[StratumCount], room: Option<&Reserve>) -> DrawSizes {
    let room = room.filter(|room| room.cut);
    match least {
        RandomLeast::Stratum => of_strata(strata, room),
        RandomLeast::Day => of_day(strata, room),
    }
}

fn of_strata(strata: &[StratumCount], room: Option<&Reserve>) -> DrawSizes {
    let size = |(at, stratum): (usize, &StratumCount)| {
        let asked = stratum.rate.of_at_least(stratum.declarations);
        let wanted = asked.min(stratum.population);
        let most = room.and_then(|room| room.most.get(at)).map_or(wanted, |&most| most.min(wanted));
        StratumSize {
            asked,
            least: most,
            most,
            probability: ratio(most.into(), stratum.population.into()),
            cut: most < wanted,
            length: None,
        }
    };
    let strata: Vec<StratumSize> = strata.iter().enumerate().map(size).collect();
    DrawSizes { drawn: strata.iter().map(|stratum| stratum.most).sum(), strata, step: 0 }
}

fn of_day(strata: &[StratumCount], room: Option<&Reserve>) -> DrawSizes {
    let (_, wanted) = asked(RandomLeast::Day, strata);
    let total = room.map_or(wanted, |room| room.total.min(wanted));
    let whole: u128 = strata.iter().map(weight).sum();
    let ceiling = whole.div_ceil(1_000_000);
    // Strata of which all are drawn, since their share is no less.
    let mut certain = vec![false; strata.len()];
    let (mut left, mut step) = (u128::from(total), whole);
    loop {
        let exceeds = |at: &usize| {
            let stratum = &strata[*at];
            !certain[*at] && left * weight(stratum) > u128::from(stratum.population) * step
        };
        let more: Vec<usize> = (0..strata.len()).filter(exceeds).collect();
        if more.is_empty() {
            break;
        }
        for at in more {
            certain[at] = true;
            left -= u128::from(strata[at].population);
            step -= weight(&strata[at]);
        }
    }
    let size = |(stratum, &certain): (&StratumCount, &bool)| {
        let asked = if whole == 0 { 0 } else { (ceiling * weight(stratum)).div_ceil(whole) };
        let length = left * weight(stratum);
        let (least, most, probability) = if certain {
            (stratum.population, stratum.population, ratio(u128::from(stratum.population > 0), 1))
        } else if length == 0 {
            (0, 0, 0.0)
        } else {
            let whole = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
            let probability = ratio(length, step * u128::from(stratum.population));
            (whole(length / step), whole(length.div_ceil(step)), probability)
        };
        StratumSize {
            asked: u64::try_from(asked).unwrap_or(u64::MAX),
            least,
            most,
            probability,
            cut: total < wanted && stratum.rate.0 > 0,
            length: (!certain && length > 0).then_some(length),
        }
    };
    let strata = strata.iter().zip(&certain).map(size).collect();
    DrawSizes { strata, drawn: total, step }
}

fn ratio(part: u128, whole: u128) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
